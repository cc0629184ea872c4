"""Writes settings of an IPP printer: Set-Printer-Attributes and Set-System-Attributes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from frisket.drivers.access.ipp import IppReader, open_ipp
from frisket.drivers.access.snmp import Around, NoDriver, NoLogin
from frisket.drivers.access.web import LoginRefused
from frisket.drivers.base import Pin, Settings
from frisket.drivers.credential import Login
from frisket.errors import FrisketError, SettingRefused, WireError
from frisket.model.reading import Reading, Value
from frisket.net.dial import Dialer
from frisket.proto.ipp.names import GroupTag, Operation, ValueTag, status_name, successful
from frisket.proto.ipp.values import Attribute, Group

_SYNTAX = {"text": ValueTag.TEXT, "name": ValueTag.NAME, "keyword": ValueTag.KEYWORD}


def attribute_of(name: str, syntax: str, value: Value) -> Attribute:
    """Return the attribute that holds a value. Raises `SettingRefused` for an empty list."""
    match value:
        case bool():
            return Attribute.of(name, ValueTag.BOOLEAN, value)
        case int():
            return Attribute.of(name, ValueTag.INTEGER, value)
        case str():
            return Attribute.of(name, _SYNTAX[syntax], value)
        case _ if value:
            return Attribute.of(name, _SYNTAX[syntax], *value)
        case _:
            raise SettingRefused(f"{name}: an IPP attribute has at least one value")


@dataclass(slots=True)
class IppHand(IppReader):
    """Reads and writes one printer by IPP. Opened by `open_ipp_hand`."""

    async def read(self, keys: Iterable[str]) -> Mapping[str, Reading]:
        """Return a reading for each key. Raises `LinkError`, `WireError`: once open, nothing else.

        A printer that wants another login in the midst of the work has not answered.
        """
        try:
            return await IppReader.read(self, keys)
        except (LoginRefused, NoLogin, NoDriver) as fault:
            raise WireError(f"the printer does not let us read any more: {fault}") from fault

    async def write(self, values: Settings) -> None:
        """Set all attributes of the printer, then all of its system: each all or none (RFC 3380).

        Raises `SettingRefused` with the printer's own word.
        """
        await self.read(values)
        if frozen := self.frozen(values):
            raise SettingRefused("; ".join(f"{key}: {why}" for key, why in frozen.items()))
        for system in (False, True):
            attributes = []
            for key, value in values.items():
                row = self.table.key[key]
                if self.by_system(key) is system:
                    name = row.system if system else row.attribute
                    attributes.append(attribute_of(name, row.syntax, value))
            if attributes:
                await self._set(tuple(attributes), system=system)

    async def _set(self, attributes: tuple[Attribute, ...], *, system: bool) -> None:
        operation, path, tag = Operation.SET_PRINTER_ATTRIBUTES, self.path, GroupTag.PRINTER
        if system:
            operation, path = Operation.SET_SYSTEM_ATTRIBUTES, self.table.system
            tag = GroupTag.SYSTEM
        try:
            answer = await self.session.call(operation, path, Group(tag, attributes))
        except (LoginRefused, NoLogin, NoDriver) as fault:
            raise SettingRefused(f"the printer does not let us write: {fault}") from fault
        if successful(answer.code):
            return
        blamed = [a.name for g in answer.groups_of(GroupTag.UNSUPPORTED) for a in g.attributes]
        names = ", ".join(blamed or [attribute.name for attribute in attributes])
        raise SettingRefused(f"{names[:200]}: the printer answers {status_name(answer.code)}")

    async def pending(self) -> int:
        """Return 0: what IPP sets is in effect at once."""
        return 0

    async def restart(self) -> None:
        """Refuse: nothing set by IPP waits for a restart."""
        raise SettingRefused("a printer is not restarted by IPP")


async def open_ipp_hand(
    dialer: Dialer, login: Login, expected: Pin, around: Around, seen: Pin
) -> IppHand:
    """Open a printer to change it. Raises as `open_ipp`, and where nothing tells who it is."""
    r = await open_ipp(dialer, login, expected, around, seen)
    if r.pin == Pin():
        raise FrisketError("nothing tells this printer from another: it is not changed")
    return IppHand(r.session, r.driver, r.table, r.around, r.path, r.pin, r.descr)
