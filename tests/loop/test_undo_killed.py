"""A run is taken back, and killed when its own way has been closed as the last thing."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from tests.lab import running_device
from tests.loop.hardening import BACK, Hardener, clean, stored

from frisket.catalog.load import load_catalog
from frisket.drivers.job import Mode
from frisket.drivers.record import Outcome, read_run

pytestmark = pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("mode", [Mode.UNDO, pytest.param(Mode.RESUMED, marks=pytest.mark.nightly)])
async def test_what_closed_our_own_way_is_read_by_the_other(tmp_path: Path, mode: Mode) -> None:
    async with running_device() as (device, _):
        factory = stored(device)
        user = Hardener(tmp_path)
        plan = await user.plan(device, "small-office")
        assert (plan.access, plan.entry) == ("snmp-v3", "remote-ui"), "SNMPv3 is off in the factory"
        assert (await user.apply(plan)).outcome is Outcome.DONE

        def killed(point: str) -> None:
            if point == "ended":
                raise Killed

        user.point = killed
        with pytest.raises(Killed):
            await user.undo()
        assert not device.store.effective("snmp.v3.enabled")
        again = Hardener(tmp_path)
        run, record = read_run(tmp_path, BACK, load_catalog())
        began = time.monotonic()
        [back] = run.plan.devices
        result = await again._one(run.plan, record, mode, run.devices, back)
        assert result.outcome is Outcome.DONE, result
        assert time.monotonic() - began < again.pace.back
        assert {k: v for k, v in stored(device).items() if v != factory[k]} == {}
        assert max(device.journal.writes.values()) == 2, "on the way there, and on the way back"
        assert clean(device)
