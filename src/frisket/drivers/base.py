"""What a driver is: a device table. The engine that reads, plans and applies is one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from frisket.model.reading import Reading, Value

Settings = Mapping[str, Value]
Oid = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Way:
    """A way to manage the device, and the settings under which it is open.

    Open while every key of `when` has its value and no table of `unless` holds as a whole.
    `access` names the access of ours that uses it; `manages` says that settings can be changed
    over it from afar.
    """

    name: str
    when: Settings
    unless: tuple[Settings, ...] = ()
    manages: bool = False
    access: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class SnmpTable:
    """Where an SNMP agent keeps settings: `values` + a key's characters, as text.

    `keys` names single variables instead. `login` maps a key to the part of our own login that
    it changes. `restart` is written with 1 to restart; `pending` counts what waits for that.
    """

    serial: Oid
    values: Oid = ()
    keys: Mapping[str, Oid] = field(default_factory=dict)
    refusal: Oid = ()
    pending: Oid = ()
    restart: Oid = ()
    login: Mapping[str, str] = field(default_factory=dict)

    def oid(self, key: str) -> Oid:
        """Return the variable of a key, () where the table has none."""
        if key in self.keys:
            return self.keys[key]
        return (*self.values, *key.encode()) if self.values else ()


@dataclass(frozen=True, slots=True)
class WebTable:
    """How a Remote UI is worked: paths, and the names of its fields.

    It is this one where the Server field matches `server`; `serial` finds the serial number in the
    portal. `page` holds the settings of a menu path, written in place of `{menu}`.
    """

    server: str
    login: str
    user: str
    password: str
    warning: str
    go_on: str
    portal: str
    serial: str
    page: str
    token: str
    shown: str


@dataclass(frozen=True, slots=True)
class Driver:
    """One family of devices. It is this family where sysDescr matches and all `proof` is there."""

    name: str
    about: str
    describes: str
    proof: tuple[Oid, ...]
    snmp: SnmpTable
    ways: tuple[Way, ...] = ()
    web: WebTable | None = None


@dataclass(frozen=True, slots=True)
class Pin:
    """Who a device is beyond its address.

    SNMP engine and SHA-256 of the TLS certificate (both hexadecimal), and serial number.
    """

    engine: str = ""
    serial: str = ""
    tls: str = ""

    def differs(self, other: Pin) -> str:
        """Say in words how `other` is another device; empty where nothing contradicts."""
        for name, mine, its in (
            ("SNMP engine", self.engine, other.engine),
            ("serial number", self.serial, other.serial),
            ("TLS certificate", self.tls, other.tls),
        ):
            if mine and its and mine.casefold() != its.casefold():
                return f"the {name} is {its}, expected was {mine}"
        return ""

    def __or__(self, other: Pin) -> Pin:
        """Fill what is unknown here from `other`."""
        return Pin(self.engine or other.engine, self.serial or other.serial, self.tls or other.tls)


class Reader(Protocol):
    """An open way to one device that reads."""

    name: str

    async def read(self, keys: Iterable[str]) -> Mapping[str, Reading]:
        """Return a reading for each key, by the device witness. Raises `LinkError`, ..."""

    def close(self) -> None:
        """Close; may be called twice."""


class Hand(Reader, Protocol):
    """An open way to one device that also writes."""

    async def write(self, values: Settings) -> None:
        """Write all values or none, once. Raises `SettingRefused`; after `Silent` nobody knows."""

    async def pending(self) -> int:
        """Return how many settings wait for a restart."""

    async def restart(self) -> None:
        """Restart the device and return when it answers again. Raises `Silent`."""
