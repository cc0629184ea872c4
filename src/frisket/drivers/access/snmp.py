"""Reads a device's settings over SNMPv3, by the rows of its table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Generic, TypeVar

from frisket.catalog.load import Catalog
from frisket.drivers.base import Driver, Oid, Pin
from frisket.drivers.credential import Login
from frisket.drivers.load import choose
from frisket.errors import FrisketError, SettingRefused
from frisket.model.reading import Known, Reading, Unread, Why, Witness
from frisket.net.dial import Dialer
from frisket.proto.snmp.client import PATIENCE, Manager
from frisket.proto.snmp.errors import EngineChanged
from frisket.proto.snmp.wire import OctetString, Value
from frisket.proto.snmp.wire.values import Marker

NAME: Final = "snmp-v3"
SYS_DESCR: Final[Oid] = (1, 3, 6, 1, 2, 1, 1, 1, 0)

M = TypeVar("M", bound=Manager)


class IdentityChanged(FrisketError):
    """Another device answers at this address."""


class NoDriver(FrisketError):
    """No driver knows this device."""


@dataclass(frozen=True, slots=True)
class Around:
    """What an access is handed: catalogue, drivers, clock, and seconds for each attempt."""

    catalog: Catalog
    drivers: Sequence[Driver]
    now: Callable[[], datetime]
    timeouts: tuple[float, ...] = PATIENCE
    restart_seconds: float = 180.0


@dataclass(slots=True)
class SnmpReader(Generic[M]):
    """One device by SNMPv3, opened by `open_as`; the login is shown to the pinned engine only."""

    dialer: Dialer
    manager: M
    driver: Driver
    login: Login
    pin: Pin
    around: Around
    descr: str = ""
    name: str = field(default=NAME, init=False)

    async def read(self, keys: Iterable[str]) -> Mapping[str, Reading]:
        """Return a reading for each key; a secret is `Unread`, for it is never shown."""
        wanted = {key: self.driver.snmp.oid(key) for key in keys}
        oids = [oid for oid in wanted.values() if oid]
        values = dict(await self.manager.get(oids))
        return {key: self._reading(key, values.get(oid)) for key, oid in wanted.items()}

    def _reading(self, key: str, value: object) -> Reading:
        setting = self.around.catalog[key]
        if setting.secret:
            return Unread(Why.UNSUPPORTED, NAME, "a secret, which is never read back")
        if not isinstance(value, OctetString):
            return Unread(Why.UNSUPPORTED, NAME, "the device has no such setting")
        try:
            parsed = setting.parse(value.decode())
        except (SettingRefused, UnicodeDecodeError) as fault:
            return Unread(Why.GARBLED, NAME, str(fault)[:300])
        return Known(parsed, Witness.DEVICE, self.around.now(), NAME)

    def close(self) -> None:
        """Close the socket."""
        self.manager.close()


async def learn_engine(dialer: Dialer, login: Login, timeouts: Sequence[float]) -> bytes:
    """Return the engine ID of whoever answers; no credential is sent."""
    manager = await Manager.open(dialer, login.snmp(b""), timeouts=timeouts)
    try:
        return (await manager.discover())[0]
    finally:
        manager.close()


def text_of(value: Value | object) -> str:
    """Return an octet string as text, bounded; empty for anything else."""
    return value.decode(errors="replace")[:300] if isinstance(value, OctetString) else ""


async def open_as(
    kind: type[M], dialer: Dialer, login: Login, expected: Pin, around: Around
) -> SnmpReader[M]:
    """Open a device, prove that it is the expected one, and find its driver.

    Raises `IdentityChanged` before a credential is sent where the engine is another, and after
    it where the serial number is; `NoDriver`; `Denied` and `LinkError` as SNMP does.
    """
    engine = await learn_engine(dialer, login, around.timeouts)
    for pin in (login.pin, expected):
        if why := pin.differs(Pin(engine=engine.hex())):
            raise IdentityChanged(f"another device answers: {why}")
    manager = await kind.open(dialer, login.snmp(engine), timeouts=around.timeouts)
    try:
        driver, descr, serial = await _recognise(manager, around)
    except EngineChanged as fault:
        manager.close()
        raise IdentityChanged(f"another device answers: {fault}") from fault
    except BaseException:
        manager.close()
        raise
    found = Pin(engine.hex(), serial)
    for pin in (login.pin, expected):
        if why := pin.differs(found):
            manager.close()
            raise IdentityChanged(f"another device answers: {why}")
    return SnmpReader(dialer, manager, driver, login, found, around, descr)


async def _recognise(manager: Manager, around: Around) -> tuple[Driver, str, str]:
    proofs = sorted({oid for driver in around.drivers for oid in driver.proof})
    serials = sorted({driver.snmp.serial for driver in around.drivers})
    values = dict(await manager.get([SYS_DESCR, *proofs, *serials]))
    present = frozenset(oid for oid in proofs if not isinstance(values.get(oid), Marker))
    descr = text_of(values.get(SYS_DESCR))
    driver = choose(around.drivers, descr, present)
    if driver is None:
        raise NoDriver("no driver knows this device", hint="work through the work order by hand")
    return driver, descr, text_of(values.get(driver.snmp.serial))
