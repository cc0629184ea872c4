"""Plans carried out on running virtual devices; their journals say what really happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.lab import running_device

from frisket.audit.evaluate import evaluate
from frisket.audit.load import load_content
from frisket.catalog.load import load_catalog
from frisket.drivers.access.snmp import Around, IdentityChanged, NoDriver
from frisket.drivers.access.snmp_hand import open_hand
from frisket.drivers.access.web import LoginRefused, open_web
from frisket.drivers.access.web_hand import open_web_hand
from frisket.drivers.apply import apply_device
from frisket.drivers.base import Hand, Pin
from frisket.drivers.credential import Login, Secret, WebLogin
from frisket.drivers.job import Job, Mode, Pace
from frisket.drivers.load import load_drivers
from frisket.drivers.plan import DevicePlan, Plan, Subject, plan_device
from frisket.drivers.read import read_by_web, read_device, settings, usable, witness
from frisket.drivers.record import Outcome, Result, new_record, read_run
from frisket.drivers.undo import inverse
from frisket.errors import FrisketError
from frisket.mfd.device import Device
from frisket.model.finding import compliance
from frisket.model.reading import Readings, Unread, Value, Why
from frisket.model.target import Identity, Target
from frisket.net.budget import Budget, Limits
from frisket.net.dial import SocketDialer
from frisket.probe.base import Options, Visit
from frisket.probe.engine import find_probes, run_probes
from frisket.proto.snmp.errors import Denied

# OpenSSL's names of the versions that an old device offers are themselves deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
CONTENT = load_content()
AROUND = Around(
    load_catalog(),
    load_drivers(),
    lambda: datetime.now(UTC),
    timeouts=(1.0, 1.0),
    restart_seconds=20,
)
LIMITS = Limits(packets_per_second=0, seconds=120, packets=4000)
LOGIN = Login("initial", "SHA1", "AES-128", Secret("initial1"), Secret("initial1"))
FIRST = replace(LOGIN, web=WebLogin("Administrator", Secret("7654321"), plaintext=True))
ON: dict[str, Value] = {"snmp.v3.enabled": True}
DRIVERS = {driver.name: driver for driver in load_drivers()}


def target_of(device: Device) -> Target:
    ports = {port: device.port(port) for port in range(1, 1024)} if device.plan.shift else {}
    return Target(device.address, ports=ports)


def dialer(device: Device) -> SocketDialer:
    return SocketDialer(target_of(device), Budget(LIMITS))


async def planned(device: Device, baseline: str, login: Login = LOGIN) -> DevicePlan:
    told = await read_device(dialer(device), login, Pin(), AROUND)
    target = target_of(device)
    driver = DRIVERS[told.driver]
    subject = Subject(target, Identity(), told.pin, driver, told.access, told.readings, Readings())
    return plan_device(subject, CONTENT.baselines[baseline], CONTENT)


async def carried_out(
    device: Device,
    plan: DevicePlan,
    folder: Path,
    *,
    login: Login = LOGIN,
    mode: Mode = Mode.FRESH,
    name: str = "20261122-120000-000001",
    password: str = "7654321",
) -> Result:
    record = new_record(folder, name)
    record.begin(name, Plan("x", "", datetime.now(UTC), (plan,)))

    async def hand() -> Hand:
        return await open_hand(dialer(device), login, plan.pin, AROUND)

    async def look(keys: frozenset[str]) -> Readings:
        visit = Visit(dialer(device), AROUND.now, Options(patience=1.0))
        try:
            probes = [p for p in find_probes() if p.reads & keys]
            return (await run_probes(visit, probes)).readings
        finally:
            await visit.close()

    async def door() -> Hand:
        return await open_web_hand(dialer(device), FIRST, plan.pin, AROUND, Pin())

    async def log_in() -> None:
        assert FIRST.web is not None
        web = replace(FIRST, web=replace(FIRST.web, password=Secret(password)))
        (await open_web(dialer(device), web, plan.pin, AROUND, Pin())).close()

    proofs = dict.fromkeys(("Remote UI over HTTP", "Remote UI over HTTPS"), log_in)
    tell, pace = lambda *_: None, Pace(settling=(0.0, 0.5, 1.0), back=6.0)
    job = Job(plan, hand, look, record, tell, mode, open_door=door, proofs=proofs, pace=pace)
    return await apply_device(job)


def clean(device: Device) -> bool:
    counts = device.journal.counts
    return not (counts["sheets"] or counts["print_port_bytes"] or counts["failed_logins"])


def stored(device: Device) -> Mapping[str, Value]:
    return {key: device.store.effective(key) for key in device.store.keys()}  # noqa: SIM118


async def device_compliance(device: Device, baseline: str) -> float | None:
    """Return the compliance on what can be set, by the device's own word."""
    told = await read_device(dialer(device), LOGIN, Pin(), AROUND)
    return compliance(evaluate(CONTENT.baselines[baseline], told.readings, CONTENT))


