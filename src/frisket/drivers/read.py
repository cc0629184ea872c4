"""The device witness: what a device says of every setting it has."""

from __future__ import annotations

from dataclasses import dataclass, field

from frisket.catalog.load import Catalog
from frisket.catalog.setting import Kind
from frisket.drivers.access.snmp import Around, open_as
from frisket.drivers.access.web import open_web
from frisket.drivers.base import Pin, Reader
from frisket.drivers.credential import Login
from frisket.errors import FrisketError, LinkError
from frisket.model.reading import Known, Reading, Readings, Unread, Why
from frisket.net.dial import Dialer
from frisket.proto.snmp.client import Manager


@dataclass(frozen=True, slots=True)
class Told:
    """What a device said, by which driver, and who it proved to be."""

    readings: Readings
    driver: str = ""
    access: str = ""
    descr: str = ""
    pin: Pin = field(default_factory=Pin)


def settings(catalog: Catalog) -> tuple[str, ...]:
    """Return every key that a device can be asked for; secrets are not asked for."""
    return tuple(s.key for s in catalog if s.kind is Kind.SETTING and not s.secret)


async def tell(reader: Reader, catalog: Catalog) -> Readings:
    """Return what an open device says of every setting it has."""
    found = await reader.read(settings(catalog))
    return Readings.single({k: r for k, r in found.items() if _asked(r)})


def _asked(reading: Reading) -> bool:
    """Leave out what the device has not got, as no witness spoke of it."""
    return isinstance(reading, Known) or reading.why is not Why.UNSUPPORTED


async def read_device(dialer: Dialer, login: Login, expected: Pin, around: Around) -> Told:
    """Read one device by its driver. Raises as `open_as`."""
    reader = await open_as(Manager, dialer, login, expected, around)
    try:
        readings = await tell(reader, around.catalog)
        return Told(readings, reader.driver.name, reader.name, reader.descr, reader.pin)
    finally:
        reader.close()


async def read_by_web(
    dialer: Dialer, login: Login, expected: Pin, around: Around, seen: Pin
) -> Told:
    """Read one device by its Remote UI. Raises as `open_web`."""
    hand = await open_web(dialer, login, expected, around, seen)
    readings = await tell(hand, around.catalog)
    return Told(readings, hand.driver.name, hand.name, hand.descr, hand.pin)


async def witness(dialer: Dialer, login: Login, expected: Pin, around: Around) -> Readings:
    """Return the device's word, or for every setting why there is none. Never raises."""
    try:
        return (await read_device(dialer, login, expected, around)).readings
    except FrisketError as fault:
        why = Why.SILENT if isinstance(fault, LinkError) else Why.CREDENTIAL
        reason = Unread(why, "device", str(fault)[:300])
        return Readings.single(dict.fromkeys(settings(around.catalog), reason))
