"""The device witness: what a device says of every setting it has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from frisket.audit.load import load_content
from frisket.audit.sheet import ITEMS, locked
from frisket.catalog.load import Catalog
from frisket.catalog.setting import Kind
from frisket.drivers.access.ipp import open_ipp
from frisket.drivers.access.pjl import open_pjl
from frisket.drivers.access.snmp import (
    Around,
    IdentityChanged,
    NoDriver,
    NoLogin,
    open_as,
    open_by_community,
)
from frisket.drivers.access.web import open_web
from frisket.drivers.base import (
    ACCESSES,
    IPP,
    PJL,
    SNMP_COMMUNITY,
    SNMP_V3,
    WEB,
    Opened,
    Pin,
    Reader,
)
from frisket.drivers.credential import Login
from frisket.errors import FrisketError, LinkError
from frisket.model.reading import Known, Reading, Readings, Unread, Why
from frisket.net.dial import Dialer
from frisket.proto.snmp.client import Manager


@dataclass(frozen=True, slots=True)
class Told:
    """What a device said, by which driver and access, and who it proved to be.

    `frozen` are the keys that were read and cannot be written by this access, and why.
    """

    readings: Readings
    driver: str = ""
    access: str = ""
    descr: str = ""
    pin: Pin = field(default_factory=Pin)
    frozen: Mapping[str, str] = field(default_factory=dict)


def settings(catalog: Catalog) -> tuple[str, ...]:
    """Return every key that a device can be asked for; secrets are not asked for."""
    return tuple(s.key for s in catalog if s.kind is Kind.SETTING and not s.secret)


async def tell(reader: Reader, catalog: Catalog, keys: tuple[str, ...] = ()) -> Readings:
    """Return what an open device says of `keys`, of every setting it has where none is named."""
    found = await reader.read(keys or settings(catalog))
    return Readings.single({k: r for k, r in found.items() if _asked(r)})


def _asked(reading: Reading) -> bool:
    """Leave out what the device has not got, as no witness spoke of it."""
    return isinstance(reading, Known) or reading.why is not Why.UNSUPPORTED


async def _locks(reader: Reader) -> Mapping[str, str]:
    """Return the settings that the device's security policy holds, and by which item.

    Where an access does not tell the policy, what it holds shows when it is written.
    """
    said = (await reader.read((ITEMS,))).get(ITEMS)
    if not isinstance(said, Known) or not isinstance(said.value, tuple):
        return {}
    return locked(said.value, load_content())


async def _told(reader: Opened, around: Around) -> Told:
    try:
        readings = await tell(reader, around.catalog, around.keys)
        frozen = {**reader.frozen(readings), **await _locks(reader)}
        return Told(readings, reader.driver.name, reader.name, reader.descr, reader.pin, frozen)
    finally:
        reader.close()


async def read_device(dialer: Dialer, login: Login, expected: Pin, around: Around) -> Told:
    """Read one device as a user of SNMPv3. Raises as `open_as`."""
    return await _told(await open_as(Manager, dialer, login, expected, around), around)


async def read_by_community(dialer: Dialer, login: Login, expected: Pin, around: Around) -> Told:
    """Read one device by community. Raises as `open_by_community`."""
    return await _told(await open_by_community(dialer, login, expected, around), around)


async def read_by_web(
    dialer: Dialer, login: Login, expected: Pin, around: Around, seen: Pin
) -> Told:
    """Read one device by its Remote UI. Raises as `open_web`."""
    return await _told(await open_web(dialer, login, expected, around, seen), around)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks a device: by which network, with which login, and whom it expects there.

    `expected` is who was met at the address before, `seen` who the network says is there now.
    """

    dialer: Dialer
    login: Login
    around: Around
    expected: Pin = field(default_factory=Pin)
    seen: Pin = field(default_factory=Pin)


async def read_by(access: str, caller: Caller) -> Told:
    """Read one device by an access.

    Raises `NoLogin`, `NoDriver`, `IdentityChanged`, `LinkError`, ... as each access does.
    """
    dialer, login, around, expected = caller.dialer, caller.login, caller.around, caller.expected
    match access:
        case "snmp-v3":
            return await read_device(dialer, login, expected, around)
        case "snmp-community":
            return await read_by_community(dialer, login, expected, around)
        case "remote-ui":
            return await read_by_web(dialer, login, expected, around, caller.seen)
        case "ipp":
            return await _told(await open_ipp(dialer, login, expected, around, caller.seen), around)
        case "pjl":
            return await _told(await open_pjl(dialer, login, expected, around, caller.seen), around)
        case _:
            raise NoLogin(f"{access} is no access to a device")


class Unreached(FrisketError):
    """By none of the accesses that there is a login for can the device be read."""


def usable(login: Login) -> tuple[str, ...]:
    """Return the accesses that a login serves, in the order in which they are tried."""
    given = {
        SNMP_V3: bool(login.user),
        WEB: login.web is not None,
        SNMP_COMMUNITY: login.community is not None,
        IPP: login.ipp is not None,
        PJL: login.pjl,
    }
    return tuple(access for access in ACCESSES if given.get(access, False))


async def read_first(accesses: Sequence[str], caller: Caller) -> Told:
    """Read one device by the first access that is open and whose driver knows it.

    Raises `Unreached` where none is; a credential that is refused ends it at once.
    """
    problems = []
    for access in accesses:
        try:
            return await read_by(access, caller)
        except (LinkError, NoDriver, NoLogin) as fault:
            hint = f" ({fault.hint})" if fault.hint else ""
            problems.append(f"{access}: {fault}{hint}")
    raise Unreached("; ".join(problems) or "no login is given for it")


def _unheard(why: str) -> None:
    del why


async def witness(
    dialer: Dialer,
    login: Login,
    expected: Pin,
    around: Around,
    stranger: Callable[[str], None] = _unheard,
) -> Readings:
    """Return the device's word, or for every setting why there is none. Never raises.

    `stranger` hears how who answers is another than who was expected: no login was shown to it.
    """
    try:
        caller = Caller(dialer, login, around, expected)
        return (await read_first(usable(login), caller)).readings
    except FrisketError as fault:
        if isinstance(fault, IdentityChanged):
            stranger(str(fault))
        why = Why.SILENT if isinstance(fault, LinkError | Unreached) else Why.CREDENTIAL
        reason = Unread(why, "device", str(fault)[:300])
        return Readings.single(dict.fromkeys(settings(around.catalog), reason))
