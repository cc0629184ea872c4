"""Reads settings through a device's own web pages: log in, read a form."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final
from urllib.parse import urlencode

from frisket.catalog.setting import Setting, Type
from frisket.drivers.access.form import Page, read_page
from frisket.drivers.access.snmp import (
    Around,
    IdentityChanged,
    NoDriver,
    NoLogin,
    check_pins,
)
from frisket.drivers.base import WEB, Driver, Pin, WebTable
from frisket.drivers.credential import Login, WebLogin
from frisket.errors import FrisketError, Refused, SettingRefused, WireError
from frisket.model.reading import Known, Reading, Unread, Value, Why, Witness
from frisket.net.dial import Dialer, Stream
from frisket.net.tls import TlsSession, open_context
from frisket.proto.http.client import ask
from frisket.proto.http.wire import Header, Request, Response

NAME: Final = WEB
PLAIN, ENCRYPTED = 80, 443
_COOKIE = re.compile(r"[\w-]{1,64}=[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]{0,512}")


class LoginRefused(FrisketError):
    """The Remote UI does not accept this login. Never tried again."""


def slug_of(menu: str) -> str:
    """Return a menu path as it stands in the address of its page."""
    parts = (re.sub(r"[^a-z0-9]+", "-", part.lower()).strip("-") for part in menu.split(" > "))
    return ".".join(parts)


def value_of(setting: Setting, page: Page) -> Value | None:
    """Return what a page shows of a setting, None where it does not. Raises `SettingRefused`."""
    if setting.key not in page.values:
        return None
    values = page.values[setting.key]
    match setting.type:
        case Type.BOOLEAN:
            return bool(values)
        case Type.SET:
            return setting.check(list(values))
        case Type.LIST:
            lines = "\n".join(values).split("\n")
            return setting.check([line.strip() for line in lines if line.strip()])
        case _ if not values:
            return None
        case Type.INTEGER:
            return setting.parse(values[-1])
        case _:
            return setting.check(values[-1])


def multipart(fields: list[tuple[str, str]], file: tuple[str, bytes]) -> tuple[str, bytes]:
    """Return Content-Type and body of a form with a file (RFC 7578)."""
    edge = f"frisket-{sha256(file[1]).hexdigest()[:32]}"
    parts = [
        f'content-disposition: form-data; name="{name}"\r\n\r\n{value}'.encode()
        for name, value in fields
    ]
    head = f'content-disposition: form-data; name="{file[0]}"; filename="settings"'
    parts.append(f"{head}\r\ncontent-type: application/octet-stream\r\n\r\n".encode() + file[1])
    border = f"--{edge}".encode()
    body = b"".join(border + b"\r\n" + part + b"\r\n" for part in parts) + border + b"--\r\n"
    return f"multipart/form-data; boundary={edge}", body


@dataclass(slots=True)
class Browser:
    """One session with a web server: keeps the cookie, follows nothing."""

    dialer: Dialer
    encrypted: bool
    tls: str = ""  # SHA-256 of the certificate that was shown
    _cookie: str = ""

    async def _stream(self) -> Stream:
        stream = await self.dialer.tcp(ENCRYPTED if self.encrypted else PLAIN)
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
            stream.close()
            raise IdentityChanged("another device answers: the TLS certificate has changed")
        self.tls = shown
        return session

    async def send(
        self,
        method: str,
        path: str,
        fields: list[tuple[str, str]] | None = None,
        file: tuple[str, bytes] | None = None,
    ) -> Response:
        """Send one request and return its response; `file` is a field's name and its content.

        Raises `LinkError`, `WireError`.
        """
        host = self.dialer.target.address
        headers: list[Header] = [
            ("host", f"[{host}]" if ":" in host else host),
            ("accept-encoding", "identity"),
            ("connection", "close"),
        ]
        if self._cookie:
            headers.append(("cookie", self._cookie))
        body = b""
        if file is not None:
            kind, body = multipart(fields or [], file)
            headers.append(("content-type", kind))
        elif fields is not None:
            headers.append(("content-type", "application/x-www-form-urlencoded"))
            body = urlencode(fields).encode()
        stream = await self._stream()
        try:
            response = await ask(stream, Request(method, path, tuple(headers), body))
        finally:
            stream.close()
        for name, value in response.headers:
            pair = value.partition(";")[0].strip()
            if name == "set-cookie" and _COOKIE.fullmatch(pair):
                self._cookie = pair
        return response


@dataclass(slots=True)
class WebReader:
    """One device by its Remote UI, logged in. Opened by `open_web`.

    `factory`: our password is the factory's.
    """

    browser: Browser
    driver: Driver
    table: WebTable
    around: Around
    login: Login
    pin: Pin
    factory: bool = False
    descr: str = ""
    name: str = field(default=NAME, init=False)
    _offered: set[str] = field(default_factory=set, init=False)

    async def page(self, setting: Setting) -> Page:
        """Return the page on which a setting stands, an empty one where there is none."""
        path = self.table.page.replace("{menu}", slug_of(setting.menu))
        response = await self.browser.send("GET", path)
        if response.status == 404:
            return Page()
        if response.status != 200 or response.cut:
            raise WireError(f"the Remote UI answers {response.status} for {path}")
        return read_page(response.body)

    async def read(self, keys: Iterable[str]) -> Mapping[str, Reading]:
        """Return a reading for each key, each page read once; a secret is `Unread`."""
        pages: dict[str, Page] = {}
        found: dict[str, Reading] = {}
        for key in (*keys, *self._extra()):
            setting = self.around.catalog[key]
            if key == self.table.unchanged:
                found[key] = self._login_word()
                continue
            if setting.secret or not setting.menu:
                found[key] = Unread(Why.UNSUPPORTED, NAME, "a secret, which is never read back")
                continue
            if setting.menu not in pages:
                pages[setting.menu] = await self.page(setting)
                self._offered |= set(pages[setting.menu].hidden.get(self.table.shown, ()))
            found[key] = self._reading(setting, pages[setting.menu])
        return found

    def frozen(self, keys: Iterable[str]) -> Mapping[str, str]:
        """Return the keys that the pages read so far show and do not let be changed."""
        why = "the Remote UI shows it but does not let it be changed"
        return {key: why for key in keys if key not in self._offered}

    def _extra(self) -> tuple[str, ...]:
        return (self.table.unchanged,) if self.table.unchanged else ()

    def _login_word(self) -> Reading:
        """Return what our login has shown of the password; only a factory one shows itself."""
        if self.factory:
            detail = "the password that was given is the factory's"
            return Known(False, Witness.DEVICE, self.around.now(), NAME, detail)
        return Unread(Why.UNSUPPORTED, NAME, "the login does not show it")

    def _reading(self, setting: Setting, page: Page) -> Reading:
        try:
            value = value_of(setting, page)
        except SettingRefused as fault:
            return Unread(Why.GARBLED, NAME, str(fault)[:300])
        if value is None:
            return Unread(Why.UNSUPPORTED, NAME, "the page does not show it")
        return Known(value, Witness.DEVICE, self.around.now(), NAME)

    def close(self) -> None:
        """Close nothing: every request has a connection of its own."""


async def _reach(dialer: Dialer, login: WebLogin) -> tuple[Browser, Response]:
    """Return a browser at the login page: with TLS where there is any."""
    browser = Browser(dialer, encrypted=True)
    try:
        return browser, await browser.send("GET", "/")
    except Refused:
        if not login.plaintext:
            raise NoLogin(
                "the Remote UI has no TLS, and the password would be readable on the way",
                hint='allow it with remote-ui-plaintext = "allowed" in the credentials',
            ) from None
    browser = Browser(dialer, encrypted=False)
    return browser, await browser.send("GET", "/")


async def open_web(
    dialer: Dialer, login: Login, expected: Pin, around: Around, seen: Pin
) -> WebReader:
    """Log in to a device's Remote UI and prove that it is the expected device.

    `seen` is who the network says is there; it is compared before the password is sent.

    Raises `LoginRefused`, `IdentityChanged`, `NoDriver`, `LinkError`, `WireError`.
    """
    if login.web is None:
        raise NoLogin("no login for the Remote UI is given for it")
    browser, first = await _reach(dialer, login.web)
    server = first.header("server")[:200]
    fit = [d for d in around.drivers if d.web and re.search(d.web.server, server)]
    if len(fit) != 1 or fit[0].web is None:
        raise NoDriver("no driver knows this Remote UI")
    table = fit[0].web
    check_pins(Pin(serial=seen.serial, tls=browser.tls), login.pin, expected)
    warned = await log_in(browser, table, login.web)
    factory = warned or login.web.password.reveal() in table.factory
    portal = await browser.send("GET", table.portal)
    found = re.search(table.serial, portal.body.decode("utf-8", "replace"))
    if portal.status != 200 or not found:
        raise WireError("the Remote UI does not name its serial number")
    pin = Pin(serial=found[1][:60], tls=browser.tls)
    check_pins(pin, login.pin, expected, seen)
    return WebReader(browser, fit[0], table, around, login, pin, factory)


async def log_in(browser: Browser, table: WebTable, login: WebLogin) -> bool:
    """Log in once; say whether the device warns of the factory password. Raises `LoginRefused`."""
    fields = [(table.user, login.user), (table.password, login.password.reveal())]
    answer = await browser.send("POST", table.login, fields)
    if answer.status != 302:
        raise LoginRefused("the Remote UI does not accept this login")
    if answer.header("location") != table.warning:
        return False
    await browser.send("POST", table.warning, [(table.go_on, "no")])
    return True
