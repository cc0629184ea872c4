"""PJL variables over the print port: by opt-in only, and never a sheet."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from tests.lab import running_device
from tests.loop.bench import bench
from tests.loop.test_apply_by_others import NOBODY, planned
from tests.loop.test_apply_loop import AROUND, CONTENT, LIMITS, stored, target_of

from frisket.drivers.access.hands import open_by
from frisket.drivers.access.pjl import opted_in
from frisket.drivers.access.snmp import IdentityChanged, NoLogin
from frisket.drivers.apply import apply_device
from frisket.drivers.approach import approach
from frisket.drivers.base import Hand, Pin
from frisket.drivers.credential import CommunityLogin, Secret
from frisket.drivers.job import Job, Mode
from frisket.drivers.load import load_drivers
from frisket.drivers.plan import DevicePlan, Plan, Subject, plan_device
from frisket.drivers.read import Caller, Told, read_by, read_first, usable
from frisket.drivers.record import Outcome, Result, new_record
from frisket.drivers.undo import inverse
from frisket.errors import FrisketError, Guarded, LinkError, SettingRefused
from frisket.mfd.device import Device
from frisket.model.reading import Readings, Value
from frisket.model.target import Identity
from frisket.net.budget import Budget
from frisket.net.dial import SocketDialer
from frisket.net.guard import PrintGuard
from frisket.proto.snmp.wire.message import Version

DRIVERS = {driver.name: driver for driver in load_drivers()}
OPTED = replace(NOBODY, pjl=True)
VALUES: Mapping[str, Value] = {"pjl.disk-lock.enabled": True, "pjl.panel-lock": "maximum"}
RAW: Mapping[str, Value] = {"raw.enabled": True}


def dialer(device: Device, guard: PrintGuard | None = None) -> SocketDialer:
    target = target_of(device)
    ports = {**target.ports, 9100: device.port(9100)}
    return SocketDialer(replace(target, ports=ports), Budget(LIMITS), guard or opted_in())


def caller(device: Device) -> Caller:
    return Caller(dialer(device), OPTED, AROUND)


async def carried_out(
    device: Device, plan: DevicePlan, folder: Path, mode: Mode = Mode.FRESH, run: int = 1
) -> Result:
    name = f"20261122-120000-{run:06d}"
    record = new_record(folder, name)
    record.begin(name, Plan("x", "", AROUND.now(), (plan,)))

    async def hand() -> Hand:
        return await open_by(plan.access, dialer(device), OPTED, plan.pin, AROUND)

    async def look(_: frozenset[str]) -> Readings:
        return Readings()

    return await apply_device(Job(plan, hand, look, record, lambda *_: None, mode))


async def test_variables_are_set_and_brought_back_without_a_sheet(tmp_path: Path) -> None:
    async with running_device(settings=RAW, services=["raw"]) as (device, _):
        before = stored(device)
        told = await read_first(usable(OPTED), caller(device))
        assert (told.driver, told.access) == ("pjl-printer", "pjl")
        assert told.pin.serial == device.plan.serial
        plan = planned(device, told, VALUES)
        result = await carried_out(device, plan, tmp_path)
        assert result.outcome is Outcome.DONE, result.why
        assert device.journal.writes == dict.fromkeys(VALUES, 1)
        assert {key: device.store.effective(key) for key in VALUES} == dict(VALUES)
        back = inverse(plan, result.changed, DRIVERS["pjl-printer"], CONTENT.catalog)
        undone = await carried_out(device, back, tmp_path, Mode.UNDO, 2)
        assert undone.outcome is Outcome.DONE, undone.why
        assert stored(device) == before
        assert device.journal.counts["sheets"] == 0
        assert device.journal.counts["failed_logins"] == 0


async def test_a_baseline_is_met_as_far_as_pjl_goes(tmp_path: Path) -> None:
    async with running_device(settings=RAW, services=["raw"]) as (device, _):
        told = await read_by("pjl", caller(device))
        driver = DRIVERS[told.driver]
        where, said = target_of(device), told.readings
        subject = Subject(where, Identity(), told.pin, driver, "pjl", said, Readings())
        plan = plan_device(subject, CONTENT.baselines["modern"], CONTENT)
        assert [step.key for step in plan.steps] == ["pjl.disk-lock.enabled"]
        assert (await carried_out(device, plan, tmp_path)).outcome is Outcome.DONE
        assert device.store.on("pjl.disk-lock.enabled")
        assert device.journal.counts["sheets"] == 0


async def test_without_the_opt_in_not_one_byte_goes_there() -> None:
    async with running_device(settings=RAW, services=["raw"]) as (device, _):
        assert usable(NOBODY) == ()
        with pytest.raises(NoLogin, match="not spoken to"):
            await read_by("pjl", Caller(dialer(device), NOBODY, AROUND))
        guarded = dialer(device, PrintGuard())
        with pytest.raises(Guarded):
            await read_by("pjl", Caller(guarded, OPTED, AROUND))
        assert device.journal.counts["print_port_bytes"] == 0


async def test_a_forgetful_printer_is_put_back(tmp_path: Path) -> None:
    quirks = {"forgets": ("pjl.panel-lock",)}
    async with running_device(settings=RAW, services=["raw"], quirks=quirks) as (device, _):
        before = stored(device)
        told = await read_by("pjl", caller(device))
        plan = planned(device, told, VALUES)
        result = await carried_out(device, plan, tmp_path)
        assert result.outcome is Outcome.UNDONE
        assert "did not keep it" in result.why
        assert stored(device) == before
        assert device.journal.counts["sheets"] == 0


async def test_another_printer_is_left_alone(tmp_path: Path) -> None:
    async with running_device(settings=RAW, services=["raw"]) as (device, _):
        told = await read_by("pjl", caller(device))
        plan = planned(device, told, VALUES)
        other = replace(plan, pin=Pin(serial="OTHER1"))
        assert (await carried_out(device, other, tmp_path)).outcome is Outcome.IDENTITY_CHANGED
        with pytest.raises(IdentityChanged):
            await open_by("pjl", dialer(device), OPTED, other.pin, AROUND)
        assert device.journal.writes == {}


async def test_what_pjl_cannot_say_is_not_said() -> None:
    async with running_device(settings=RAW, services=["raw"]) as (device, _):
        told = await read_by("pjl", caller(device))
        hand = await open_by("pjl", dialer(device), OPTED, told.pin, AROUND)
        with pytest.raises(SettingRefused):
            await hand.write({"device.location": "Cellar"})
        assert device.journal.writes == {}


ANSWER = '@PJL INFO ID\r\n"LASERJET 9"\r\n\f'


async def test_a_printer_that_does_not_say_who_it_is_is_only_read() -> None:
    """Most printers know no INFO PRODINFO; without a serial number none is changed."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard = await reader.readuntil(b"\x1b%-12345X")
        heard += await reader.readuntil(b"\x1b%-12345X")
        if b"INFO ID" in heard:
            writer.write(ANSWER.encode())
        for name in re.findall(rb"DINQUIRE (\w+)", heard):
            writer.write(b"@PJL DINQUIRE " + name + b"\r\n" + b"OFF\r\n\f")
        echo = re.search(rb'ECHO "?([^"\r]*)', heard)
        assert echo
        writer.write(b"@PJL ECHO " + echo[1] + b"\r\n\f")
        await writer.drain()

    async with bench() as printer:
        await printer.listen(9100, speak)
        where = SocketDialer(printer.target, Budget(LIMITS), opted_in())
        told = await read_by("pjl", Caller(where, OPTED, AROUND))
        assert told.descr == "LASERJET 9"
        assert told.readings.known("pjl.disk-lock.enabled")[0].value is False
        assert told.readings["pjl.panel-lock"], "a value that the table does not know is said"
        with pytest.raises(FrisketError, match="tells this printer from another"):
            await open_by("pjl", where, OPTED, told.pin, AROUND)


