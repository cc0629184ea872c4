"""Reads a device's settings over SNMP: as a user of SNMPv3, or by a community (SNMPv1, v2c)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Generic, TypeVar

from frisket.catalog.load import Catalog
from frisket.drivers.base import SNMP_COMMUNITY, SNMP_V3, Driver, Oid, Pin, SnmpKey
from frisket.drivers.credential import Login
from frisket.drivers.load import choose
from frisket.errors import FrisketError, SettingRefused
from frisket.model.reading import Known, Reading, Unread, Why, Witness
from frisket.net.dial import Dialer
from frisket.proto.snmp.client import PATIENCE, Manager
from frisket.proto.snmp.credential import Community
from frisket.proto.snmp.errors import EngineChanged
from frisket.proto.snmp.wire import OctetString, Value
from frisket.proto.snmp.wire.values import Marker, ObjectIdentifier

NAME: Final = SNMP_V3
SYS_DESCR: Final[Oid] = (1, 3, 6, 1, 2, 1, 1, 1, 0)
SYS_OBJECT_ID: Final[Oid] = (1, 3, 6, 1, 2, 1, 1, 2, 0)
ENGINE_ID: Final[Oid] = (1, 3, 6, 1, 6, 3, 10, 2, 1, 1, 0)  # SNMP-FRAMEWORK-MIB, RFC 3411
_ROWS: Final = 256  # of a table in which a row is looked for

M = TypeVar("M", bound=Manager)


class IdentityChanged(FrisketError):
    """Another device answers at this address."""


class NoDriver(FrisketError):
    """No driver knows this device."""


class NoLogin(FrisketError):
    """No credential is given for this access."""


@dataclass(frozen=True, slots=True)
class Around:
    """What an access is handed: catalogue, drivers, clock, and seconds for each attempt.

    `keys` are the settings to read, all there are where none is named.
    """

    catalog: Catalog
    drivers: Sequence[Driver]
    now: Callable[[], datetime]
    timeouts: tuple[float, ...] = PATIENCE
    restart_seconds: float = 180.0
    keys: tuple[str, ...] = ()


def check_pins(found: Pin, *expected: Pin) -> None:
    """Raise `IdentityChanged` where what was found contradicts what is expected."""
    for pin in expected:
        if why := pin.differs(found):
            raise IdentityChanged(f"another device answers: {why}")


@dataclass(slots=True)
class SnmpReader(Generic[M]):
    """One device by SNMP, opened by `open_as`; a user is shown to the pinned engine only."""

    dialer: Dialer
    manager: M
    driver: Driver
    login: Login
    pin: Pin
    around: Around
    descr: str = ""
    name: str = SNMP_V3
    _rows: dict[Oid, dict[Oid, object]] = field(default_factory=dict, init=False)

    async def read(self, keys: Iterable[str]) -> Mapping[str, Reading]:
        """Return a reading for each key; a secret is `Unread`, for it is never shown."""
        wanted = {key: await self.locate(key) for key in keys}
        oids = [oid for oid in wanted.values() if oid]
        values = dict(await self.manager.get(oids))
        return {key: self._reading(key, values.get(oid)) for key, oid in wanted.items()}

    async def locate(self, key: str) -> Oid:
        """Return the variable of a key, () where the device or the table has none.

        A row is looked for once; where several fit, none is taken for the right one.
        """
        row = self.driver.snmp.key.get(key)
        if row is None or row.oid:
            return self.driver.snmp.oid(key)
        if row.where not in self._rows:
            self._rows[row.where] = dict(await self.manager.walk(row.where, max_varbinds=_ROWS))
        depth = len(row.where)
        fit = [oid for oid, value in self._rows[row.where].items() if value in row.of]
        return (*row.column, *fit[0][depth:]) if len(fit) == 1 else ()

    def frozen(self, keys: Iterable[str]) -> Mapping[str, str]:
        """Return the keys that cannot be written over this access, and why."""
        given = self.login.community
        if self.name == SNMP_COMMUNITY and (given is None or given.write is None):
            return dict.fromkeys(keys, "no write-community is given")
        why = f"it can be read over {self.name} but not written"
        return {key: why for key in keys if self.name not in self.driver.snmp.writers(key)}

    def _reading(self, key: str, value: object) -> Reading:
        setting = self.around.catalog[key]
        if setting.secret:
            return Unread(Why.UNSUPPORTED, self.name, "a secret, which is never read back")
        try:
            text = text_in(self.driver.snmp.key.get(key), value)
            if text is None:
                return Unread(Why.UNSUPPORTED, self.name, "the device has no such setting")
            parsed = setting.parse(text)
        except (SettingRefused, UnicodeDecodeError) as fault:
            return Unread(Why.GARBLED, self.name, str(fault)[:300])
        return Known(parsed, Witness.DEVICE, self.around.now(), self.name)

    def close(self) -> None:
        """Close the socket."""
        self.manager.close()


def text_in(row: SnmpKey | None, value: object) -> str | None:
    """Return a variable's value as a setting's text, None where it has none.

    A number that the table does not know is shown as it is, and refused as a value. Raises
    `UnicodeDecodeError` where the text is not UTF-8.
    """
    if isinstance(value, OctetString):
        return value.decode()
    if row is None or isinstance(value, bool) or not isinstance(value, int):
        return None
    named = {number: word for word, number in row.numbers.items()}
    return named.get(int(value), str(int(value)))


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
    """Open a device by SNMPv3, prove that it is the expected one, and find its driver.

    Raises `IdentityChanged` before a credential is sent where the engine is another, and after
    it where the serial number is; `NoDriver`; `Denied` and `LinkError` as SNMP does.
    """
    if not login.user:
        raise NoLogin("no SNMPv3 user is given for it")
    engine = await learn_engine(dialer, login, around.timeouts)
    check_pins(Pin(engine=engine.hex()), login.pin, expected)
    manager = await kind.open(dialer, login.snmp(engine), timeouts=around.timeouts)
    try:
        met = await recognise(manager, around, SNMP_V3)
        found = Pin(engine.hex(), met.serial)
        check_pins(found, login.pin, expected)
    except EngineChanged as fault:
        manager.close()
        raise IdentityChanged(f"another device answers: {fault}") from fault
    except BaseException:
        manager.close()
        raise
    return SnmpReader(dialer, manager, met.driver, login, found, around, met.descr)


async def open_by_community(
    dialer: Dialer, login: Login, expected: Pin, around: Around
) -> SnmpReader[Manager]:
    """Open a device to read it by the community that reads. Raises as `open_as`."""
    if login.community is None:
        raise NoLogin("no community is given for it")
    shown = Community(login.community.read.reveal(), login.community.version)
    manager = await Manager.open(dialer, shown, timeouts=around.timeouts)
    try:
        met = await recognise(manager, around, SNMP_COMMUNITY)
        found = Pin(met.engine, met.serial)
        check_pins(found, login.pin, expected)
    except BaseException:
        manager.close()
        raise
    name = SNMP_COMMUNITY
    return SnmpReader(dialer, manager, met.driver, login, found, around, met.descr, name)


@dataclass(frozen=True, slots=True)
class Met:
    """Who answered: its driver, sysDescr, serial number and SNMP engine, as far as it says."""

    driver: Driver
    descr: str
    serial: str
    engine: str


async def recognise(manager: Manager, around: Around, access: str) -> Met:
    """Return whose device this is. Raises `NoDriver`."""
    known = [driver for driver in around.drivers if driver.by_snmp]
    proofs = sorted(
        {oid for driver in known for oid in (*driver.proof, *driver.signs, *driver.lacks)}
    )
    serials = sorted({driver.snmp.serial for driver in known if driver.snmp.serial})
    asked = [SYS_DESCR, SYS_OBJECT_ID, ENGINE_ID, *proofs, *serials]
    values = dict(await manager.get(list(dict.fromkeys(asked))))
    present = frozenset(
        oid for oid in proofs if not isinstance(values.get(oid, Marker.NO_SUCH_OBJECT), Marker)
    )
    kind = values.get(SYS_OBJECT_ID)
    object_id: Oid = tuple(kind) if isinstance(kind, ObjectIdentifier) else ()
    descr = text_of(values.get(SYS_DESCR))
    driver = choose(known, descr, present, object_id)
    if driver is None or access not in driver.accesses:
        raise NoDriver("no driver knows this device", hint="work through the work order by hand")
    engine = values.get(ENGINE_ID)
    named = bytes(engine).hex() if isinstance(engine, OctetString) else ""
    return Met(driver, descr, text_of(values.get(driver.snmp.serial)), named)
