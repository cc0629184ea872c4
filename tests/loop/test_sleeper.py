"""A sleeping printer is asleep, not down: one visit wakes it once and still learns what it is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.lab import running_device

from frisket.model.reading import Value
from frisket.model.target import Target
from frisket.net.budget import Limits
from frisket.probe.base import Options, Sighting
from frisket.probe.visit import visit_target

LIMITS = Limits(packets_per_second=0, seconds=60)
OFF: dict[str, Value] = {"remote-ui.enabled": False, "ipp.enabled": False}


@pytest.mark.parametrize("settings", [{}, OFF | {"snmp.v3.enabled": True}])
async def test_a_sleeper_is_woken_once_and_known(settings: dict[str, Value]) -> None:
    quirks = {"sleeps": True, "wake_seconds": 1.5}
    async with running_device(settings=settings, quirks=quirks) as (device, _):
        shift = device.plan.shift
        ports = {port: port + shift for port in range(1, 1024)} if shift else {}
        target = Target(device.address, ports=ports)
        options = Options(patience=1.0)
        seen = await visit_target(target, LIMITS, options, lambda: datetime.now(UTC))
        assert isinstance(seen, Sighting)
        assert seen.identity.serial == device.plan.serial
        assert device.journal.counts["wakes"] == 1
