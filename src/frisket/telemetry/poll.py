"""One poll of one device, by SNMP and IPP, within one budget: what the poll tables ask for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from frisket.drivers.base import Pin
from frisket.errors import FrisketError
from frisket.net.budget import Limits
from frisket.net.dial import Dialer
from frisket.proto.snmp.errors import EngineChanged
from frisket.proto.snmp.wire.oid import Oid
from frisket.proto.snmp.wire.values import Value
from frisket.telemetry.acquaintance import IPP, V1, Acquaintance, Remembered, shared
from frisket.telemetry.again import FULL, UPTIME, Again, outline, still_good, ticks
from frisket.telemetry.answers import MOST_KEPT
from frisket.telemetry.contact import AWAKE, Access, Contact, clock_of, open_contact
from frisket.telemetry.ipp_poll import read_ipp
from frisket.telemetry.ipp_read import joined
from frisket.telemetry.ipp_table import load_ipp_table
from frisket.telemetry.read import interpret
from frisket.telemetry.reading import Reading
from frisket.telemetry.sample import Sample
from frisket.telemetry.table import PollTable
from frisket.telemetry.wake import after_answer, after_silence, rests_until

__all__ = ["LIMITS", "STRANGER", "Access", "Polled", "poll_device"]

LIMITS: Final = Limits(packets=400, bytes_received=1 << 20, seconds=120.0)
_CLOSED: Final = "closed"  # the door of a device that does not answer IPP
STRANGER: Final = Acquaintance()


@dataclass(frozen=True, slots=True)
class Polled:
    """What one poll gave: a sample, or `why` there is none; `via` is the version that answered.

    `acquaintance` is for the next poll of this device. A device that `rests` was not asked.
    """

    target: str
    at: datetime
    sample: Sample = field(default_factory=Sample)
    why: str = ""
    via: str = ""
    engine: str = ""  # of an SNMPv3 device, for its pin
    packets: int = 0
    received: int = 0  # octets
    rests: bool = False
    acquaintance: Acquaintance = field(default_factory=Acquaintance, repr=False)


async def poll_device(
    dialer: Dialer,
    access: Access,
    tables: Sequence[PollTable],
    now: Callable[[], datetime],
    met: Acquaintance = STRANGER,
) -> Polled:
    """Return what the device reports; whatever stands in the way is the result's `why`.

    `met` is the acquaintance that the last poll of this device gave.
    """
    began = now()
    if until := rests_until(met, began, access.quiet):
        why = f"it sleeps, and is not woken again before {until:%H:%M}"
        return Polled(str(dialer.target), began, why=why, rests=True, acquaintance=met)
    visit = _Visit(dialer, access, tables, met, began)
    if not visit.only_ipp():
        try:
            await visit.run()
        except EngineChanged as fault:
            visit.why = f"another device answers: {fault}"
        except FrisketError as fault:
            # A budget spent half-way, or a device that fell silent: what came before still counts.
            # One that has answered knows the community: the hint would mislead.
            hinted = fault.hint and not visit.answered
            visit.why = f"{fault} ({fault.hint})" if hinted else str(fault)
        visit.judge()
    if visit.leaves_open():
        try:
            await visit.ask_ipp()
        except FrisketError as fault:
            visit.why = visit.why or str(fault)
    return visit.result(now())


@dataclass(slots=True)
class _Visit:
    """One poll under way."""

    dialer: Dialer
    access: Access
    tables: Sequence[PollTable]
    met: Acquaintance
    began: datetime
    why: str = ""
    contact: Contact | None = None
    values: dict[Oid, Value] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    uptime: int = 0
    full: bool = True
    same: bool = False  # nothing has moved
    cut: bool = False  # SNMP broke off
    sample: Sample = field(default_factory=Sample)  # by SNMP
    ipp: Sample = field(default_factory=Sample)
    door: str = ""

    @property
    def answered(self) -> bool:
        """Whether the device has said anything."""
        return self.contact is not None and self.contact.waited is not None

    async def run(self) -> None:
        """Read what moves, or all. Raises `FrisketError`."""
        self.contact = contact = await open_contact(self.dialer, self.access, self.met)
        try:
            kept = self.met.remembered if self.met.via == contact.via else None
            good = kept is not None and still_good(kept, self.began)
            if not (kept and good and await self._again(contact, kept)):
                await self._whole(contact)
        finally:
            self.contact.manager.close()

    async def _again(self, contact: Contact, kept: Remembered) -> bool:
        again = Again(contact.manager, self.tables, kept, contact.via != V1)
        try:
            known = await again.run()
        finally:
            if contact.waited is None and contact.manager.waited:
                contact.waited = contact.manager.waited
            contact.manager.timeouts = AWAKE
            self.values, self.notes, self.uptime = again.values, again.notes, again.uptime
        self.full = not known
        self.same = known and not again.changed
        return known

    async def _whole(self, contact: Contact) -> None:
        reading = Reading(self.dialer, self.access, contact, self.tables)
        try:
            await reading.run()
        finally:
            self.contact = reading.contact
            self.values, self.notes = reading.values, reading.notes

    def judge(self) -> None:
        """Make a sample of what SNMP gave."""
        self.cut = bool(self.why)
        if self.same and self.met.remembered is not None:
            self.sample = self.met.remembered.sample
            return
        try:
            sample = interpret(self.values, self.tables)
        except Exception as bug:  # noqa: BLE001 - our own fault is a result, here only
            sample, self.why = Sample(), f"a fault of Frisket: {type(bug).__name__}: {bug}"
        if sample and (self.notes or self.why):
            cut = (f"cut short: {self.why}",) if self.why else ()
            sample = replace(sample, notes=(*sample.notes, *self.notes, *cut))
        elif not sample and not self.why:
            self.why = "it answers SNMP, but nothing shows that it is a printer"
        self.sample = sample

    def only_ipp(self) -> bool:
        """Say whether the device answers IPP alone, and was not long ago sought by SNMP."""
        sought = self.met.sought
        if self.met.via != IPP or sought is None or self.access.ipp == "never":
            return False
        return timedelta(0) <= self.began - sought < FULL

    def leaves_open(self) -> bool:
        """Say whether IPP is to be asked: a printer that SNMP does not show, or not whole."""
        if self.access.ipp != "fill" or "another device" in self.why:
            return self.access.ipp == "always"
        levels = [supply.level for supply in self.sample.supplies]
        if not self.answered:
            # An address that nobody named, and that was never met, is most likely nobody's.
            return self.dialer.target.named or self.met.met is not None
        # A host that answers SNMP and is no printer is not asked to be one; nor is a printer whose
        # IPP was closed, before everything is read again.
        if not self.sample or (self.met.door == _CLOSED and not self.full):
            return False
        return not any(level.percent is not None for level in levels)

    async def ask_ipp(self) -> None:
        """Ask over IPP. Raises `LinkError` and `WireError`."""
        table = load_ipp_table()
        patience = self.access.patience
        self.door = _CLOSED
        self.ipp, self.door = await read_ipp(self.dialer, table, patience, self.met.door)

    def result(self, at: datetime) -> Polled:
        """Return what this poll gave."""
        sample = joined(self.sample, self.ipp, load_ipp_table())
        engine, ways = "", []
        if self.contact is not None and self.answered:
            engine = self.contact.manager.engine[0].hex()
            ways.append(self.contact.via)
        if self.ipp:
            ways.append(IPP)
        budget = self.dialer.budget
        return Polled(
            *(str(self.dialer.target), at, sample, "" if sample else self.why),
            *(" and ".join(ways), engine, budget.packets, budget.received),
            acquaintance=self._acquaintance(at),
        )

    def _acquaintance(self, at: datetime) -> Acquaintance:
        contact, sample = self.contact, self.sample
        if contact is None or contact.waited is None:
            if not self.ipp:
                return after_silence(self.met, at)
            sought = self.met.sought if self.only_ipp() else self.began
            met = replace(self.met, met=at, silences=0, remembered=None)
            return replace(met, via=IPP, door=self.door, sought=sought)
        met = after_answer(self.met, contact.waited, at)
        engine = contact.manager.engine[0].hex()
        pin = Pin(engine or met.pin.engine, sample.identity.serial or met.pin.serial)
        return replace(
            met,
            via=contact.via,
            door=self.door or met.door,
            sought=None,
            context=contact.context,
            pin=pin,
            clock=clock_of(contact.manager),
            remembered=self._remembered(sample),
        )

    def _remembered(self, sample: Sample) -> Remembered | None:
        kept = self.met.remembered
        if self.cut:
            return kept if not self.full else None
        if not sample or len(self.values) > MOST_KEPT:
            return None
        uptime = self.uptime or ticks(self.values.get(UPTIME))
        if self.same and kept is not None:  # nothing but time has moved
            return replace(kept, uptime=uptime)
        if kept is not None and not self.full and tuple(self.values) == kept.outline.oids:
            return replace(kept, values=tuple(self.values.values()), uptime=uptime, sample=sample)
        values = dict(sorted(self.values.items()))
        full = self.began if self.full or kept is None else kept.full
        kinds = outline(values, self.tables)
        moving = frozenset(kinds.places)
        held = (v if n in moving else shared(v) for n, v in enumerate(values.values()))
        return Remembered(kinds, tuple(held), full, uptime, sample)