@pytest.mark.parametrize(
    ("baseline", "survives"),
    [("small-office", "Remote UI over HTTPS"), ("enterprise", "SNMPv3")],
)
async def test_a_device_is_hardened_and_brought_back(
    tmp_path: Path, baseline: str, survives: str
) -> None:
    async with running_device(settings=ON) as (device, host):
        before = stored(device)
        assert (await device_compliance(device, baseline) or 0) < 1
        plan = await planned(device, baseline)
        assert survives in plan.after.managing
        result = await carried_out(device, plan, tmp_path)
        assert result.outcome is Outcome.DONE, result.why
        await host.settled()
        assert await device_compliance(device, baseline) == 1.0
        assert device.journal.writes == dict.fromkeys((s.key for s in plan.steps), 1)
        assert clean(device)
        assert all(device.store.effective(s.key) == s.wanted for s in plan.steps)
        assert (await planned(device, baseline)).steps == ()

        progress = read_run(tmp_path, "20261122-120000-000001", CONTENT.catalog)[0]
        meant = progress.devices[device.address].meant
        back = inverse(plan, meant, DRIVERS[plan.driver], CONTENT.catalog)
        name = "20261122-120000-000002"
        undone = await carried_out(device, back, tmp_path, mode=Mode.UNDO, name=name)
        assert undone.outcome is Outcome.DONE, undone.why
        assert stored(device) == before
        assert device.journal.writes == dict.fromkeys((s.key for s in plan.steps), 2)
        assert clean(device)


async def by_web(device: Device, baseline: str, login: Login = FIRST) -> DevicePlan:
    """Plan a device of which only the Remote UI is open."""
    told = await read_by_web(dialer(device), login, Pin(), AROUND, Pin())
    driver = DRIVERS[told.driver]
    where, said = target_of(device), told.readings
    accesses = usable(login)
    subject = Subject(where, Identity(), told.pin, driver, told.access, said, Readings(), accesses)
    return plan_device(subject, CONTENT.baselines[baseline], CONTENT)


@pytest.mark.parametrize(
    ("baseline", "personality"), [("small-office", "iradv-4545"), ("enterprise", "iradv-c5535")]
)
async def test_from_the_factory_the_remote_ui_is_the_first_way(
    tmp_path: Path, baseline: str, personality: str
) -> None:
    async with running_device(personality) as (device, _):
        before = stored(device)
        plan = await by_web(device, baseline)
        assert plan.stages[0].keys == ("snmp.v3.enabled",)
        result = await carried_out(device, plan, tmp_path)
        assert result.outcome is Outcome.DONE, result.why
        assert await device_compliance(device, baseline) == 1.0
        assert device.journal.writes == dict.fromkeys((s.key for s in plan.steps), 1)
        assert clean(device)
        back = inverse(plan, result.changed, DRIVERS[plan.driver], CONTENT.catalog)
        name = "20261122-120000-000002"
        undone = await carried_out(device, back, tmp_path, mode=Mode.UNDO, name=name)
        assert undone.outcome is Outcome.DONE, undone.why
        assert stored(device) == before
        assert clean(device)


async def test_the_remote_ui_says_what_snmp_says() -> None:
    async with running_device(settings=ON, services=["snmp", "http"]) as (device, _):
        one = await read_device(dialer(device), LOGIN, Pin(), AROUND)
        other = await read_by_web(dialer(device), FIRST, Pin(), AROUND, Pin())
    told = {key: one.readings.known(key)[0].value for key in one.readings}
    shown = {key: other.readings.known(key)[0].value for key in other.readings}
    assert shown.pop("admin.password-changed") is False, "the login itself warns of it"
    assert told == shown