async def test_a_printer_without_pjl_is_named_so() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)

    async with bench() as printer:
        await printer.listen(9100, hang_up)
        where = SocketDialer(printer.target, Budget(LIMITS), opted_in())
        with pytest.raises(LinkError):
            await read_by("pjl", Caller(where, OPTED, AROUND))


async def test_a_community_that_only_reads_gives_way_to_what_can_write() -> None:
    """The opt-in was typed for this device, so what SNMP cannot write is written in PJL."""
    readable: Mapping[str, Value] = {**RAW, "snmp.v1.enabled": True}
    login = replace(OPTED, community=CommunityLogin(Secret("public"), version=Version.V1), pjl=True)
    seen: list[str] = []
    async with running_device(settings=readable, services=["raw", "snmp"]) as (device, _):

        def make(told: Told, accesses: tuple[str, ...]) -> DevicePlan:
            seen.append(told.access)
            subject = Subject(
                target_of(device),
                Identity(),
                told.pin,
                DRIVERS[told.driver],
                told.access,
                told.readings,
                Readings(),
                accesses,
                told.frozen,
            )
            return plan_device(subject, CONTENT.baselines["modern"], CONTENT)

        plan = await approach(Caller(dialer(device), login, AROUND), make)
        assert seen == ["snmp-community", "pjl"]
        assert (plan.access, [step.key for step in plan.steps]) == (
            "pjl",
            ["pjl.disk-lock.enabled"],
        )
        device.store.set("pjl.disk-lock.enabled", True, "somebody", "panel")
        done = await approach(Caller(dialer(device), login, AROUND), make)
        assert (done.access, done.steps) == ("snmp-community", ())
        assert device.journal.counts["sheets"] == 0
