"""Other ways into the virtual MFD: communities, IPP, Printer-MIB; and a device without a driver."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from tests.lab import running_device
from tests.loop.test_apply_by_web import carried_out
from tests.loop.test_apply_loop import AROUND, CONTENT, LIMITS, clean, dialer, stored, target_of

from frisket.audit.evaluate import evaluate
from frisket.drivers.access.hands import open_by
from frisket.drivers.access.snmp import Around, NoLogin
from frisket.drivers.access.web import LoginRefused
from frisket.drivers.base import Driver, Pin
from frisket.drivers.credential import CommunityLogin, IppLogin, Login, Secret
from frisket.drivers.difference import Difference, Step
from frisket.drivers.job import Mode
from frisket.drivers.load import load_drivers
from frisket.drivers.plan import DevicePlan, Subject, arrange, plan_device, work_order
from frisket.drivers.read import Caller, Told, Unreached, read_by, read_first, usable
from frisket.drivers.record import Outcome
from frisket.drivers.undo import inverse
from frisket.errors import SettingRefused
from frisket.mfd.device import Device
from frisket.model.finding import Severity, Verdict
from frisket.model.reading import Readings, Value, Witness
from frisket.model.target import Identity
from frisket.net.budget import Budget
from frisket.net.dial import SocketDialer
from frisket.probe.base import Options, Visit
from frisket.probe.engine import find_probes, run_probes
from frisket.proto.snmp.wire.message import Version

pytestmark = pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
CATALOG = CONTENT.catalog
DRIVERS = {driver.name: driver for driver in load_drivers()}
NOBODY = Login("", "SHA1", "AES-128", Secret(""), Secret(""))
PASSWORD = "Kestrel-07!abc"
OWN: Mapping[str, Value] = {
    "admin.password": PASSWORD,
    "ipp.enabled": True,
    "mdns.name": "Canon in the attic",
}
BY_IPP = replace(NOBODY, ipp=IppLogin("Administrator", Secret(PASSWORD)))
WRITABLE: Mapping[str, Value] = {
    "snmp.v1.enabled": True,
    "snmp.community1.enabled": True,
    "snmp.community1.access": "read-write",
    "network.host-name": "mfd-attic",
}
PUBLIC = replace(NOBODY, community=CommunityLogin(Secret("public"), Secret("public"), Version.V1))
# The virtual MFD taken for any printer: only the standard's own objects are used.
STRANGE = replace(AROUND, drivers=tuple(d for d in load_drivers() if d.generic))


def planned(device: Device, told: Told, values: Mapping[str, Value]) -> DevicePlan:
    """Plan the change of some values, as a restored configuration asks for it."""
    steps = []
    for key, value in values.items():
        setting, now = CATALOG[key], told.readings.known(key)[0].value
        steps.append(
            Step(key, setting.label, setting.menu, now, value, ("x",), ("X",), Severity.LOW)
        )
    empty = Readings()
    where, driver = target_of(device), DRIVERS[told.driver]
    subject = Subject(where, Identity(), told.pin, driver, told.access, told.readings, empty)
    return arrange(subject, Difference(tuple(steps)), {s.key: s.now for s in steps}, CATALOG)


async def there_and_back(
    device: Device, login: Login, around: Around, values: Mapping[str, Value], folder: Path
) -> None:
    """Change values and bring them back; the journal says that it was done once each way."""
    before = stored(device)
    told = await read_first(usable(login), Caller(dialer(device), login, around))
    plan = planned(device, told, values)
    result = await carried_out(device, plan, folder, login=login, around=around)
    assert result.outcome is Outcome.DONE, result.why
    assert {key: device.store.effective(key) for key in values} == dict(values)
    assert device.journal.writes == dict.fromkeys(values, 1)
    back = inverse(plan, result.changed, DRIVERS[plan.driver], CATALOG)
    name = "20261122-120000-000002"
    undone = await carried_out(
        device, back, folder, login=login, around=around, mode=Mode.UNDO, name=name
    )
    assert undone.outcome is Outcome.DONE, undone.why
    assert stored(device) == before
    assert clean(device)


async def test_by_ipp_there_and_back(tmp_path: Path) -> None:
    values = {"device.location": "Cellar", "mdns.name": "Cellar printer"}
    async with running_device(settings=OWN, services=["ipp"]) as (device, _):
        await there_and_back(device, BY_IPP, AROUND, values, tmp_path)


@pytest.mark.parametrize("authentication", [True, False])
async def test_an_ipp_login_is_shown_where_it_is_asked_for(*, authentication: bool) -> None:
    settings = {**OWN, "ipp.authentication": authentication}
    async with running_device(settings=settings, services=["ipp"]) as (device, _):
        told = await read_by("ipp", Caller(dialer(device), BY_IPP, AROUND))
        assert told.driver == "ipp-printer"
        assert told.pin.serial == device.plan.serial
        assert len(told.pin.tls) == 64
        assert "device.location" not in told.frozen
        anybody = replace(NOBODY, ipp=IppLogin())
        if authentication:
            with pytest.raises(NoLogin):
                await read_by("ipp", Caller(dialer(device), anybody, AROUND))
        else:
            hand = await open_by("ipp", dialer(device), anybody, told.pin, AROUND)
            with pytest.raises(SettingRefused, match="does not let us write"):
                await hand.write({"device.location": "Cellar"})
        assert device.journal.writes == {}
        assert clean(device)


async def test_a_wrong_ipp_password_is_tried_once() -> None:
    settings = {**OWN, "ipp.authentication": True}
    wrong = replace(NOBODY, ipp=IppLogin("Administrator", Secret("guess")))
    async with running_device(settings=settings, services=["ipp"]) as (device, _):
        with pytest.raises(LoginRefused):
            await read_by("ipp", Caller(dialer(device), wrong, AROUND))
        assert device.journal.counts["failed_logins"] == 1


async def test_a_changed_certificate_gets_no_ipp_password() -> None:
    settings = {**OWN, "ipp.authentication": True}
    async with running_device(settings=settings, services=["ipp"]) as (device, _):
        other = Pin(tls="00" * 32)
        with pytest.raises(Exception, match="another device answers"):
            await read_by("ipp", Caller(dialer(device), BY_IPP, AROUND, other))
        assert clean(device)


async def test_by_a_community_and_the_standards_own_objects(tmp_path: Path) -> None:
    values: Mapping[str, Value] = {
        "device.location": "Cellar",
        "device.contact": "it@example.org",
        "network.host-name": "mfd-cellar",
        "snmp.authentication-traps.enabled": True,
    }
    async with running_device(settings=WRITABLE, services=["snmp"]) as (device, _):
        told = await read_by("snmp-community", Caller(dialer(device), PUBLIC, STRANGE))
        assert told.driver == "printer-mib"
        assert told.readings.known("raw.enabled")[0].value is True
        await there_and_back(device, PUBLIC, STRANGE, values, tmp_path)


async def test_a_channel_that_cannot_be_closed_is_said(tmp_path: Path) -> None:
    """The virtual MFD has prtChannelState read-only, as most printers have."""
    async with running_device(settings=WRITABLE, services=["snmp"]) as (device, _):
        before = stored(device)
        told = await read_by("snmp-community", Caller(dialer(device), PUBLIC, STRANGE))
        plan = planned(device, told, {"raw.enabled": False, "device.location": "Cellar"})
        result = await carried_out(device, plan, tmp_path, login=PUBLIC, around=STRANGE)
        assert result.outcome is Outcome.UNDONE
        assert stored(device) == before


async def test_a_community_reads_the_stand_in_branch_and_writes_nothing() -> None:
    async with running_device(settings=WRITABLE, services=["snmp"]) as (device, _):
        told = await read_by("snmp-community", Caller(dialer(device), PUBLIC, AROUND))
        assert told.driver == "virtual-mfd"
        assert len(told.readings) > 100
        assert set(told.frozen) == set(told.readings)
        subject = Subject(
            target_of(device),
            Identity(),
            told.pin,
            DRIVERS["virtual-mfd"],
            told.access,
            told.readings,
            Readings(),
            usable(PUBLIC),
            told.frozen,
        )
        plan = plan_device(subject, CONTENT.baselines["small-office"], CONTENT)
        assert plan.steps == ()
        assert len(plan.work) > 10
        hand = await open_by("snmp-community", dialer(device), PUBLIC, told.pin, AROUND)
        with pytest.raises(SettingRefused, match="not written"):
            await hand.write({"lpd.enabled": False})
        hand.close()
        assert device.journal.writes == {}
        assert clean(device)


async def look(device: Device) -> Readings:
    visit = Visit(
        SocketDialer(target_of(device), Budget(LIMITS)), AROUND.now, Options(patience=1.0)
    )
    try:
        return (await run_probes(visit, find_probes())).readings
    finally:
        await visit.close()


def _none(drivers: tuple[Driver, ...] = ()) -> Around:
    return replace(AROUND, drivers=drivers)


async def test_without_a_driver_a_work_order_and_an_audit_close_the_loop() -> None:
    """No driver knows the device: a person works through the order, and the network says so."""
    baseline = CONTENT.baselines["small-office"]
    async with running_device(settings=OWN) as (device, host):
        for login in (PUBLIC, BY_IPP):
            with pytest.raises(Unreached):
                await read_first(usable(login), Caller(dialer(device), login, _none()))
        seen = await look(device)
        plan = work_order(target_of(device), "no driver knows it", seen, baseline, CONTENT)
        assert (plan.steps, plan.driver) == ((), "")
        by_rule = {work.rule: work.steps for work in plan.work}
        steps = by_rule["snmp.v1-off"]
        menu, label = CATALOG["snmp.v1.enabled"].menu, CATALOG["snmp.v1.enabled"].label
        assert steps[:2] == (f"Go to {menu}.", f"Set {label} to off.")
        assert steps[-1] == "Audit the device again."
        failing = {f.rule for f in evaluate(baseline, seen, CONTENT) if f.verdict is Verdict.FAIL}
        seen_by_network = {"snmp.v1-off", "remote-ui.no-plaintext", "ipp.off"}
        assert seen_by_network <= failing

        # As somebody at the panel would, step after step.
        for rule in seen_by_network:
            fixes = CONTENT.rules[rule].fixes(baseline.parameters, CATALOG)
            assert rule in by_rule
            for key, value in fixes.items():
                device.store.set(key, value, "somebody", "panel")
        await host.reboot("somebody")
        again = await look(device)
        verdicts = {f.rule: f.verdict for f in evaluate(baseline, again, CONTENT)}
        assert {verdicts[rule] for rule in seen_by_network} == {Verdict.PASS}
        assert all(known.witness is Witness.NETWORK for key in again for known in again.known(key))
        left = work_order(target_of(device), "no driver knows it", again, baseline, CONTENT)
        assert not seen_by_network & {work.rule for work in left.work}
        assert clean(device)
