"""Drivers against the agent of net-snmp: planned, applied, read back by its own tools, undone."""

from __future__ import annotations

import asyncio
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.peers.snmpd import AUTH_PASSWORD, PRIV_PASSWORD, create_user, free_port, running, user

from frisket.audit.load import load_content
from frisket.catalog.load import load_catalog
from frisket.drivers.access.hands import open_by
from frisket.drivers.access.snmp import Around, IdentityChanged, NoLogin
from frisket.drivers.apply import apply_device
from frisket.drivers.base import Hand, Pin
from frisket.drivers.credential import CommunityLogin, Login, Secret
from frisket.drivers.difference import Difference, Step
from frisket.drivers.job import Job, Mode
from frisket.drivers.load import load_drivers
from frisket.drivers.plan import DevicePlan, Plan, Subject, arrange, plan_device
from frisket.drivers.read import Caller, Told, Unreached, read_by, read_first, usable
from frisket.drivers.record import Outcome, Result, new_record
from frisket.drivers.undo import inverse
from frisket.errors import SettingRefused, Silent
from frisket.model.finding import Severity
from frisket.model.reading import Readings, Value
from frisket.model.target import Identity, Target
from frisket.net.budget import Budget, Limits
from frisket.net.dial import SocketDialer
from frisket.proto.snmp.wire.crypto import Auth, Priv
from frisket.proto.snmp.wire.message import Version

pytestmark = pytest.mark.peer("snmpd")
CONTENT = load_content()
CATALOG = load_catalog()
DRIVERS = {driver.name: driver for driver in load_drivers()}
AROUND = Around(CATALOG, load_drivers(), lambda: datetime.now(UTC), timeouts=(1.0, 1.0))
LIMITS = Limits(packets_per_second=0, seconds=60, packets=2000)
NOBODY = Login("", "SHA1", "AES-128", Secret(""), Secret(""))
USER = user(Auth.SHA256, Priv.AES128)
V3 = Login(USER.name, "SHA2-256", "AES-128", Secret(AUTH_PASSWORD), Secret(PRIV_PASSWORD))
READING = replace(NOBODY, community=CommunityLogin(Secret("looks")))
WRITING = replace(NOBODY, community=CommunityLogin(Secret("looks"), Secret("writes")))
OLD = replace(NOBODY, community=CommunityLogin(Secret("looks"), Secret("writes"), Version.V1))
CHANNEL = "1.3.6.1.2.1.43.14.1.1"
TRAPS = "1.3.6.1.2.1.11.30.0"
LOCATION = "1.3.6.1.2.1.1.6.0"


@contextmanager
def agent(*more: str, port: int = 0) -> Iterator[int]:
    """Run an agent whose system group can be written, and yield its port."""
    port = port or free_port()
    lines = [
        f"agentAddress udp:127.0.0.1:{port}",
        "rocommunity looks",
        "rwcommunity writes",
        create_user(USER),
        f"rwuser {USER.name} priv",
        *more,
    ]
    with tempfile.TemporaryDirectory(prefix="snmpd-") as name:
        folder = Path(name)
        (folder / "agent.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")
        arguments = ["-f", "-LE", "w", "-C", "-c", "agent.conf", "-p", str(folder / "pid"), "-r"]
        with running("snmpd", [*arguments, "-I", "-smux,agentx"], folder, port):
            yield port


PRINTER = (
    "override 1.3.6.1.2.1.43.5.1.1.17.1 octet_str SN-4711",
    f"override {CHANNEL}.2.1.1 integer 8",
    f"override {CHANNEL}.2.1.2 integer 37",
    f"override -rw {CHANNEL}.6.1.1 integer 3",
    f"override -rw {CHANNEL}.6.1.2 integer 3",
)


RESET = "1.3.6.1.2.1.43.5.1.1.3.1"
# A device keeps its engine ID; each agent of a test would make up another.
RESETTING = (f"override -rw {RESET} integer 3", "exactEngineID 0x80001f8804667269736b6574")


def asked(port: int, oid: str) -> str:
    """Return a variable as net-snmp's own snmpget shows it."""
    words = ["snmpget", "-v2c", "-c", "looks", "-Oqv", f"127.0.0.1:{port}", oid]
    done = subprocess.run(words, capture_output=True, text=True, check=True, env={"MIBS": ""})
    return done.stdout.strip().strip('"')


def dialer(port: int) -> SocketDialer:
    return SocketDialer(Target("127.0.0.1", ports={161: port}), Budget(LIMITS))


