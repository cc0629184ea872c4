"""Writes a device's settings over SNMP. Not for those who only look: see the import contracts."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from frisket.catalog.setting import Type, show
from frisket.drivers.access.snmp import (
    Around,
    NoLogin,
    SnmpReader,
    check_pins,
    open_as,
    open_by_community,
    text_of,
)
from frisket.drivers.base import SNMP_COMMUNITY, Oid, Pin, Settings, SnmpKey
from frisket.drivers.credential import Login
from frisket.errors import Busy, FrisketError, LinkError, SettingRefused, Silent, WireError
from frisket.model.reading import Value
from frisket.net.dial import Dialer
from frisket.proto.snmp.credential import Community, Credential
from frisket.proto.snmp.errors import Forged, StatusError
from frisket.proto.snmp.wire import ErrorStatus, Integer, OctetString
from frisket.proto.snmp.wire import Value as Variable
from frisket.proto.snmp.write import Writer

_UNDO_FAILED = ErrorStatus.UNDO_FAILED
# Nothing was set (RFC 3416 section 4.2.5), and no value is blamed: it may be taken later.
_LATER = frozenset({ErrorStatus.GENERAL_ERROR, ErrorStatus.RESOURCE_UNAVAILABLE})
_UPTIME: Oid = (1, 3, 6, 1, 2, 1, 1, 3, 0)  # sysUpTime, RFC 3418: since the agent began


class HalfWritten(SettingRefused):
    """The device could not write all values, and could not take the others back."""


def as_text(value: Value) -> str:
    """Return a value as the stand-in branch takes it: on/off, digits, text, items with commas."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return ",".join(value) if isinstance(value, tuple) else str(value)


def variable(row: SnmpKey | None, value: Value) -> Variable:
    """Return a value as its variable takes it. Raises `SettingRefused`."""
    if row is None:
        return OctetString(as_text(value).encode())
    if row.numbers:
        if show(value) not in row.numbers:
            raise SettingRefused(f"the device has no number for {show(value)}")
        return Integer(row.numbers[show(value)])
    if isinstance(value, int) and not isinstance(value, bool):
        return Integer(value)
    return OctetString(as_text(value).encode())


