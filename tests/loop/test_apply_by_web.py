"""The Remote UI alone plans, applies, proves and undoes a device whose SNMPv3 stays closed."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from tests.lab import running_device
from tests.loop.hardening import BACK, Hardener
from tests.loop.test_apply_loop import (
    AROUND,
    CONTENT,
    DRIVERS,
    FIRST,
    LOGIN,
    ON,
    clean,
    dialer,
    stored,
    target_of,
)

from frisket.audit.evaluate import evaluate
from frisket.drivers.access.hands import open_by
from frisket.drivers.access.snmp import Around
from frisket.drivers.apply import apply_device
from frisket.drivers.approach import approach
from frisket.drivers.base import Hand, Pin
from frisket.drivers.credential import Login, Secret, WebLogin
from frisket.drivers.job import Job, Mode
from frisket.drivers.order import Phase
from frisket.drivers.pins import Pins
from frisket.drivers.plan import CHANNEL, DevicePlan, Plan, Subject, plan_device
from frisket.drivers.read import Caller, Told, Unreached, read_by, read_device, read_first, usable
from frisket.drivers.record import Outcome, Result, new_record
from frisket.drivers.undo import inverse
from frisket.drivers.ways import seen_from
from frisket.errors import SettingRefused
from frisket.mfd.device import Device
from frisket.model.finding import Incomplete, compliance
from frisket.model.reading import Readings, Value
from frisket.model.target import Identity
from frisket.net.dial import source_of
from frisket.probe.base import Options, Visit
from frisket.probe.engine import find_probes, run_probes

pytestmark = pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
# The Administrator's own password: the factory's is refused from afar by SP-27.
PASSWORD = "Kestrel-07!abc"
# The modern baseline turns the address filter on: whoever manages the device is let in beforehand.
OWN: Mapping[str, Value] = {
    "admin.password": PASSWORD,
    "firewall.ipv4.exceptions": ("127.0.0.0/8",),
}
WEB_ONLY = Login(
    "",
    "SHA1",
    "AES-128",
    Secret(""),
    Secret(""),
    web=WebLogin("Administrator", Secret(PASSWORD), plaintext=True),
)


async def planned(device: Device, baseline: str, login: Login = WEB_ONLY) -> DevicePlan:
    def make(told: Told, accesses: tuple[str, ...]) -> DevicePlan:
        subject = Subject(
            target_of(device),
            Identity(),
            told.pin,
            seen_from(DRIVERS[told.driver], source_of(device.address)),
            told.access,
            told.readings,
            Readings(),
            accesses,
            told.frozen,
        )
        return plan_device(subject, CONTENT.baselines[baseline], CONTENT)

    return await approach(Caller(dialer(device), login, AROUND), make)


async def carried_out(
    device: Device,
    plan: DevicePlan,
    folder: Path,
    *,
    login: Login = WEB_ONLY,
    mode: Mode = Mode.FRESH,
    name: str = "20261122-120000-000001",
    around: Around = AROUND,
    proofs: Mapping[str, Callable[[], Awaitable[None]]] | None = None,
) -> Result:
    record = new_record(folder, name)
    record.begin(name, Plan("x", "", datetime.now(UTC), (plan,)))

    async def hand() -> Hand:
        return await open_by(plan.access, dialer(device), login, plan.pin, around)

    async def door() -> Hand:
        return await open_by(plan.entry, dialer(device), login, plan.pin, around)

    async def look(keys: frozenset[str]) -> Readings:
        visit = Visit(dialer(device), AROUND.now, Options(patience=1.0))
        try:
            probes = [p for p in find_probes() if p.reads & keys]
            return (await run_probes(visit, probes)).readings
        finally:
            await visit.close()

    job = Job(plan, hand, look, record, lambda *_: None, mode, open_door=door)
    return await apply_device(replace(job, proofs=proofs or {}))


@pytest.mark.parametrize("baseline", ["security-policy", "modern", "small-office"])
async def test_the_remote_ui_alone_hardens_and_brings_back(tmp_path: Path, baseline: str) -> None:
    async with running_device(settings=OWN) as (device, host):
        before = stored(device)
        plan = await planned(device, baseline)
        assert (plan.access, plan.entry) == ("remote-ui", "remote-ui")
        assert Phase.REACH not in {stage.phase for stage in plan.stages}
        assert plan.restarts
        result = await carried_out(device, plan, tmp_path)
        assert result.outcome is Outcome.DONE, result.why
        await host.settled()
        assert all(device.store.effective(s.key) == s.wanted for s in plan.steps)
        assert device.journal.writes == dict.fromkeys((s.key for s in plan.steps), 1)
        assert clean(device)
        told = await read_by("remote-ui", Caller(dialer(device), WEB_ONLY, AROUND))
        judged = evaluate(CONTENT.baselines[baseline], told.readings, CONTENT)
        settable = [f for f in judged if f.fix.set and not set(f.fix.set) & set(told.frozen)]
        assert compliance(settable) == 1.0
        assert (await planned(device, baseline)).steps == ()

        back = inverse(plan, result.changed, DRIVERS[plan.driver], CONTENT.catalog)
        name = "20261122-120000-000002"
        undone = await carried_out(device, back, tmp_path, mode=Mode.UNDO, name=name)
        assert undone.outcome is Outcome.DONE, undone.why
        assert stored(device) == before
        assert clean(device)


async def test_snmp_v3_does_the_work_where_there_is_a_login_for_it() -> None:
    async with running_device(settings=OWN, services=["http", "snmp"]) as (device, _):
        plan = await planned(device, "small-office", replace(FIRST, web=WEB_ONLY.web))
        assert (plan.access, plan.entry) == ("snmp-v3", "remote-ui")
        assert plan.stages[0].phase is Phase.REACH
        assert (await planned(device, "small-office")).access == "remote-ui"


async def test_the_access_that_survives_does_the_work(tmp_path: Path) -> None:
    """SP-22 closes SNMP altogether; then the work is done by the Remote UI from the start."""
    both = replace(FIRST, web=WEB_ONLY.web)
    async with running_device(settings={**OWN, **ON}) as (device, _):
        plan = await planned(device, "security-policy", both)
        assert (plan.access, plan.entry) == ("remote-ui", "remote-ui")
        assert "SNMPv3" in plan.before.managing
        assert "SNMPv3" not in plan.after.managing
        result = await carried_out(device, plan, tmp_path, login=both)
        assert result.outcome is Outcome.DONE, result.why
        assert device.journal.writes == dict.fromkeys((s.key for s in plan.steps), 1)
        assert clean(device)


async def test_a_factory_password_that_would_be_refused_is_foreseen(tmp_path: Path) -> None:
    """SP-27 refuses the factory password from afar: with it we would shut ourselves out."""
    factory = replace(FIRST, user="")
    async with running_device(services=["http"]) as (device, _):
        plan = await planned(device, "security-policy", factory)
        assert plan.after.managing == ()
        assert Plan("x", "", datetime.now(UTC), (plan,)).refusals(plan)
        last = plan.stages[-1]
        assert (last.phase, last.keys) == (Phase.LAST, ("password.allow-default-remote",))
        assert clean(device)


async def test_a_login_that_turns_out_to_be_shut_out_is_put_back(tmp_path: Path) -> None:
    """Where the table does not know the factory password, a second login tells in time."""
    web = DRIVERS["virtual-mfd"].web
    assert web is not None
    ignorant = replace(DRIVERS["virtual-mfd"], web=replace(web, factory=()))
    factory = replace(FIRST, user="")
    async with running_device(services=["http"]) as (device, _):
        before = stored(device)
        plan = await planned(device, "security-policy", factory)
        opened = await open_by(
            "remote-ui", dialer(device), factory, plan.pin, replace(AROUND, drivers=(ignorant,))
        )
        with pytest.raises(SettingRefused, match="shut our own login out"):
            await opened.write({"password.allow-default-remote": False})
        await opened.write({"password.allow-default-remote": True})
        assert stored(device) == before
        assert device.journal.counts["failed_logins"] == 1


async def test_what_the_panel_alone_may_set_is_left_to_a_person() -> None:
    async with running_device(settings=OWN, services=["http"]) as (device, _):
        caller = Caller(dialer(device), WEB_ONLY, AROUND)
        told = await read_by("remote-ui", caller)
        panel = {s.key for s in CONTENT.catalog if "remote-ui" not in s.doors and s.doors}
        read = {key for key in told.readings if not CONTENT.catalog[key].secret}
        assert panel & read
        assert panel & read <= set(told.frozen)
        plan = await planned(device, "security-policy")
        assert not {step.key for step in plan.steps} & set(told.frozen)
        frozen = {item.key: item.why for item in plan.unsupported}
        assert "does not let it be changed" in frozen["tpm.enabled"]
        assert any(work.rule == "tpm.on" for work in plan.work)


async def test_where_nothing_is_open_every_access_says_why() -> None:
    async with running_device(services=["snmp"]) as (device, _):
        with pytest.raises(Unreached, match=r"snmp-v3: .*remote-ui: "):
            await read_first(usable(FIRST), Caller(dialer(device), FIRST, AROUND))


async def test_a_device_that_forgets_is_put_back_by_the_remote_ui(tmp_path: Path) -> None:
    async with running_device(settings=OWN, quirks={"forgets": ("ipp.enabled",)}) as (device, _):
        before = stored(device)
        plan = await planned(device, "small-office")
        result = await carried_out(device, plan, tmp_path)
        assert result.outcome is Outcome.UNDONE, result.why
        assert stored(device) == before
        assert clean(device)


async def test_another_device_gets_no_password(tmp_path: Path) -> None:
    tls: dict[str, Value] = {"remote-ui.tls.enabled": True, **OWN}
    async with running_device(settings=tls, services=["http"]) as (device, _):
        plan = await planned(device, "modern")
        assert len(plan.pin.tls) == 64
        device.sessions.clear()
        other = replace(plan, pin=Pin(tls="00" * 32))
        result = await carried_out(device, other, tmp_path)
        assert result.outcome is Outcome.IDENTITY_CHANGED
        assert not device.sessions._open
        assert device.journal.writes == {}


async def test_the_remote_ui_closes_itself_last(tmp_path: Path) -> None:
    """Enterprise turns the Remote UI off: only once SNMPv3 has let somebody in."""
    async with running_device(settings=OWN) as (device, host):
        plan = await planned(device, "enterprise")
        assert (plan.access, plan.stages[-1].phase) == ("remote-ui", Phase.LAST)
        assert {"remote-ui.enabled", "http.enabled"} <= set(plan.stages[-1].keys)
        assert plan.after.managing == ("SNMPv3",)
        whole = Plan("enterprise", "v", datetime.now(UTC), (plan,))
        (refusal,) = whole.refusals(plan)
        assert refusal.kind == CHANNEL
        assert "no login is given for what is left (SNMPv3)" in refusal.why
        assert not replace(whole, back=True).refusals(plan)
        assert not replace(whole, accept_no_channel=(plan.address,)).refusals(plan)
        before = stored(device)
        refused = await carried_out(device, plan, tmp_path)
        assert refused.outcome is Outcome.UNDONE
        assert "nothing proves that SNMPv3 lets us in" in refused.why
        assert stored(device) == before

        async def somebody() -> None:
            await read_device(dialer(device), LOGIN, Pin(), AROUND)

        device.journal.writes.clear()
        begun = asyncio.get_running_loop().time()
        proofs = {"SNMPv3": somebody}
        name = "20261122-120000-000002"
        result = await carried_out(device, plan, tmp_path, name=name, proofs=proofs)
        assert result.outcome is Outcome.DONE, result.why
        assert asyncio.get_running_loop().time() - begun < AROUND.restart_seconds
        await host.settled()
        assert all(device.store.effective(s.key) == s.wanted for s in plan.steps)
        assert device.journal.writes == dict.fromkeys((s.key for s in plan.steps), 1)
        assert clean(device)


async def test_who_has_no_login_for_what_is_left_is_told_before_anything_is_written(
    tmp_path: Path,
) -> None:
    user = Hardener(tmp_path, login=WEB_ONLY)
    async with running_device(settings=OWN) as (device, host):
        plan = await user.plan(device, "enterprise")
        refused = await replace(user, accepting=False).apply(plan)
        assert refused.outcome is Outcome.REFUSED
        assert f"--accept-no-channel {device.address}" in refused.why
        assert device.journal.writes == {}
        result = await user.apply(plan, BACK)
        assert result.outcome is Outcome.DONE, result.why
        await host.settled()
        assert not device.store.effective("remote-ui.enabled")
        assert device.journal.writes == dict.fromkeys((s.key for s in plan.steps), 1)
        assert clean(device)


async def test_the_certificate_of_a_way_that_was_opened_is_the_only_one_from_then_on(
    tmp_path: Path,
) -> None:
    user = Hardener(tmp_path, login=WEB_ONLY)
    async with running_device(settings=OWN) as (device, host):
        plan = await user.plan(device, "small-office")
        assert plan.pin.tls == "", "TLS was off"
        result = await user.apply(plan)
        assert result.outcome is Outcome.DONE, result.why
        await host.settled()
        pins = Pins(tmp_path / "devices.ledger")
        met = pins.known(device.address).tls
        port = device.port(443)
        shown = await asyncio.to_thread(ssl.get_server_certificate, (device.address, port))
        assert met == sha256(ssl.PEM_cert_to_DER_cert(shown)).hexdigest()
        pins.remember(device.address, replace(pins.known(device.address), tls="00" * 32))
        device.sessions.clear()
        refused = await user.planned(device, "small-office")
        assert isinstance(refused, Incomplete)
        assert "certificate has changed" in refused.why or "TLS certificate" in refused.why
        pins.remember(device.address, replace(pins.known(device.address), tls=met))
        web = replace(WEB_ONLY, pin=Pin(tls="11" * 32))
        refused = await replace(user, login=web).planned(device, "small-office")
        assert isinstance(refused, Incomplete), "as the credentials file says"
        assert not device.sessions._open
        assert clean(device)