def subject(port: int, told: Told, login: Login) -> Subject:
    target = Target("127.0.0.1", ports={161: port})
    driver, empty = DRIVERS[told.driver], Readings()
    return Subject(
        target,
        Identity(),
        told.pin,
        driver,
        told.access,
        told.readings,
        empty,
        usable(login),
        told.frozen,
    )


def changing(told: Told, values: Mapping[str, Value]) -> Difference:
    """Return steps to some values, as a restored configuration asks for them."""
    steps = []
    for key, value in values.items():
        now = told.readings.known(key)[0].value
        setting = CATALOG[key]
        steps.append(
            Step(key, setting.label, setting.menu, now, value, ("x",), ("X",), Severity.LOW)
        )
    return Difference(tuple(steps))


async def planned(port: int, login: Login, values: Mapping[str, Value]) -> DevicePlan:
    told = await read_first(usable(login), Caller(dialer(port), login, AROUND))
    found = changing(told, values)
    state = {step.key: step.now for step in found.steps}
    return arrange(subject(port, told, login), found, state, CATALOG)


async def carried_out(
    port: int, plan: DevicePlan, login: Login, folder: Path, mode: Mode = Mode.FRESH, run: int = 1
) -> Result:
    name = f"20261122-120000-{run:06d}"
    record = new_record(folder, name)
    record.begin(name, Plan("x", "", datetime.now(UTC), (plan,)))

    async def hand() -> Hand:
        return await open_by(plan.access, dialer(port), login, plan.pin, AROUND)

    async def look(_: frozenset[str]) -> Readings:
        return Readings()

    return await apply_device(Job(plan, hand, look, record, lambda *_: None, mode))


WANTED: Mapping[str, Value] = {
    "device.location": "Cellar",
    "device.contact": "it@example.org",
    "snmp.authentication-traps.enabled": True,
}


@pytest.mark.parametrize("login", [V3, WRITING, OLD], ids=["v3", "v2c", "v1"])
async def test_a_host_is_changed_and_brought_back(tmp_path: Path, login: Login) -> None:
    with agent() as port:
        before = [asked(port, oid) for oid in (LOCATION, TRAPS)]
        plan = await planned(port, login, WANTED)
        assert plan.driver == "net-snmp"
        assert plan.access == ("snmp-v3" if login is V3 else "snmp-community")
        result = await carried_out(port, plan, login, tmp_path)
        assert result.outcome is Outcome.DONE, result.why
        assert asked(port, LOCATION) == "Cellar"
        assert asked(port, "1.3.6.1.2.1.1.4.0") == "it@example.org"
        assert asked(port, TRAPS) == "1"
        back = inverse(plan, result.changed, DRIVERS["net-snmp"], CATALOG)
        undone = await carried_out(port, back, login, tmp_path, Mode.UNDO, 2)
        assert undone.outcome is Outcome.DONE, undone.why
        assert [asked(port, oid) for oid in (LOCATION, TRAPS)] == before


async def test_a_baseline_is_met_over_a_community(tmp_path: Path) -> None:
    with agent() as port:
        assert asked(port, TRAPS) == "2"
        told = await read_by("snmp-community", Caller(dialer(port), WRITING, AROUND))
        plan = plan_device(subject(port, told, WRITING), CONTENT.baselines["modern"], CONTENT)
        assert {step.key: step.wanted for step in plan.steps} == {
            "snmp.authentication-traps.enabled": True
        }
        assert plan.work, "what the agent does not offer is work for a person"
        result = await carried_out(port, plan, WRITING, tmp_path)
        assert result.outcome is Outcome.DONE, result.why
        assert asked(port, TRAPS) == "1"


async def test_what_the_configuration_fixes_is_refused_and_all_is_put_back(tmp_path: Path) -> None:
    with agent("sysLocation Roof") as port:
        contact = asked(port, "1.3.6.1.2.1.1.4.0")
        plan = await planned(port, V3, WANTED)
        result = await carried_out(port, plan, V3, tmp_path)
        assert result.outcome is Outcome.UNDONE
        assert "not writable" in result.why
        assert asked(port, LOCATION) == "Roof"
        assert asked(port, "1.3.6.1.2.1.1.4.0") == contact


async def test_without_a_write_community_everything_is_left_to_a_person() -> None:
    with agent() as port:
        told = await read_by("snmp-community", Caller(dialer(port), READING, AROUND))
        assert set(told.frozen) == set(told.readings)
        plan = plan_device(subject(port, told, READING), CONTENT.baselines["modern"], CONTENT)
        assert plan.steps == ()
        why = {item.key: item.why for item in plan.unsupported}
        assert why["snmp.authentication-traps.enabled"] == "no write-community is given"
        with pytest.raises(NoLogin, match="write-community"):
            await open_by("snmp-community", dialer(port), READING, told.pin, AROUND)


