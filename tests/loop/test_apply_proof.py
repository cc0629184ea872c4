"""What survives is logged in to before the rest closes: over TLS, once, at the real device."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.lab import running_device
from tests.loop.hardening import LOGIN, WEB, Hardener, clean, stored

from frisket.drivers.credential import Secret
from frisket.drivers.record import Outcome
from frisket.model.reading import Value

# OpenSSL's names of the versions that an old device offers are themselves deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
FEW = ("http", "snmp", "ipp")
SNMP: dict[str, Value] = {"snmp.v3.enabled": True}


@pytest.mark.parametrize("settings", [{}, SNMP], ids=["factory", "snmp"])
async def test_https_lets_us_in_before_snmp_v1_closes(
    tmp_path: Path, settings: dict[str, Value]
) -> None:
    user = Hardener(tmp_path)
    async with running_device(settings=settings, services=FEW) as (device, _):
        plan = await user.plan(device, "small-office")
        still_open: list[bool] = []

        def heard(what: str, detail: str) -> None:
            if (what, detail) == ("logged in", "Remote UI over HTTPS"):
                still_open.append(device.store.on("snmp.v1.enabled"))

        user.heard = heard
        result = await user.apply(plan)
        assert result.outcome is Outcome.DONE, result
        assert result.why == ""
        assert still_open == [True]
        assert clean(device)


async def test_https_that_does_not_let_us_in_closes_nothing(tmp_path: Path) -> None:
    """SNMPv3 works; the password for the Remote UI is wrong, and is tried once."""
    wrong = replace(LOGIN, web=replace(WEB, password=Secret("1234567")))
    user = Hardener(tmp_path, wrong)
    async with running_device(settings=SNMP, services=FEW) as (device, _):
        before = stored(device)
        result = await user.apply(await user.plan(device, "small-office"))
        assert result.outcome is Outcome.UNDONE, result
        assert "Remote UI over HTTPS does not let us in" in result.why
        assert stored(device) == before
        assert "snmp.v1.enabled" not in device.journal.writes
        assert device.journal.counts["failed_logins"] == 1


async def test_without_a_login_the_way_is_named_as_untried(tmp_path: Path) -> None:
    user = Hardener(tmp_path, replace(LOGIN, web=None))
    async with running_device(settings=SNMP, services=FEW) as (device, _):
        result = await user.apply(await user.plan(device, "small-office"))
        assert result.outcome is Outcome.DONE, result
        assert result.why == "not tried, for no login is given: Remote UI over HTTPS"
        assert clean(device)
