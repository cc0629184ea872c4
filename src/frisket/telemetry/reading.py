"""The full reading of one device: identity, single variables, tables and counters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from frisket.errors import Silent, WireError
from frisket.net.dial import Dialer
from frisket.probe.snmp_identity import ASKED, PRINTER_SERIAL
from frisket.proto.snmp.client import Manager
from frisket.proto.snmp.errors import ContextRefused, StatusError
from frisket.proto.snmp.wire.oid import Oid
from frisket.proto.snmp.wire.values import Marker, Value
from frisket.telemetry.acquaintance import V1, V3
from frisket.telemetry.again import CONFIG_CHANGES, WATCHED
from frisket.telemetry.choice import about
from frisket.telemetry.contact import AWAKE, Access, Contact, in_context
from frisket.telemetry.table import PollTable
from frisket.telemetry.walk import TableWalk

_NOTES = 50
_FIRST = (*ASKED, *WATCHED)


@dataclass(slots=True)
class Reading:
    """What a full reading has given so far: `values` and `notes`; `waited` for its first answer."""

    dialer: Dialer
    access: Access
    contact: Contact
    tables: Sequence[PollTable]
    values: dict[Oid, Value] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def manager(self) -> Manager:
        """The way to the device, which changes with the context."""
        return self.contact.manager

    async def run(self) -> None:
        """Read identity, then single variables, tables and counters of the tables about it.

        Raises `LinkError` and what a credential meets.
        """
        await self._first_words()
        mine = about(self.values, self.tables)
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

    async def _first_words(self) -> None:
        """Read who it is; by SNMPv3 in the context in which it is a printer.

        HP's FutureSmart shows Printer-MIB in the context `Jetdirect`, to SNMPv3 only.
        """
        refused: ContextRefused | None = None
        try:
            await self._get(_FIRST)
        except ContextRefused as fault:
            refused = fault
        if self.contact.waited is None:
            self.contact.waited = self.manager.waited
        self.manager.timeouts = AWAKE
        if self.contact.via != V3 or self.access.context or self._prints():
            if refused:
                raise refused
            return
        names = {name for table in self.tables for name in table.contexts}
        for name in sorted(names - {self.contact.context}) + [""] * bool(self.contact.context):
            if await self._in_context(name):
                return
        if refused and not self.values:
            raise refused

    def _prints(self) -> bool:
        return PRINTER_SERIAL in self.values or CONFIG_CHANGES in self.values

    async def _in_context(self, name: str) -> bool:
        """Ask in another context, and stay there if it is the printer's."""
        before, old = self.values, self.contact
        manager = await in_context(self.dialer, self.access, old, name)
        self.values = {}
        self.contact = Contact(manager, old.via, name, old.waited)
        try:
            # net-snmp does not answer for a context of which it may show nothing.
            with suppress(ContextRefused, Silent):
                await self._get(_FIRST)
        finally:
            found = self._prints()
            (old.manager if found else manager).close()
            self.values = before | self.values if found else before
            self.contact = self.contact if found else old
        return found

    async def _get(self, oids: Iterable[Oid]) -> None:
        asked = [oid for oid in dict.fromkeys(oids) if oid not in self.values]
        try:
            found = await self.manager.get(asked)
        except (StatusError, WireError) as fault:
            self.note(str(fault))
            return
        self.values.update((o, value) for o, value in found if not isinstance(value, Marker))

    async def _walk(self, columns: tuple[Oid, ...]) -> bool:
        """Read one table, and say whether it had anything."""
        walk = TableWalk(self.manager, columns, self.contact.via != V1)
        try:
            await walk.run()
        finally:
            self.values.update(walk.values)
            for fault in dict.fromkeys(walk.faults):
                self.note(fault)
        return bool(walk.values)

    def note(self, said: str) -> None:
        """Keep a note; a flood of them is cut."""
        if len(self.notes) < _NOTES:
            self.notes.append(said)