async def test_the_write_community_is_shown_to_the_known_engine_only() -> None:
    with agent() as one, agent() as other:
        told = await read_by("snmp-community", Caller(dialer(one), WRITING, AROUND))
        assert told.pin.engine
        with pytest.raises(IdentityChanged, match="SNMP engine"):
            await open_by("snmp-community", dialer(other), WRITING, told.pin, AROUND)


async def test_a_wrong_community_says_that_nobody_answers() -> None:
    wrong = replace(NOBODY, community=CommunityLogin(Secret("guess")))
    with agent() as port, pytest.raises(Unreached, match="snmp-community: "):
        await read_first(usable(wrong), Caller(dialer(port), wrong, AROUND))


async def test_channels_of_a_printer_are_closed_and_opened(tmp_path: Path) -> None:
    """The row of a channel is found by its type, whatever its number."""
    with agent(*PRINTER) as port:
        told = await read_by("snmp-community", Caller(dialer(port), WRITING, AROUND))
        assert (told.driver, told.pin.serial) == ("printer-mib", "SN-4711")
        said = {key: told.readings.known(key)[0].value for key in told.readings}
        assert (said["lpd.enabled"], said["raw.enabled"]) == (True, True)
        assert "ipp.enabled" not in said, "no such channel is no value"
        plan = await planned(port, WRITING, {"raw.enabled": False})
        assert plan.before.print_paths != plan.after.print_paths
        result = await carried_out(port, plan, WRITING, tmp_path)
        assert result.outcome is Outcome.DONE, result.why
        assert asked(port, f"{CHANNEL}.6.1.2") == "4"
        assert asked(port, f"{CHANNEL}.6.1.1") == "3"
        back = inverse(plan, result.changed, DRIVERS["printer-mib"], CATALOG)
        undone = await carried_out(port, back, WRITING, tmp_path, Mode.UNDO, 2)
        assert undone.outcome is Outcome.DONE, undone.why
        assert asked(port, f"{CHANNEL}.6.1.2") == "3"


async def test_two_channels_of_a_kind_are_not_guessed_between() -> None:
    twice = (
        *PRINTER,
        f"override {CHANNEL}.2.1.3 integer 37",
        f"override {CHANNEL}.6.1.3 integer 4",
    )
    with agent(*twice) as port:
        told = await read_by("snmp-community", Caller(dialer(port), WRITING, AROUND))
        assert "raw.enabled" not in told.readings
        assert "lpd.enabled" in told.readings


async def test_a_host_is_not_the_printer_it_was(tmp_path: Path) -> None:
    with agent(*PRINTER) as port:
        plan = await planned(port, WRITING, {"raw.enabled": False})
        swapped = replace(plan, pin=Pin(serial="SN-4712"))
        result = await carried_out(port, swapped, WRITING, tmp_path)
        assert result.outcome is Outcome.IDENTITY_CHANGED
        assert asked(port, f"{CHANNEL}.6.1.2") == "3"


@pytest.mark.parametrize("login", [V3, WRITING], ids=["v3", "v2c"])
async def test_a_printer_is_restarted_and_waited_for(login: Login) -> None:
    """prtGeneralReset is written once; a running time that began anew says that it is back."""
    access = usable(login)[0]
    with agent(*PRINTER, *RESETTING) as port:
        told = await read_by(access, Caller(dialer(port), login, AROUND))
        hand = await open_by(access, dialer(port), login, told.pin, AROUND)
        await asyncio.sleep(1.1)  # so that the running time can become shorter
        back = asyncio.create_task(hand.restart())
        async with asyncio.timeout(10):
            while await asyncio.to_thread(asked, port, RESET) != "4":
                await asyncio.sleep(0.05)
        assert not back.done()
    with agent(*PRINTER, *RESETTING, port=port):
        async with asyncio.timeout(20):
            await back
        assert asked(port, RESET) == "3"
        hand.close()


async def test_a_printer_that_does_not_restart_is_said() -> None:
    soon = replace(AROUND, restart_seconds=0.5)
    with agent(*PRINTER, *RESETTING) as port:
        told = await read_by("snmp-community", Caller(dialer(port), WRITING, soon))
        hand = await open_by("snmp-community", dialer(port), WRITING, told.pin, soon)
        with pytest.raises(Silent, match="not come back"):
            await hand.restart()
        hand.close()
    with agent() as port:
        told = await read_by("snmp-community", Caller(dialer(port), WRITING, soon))
        hand = await open_by("snmp-community", dialer(port), WRITING, told.pin, soon)
        with pytest.raises(SettingRefused, match="cannot be restarted"):
            await hand.restart()
        hand.close()