async def test_a_first_way_that_does_not_work_is_closed_again(tmp_path: Path) -> None:
    async with running_device(services=["snmp", "http"]) as (device, _):
        before = stored(device)
        plan = await by_web(device, "small-office")
        wrong = replace(FIRST, authentication_password=Secret("initial2"))
        result = await carried_out(device, plan, tmp_path, login=wrong)
        assert result.outcome is Outcome.UNDONE
        assert "the way that was opened does not work" in result.why
        assert stored(device) == before
        assert device.journal.counts["failed_logins"] == 1


async def test_what_goes_wrong_later_closes_the_first_way_too(tmp_path: Path) -> None:
    async with running_device(quirks={"forgets": ("ipp.enabled",)}) as (device, _):
        before = stored(device)
        plan = await by_web(device, "small-office")
        result = await carried_out(device, plan, tmp_path)
        assert result.outcome is Outcome.UNDONE, result.why
        assert stored(device) == before
        assert clean(device)


async def test_no_password_without_tls_unless_that_is_allowed() -> None:
    assert FIRST.web is not None
    careful = replace(FIRST, web=replace(FIRST.web, plaintext=False))
    async with running_device(services=["http"]) as (device, _):
        with pytest.raises(FrisketError, match="readable on the way"):
            await by_web(device, "small-office", careful)
    tls: dict[str, Value] = {"remote-ui.tls.enabled": True}
    async with running_device(settings=tls, services=["http", "snmp"]) as (device, _):
        plan = await by_web(device, "small-office", careful)
        assert len(plan.pin.tls) == 64
        assert clean(device)


async def test_a_changed_certificate_or_serial_gets_no_password() -> None:
    tls: dict[str, Value] = {"remote-ui.tls.enabled": True}
    async with running_device(settings=tls, services=["http"]) as (device, _):
        for expected, seen in ((Pin(tls="00" * 32), Pin()), (Pin(serial="X"), Pin(serial="Y"))):
            with pytest.raises(IdentityChanged):
                await read_by_web(dialer(device), FIRST, expected, AROUND, seen)
        assert not device.sessions._open


async def test_a_wrong_remote_ui_password_is_tried_once() -> None:
    assert FIRST.web is not None
    wrong = replace(FIRST, web=replace(FIRST.web, password=Secret("1")))
    async with running_device(services=["http"]) as (device, _):
        with pytest.raises(LoginRefused):
            await by_web(device, "small-office", wrong)
        assert device.journal.counts["failed_logins"] == 1


async def test_a_changed_login_is_followed(tmp_path: Path) -> None:
    """The modern baseline asks for SHA-2, so the login we work with changes on the way."""
    let_in: dict[str, Value] = {
        **ON,
        "firewall.ipv4.default-policy": "reject",
        "firewall.ipv4.exceptions": ("127.0.0.0/8",),
    }
    async with running_device(settings=let_in, services=["snmp", "http"]) as (device, _):
        plan = await planned(device, "modern")
        assert "snmp.v3.user.auth-algorithm" in {step.key for step in plan.steps}
        result = await carried_out(device, plan, tmp_path)
        assert result.outcome is Outcome.DONE, result.why
        assert clean(device)
        with pytest.raises(Denied):
            await read_device(dialer(device), LOGIN, Pin(), AROUND)
        fresh = LOGIN.changed({"authentication": "SHA2-256"})
        assert (await planned(device, "modern", fresh)).steps == ()


async def test_our_own_way_is_closed_only_where_another_lets_us_in(tmp_path: Path) -> None:
    """The policy refuses the factory password from afar: with that, nothing would survive."""
    async with running_device(settings=ON) as (device, _):
        before = stored(device)
        plan = await planned(device, "security-policy")
        assert plan.stages[-1].keys == ("snmp.v3.enabled",)
        result = await carried_out(device, plan, tmp_path)
        assert result.outcome is Outcome.UNDONE
        assert "does not let us in" in result.why
        assert stored(device) == before
        device.store.set("admin.password", "8641975-x", "test", "lab")
        result = await carried_out(device, plan, tmp_path / "2", password="8641975-x")
        assert result.outcome is Outcome.DONE, result.why
        assert device.store.on("snmp.v3.enabled") is False


