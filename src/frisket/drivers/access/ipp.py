"""Reads settings of an IPP printer, and of its System Service where it has one. Never a job."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from frisket.catalog.setting import Setting, Type
from frisket.drivers.access.snmp import Around, IdentityChanged, NoDriver, NoLogin, check_pins
from frisket.drivers.access.web import LoginRefused
from frisket.drivers.base import IPP, Driver, IppTable, Pin
from frisket.drivers.credential import IppLogin, Login
from frisket.drivers.load import the_one
from frisket.errors import FrisketError, LinkError, SettingRefused, WireError
from frisket.model.reading import Known, Reading, Unread, Value, Why, Witness
from frisket.net.dial import Dialer
from frisket.net.tls import ByteStream, TlsSession, open_context
from frisket.proto.http.client import ask
from frisket.proto.http.wire import Header, Limits, Request, Response
from frisket.proto.ipp.names import (
    GroupTag,
    Operation,
    Status,
    ValueTag,
    status_name,
    successful,
)
from frisket.proto.ipp.values import Attribute, Group, Message, opening
from frisket.proto.ipp.wire import decode, encode

PORT: Final = 631
LIMITS: Final = Limits(body=256 << 10)
# RFC 3380 section 5: what the printer lets itself be told; PWG 5100.22 has the same for a system.
_SETTABLE: Final = {
    False: "printer-settable-attributes-supported",
    True: "system-settable-attributes-supported",
}
_WANTS_LOGIN: Final = frozenset(
    {Status.CLIENT_ERROR_NOT_AUTHENTICATED, Status.CLIENT_ERROR_NOT_AUTHORIZED}
)
_WHO: Final = ("printer-make-and-model", "printer-device-id", "printer-uuid")
_SERIAL: Final = re.compile(r"(?:^|;)\s*(?:SN|SERN|SERIALNUMBER)\s*:\s*([^;]{1,60})", re.IGNORECASE)


@dataclass(slots=True)
class Session:
    """Asks one IPP service, with TLS where there is any; the login is shown where it is asked."""

    dialer: Dialer
    login: IppLogin
    encrypted: bool = True
    tls: str = ""  # SHA-256 of the certificate that was shown
    _asked: bool = field(default=False, init=False)

    async def _stream(self) -> ByteStream:
        stream = await self.dialer.tcp(PORT)
        if not self.encrypted:
            return stream
        session = TlsSession(stream, open_context())
        try:
            await session.handshake(10.0)
        except FrisketError:
            stream.close()
            raise
        shown = sha256(session.peer.certificate).hexdigest()
        if self.tls and shown != self.tls:
            session.close()
            raise IdentityChanged("another device answers: the TLS certificate has changed")
        self.tls = shown
        return session

    def uri(self, path: str) -> str:
        """Return the address of a service."""
        host = self.dialer.target.address
        shown = f"[{host}]" if ":" in host else host
        return f"{'ipps' if self.encrypted else 'ipp'}://{shown}:{PORT}{path}"

    async def call(self, operation: Operation, path: str, *more: Attribute | Group) -> Message:
        """Ask once and return the answer, whatever its status.

        `more` are operation attributes, and groups behind them. Raises `NoDriver` where no IPP
        service is there, `NoLogin` and `LoginRefused` where a login is missing or refused.
        """
        system = operation in {Operation.GET_SYSTEM_ATTRIBUTES, Operation.SET_SYSTEM_ATTRIBUTES}
        name = "system-uri" if system else "printer-uri"
        target = Attribute.of(name, ValueTag.URI, self.uri(path))
        given = tuple(each for each in more if isinstance(each, Attribute))
        groups = tuple(each for each in more if isinstance(each, Group))
        first = Group(GroupTag.OPERATION, (*opening(), target, *given))
        number = self.dialer.random.randrange(1, 1 << 31)
        message = Message((2, 0), operation, number, (first, *groups))
        response = await self._send(path, encode(message))
        if not self._asked and _asks(response):
            self._check_login()
            self._asked = True
            response = await self._send(path, encode(message))
        return _message(response)

    def _check_login(self) -> None:
        if not self.login.user:
            raise NoLogin("the printer asks for an IPP login, and none is given for it")
        if not self.encrypted and not self.login.plaintext:
            raise NoLogin(
                "IPP has no TLS here, and the password would be readable on the way",
                hint='allow it with ipp-plaintext = "allowed" in the credentials',
            )

    async def _send(self, path: str, body: bytes) -> Response:
        host = self.dialer.target.address
        headers: list[Header] = [
            ("host", f"[{host}]" if ":" in host else host),
            ("content-type", "application/ipp"),
            ("accept-encoding", "identity"),
            ("connection", "close"),
        ]
        if self._asked:
            pair = f"{self.login.user}:{self.login.password.reveal()}".encode()
            headers.append(("authorization", f"Basic {base64.b64encode(pair).decode()}"))
        stream = await self._stream()
        try:
            return await ask(stream, Request("POST", path, tuple(headers), body), limits=LIMITS)
        finally:
            stream.close()


def _asks(response: Response) -> bool:
    """Say whether a login is asked for, by HTTP or by IPP's own status."""
    if response.status != 200:
        return response.status == 401
    try:
        return _message(response).code in _WANTS_LOGIN
    except FrisketError:
        return False  # garbage asks for nothing; it is named when it is read


