"""What a device can do wrong while it is changed: the record names it, the journal judges."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import pytest
from tests.lab import running_device
from tests.loop.hardening import LOGIN, PACE, WEB, Hardener, clean, stored

from frisket.drivers.credential import Secret
from frisket.drivers.record import Outcome
from frisket.mfd.device import Plan
from frisket.mfd.mib import agent
from frisket.model.finding import Incomplete
from frisket.model.reading import Value

# OpenSSL's names of the versions that an old device offers are themselves deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
ON: dict[str, Value] = {"snmp.v3.enabled": True, "remote-ui.tls.enabled": True}
FEW = ("http", "snmp", "ipp", "lpd", "raw")


@dataclass(frozen=True)
class Moved(Plan):
    """A device that keeps its engine whatever its serial number is."""

    engine: str = ""

    @property
    def mac(self) -> str:
        return self.engine


def asdict_shallow(plan: Plan) -> dict[str, Any]:
    return {field.name: getattr(plan, field.name) for field in fields(plan)}


async def test_a_write_that_is_acknowledged_and_forgotten(tmp_path: Path) -> None:
    user = Hardener(tmp_path)
    quirks = {"forgets": ("ipp.enabled",)}
    async with running_device(settings=ON, services=FEW, quirks=quirks) as (device, _):
        before = stored(device)
        result = await user.apply(await user.plan(device, "small-office"))
        assert result.outcome is Outcome.UNDONE
        assert "ipp.enabled: the device acknowledged it and did not keep it" in result.why
        assert stored(device) == before
        assert set(device.journal.writes.values()) <= {2, 1}
        assert device.journal.writes["ipp.enabled"] == 1, "forgotten at once, not written again"
        assert user.recorded(device).result == result
        assert user.recorded(device).meant == []
        assert clean(device)


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_restart_amid_a_write(tmp_path: Path, moment: str) -> None:
    user = Hardener(tmp_path)
    quirks = {"restarts": {"ftp.print.authentication": moment}}
    async with running_device(settings=ON, services=FEW, quirks=quirks) as (device, _):
        before = stored(device)
        plan = await user.plan(device, "small-office")
        result = await user.apply(plan)
        assert result.outcome is Outcome.UNDONE, result
        assert "no answer to the write" in result.why
        assert stored(device) == before
        assert max(device.journal.writes.values(), default=0) <= 2
        assert device.journal.counts["reboots"] == 1
        assert clean(device)
        # It was a whim of the device: the same plan again goes through.
        again = await Hardener(tmp_path / "again").apply(plan)
        assert again.outcome is Outcome.DONE, again
        assert all(device.store.effective(s.key) == s.wanted for s in plan.steps)


async def test_a_restart_after_the_only_write_of_a_request(tmp_path: Path) -> None:
    """What arrived is found out by reading, and not written again."""
    user = Hardener(tmp_path)
    quirks = {"restarts": {"snmp.v1.enabled": "after"}}
    async with running_device(settings=ON, services=FEW, quirks=quirks) as (device, _):
        plan = await user.plan(device, "small-office")
        result = await user.apply(plan)
        assert result.outcome is Outcome.DONE, result
        assert device.journal.writes == Counter(step.key for step in plan.steps)
        assert device.journal.counts["reboots"] >= 1
        assert clean(device)


async def test_a_restart_without_return_must_be_read_and_is_resumed(tmp_path: Path) -> None:
    user = Hardener(tmp_path, pace=replace(PACE, back=0.0))
    quirks = {"restarts": {"snmp.v1.enabled": "after"}, "restart_seconds": 4.0}
    async with running_device(settings=ON, services=FEW, quirks=quirks) as (device, _):
        plan = await user.plan(device, "small-office")
        result = await user.apply(plan)
        assert result.outcome is Outcome.UNKNOWN, result
        assert "snmp.v1.enabled" in result.left
        user.pace = PACE
        again = await user.resume()
        assert again.outcome is Outcome.DONE, again
        assert set(again.changed) == {step.key for step in plan.steps}
        assert device.journal.writes == Counter(step.key for step in plan.steps)
        assert clean(device)


@pytest.mark.parametrize(("times", "outcome"), [(2, Outcome.DONE), (99, Outcome.BUSY)])
@pytest.mark.parametrize("settings", [ON, {}], ids=["snmp", "remote-ui"])
async def test_a_busy_device(
    tmp_path: Path, times: int, outcome: Outcome, settings: dict[str, Value]
) -> None:
    user = Hardener(tmp_path)
    quirks = {"busy": times}
    async with running_device(settings=settings, services=FEW, quirks=quirks) as (device, _):
        before = stored(device)
        plan = await user.plan(device, "small-office")
        result = await user.apply(plan)
        assert result.outcome is outcome, result
        assert any(what == "busy" for what, _ in user.events)
        if outcome is Outcome.DONE:
            assert device.journal.writes == Counter(step.key for step in plan.steps)
        else:
            assert stored(device) == before
            assert device.journal.writes == {}
            assert user.recorded(device).meant == [] or not result.left
        assert clean(device)


async def test_another_device_between_plan_and_apply(tmp_path: Path) -> None:
    user = Hardener(tmp_path)
    async with running_device(settings=ON, services=FEW, serial="VMF70001") as (one, host):
        plan = await user.plan(one, "small-office")
        await host.stop()
        async with running_device(
            settings=ON, services=FEW, address=one.address, serial="VMF70002"
        ) as (other, _):
            result = await user.apply(plan)
            assert result.outcome is Outcome.IDENTITY_CHANGED, result
            assert result.left == ()
            assert other.journal.writes == {}
            assert clean(other)
            again = await user.planned(other, "small-office")
            assert isinstance(again, Incomplete)
            assert "--new-identity" in again.why


async def test_another_device_amid_the_run(tmp_path: Path) -> None:
    """The moment a write is acknowledged, another device stands at the address."""
    user = Hardener(tmp_path)
    settings = {**ON, "remote-ui.tls.enabled": False}
    async with running_device(settings=settings, services=FEW, serial="VMF70001") as (one, host):
        plan = await user.plan(one, "small-office")
        async with running_device(
            settings=settings, services=[], address=one.address, serial="VMF70002"
        ) as (other, second):

            def swap(what: str, _: str) -> None:
                if what == "written":
                    host._stopped = True
                    host._close_all()
                    second.services = host.services
                    second._changed("snmp.")

            user.heard = swap
            result = await user.apply(plan)
            assert result.outcome is Outcome.REPLACED, result
            assert "another device answers" in result.why
            assert set(result.left) == set(one.journal.writes)
            assert other.journal.writes == {}
            assert clean(other)
            assert user.recorded(one).result == result


async def test_another_serial_number_after_the_restart(tmp_path: Path) -> None:
    """The same SNMP engine, as where a controller board was moved to another device."""
    user = Hardener(tmp_path)
    async with running_device(settings={"snmp.v3.enabled": True}, services=FEW) as (device, _):
        plan = await user.plan(device, "small-office")
        assert plan.restarts == 1

        def swap(what: str, _: str) -> None:
            if what == "restart":
                object.__setattr__(device.plan, "serial", "VMF79999")

        engine = device.plan.mac
        object.__setattr__(device, "plan", Moved(**asdict_shallow(device.plan), engine=engine))
        user.heard = swap
        result = await user.apply(plan)
        assert result.outcome is Outcome.REPLACED, result
        assert "serial number is VMF79999" in result.why
        assert result.left


@pytest.mark.parametrize("moment", ["before", "amid"])
async def test_a_certificate_that_changed(tmp_path: Path, moment: str) -> None:
    """A device met over HTTPS shows another certificate: no password is sent to it."""
    user = Hardener(tmp_path)
    settings: dict[str, Value] = {"remote-ui.tls.enabled": True}
    async with running_device(settings=settings, services=FEW) as (device, host):
        plan = await user.plan(device, "small-office")
        assert len(plan.pin.tls) == 64

        def renew() -> None:
            device.certificates.replace()
            for spot in [spot for spot in host._open if spot[0] == "http"]:
                host._open.pop(spot).close()
            host._changed("")

        if moment == "before":
            renew()
            await host.settled()
        else:
            user.heard = lambda what, _: renew() if what == "written" else None
        result = await user.apply(plan)
        if moment == "before":
            assert result.outcome is Outcome.IDENTITY_CHANGED, result
            assert device.journal.writes == {}
        else:
            assert result.outcome is Outcome.REPLACED, result
            assert set(result.left) == set(device.journal.writes)
        assert "TLS certificate" in result.why
        assert clean(device)
        await host.settled()


ONE_TRY: list[Any] = [
    pytest.param(replace(LOGIN, authentication_password=Secret("initial2")), ON, id="snmp"),
    pytest.param(replace(LOGIN, web=replace(WEB, password=Secret("1"))), {}, id="remote-ui"),
]


@pytest.mark.parametrize(("login", "settings"), ONE_TRY)
async def test_a_device_that_locks_after_a_wrong_password(
    tmp_path: Path, login: Any, settings: dict[str, Value], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One try, whatever the threshold: the lockout counter stands at one."""
    monkeypatch.setattr(agent, "_FAILURES_PER", 0.0)  # every failure is written down
    user = Hardener(tmp_path)
    lock: dict[str, Value] = {"auth.lockout.enabled": True, "auth.lockout.threshold": 1}
    async with running_device(settings={**settings, **lock}, services=FEW) as (device, _):
        plan = await user.plan(device, "small-office")
        user.login = login
        result = await user.apply(plan)
        assert result.outcome is Outcome.DENIED, result
        assert device.journal.counts["failed_logins"] == 1
        assert device.journal.writes == {}
        assert user.recorded(device).result == result