@pytest.mark.parametrize(
    ("quirks", "says"),
    [
        ({"forgets": ("ipp.enabled",)}, "did not keep it"),
        ({"lies": {"snmp.v1.enabled": True}}, "snmp.v1.enabled"),
    ],
)
async def test_a_device_that_does_not_do_as_it_says_is_put_back(
    tmp_path: Path, quirks: Mapping[str, Any], says: str
) -> None:
    async with running_device(settings=ON, quirks=quirks) as (device, _):
        before = stored(device)
        plan = await planned(device, "small-office")
        result = await carried_out(device, plan, tmp_path)
        assert result.outcome is Outcome.UNDONE
        assert says in result.why
        assert stored(device) == before
        assert clean(device)


async def test_a_liar_is_told_all_the_same_and_the_network_judges(tmp_path: Path) -> None:
    quirks = {"lies": {"snmp.v1.enabled": False}}
    async with running_device(settings=ON, quirks=quirks) as (device, _):
        before = stored(device)
        told = await read_device(dialer(device), LOGIN, Pin(), AROUND)
        visit = Visit(dialer(device), AROUND.now, Options(patience=1.0))
        seen = await run_probes(visit, [p for p in find_probes() if p.name == "snmp"])
        await visit.close()
        driver = DRIVERS[told.driver]
        where, said = target_of(device), told.readings
        subject = Subject(where, Identity(), told.pin, driver, told.access, said, seen.readings)
        plan = plan_device(subject, CONTENT.baselines["small-office"], CONTENT)
        step = plan.step("snmp.v1.enabled")
        assert (step.now, step.wanted, step.insist) == (True, False, True)
        assert "SNMPv1 (reading)" in plan.before.ways
        result = await carried_out(device, plan, tmp_path)
        assert result.outcome is Outcome.DONE, result.why
        assert device.store.on("snmp.v1.enabled") is False
        assert device.journal.writes["snmp.v1.enabled"] == 1
        back = inverse(plan, result.changed, DRIVERS[plan.driver], CONTENT.catalog)
        name = "20261122-120000-000002"
        undone = await carried_out(device, back, tmp_path, mode=Mode.UNDO, name=name)
        assert undone.outcome is Outcome.DONE, undone.why
        assert stored(device) == before


async def test_a_serial_number_that_was_promised_is_asked_for() -> None:
    login = Login(
        "initial", "SHA1", "AES-128", Secret("initial1"), Secret("initial1"), Pin("", "X")
    )
    async with running_device(settings=ON, services=["snmp"]) as (device, _):
        with pytest.raises(IdentityChanged, match="serial number"):
            await read_device(dialer(device), login, Pin(), AROUND)


async def test_a_setting_that_the_policy_locks_is_refused_and_nothing_stays(tmp_path: Path) -> None:
    async with running_device(settings=ON, services=["snmp", "http"]) as (device, _):
        device.policy.apply(device.store, ["SP-07"], {}, "test")
        locked = next(k for k in device.store.keys() if device.policy.locked(k))  # noqa: SIM118
        device.store.apply_pending()
        before = stored(device)
        plan = await planned(device, "small-office")
        step = plan.steps[-1]
        wrong = not device.store[locked]
        assert isinstance(device.store[locked], bool)
        plan = plan_with(plan, step.key, locked, wanted=wrong)
        result = await carried_out(device, plan, tmp_path)
        assert result.outcome is Outcome.UNDONE
        assert "locked by the security policy" in result.why
        assert stored(device) == before


def plan_with(plan: DevicePlan, old: str, key: str, *, wanted: bool) -> DevicePlan:
    """Return the plan with one step's key and value replaced."""
    steps = tuple(
        replace(s, key=key, now=not wanted, wanted=wanted) if s.key == old else s
        for s in plan.steps
    )
    stages = tuple(
        replace(stage, keys=tuple(key if k == old else k for k in stage.keys))
        for stage in plan.stages
    )
    return replace(plan, steps=steps, stages=stages)


async def test_the_witness_says_why_it_has_nothing_to_say() -> None:
    async with running_device(settings=ON, services=["snmp"]) as (device, _):
        wrong = Login("nobody", "SHA1", "AES-128", Secret("initial1"), Secret("initial1"))
        readings = await witness(dialer(device), wrong, Pin(), AROUND)
        assert set(readings) == set(settings(CONTENT.catalog))
        assert all(
            isinstance(r, Unread) and r.why is Why.CREDENTIAL
            for rs in readings.values()
            for r in rs
        )
        with pytest.raises(NoDriver):
            await read_device(dialer(device), LOGIN, Pin(), Around(load_catalog(), (), AROUND.now))