def _message(response: Response) -> Message:
    kind = response.header("content-type").partition(";")[0].strip().lower()
    if response.status == 401:
        raise LoginRefused("the printer does not accept this IPP login")
    if response.status == 404 or (response.status == 200 and kind != "application/ipp"):
        raise NoDriver("no IPP printer is there")
    if response.status != 200 or response.cut:
        raise WireError(f"IPP is answered with HTTP {response.status}")
    return decode(response.body, limit=LIMITS.body, max_attributes=2000)


def value_of(setting: Setting, attribute: Attribute) -> Value | None:
    """Return what an attribute says of a setting, None where it has no value."""
    match setting.type:
        case Type.BOOLEAN | Type.INTEGER:
            data = attribute.first
            return setting.check(data) if isinstance(data, bool | int) else None
        case Type.SET | Type.LIST:
            return setting.check(list(attribute.texts()))
        case _:
            texts = attribute.texts()
            return setting.check(texts[0]) if texts else None


@dataclass(slots=True)
class IppReader:
    """One printer by IPP. Opened by `open_ipp`."""

    session: Session
    driver: Driver
    table: IppTable
    around: Around
    path: str
    pin: Pin
    descr: str = ""
    name: str = field(default=IPP, init=False)
    _settable: set[str] = field(default_factory=set, init=False)
    _system: set[str] = field(default_factory=set, init=False)

    async def read(self, keys: Iterable[str]) -> Mapping[str, Reading]:
        """Return a reading for each key; of the whole device where it tells of that too."""
        asked = tuple(keys)
        rows = {key: self.table.key[key] for key in asked if key in self.table.key}
        told: dict[str, Attribute] = {}
        whole = {key: row.system for key, row in rows.items() if row.system}
        if whole:
            system = await self._ask(set(whole.values()), system=True)
            told = {key: system[name] for key, name in whole.items() if name in system}
            self._system |= set(told)
        single = {key: row.attribute for key, row in rows.items() if key not in told}
        if single:
            printer = await self._ask(set(single.values()), system=False)
            told |= {key: printer[name] for key, name in single.items() if name in printer}
        return {key: self._reading(key, told.get(key)) for key in asked}

    def by_system(self, key: str) -> bool:
        """Say whether a key was read from the System Service."""
        return key in self._system

    async def _ask(self, names: set[str], *, system: bool) -> dict[str, Attribute]:
        """Return attributes by name, and note which can be set; none of a service that is not."""
        listing = _SETTABLE[system]
        asked = sorted({*names, listing, "operations-supported"})
        wanted = Attribute.of("requested-attributes", ValueTag.KEYWORD, *asked)
        operation, path, tag = Operation.GET_PRINTER_ATTRIBUTES, self.path, GroupTag.PRINTER
        if system:
            operation, path = Operation.GET_SYSTEM_ATTRIBUTES, self.table.system
            tag = GroupTag.SYSTEM
        try:
            answer = await self.session.call(operation, path, wanted)
        except NoDriver:
            if system:
                return {}
            raise
        if not successful(answer.code):
            if system:
                return {}
            raise WireError(f"the printer answers {status_name(answer.code)}")
        told = {a.name: a for group in answer.groups_of(tag) for a in group.attributes}
        if listing in told:
            self._settable |= set(told[listing].texts())
        elif not system and _sets(told):
            # PAPPL has no such list: it sets what it can, and says what it cannot.
            self._settable |= set(told)
        return told

    def _reading(self, key: str, attribute: Attribute | None) -> Reading:
        if attribute is None:
            return Unread(Why.UNSUPPORTED, IPP, "no attribute of the printer holds it")
        try:
            value = value_of(self.around.catalog[key], attribute)
        except SettingRefused as fault:
            return Unread(Why.GARBLED, IPP, str(fault)[:300])
        if value is None:
            return Unread(Why.UNSUPPORTED, IPP, "the attribute has no value")
        return Known(value, Witness.DEVICE, self.around.now(), IPP)

    def frozen(self, keys: Iterable[str]) -> Mapping[str, str]:
        """Return the keys whose attributes the printer does not let be set."""
        why = "the printer does not list its attribute as settable"
        return {key: why for key in keys if not self.settable(key)}

    def settable(self, key: str) -> bool:
        """Say whether the table and the printer itself let a key be set."""
        row = self.table.key.get(key)
        if row is None or not row.writes:
            return False
        return (row.system if self.by_system(key) else row.attribute) in self._settable

    def close(self) -> None:
        """Close nothing: every request has a connection of its own."""