@dataclass(slots=True)
class SnmpHand(SnmpReader[Writer]):
    """Reads and writes one device by SNMP."""

    async def write(self, values: Settings) -> None:
        """Write all values in one request, once, and follow where they change our login."""
        for key, value in values.items():
            if self.around.catalog[key].type in {Type.SET, Type.LIST} and any(
                "," in item for item in (value if isinstance(value, tuple) else ())
            ):
                raise SettingRefused(f"{key}: an item with a comma cannot be written over SNMP")
        if frozen := self.frozen(values):
            raise SettingRefused("; ".join(f"{key}: {why}" for key, why in frozen.items()))
        rows = self.driver.snmp.key
        where = {key: await self.locate(key) for key in values}
        if missing := [key for key, oid in where.items() if not oid]:
            raise SettingRefused(f"{', '.join(missing)}: the device has no such setting")
        binds = [(where[key], variable(rows.get(key), value)) for key, value in values.items()]
        try:
            await self.manager.set(binds)
        except StatusError as fault:
            raise await self._refusal(fault, where) from fault
        parts = {
            part: str(values[key]) for key, part in self.driver.snmp.login.items() if key in values
        }
        if parts:
            await self._log_in_anew(self.login.changed(parts))

    async def _refusal(self, fault: StatusError, where: Mapping[str, Oid]) -> SettingRefused:
        blamed = [key for key, oid in where.items() if oid == fault.oid]
        if fault.status in _LATER:
            return Busy(f"{', '.join(blamed or where)}: {fault}")
        said = ""
        if self.driver.snmp.refusal:
            said = text_of((await self.manager.get([self.driver.snmp.refusal]))[0][1])
        why = said or f"{', '.join(blamed or where)}: {fault}"
        return HalfWritten(why) if fault.status == _UNDO_FAILED else SettingRefused(why)

    async def _log_in_anew(self, login: Login, timeouts: tuple[float, ...] = ()) -> None:
        patience = timeouts or self.around.timeouts
        fresh = await Writer.open(self.dialer, self._shown(login), timeouts=patience)
        self.manager.close()
        self.manager, self.login = fresh, login

    def _shown(self, login: Login) -> Credential:
        """Return what is shown to the device: the user to its engine, or the community."""
        if self.name != SNMP_COMMUNITY:
            return login.snmp(bytes.fromhex(self.pin.engine))
        return writing(login)

    async def pending(self) -> int:
        """Return how many settings wait for a restart; 0 where the device does not say."""
        oid = self.driver.snmp.pending
        if not oid:
            return 0
        value = (await self.manager.get([oid]))[0][1]
        return value if isinstance(value, int) else 0

    async def restart(self) -> None:
        """Restart the device and return when it answers and nothing waits for a restart any more.

        Raises `Silent` where that does not happen in time.
        """
        table = self.driver.snmp
        if not table.restart or self.name not in table.restarts:
            raise SettingRefused("this device cannot be restarted from afar")
        before = await self._uptime()
        boots = self.manager.engine[1]
        await self.manager.set([(table.restart, Integer(table.restart_number))])
        loop = asyncio.get_running_loop()
        end = loop.time() + self.around.restart_seconds
        wait = 0.25
        while loop.time() < end:
            await asyncio.sleep(wait)
            wait = min(wait * 1.5, 5.0)
            if await self._is_back(boots, before):
                return
        seconds = self.around.restart_seconds
        raise Silent(f"the device has not come back {seconds:.0f} s after its restart")

    async def _uptime(self) -> int:
        """Return how long the agent has run, in hundredths of a second; 0 where it says nothing."""
        value = (await self.manager.get([_UPTIME]))[0][1]
        return int(value) if isinstance(value, int) else 0

    async def _is_back(self, boots: int, before: int) -> bool:
        """Say whether the device has restarted: more boots, or what waited has taken effect.

        A shorter running time says so too; a community shows nothing else.
        """
        try:
            await self._log_in_anew(self.login, timeouts=(1.0,))
            running, waiting = await self._uptime(), await self.pending()
            back = bool(self.driver.snmp.pending) and not waiting
            back = back or self.manager.engine[1] > boots
            back = back or running < before
            if back:
                await self._log_in_anew(self.login)
                await self._same()
        except (LinkError, WireError, Forged):
            # Refused, silent or half awake while it restarts: that is what is waited for.
            return False
        return back

    async def _same(self) -> None:
        """Raise `IdentityChanged` where what came back has another serial number."""
        if self.driver.snmp.serial:
            said = (await self.manager.get([self.driver.snmp.serial]))[0][1]
            check_pins(Pin(serial=text_of(said)), self.pin)


def writing(login: Login) -> Community:
    """Return the community that writes. Raises `NoLogin` where none is given."""
    if login.community is None or login.community.write is None:
        raise NoLogin("no write-community is given for it")
    return Community(login.community.write.reveal(), login.community.version)


async def open_hand(dialer: Dialer, login: Login, expected: Pin, around: Around) -> SnmpHand:
    """Open a device to change it as a user of SNMPv3. Raises as `open_as`."""
    r = await open_as(Writer, dialer, login, expected, around)
    return SnmpHand(r.dialer, r.manager, r.driver, r.login, r.pin, r.around, r.descr)


async def open_community_hand(
    dialer: Dialer, login: Login, expected: Pin, around: Around
) -> SnmpHand:
    """Open a device to change it by community; the one that writes is shown last.

    Raises as `open_by_community`, and where nothing tells the device from another.
    """
    credential = writing(login)
    r = await open_by_community(dialer, login, expected, around)
    r.close()
    if r.pin == Pin():
        raise FrisketError("nothing tells this device from another: it gets no write-community")
    manager = await Writer.open(dialer, credential, timeouts=around.timeouts)
    return SnmpHand(dialer, manager, r.driver, login, r.pin, around, r.descr, SNMP_COMMUNITY)
