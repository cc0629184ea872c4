"""What a driver is: a device table. The engine that reads, plans and applies is one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from frisket.model.reading import Reading, Value

Settings = Mapping[str, Value]
Oid = tuple[int, ...]

# The accesses: how a device is reached to be read and changed.
SNMP_V3: Final = "snmp-v3"
SNMP_COMMUNITY: Final = "snmp-community"
WEB: Final = "remote-ui"
IPP: Final = "ipp"
PJL: Final = "pjl"
ACCESSES: Final = (SNMP_V3, WEB, SNMP_COMMUNITY, IPP, PJL)


@dataclass(frozen=True, slots=True)
class AddressFilter:
    """The keys of a device's own address filter: is it on, its policy, the addresses excepted.

    Where the policy is `rejects`, only excepted addresses are let in; else all but those.
    """

    enabled: str
    policy: str
    rejects: str
    exceptions: str

    @property
    def keys(self) -> tuple[str, ...]:
        """Return its keys."""
        return self.enabled, self.policy, self.exceptions


@dataclass(frozen=True, slots=True)
class Way:
    """A way to manage the device, and the settings under which it is open.

    Open while every key of `when` has its value and no table of `unless` holds as a whole; without
    `when` it is open `always`, as far as anybody can tell. `access` names the access of ours that
    uses it; `manages` says that settings can be changed over it from afar.
    """

    name: str
    when: Settings = field(default_factory=dict)
    unless: tuple[Settings, ...] = ()
    manages: bool = False
    access: str = ""
    always: bool = False
    note: str = ""
    filter: AddressFilter | None = None  # what stands before it, where `source` asks to come in
    source: str = ""


@dataclass(frozen=True, slots=True)
class SnmpKey:
    """Where a key is in an SNMP agent, how its value is written, and by which accesses.

    `oid` is a variable; or `column` is, in the row whose `where` is one of `of`. `numbers` gives
    the integer for each value in words (on, off, a choice); without it the variable is text, or a
    plain integer. `writes` are the accesses that may write it, none where it is only read.
    """

    oid: Oid = ()
    column: Oid = ()
    where: Oid = ()
    of: tuple[int, ...] = ()
    numbers: Mapping[str, int] = field(default_factory=dict)
    writes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SnmpTable:
    """Where an SNMP agent keeps settings: `values` + a key's characters, as text.

    `key` names single variables instead. `writes` are the accesses that write below `values`.
    `login` maps a key to the part of our own login that it changes. `restart` is written with
    `restart_number` to restart; `pending` counts what waits for that.
    """

    serial: Oid = ()
    values: Oid = ()
    writes: tuple[str, ...] = ()
    key: Mapping[str, SnmpKey] = field(default_factory=dict)
    refusal: Oid = ()
    pending: Oid = ()
    restart: Oid = ()
    restart_number: int = 1
    restarts: tuple[str, ...] = ()
    login: Mapping[str, str] = field(default_factory=dict)

    def oid(self, key: str) -> Oid:
        """Return the variable of a key, () where the table has none or it has to be looked for."""
        if key in self.key:
            return self.key[key].oid
        return (*self.values, *key.encode()) if self.values else ()

    def writers(self, key: str) -> tuple[str, ...]:
        """Return the accesses that may write a key."""
        if key in self.key:
            return self.key[key].writes
        return self.writes if self.values else ()


@dataclass(frozen=True, slots=True)
class WebTable:
    """How a Remote UI is worked: paths, and the names of its fields.

    It is this one where the Server field matches `server`; `serial` finds the serial number in the
    portal. `page` holds the settings of a menu path, written in place of `{menu}`. `restart` is
    posted to restart; `pending` finds in the page `waiting` how many settings wait for that.
    `proves` are keys after which a new login shows that ours is still accepted; `unchanged` is the
    key that is off where ours is a `factory` password, or the login leads to the `warning` of it.
    `account` is the user whose password is the key admin.password.
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
    restart: str = ""
    waiting: str = ""
    pending: str = ""
    proves: tuple[str, ...] = ()
    unchanged: str = ""
    factory: tuple[str, ...] = ()
    account: str = ""


@dataclass(frozen=True, slots=True)
class PolicyTable:
    """How the Security Policy Settings are worked in a Remote UI: paths, and names of fields.

    `confirm` shows the policy to whoever has logged in, a row an item, `on` where it is ticked.
    `open` asks for the `password` where one is set, which `login` takes; `edit` takes the `item`
    fields. `change` takes a `new` password and the same `again`. `refusal` finds why not. Where
    `edit` is not there, `leave` gives out a settings file and `enter` takes one, and restarts.
    """

    confirm: str
    on: str
    open: str
    login: str
    password: str
    edit: str
    item: str
    change: str
    new: str
    again: str
    refusal: str
    leave: str = ""
    enter: str = ""


