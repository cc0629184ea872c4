"""One poll of one device over SNMP: reads, within one budget, what the poll tables ask for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from frisket.drivers.access.snmp import learn_engine
from frisket.drivers.base import Pin
from frisket.drivers.credential import Login
from frisket.errors import FrisketError, WireError
from frisket.net.budget import Limits
from frisket.net.dial import Dialer
from frisket.probe.snmp_identity import ASKED, PUBLIC, SYS_OBJECT_ID, identifier_of
from frisket.proto.snmp.client import Manager
from frisket.proto.snmp.credential import Community
from frisket.proto.snmp.errors import StatusError
from frisket.proto.snmp.wire.message import Version
from frisket.proto.snmp.wire.oid import Oid
from frisket.proto.snmp.wire.values import Marker, Value
from frisket.telemetry.read import interpret
from frisket.telemetry.sample import Sample
from frisket.telemetry.table import PollTable, applies
from frisket.telemetry.walk import TableWalk

LIMITS = Limits(packets=400, bytes_received=1 << 20, seconds=120.0)
_NOTES = 50
AWAKE = (2.0, 3.0, 5.0)  # seconds for each attempt, once it has answered
V1, V2C, V3 = "SNMPv1", "SNMPv2c", "SNMPv3"
_SECOND_VERSION = 1.0  # seconds that SNMPv2c may come after SNMPv1, of a device that is awake
_SHARES = (0.07, 0.13, 0.3, 0.5)  # of the patience, for each attempt of the first contact


@dataclass(frozen=True, slots=True)
class Access:
    """How a device is asked. `patience`: seconds for the first answer, which may have to wake it.

    A `login` is SNMPv3, and is shown only to the engine that it or `known` names.
    """

    community: str = field(default=PUBLIC, repr=False)
    login: Login | None = None
    known: Pin = field(default_factory=Pin)
    patience: float = 30.0


@dataclass(frozen=True, slots=True)
class Polled:
    """What one poll gave: a sample, or `why` there is none; `via` is the version that answered."""

    target: str
    at: datetime
    sample: Sample = field(default_factory=Sample)
    why: str = ""
    via: str = ""
    engine: str = ""  # of an SNMPv3 device, for its pin
    packets: int = 0
    received: int = 0  # octets


class OtherDevice(FrisketError):
    """Another device answers at this address."""


async def poll_device(
    dialer: Dialer, access: Access, tables: Sequence[PollTable], now: Callable[[], datetime]
) -> Polled:
    """Return what the device reports; whatever stands in the way is the result's `why`."""
    target = str(dialer.target)
    values: dict[Oid, Value] = {}
    notes: list[str] = []
    via = engine = why = ""
    try:
        manager, via = await _open(dialer, access)
        async with manager:
            engine = manager.engine[0].hex()
            await _Reading(manager, tables, via != V1, values, notes).run()
    except FrisketError as fault:
        # A budget spent half-way, or a device that fell silent: what came before still counts.
        # One that has answered knows the community: the hint would mislead.
        why = f"{fault} ({fault.hint})" if fault.hint and not via else str(fault)
    budget = dialer.budget
    try:
        sample = interpret(values, tables)
    except Exception as bug:  # noqa: BLE001 - the one place here where our own fault is a result
        sample, why = Sample(), f"a fault of Frisket: {type(bug).__name__}: {bug}"
    if sample:
        cut = (f"cut short: {why}",) if why else ()
        sample, why = replace(sample, notes=(*sample.notes, *notes[:_NOTES], *cut)), ""
    elif not why:
        why = "it answers SNMP, but nothing shows that it is a printer"
    return Polled(target, now(), sample, why, via, engine, budget.packets, budget.received)


async def _open(dialer: Dialer, access: Access) -> tuple[Manager, str]:
    """Return a manager for the version that the device answers, and its name."""
    patience = tuple(access.patience * share for share in _SHARES)
    if access.login is not None:
        return await _open_v3(dialer, access, access.login, patience)
    asked = {
        version: asyncio.create_task(_answers(dialer, access.community, version, patience))
        for version in (Version.V1, Version.V2C)
    }
    try:
        version = await _first(asked)
    finally:
        for task in asked.values():
            task.cancel()
        await asyncio.gather(*asked.values(), return_exceptions=True)
    credential = Community(access.community, version)
    manager = await Manager.open(dialer, credential, timeouts=AWAKE)
    return manager, V1 if version is Version.V1 else V2C


async def _first(asked: dict[Version, asyncio.Task[None]]) -> Version:
    """Return SNMPv2c where it answers, as it reads in a tenth of the packets, else SNMPv1.

    A Canon iR-ADV answers SNMPv1 and is silent to SNMPv2c; both are asked from the start, so
    that a sleeper is waited for once. Raises what SNMPv1 met where neither answers.
    """
    older, newer = asked[Version.V1], asked[Version.V2C]
    await asyncio.wait(asked.values(), return_when=asyncio.FIRST_COMPLETED)
    if not newer.done():
        wait = _SECOND_VERSION if older.exception() is None else None
        await asyncio.wait({newer}, timeout=wait)
    if newer.done() and newer.exception() is None:
        return Version.V2C
    await older
    return Version.V1


async def _answers(
    dialer: Dialer, community: str, version: Version, timeouts: tuple[float, ...]
) -> None:
    """Return once the device answers this version. Raises `FrisketError`."""
    credential = Community(community, version)
    async with await Manager.open(dialer, credential, timeouts=timeouts) as manager:
        try:
            await manager.get([SYS_OBJECT_ID])
        except StatusError:
            return  # an agent that says no has answered


async def _open_v3(
    dialer: Dialer, access: Access, login: Login, patience: tuple[float, ...]
) -> tuple[Manager, str]:
    engine = await learn_engine(dialer, login, patience)
    for pin in (login.pin, access.known):
        if why := pin.differs(Pin(engine=engine.hex())):
            raise OtherDevice(f"another device answers: {why}")
    manager = await Manager.open(dialer, login.snmp(engine), timeouts=AWAKE)
    try:
        await manager.discover()
    except BaseException:
        manager.close()
        raise
    return manager, V3


@dataclass(slots=True)
class _Reading:
    """What one poll has read so far."""

    manager: Manager
    tables: Sequence[PollTable]
    bulk: bool
    values: dict[Oid, Value]
    notes: list[str]

    async def run(self) -> None:
        """Read identity, then single variables, tables and counters of the tables about it."""
        await self._get(ASKED)
        object_id = identifier_of(self.values.get(SYS_OBJECT_ID))
        mine = [table for table in self.tables if applies(table, object_id)]
        await self._get(oid for table in mine for oid in table.scalars)
        for table in mine:
            for columns in table.walks:
                await self._walk(columns)
        for table in mine:
            found = False
            for counters in table.counter_tables:
                if not (counters.otherwise and found):
                    columns = tuple(oid for oid in (counters.names, counters.values) if oid)
                    found |= await self._walk(columns)

    async def _get(self, oids: Iterable[Oid]) -> None:
        asked = [oid for oid in dict.fromkeys(oids) if oid not in self.values]
        try:
            found = await self.manager.get(asked)
        except (StatusError, WireError) as fault:
            self.notes.append(str(fault))
            return
        self.values.update((o, value) for o, value in found if not isinstance(value, Marker))

    async def _walk(self, columns: tuple[Oid, ...]) -> bool:
        """Read one table, and say whether it had anything."""
        walk = TableWalk(self.manager, columns, self.bulk)
        try:
            await walk.run()
        finally:
            self.values.update(walk.values)
            self.notes += dict.fromkeys(walk.faults)
        return bool(walk.values)