def _sets(told: Mapping[str, Attribute]) -> bool:
    """Say whether the printer offers Set-Printer-Attributes at all."""
    listed = told.get("operations-supported")
    return listed is not None and Operation.SET_PRINTER_ATTRIBUTES in listed.integers()


def _text(told: Message, name: str) -> str:
    attribute = told.get(GroupTag.PRINTER, name)
    return next(iter(attribute.texts()), "")[:300] if attribute else ""


async def _meet(session: Session, paths: tuple[str, ...]) -> tuple[str, Message]:
    """Return where the printer is and who it says it is. Raises `NoDriver`."""
    wanted = Attribute.of("requested-attributes", ValueTag.KEYWORD, *_WHO)
    for path in paths:
        try:
            answer = await session.call(Operation.GET_PRINTER_ATTRIBUTES, path, wanted)
        except NoDriver:
            continue
        if successful(answer.code):
            return path, answer
    raise NoDriver("no IPP printer is there")


async def open_ipp(
    dialer: Dialer, login: Login, expected: Pin, around: Around, seen: Pin
) -> IppReader:
    """Open an IPP printer, prove that it is the expected one, and find its driver.

    Raises `NoLogin`, `LoginRefused`, `NoDriver`, `IdentityChanged`, `LinkError`, `WireError`.
    """
    if login.ipp is None:
        raise NoLogin("no login for IPP is given for it")
    tables = [driver for driver in around.drivers if driver.ipp]
    paths = tuple(dict.fromkeys(p for d in tables if d.ipp for p in d.ipp.paths))
    session = Session(dialer, login.ipp)
    try:
        path, told = await _meet(session, paths)
    except (LinkError, WireError):
        if session.tls:
            raise
        session = Session(dialer, login.ipp, encrypted=False)
        path, told = await _meet(session, paths)
    model = _text(told, "printer-make-and-model")
    fit = [d for d in tables if d.ipp and re.search(d.ipp.make, model)]
    driver = the_one(fit)
    if driver is None or driver.ipp is None:
        raise NoDriver("no driver knows this IPP printer")
    serial = _SERIAL.search(_text(told, "printer-device-id"))
    uuid = _text(told, "printer-uuid").removeprefix("urn:uuid:")
    pin = Pin(serial=serial[1].strip() if serial else "", tls=session.tls, uuid=uuid)
    check_pins(pin, login.pin, expected, seen)
    return IppReader(session, driver, driver.ipp, around, path, pin, model)
