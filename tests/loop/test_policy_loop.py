"""Security policies taken into running virtual devices; their journals say what really happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.lab import running_device

from frisket.audit.load import load_content
from frisket.audit.sheet import ITEMS, VALUES, Sheet, forces, from_baseline, make_sheet
from frisket.drivers.access.policy import open_policy, read_sheet
from frisket.drivers.access.policy_hand import PolicyPasswordRefused, open_policy_hand
from frisket.drivers.access.snmp import Around, IdentityChanged, NoLogin
from frisket.drivers.apply import apply_device
from frisket.drivers.base import Hand, Pin
from frisket.drivers.credential import Login, Secret, WebLogin
from frisket.drivers.job import POINTS, Job, Mode, Pace
from frisket.drivers.load import load_drivers
from frisket.drivers.plan import DevicePlan, Plan, Subject
from frisket.drivers.policy import held, keys_of, plan_policy
from frisket.drivers.policy_visit import plan_for, see_policy
from frisket.drivers.read import Caller
from frisket.drivers.record import Outcome, Progress, Result, new_record, read_run
from frisket.drivers.undo import inverse
from frisket.errors import SettingRefused
from frisket.mfd.device import Device
from frisket.model.reading import Readings, Value
from frisket.model.target import Identity, Target
from frisket.net.budget import Budget, Limits
from frisket.net.dial import SocketDialer

# OpenSSL's names of the versions that an old device offers are themselves deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
CONTENT = load_content()
DRIVERS = {driver.name: driver for driver in load_drivers()}
AROUND = Around(
    CONTENT.catalog, load_drivers(), lambda: datetime.now(UTC), timeouts=(1.0,), restart_seconds=20
)
LIMITS = Limits(packets_per_second=0, seconds=120, packets=40_000)
WEB = WebLogin("Administrator", Secret("7654321"), plaintext=True)
LOGIN = Login("", "SHA1", "AES-128", Secret(""), Secret(""), web=WEB, policy=Secret("Sp-4711"))
LOCKED: dict[str, Value] = {"policy.password": "Sp-4711"}
SERVICES = ["http", "snmp", "slp", "lpd"]
SHEET = make_sheet(
    ["SP-08", "SP-09", "SP-21", "SP-24", "SP-36", "SP-40"],
    {"logout-seconds": 90, "time-server": "time.example.org"},
    CONTENT,
)
FIRST, SECOND = "20261122-120000-000001", "20261122-120000-000002"


class Killed(BaseException):
    """The process ends here."""


def dialer(device: Device) -> SocketDialer:
    ports = {port: device.port(port) for port in range(1, 1024)} if device.plan.shift else {}
    return SocketDialer(Target(device.address, ports=ports), Budget(LIMITS))


async def planned(device: Device, sheet: Sheet, login: Login = LOGIN) -> DevicePlan:
    reader = await open_policy(dialer(device), login, (Pin(), Pin()), AROUND, CONTENT)
    driver = reader.web.driver
    readings = Readings.single(await reader.read(keys_of(sheet, CONTENT, driver)))
    target = dialer(device).target
    subject = Subject(target, Identity(), reader.web.pin, driver, reader.name, readings, Readings())
    return plan_policy(subject, sheet, CONTENT)


async def carried_out(
    device: Device,
    plan: DevicePlan,
    folder: Path,
    *,
    login: Login = LOGIN,
    mode: Mode = Mode.FRESH,
    name: str = FIRST,
    kill: str = "",
) -> Result:
    begun = Progress()
    if mode is Mode.RESUMED:
        run, record = read_run(folder, name, CONTENT.catalog)
        begun = run.devices[device.address]
    else:
        record = new_record(folder, name)
        record.begin(name, Plan("policy", "", datetime.now(UTC), (plan,)))

    def point(name: str) -> None:
        if name == kill:
            raise Killed

    async def hand() -> Hand:
        return await open_policy_hand(dialer(device), login, plan.pin, AROUND, Pin())

    async def look(keys: frozenset[str]) -> Readings:
        return Readings()

    pace = Pace(settling=(0.0,), back=5.0)
    job = Job(
        plan,
        hand,
        look,
        record,
        lambda *_: None,
        mode,
        point=point,
        meant=tuple(begun.meant),
        undoing=begun.undoing,
        pace=pace,
    )
    return await apply_device(job)


def stored(device: Device) -> Mapping[str, Value]:
    return {key: device.store.effective(key) for key in device.store.keys()}  # noqa: SIM118


def clean(device: Device, failed: int = 0) -> bool:
    counts = device.journal.counts
    return (
        not counts["sheets"]
        and not counts["print_port_bytes"]
        and (counts["failed_logins"] == failed)
    )


# An A4 model takes a policy by import only, and restarts by itself.
IMPORTS = "iradv-c256"


@pytest.mark.parametrize("password", [{}, LOCKED])
@pytest.mark.parametrize("model", ["iradv-c5535", IMPORTS])
async def test_a_policy_is_taken_in_and_taken_back(
    tmp_path: Path, password: Mapping[str, Value], model: str
) -> None:
    given = {**password, "password.allow-default-remote": True}
    async with running_device(model, given, SERVICES) as (device, _):
        before = stored(device)
        plan = await planned(device, SHEET)
        assert plan.stages[0].restart
        result = await carried_out(device, plan, tmp_path)
        assert result.outcome is Outcome.DONE, result.why
        assert device.policy.items == SHEET.items
        assert device.policy.parameters["logout-seconds"] == 90
        forced = forces(SHEET, CONTENT)
        assert all(device.store.effective(key) == value for key, value in forced.items())
        changed = {step.key for step in plan.steps} - {ITEMS, VALUES}
        assert device.journal.writes == dict.fromkeys(changed, 1)
        assert device.journal.counts["reboots"] == 1
        assert clean(device)
        assert (await planned(device, SHEET)).steps == ()

        meant = read_run(tmp_path, FIRST, CONTENT.catalog)[0].devices[device.address].meant
        back = inverse(plan, meant, DRIVERS[plan.driver], CONTENT.catalog)
        undone = await carried_out(device, back, tmp_path, mode=Mode.UNDO, name=SECOND)
        assert undone.outcome is Outcome.DONE, undone.why
        assert device.policy.items == ()
        assert stored(device) == before
        assert device.journal.writes == dict.fromkeys(changed, 2)
        assert clean(device)


async def test_a_wrong_policy_password_is_tried_once_and_nothing_is_written(tmp_path: Path) -> None:
    async with running_device(settings=LOCKED, services=SERVICES) as (device, _):
        plan = await planned(device, SHEET)
        assert clean(device), "looking needs no policy password"
        wrong = replace(LOGIN, policy=Secret("Sp-4712"))
        result = await carried_out(device, plan, tmp_path, login=wrong)
        assert result.outcome is Outcome.DENIED
        assert "policy password is wrong" in result.why
        assert device.journal.counts["failed_logins"] == 1
        none = replace(LOGIN, policy=None)
        result = await carried_out(device, plan, tmp_path, login=none, name=SECOND)
        assert result.outcome is Outcome.REFUSED
        assert "none is given" in result.why
        assert device.journal.counts["failed_logins"] == 1
        assert not device.journal.writes
        with pytest.raises(PolicyPasswordRefused):
            await open_policy_hand(dialer(device), wrong, Pin(), AROUND, Pin())
        with pytest.raises(NoLogin):
            await open_policy_hand(dialer(device), none, Pin(), AROUND, Pin())


async def test_a_device_without_a_policy_password_is_sent_none(tmp_path: Path) -> None:
    async with running_device(services=SERVICES) as (device, _):
        hand = await open_policy_hand(dialer(device), LOGIN, Pin(), AROUND, Pin())
        await hand.change_password(Secret("Neu-4711"))
        assert device.store["policy.password"] == "Neu-4711"
        assert clean(device)
        with pytest.raises(PolicyPasswordRefused):
            await open_policy_hand(dialer(device), LOGIN, Pin(), AROUND, Pin())
        fresh = replace(LOGIN, policy=Secret("Neu-4711"))
        await open_policy_hand(dialer(device), fresh, Pin(), AROUND, Pin())


async def test_another_device_gets_neither_password(tmp_path: Path) -> None:
    tls: dict[str, Value] = {**LOCKED, "remote-ui.tls.enabled": True}
    async with running_device(settings=tls, services=SERVICES) as (device, _):
        plan = await planned(device, SHEET)
        strange = replace(plan, pin=replace(plan.pin, tls="00" * 32))
        result = await carried_out(device, strange, tmp_path)
        assert result.outcome is Outcome.IDENTITY_CHANGED
        assert not device.journal.writes
        with pytest.raises(IdentityChanged):
            await open_policy(dialer(device), LOGIN, (strange.pin, Pin()), AROUND, CONTENT)
        assert clean(device)


async def test_what_a_device_shows_is_what_it_has() -> None:
    every = from_baseline(CONTENT.baselines["security-policy"], CONTENT)
    async with running_device(services=SERVICES) as (device, _):
        device.policy.apply(device.store, every.items, every.values, "test")
        device.store.apply_pending()
        device.store.set("admin.password", "Abc-1234-defg", "test", "lab")
        web = replace(WEB, password=Secret("Abc-1234-defg"))
        login = replace(LOGIN, web=web)
        reader = await open_policy(dialer(device), login, (Pin(), Pin()), AROUND, CONTENT)
        assert await read_sheet(reader.web, CONTENT) == every
        keys = keys_of(every, CONTENT)
        found = Readings.single(await reader.read(keys))
        settings = {key: found.known(key)[0].value for key in keys if found.known(key)}
        states = held(every, settings, reader.changeable(settings), CONTENT)
        assert set(states.values()) <= {"held", "absent"}
        assert "held" in states.values()


async def test_a_device_that_forgets_a_forced_setting_is_put_back(tmp_path: Path) -> None:
    quirks = {"forgets": ("slp.response.enabled",)}
    on: dict[str, Value] = {"slp.response.enabled": True}
    async with running_device(settings=on, services=SERVICES, quirks=quirks) as (device, _):
        before = stored(device)
        plan = await planned(device, SHEET)
        assert "slp.response.enabled" in {step.key for step in plan.steps}
        result = await carried_out(device, plan, tmp_path)
        assert result.outcome is Outcome.UNDONE, result.why
        assert "did not keep it" in result.why
        assert device.policy.items == ()
        assert stored(device) == before
        assert clean(device)


async def test_numbers_that_change_alone_are_written_alone(tmp_path: Path) -> None:
    async with running_device(services=SERVICES) as (device, _):
        device.policy.apply(device.store, SHEET.items, SHEET.values, "test")
        device.store.apply_pending()
        device.journal.writes.clear()
        other = make_sheet(SHEET.items, {**SHEET.values, "logout-seconds": 300}, CONTENT)
        plan = await planned(device, other)
        assert [step.key for step in plan.steps] == [VALUES, "auth.auto-logout.time"]
        result = await carried_out(device, plan, tmp_path)
        assert result.outcome is Outcome.DONE, result.why
        assert device.journal.writes == {"auth.auto-logout.time": 1}


REACHED = ("opened", "intent", "sent", "written", "restart", "restarted", "proved", "ended")


@pytest.mark.parametrize("where", REACHED)
async def test_killed_anywhere_a_policy_is_finished_and_nothing_is_doubled(
    tmp_path: Path, where: str
) -> None:
    assert where in POINTS
    async with running_device(settings=LOCKED, services=SERVICES) as (device, host):
        plan = await planned(device, SHEET)
        with pytest.raises(Killed):
            await carried_out(device, plan, tmp_path, kill=where)
        result = await carried_out(device, plan, tmp_path, mode=Mode.RESUMED)
        assert result.outcome is Outcome.DONE, result.why
        await host.settled()
        assert device.policy.items == SHEET.items
        assert not device.store.pending
        changed = {step.key for step in plan.steps} - {ITEMS, VALUES}
        assert device.journal.writes == dict.fromkeys(changed, 1)
        assert device.journal.counts["reboots"] == 1
        assert clean(device)


@pytest.mark.parametrize("where", ["undo", "undo intent", "undo sent", "restored"])
async def test_killed_while_it_is_put_back_it_is_put_back(tmp_path: Path, where: str) -> None:
    quirks = {"forgets": ("slp.response.enabled",)}
    on: dict[str, Value] = {"slp.response.enabled": True}
    async with running_device(settings=on, services=SERVICES, quirks=quirks) as (device, _):
        before = stored(device)
        plan = await planned(device, SHEET)
        with pytest.raises(Killed):
            await carried_out(device, plan, tmp_path, kill=where)
        result = await carried_out(device, plan, tmp_path, mode=Mode.RESUMED)
        assert result.outcome is Outcome.UNDONE, result.why
        assert device.policy.items == ()
        assert stored(device) == before
        assert clean(device)


EVERY = from_baseline(CONTENT.baselines["security-policy"], CONTENT)
OWN = "Abc-1234-defg"
RENEWED = replace(LOGIN, web=replace(WEB, password=Secret(OWN)))


@pytest.mark.parametrize("forgets", [False, True])
async def test_all_items_go_in_and_come_back_but_for_what_only_the_panel_sets(
    tmp_path: Path, forgets: bool
) -> None:
    quirks = {"forgets": ("slp.response.enabled",)} if forgets else {}
    given: dict[str, Value] = {**LOCKED, "slp.response.enabled": True}
    async with running_device(settings=given, services=SERVICES, quirks=quirks) as (device, _):
        device.store.set("admin.password", OWN, "test", "lab")
        before = dict(stored(device))
        plan = await planned(device, EVERY, RENEWED)
        result = await carried_out(device, plan, tmp_path, login=RENEWED)
        if forgets:
            assert (result.outcome, result.left) == (Outcome.LEFT, ("tpm.enabled",)), result.why
        else:
            assert result.outcome is Outcome.DONE, result.why
            assert device.policy.items == EVERY.items
            meant = read_run(tmp_path, FIRST, CONTENT.catalog)[0].devices[device.address].meant
            back = inverse(plan, meant, DRIVERS[plan.driver], CONTENT.catalog)
            assert [row.key for row in back.unsupported] == ["tpm.enabled"]
            undone = await carried_out(
                device, back, tmp_path, login=RENEWED, mode=Mode.UNDO, name=SECOND
            )
            assert undone.outcome is Outcome.DONE, undone.why
        assert device.policy.items == ()
        assert {**stored(device), "tpm.enabled": False} == before
        assert device.store["tpm.enabled"] is True
        assert clean(device)


async def test_an_a4_model_shows_its_policy_and_edits_none(tmp_path: Path) -> None:
    given: dict[str, Value] = {**LOCKED, "password.allow-default-remote": True}
    async with running_device(IMPORTS, given, SERVICES) as (device, _):
        hand = await open_policy_hand(dialer(device), LOGIN, Pin(), AROUND, Pin())
        page = await hand.web.browser.send("GET", hand.table.edit)
        assert page.status == 404
        with pytest.raises(SettingRefused, match="with an import only"):
            await hand.change_password(Secret("Neu-4711"))
        plan = await planned(device, SHEET)
        device.power.busy = True
        result = await carried_out(device, plan, tmp_path)
        assert result.outcome is Outcome.UNDONE
        assert "busy" in result.why
        assert not device.journal.writes
        assert clean(device)


async def test_a_visit_reads_a_policy_and_plans_another(tmp_path: Path) -> None:
    async with running_device(settings=LOCKED, services=SERVICES) as (device, _):
        device.policy.apply(device.store, SHEET.items, SHEET.values, "test")
        device.store.apply_pending()
        known = Pin(engine="8000")
        caller = Caller(dialer(device), LOGIN, AROUND, known, Pin(serial=device.plan.serial))
        seen = await see_policy(caller, Identity(model="m"), CONTENT)
        assert (seen.sheet, seen.pin.engine) == (SHEET, "8000")
        assert (seen.identity.model, seen.identity.serial) == ("m", device.plan.serial)
        assert set(seen.states.values()) == {"held"}
        fewer = make_sheet(["SP-08"], {}, CONTENT)
        plan = await plan_for(caller, seen.identity, fewer, CONTENT)
        assert [step.key for step in plan.steps] == [ITEMS, VALUES]
        shut = await plan_for(caller, seen.identity, EVERY, CONTENT)
        assert (shut.driver, "SP-27 refuses the factory password" in shut.why) == ("", True)
        meant = await plan_for(caller, seen.identity, EVERY, CONTENT, ("SP-27", "SP-38"))
        assert meant.steps
        assert clean(device)