@dataclass(frozen=True, slots=True)
class IppKey:
    """The attribute of an IPP printer that holds a key.

    `system` is the attribute of the whole device, in its System Service, which counts where there
    is one. `syntax` is text, name or keyword for what is a text here. `writes`:
    Set-Printer-Attributes (RFC 3380) or Set-System-Attributes (PWG 5100.22) sets it, where the
    printer does not list others as settable only.
    """

    attribute: str
    system: str = ""
    syntax: str = "text"
    writes: bool = False


@dataclass(frozen=True, slots=True)
class IppTable:
    """What an IPP printer offers. It is this one where printer-make-and-model matches `make`.

    `paths` are where a printer may be, `system` is where its System Service is.
    """

    make: str
    paths: tuple[str, ...] = ("/ipp/print", "/ipp")
    system: str = "/ipp/system"
    key: Mapping[str, IppKey] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PjlKey:
    """The PJL variable of a key; `words` gives its value for each value in words."""

    variable: str
    words: Mapping[str, str] = field(default_factory=dict)
    writes: bool = False


@dataclass(frozen=True, slots=True)
class PjlTable:
    """Which PJL variables hold settings. It is this one where @PJL INFO ID matches `id`."""

    id: str
    key: Mapping[str, PjlKey] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Driver:
    """One family of devices, and the accesses to it, the best first.

    By SNMP it is this family where sysDescr matches `describes`, sysObjectID stands below
    `object_id`, all of `proof` is there, any of `signs` and none of `lacks`. A `generic` one counts
    only where no other does.
    """

    name: str
    about: str
    accesses: tuple[str, ...]
    describes: str = ""
    object_id: Oid = ()
    proof: tuple[Oid, ...] = ()
    signs: tuple[Oid, ...] = ()
    lacks: tuple[Oid, ...] = ()
    generic: bool = False
    snmp: SnmpTable = field(default_factory=SnmpTable)
    ways: tuple[Way, ...] = ()
    web: WebTable | None = None
    policy: PolicyTable | None = None
    ipp: IppTable | None = None
    pjl: PjlTable | None = None
    filter: AddressFilter | None = None

    @property
    def by_snmp(self) -> bool:
        """Say whether devices of this family are recognised by SNMP."""
        return bool(self.describes or self.object_id or self.proof or self.signs)

    @property
    def writes(self) -> bool:
        """Say whether anything at all can be written to devices of this family."""
        tables = [table for table in (self.snmp, self.ipp, self.pjl) if table]
        rows = any(bool(row.writes) for table in tables for row in table.key.values())
        return rows or bool(self.web or self.snmp.writes)

    def logins(self, access: str) -> frozenset[str]:
        """Return the keys that change, or could shut out, the login of an access."""
        if access == WEB:
            return frozenset(self.web.proves if self.web else ())
        return frozenset(self.snmp.login) if access == SNMP_V3 else frozenset()


@dataclass(frozen=True, slots=True)
class Pin:
    """Who a device is beyond its address.

    SNMP engine and SHA-256 of the TLS certificate (both hexadecimal), serial number, and
    printer-uuid of an IPP printer.
    """

    engine: str = ""
    serial: str = ""
    tls: str = ""
    uuid: str = ""

    def differs(self, other: Pin) -> str:
        """Say in words how `other` is another device; empty where nothing contradicts."""
        for name, mine, its in (
            ("SNMP engine", self.engine, other.engine),
            ("serial number", self.serial, other.serial),
            ("TLS certificate", self.tls, other.tls),
            ("printer UUID", self.uuid, other.uuid),
        ):
            if mine and its and mine.casefold() != its.casefold():
                return f"the {name} is {its}, expected was {mine}"
        return ""

    def __or__(self, other: Pin) -> Pin:
        """Fill what is unknown here from `other`."""
        return Pin(
            self.engine or other.engine,
            self.serial or other.serial,
            self.tls or other.tls,
            self.uuid or other.uuid,
        )


class Reader(Protocol):
    """An open way to one device that reads."""

    name: str

    async def read(self, keys: Iterable[str]) -> Mapping[str, Reading]:
        """Return a reading for each key, by the device witness. Raises `LinkError`, ..."""

    def close(self) -> None:
        """Close; may be called twice."""


class Opened(Reader, Protocol):
    """A reader that knows whose device it has open, and what it cannot write."""

    driver: Driver
    pin: Pin
    descr: str

    def frozen(self, keys: Iterable[str]) -> Mapping[str, str]:
        """Return those of `keys` that this access reads and cannot write, and why."""


class Hand(Reader, Protocol):
    """An open way to one device that also writes."""

    async def write(self, values: Settings) -> None:
        """Write all values or none, once. Raises `SettingRefused`; after `Silent` nobody knows."""

    async def pending(self) -> int:
        """Return how many settings wait for a restart."""

    async def restart(self) -> None:
        """Restart the device and return when it answers again. Raises `Silent`."""
