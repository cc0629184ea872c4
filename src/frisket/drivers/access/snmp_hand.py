"""Writes a device's settings over SNMPv3. Not for those who only look: see the import contracts."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from frisket.catalog.setting import Type
from frisket.drivers.access.snmp import Around, SnmpReader, open_as, text_of
from frisket.drivers.base import Pin, Settings
from frisket.drivers.credential import Login
from frisket.errors import LinkError, SettingRefused, Silent, WireError
from frisket.model.reading import Value
from frisket.net.dial import Dialer
from frisket.proto.snmp.errors import Forged, StatusError
from frisket.proto.snmp.wire import ErrorStatus, Integer, OctetString
from frisket.proto.snmp.write import Writer

_UNDO_FAILED = ErrorStatus.UNDO_FAILED


class HalfWritten(SettingRefused):
    """The device could not write all values, and could not take the others back."""


def as_text(value: Value) -> str:
    """Return a value as the stand-in branch takes it: on/off, digits, text, items with commas."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return ",".join(value) if isinstance(value, tuple) else str(value)


@dataclass(slots=True)
class SnmpHand(SnmpReader[Writer]):
    """Reads and writes one device by SNMPv3."""

    async def write(self, values: Settings) -> None:
        """Write all values in one request, once, and follow where they change our login."""
        for key, value in values.items():
            if self.around.catalog[key].type in {Type.SET, Type.LIST} and any(
                "," in item for item in (value if isinstance(value, tuple) else ())
            ):
                raise SettingRefused(f"{key}: an item with a comma cannot be written over SNMP")
        binds = [
            (self.driver.snmp.oid(key), OctetString(as_text(value).encode()))
            for key, value in values.items()
        ]
        try:
            await self.manager.set(binds)
        except StatusError as fault:
            raise await self._refusal(fault, values) from fault
        parts = {
            part: str(values[key]) for key, part in self.driver.snmp.login.items() if key in values
        }
        if parts:
            await self._log_in_anew(self.login.changed(parts))

    async def _refusal(self, fault: StatusError, values: Settings) -> SettingRefused:
        blamed = [key for key in values if self.driver.snmp.oid(key) == fault.oid]
        said = ""
        if self.driver.snmp.refusal:
            said = text_of((await self.manager.get([self.driver.snmp.refusal]))[0][1])
        why = said or f"{', '.join(blamed)}: {fault}"
        return HalfWritten(why) if fault.status == _UNDO_FAILED else SettingRefused(why)

    async def _log_in_anew(self, login: Login, timeouts: tuple[float, ...] = ()) -> None:
        engine = bytes.fromhex(self.pin.engine)
        patience = timeouts or self.around.timeouts
        fresh = await Writer.open(self.dialer, login.snmp(engine), timeouts=patience)
        self.manager.close()
        self.manager, self.login = fresh, login

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
        oid = self.driver.snmp.restart
        if not oid:
            raise SettingRefused("this device cannot be restarted from afar")
        await self.manager.get([self.driver.snmp.serial])
        boots = self.manager.engine[1]
        await self.manager.set([(oid, Integer(1))])
        loop = asyncio.get_running_loop()
        end = loop.time() + self.around.restart_seconds
        wait = 0.25
        while loop.time() < end:
            await asyncio.sleep(wait)
            wait = min(wait * 1.5, 5.0)
            if await self._is_back(boots):
                return
        seconds = self.around.restart_seconds
        raise Silent(f"the device has not come back {seconds:.0f} s after its restart")

    async def _is_back(self, boots: int) -> bool:
        """Say whether the device has restarted: more boots, or what waited has taken effect."""
        try:
            await self._log_in_anew(self.login, timeouts=(1.0,))
            waiting = await self.pending()
            back = self.manager.engine[1] > boots
            back = back or (bool(self.driver.snmp.pending) and not waiting)
            if back:
                await self._log_in_anew(self.login)
        except (LinkError, WireError, Forged):
            # Refused, silent or half awake while it restarts: that is what is waited for.
            return False
        return back


async def open_hand(dialer: Dialer, login: Login, expected: Pin, around: Around) -> SnmpHand:
    """Open a device to change it. Raises as `open_as`."""
    reader = await open_as(Writer, dialer, login, expected, around)
    return SnmpHand(
        reader.dialer, reader.manager, reader.driver, reader.login, reader.pin, reader.around
    )
