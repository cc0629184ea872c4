"""Credentials: from a file, the environment or a prompt; never printed, never on a command line."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Final

from frisket.audit.entries import Entry, entries
from frisket.drivers.base import Pin
from frisket.errors import UsageError
from frisket.proto.snmp.credential import UserCredential
from frisket.proto.snmp.wire.crypto import Auth, Priv, User
from frisket.proto.snmp.wire.message import Version

AUTHENTICATION: Final = {
    "MD5": Auth.MD5,
    "SHA1": Auth.SHA1,
    "SHA2-224": Auth.SHA224,
    "SHA2-256": Auth.SHA256,
    "SHA2-384": Auth.SHA384,
    "SHA2-512": Auth.SHA512,
}
ENCRYPTION: Final = {
    "DES": Priv.DES,
    "AES-128": Priv.AES128,
    "AES-192": Priv.AES192,
    "AES-256": Priv.AES256,
}
_WEB_PASSWORD: Final = "remote-ui-password"  # noqa: S105 - a field of the file
_IPP_PASSWORD: Final = "ipp-password"  # noqa: S105 - a field of the file
_PASSWORDS: Final = ("authentication-password", "encryption-password")
_COMMUNITIES: Final = ("community", "write-community")
_FIELDS: Final = (
    *("for", "user", "authentication", "encryption", "engine", "serial"),
    *_PASSWORDS,
    *(f"{name}-from" for name in _PASSWORDS),
    *("remote-ui-user", "remote-ui-plaintext", _WEB_PASSWORD, f"{_WEB_PASSWORD}-from"),
    *("community-version", *_COMMUNITIES, *(f"{name}-from" for name in _COMMUNITIES)),
    *("ipp-user", "ipp-plaintext", _IPP_PASSWORD, f"{_IPP_PASSWORD}-from"),
)
_VERSIONS: Final = {"1": Version.V1, "2c": Version.V2C}
Ask = Callable[[str], str]


class Secret:
    """A text that shows itself to nobody who does not ask for it by name."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(...)"

    __str__ = __repr__

    def __reduce__(self) -> str:
        raise TypeError("a secret is not written anywhere")


@dataclass(frozen=True, slots=True)
class WebLogin:
    """A login to the Remote UI. `plaintext`: it may be sent where there is no TLS yet."""

    user: str
    password: Secret
    plaintext: bool = False


@dataclass(frozen=True, slots=True)
class CommunityLogin:
    """Community names, which go over the network readable. Without `write` it only reads."""

    read: Secret
    write: Secret | None = None
    version: Version = Version.V2C


@dataclass(frozen=True, slots=True)
class IppLogin:
    """A login to IPP, shown as HTTP Basic; without a user nothing is shown, as anybody may ask."""

    user: str = ""
    password: Secret = field(default_factory=lambda: Secret(""))
    plaintext: bool = False


@dataclass(frozen=True, slots=True)
class Login:
    """An SNMPv3 user with authentication and encryption, and the device it is meant for.

    Without a `user` there is no SNMPv3 login. `web`, `community` and `ipp` are logins to the same
    device by other ways.
    """

    user: str
    authentication: str
    encryption: str
    authentication_password: Secret
    encryption_password: Secret
    pin: Pin = field(default_factory=Pin)
    web: WebLogin | None = None
    community: CommunityLogin | None = None
    ipp: IppLogin | None = None

    def snmp(self, engine: bytes) -> UserCredential:
        """Return it as SNMP takes it; it is shown to this engine only."""
        user = User(
            self.user,
            AUTHENTICATION[self.authentication],
            self.authentication_password.reveal(),
            ENCRYPTION[self.encryption],
            self.encryption_password.reveal(),
        )
        return UserCredential(user, engine_id=engine)

    def changed(self, parts: Mapping[str, str]) -> Login:
        """Return the login after the device was told other algorithms."""
        return replace(
            self,
            authentication=parts.get("authentication", self.authentication),
            encryption=parts.get("encryption", self.encryption),
        )


@dataclass(frozen=True, slots=True)
class Scoped:
    """A login and the targets it is given for."""

    scopes: tuple[str, ...]
    login: Login

    def covers(self, address: str, name: str = "") -> bool:
        """Say whether the login is meant for a device at this address or of this name."""
        return any(_covers(scope, address, name) for scope in self.scopes)


def _covers(scope: str, address: str, name: str) -> bool:
    if "/" in scope:
        try:
            return ip_address(address) in ip_network(scope, strict=False)
        except ValueError:
            return False
    names = (address, name.casefold())
    return any(given and fnmatchcase(given, scope.casefold()) for given in names)


@dataclass(frozen=True, slots=True)
class Credentials:
    """All logins a run was given, in the order of the file: the first that covers a device."""

    scoped: tuple[Scoped, ...] = ()

    def for_device(self, address: str, name: str = "") -> Login | None:
        """Return the login meant for a device, None where none is."""
        return next((s.login for s in self.scoped if s.covers(address, name)), None)


def read_credentials(path: Path, environment: Mapping[str, str], ask: Ask) -> Credentials:
    """Read a credentials file. Raises `UsageError`, also where others may read the file."""
    try:
        with path.open(encoding="utf-8") as file:
            mode = os.fstat(file.fileno()).st_mode
            if stat.S_ISREG(mode) and mode & (stat.S_IRWXG | stat.S_IRWXO):
                hint = f"chmod 600 {path}"
                raise UsageError(f"{path} can be read by others than you", hint=hint)
            text = file.read(1 << 20)
    except (OSError, UnicodeDecodeError) as fault:
        raise UsageError(f"cannot read credentials {path}: {fault}") from fault
    return parse_credentials(text, str(path), environment, ask)


def parse_credentials(
    text: str, source: str, environment: Mapping[str, str], ask: Ask
) -> Credentials:
    """Read `[[credential]]` entries, or raise `UsageError`; a fault never shows a password."""
    try:
        found = list(entries(text, "credential", source, limit=5000))
    except UsageError as fault:
        # The parser's own words may quote the line at fault.
        if "belongs in this file" in str(fault):
            raise
        raise UsageError(f"{source} is not sound TOML", hint="check quotes and brackets") from None
    if not found:
        raise UsageError(f"{source} has no [[credential]]")
    return Credentials(tuple(_scoped(entry, environment, ask) for entry in found))


def _scoped(entry: Entry, environment: Mapping[str, str], ask: Ask) -> Scoped:
    entry.only(*_FIELDS)
    scopes = entry.texts("for", limit=255)
    if not scopes:
        raise entry.fault("for names the devices: addresses, networks, names or patterns such as *")
    first, second = _snmp_passwords(entry, environment, ask)
    pin = Pin(entry.text("engine", "").lower(), entry.text("serial", ""))
    login = Login(
        entry.text("user", "", limit=32),
        _choice(entry, "authentication", "SHA1", AUTHENTICATION),
        _choice(entry, "encryption", "AES-128", ENCRYPTION),
        first,
        second,
        pin,
        _web(entry, environment, ask),
        _community(entry, environment, ask),
        _ipp(entry, environment, ask),
    )
    if not (login.user or login.web or login.community or login.ipp):
        raise entry.fault("it holds no login: user, remote-ui-password, community or ipp-user")
    return Scoped(scopes, login)


def _given(entry: Entry, name: str) -> bool:
    return bool({name, f"{name}-from"} & set(entry.fields))


def _snmp_passwords(
    entry: Entry, environment: Mapping[str, str], ask: Ask
) -> tuple[Secret, Secret]:
    """Return the passwords of the SNMPv3 user; empty ones where there is no user."""
    if not entry.text("user", "", limit=32):
        if any(_given(entry, name) for name in _PASSWORDS):
            raise entry.fault("the passwords belong to a user, and none is named")
        return Secret(""), Secret("")
    first, second = (_password(entry, name, environment, ask) for name in _PASSWORDS)
    return first, second


def _community(entry: Entry, environment: Mapping[str, str], ask: Ask) -> CommunityLogin | None:
    read, write = _COMMUNITIES
    if not _given(entry, read):
        if _given(entry, write):
            raise entry.fault("give the community that reads beside the write-community")
        return None
    version = entry.text("community-version", "2c", limit=2)
    if version not in _VERSIONS:
        raise entry.fault('community-version is "1" or "2c"')
    name = _password(entry, read, environment, ask, least=1)
    writing = _given(entry, write)
    second = _password(entry, write, environment, ask, least=1) if writing else None
    return CommunityLogin(name, second, _VERSIONS[version])


def _ipp(entry: Entry, environment: Mapping[str, str], ask: Ask) -> IppLogin | None:
    user = entry.text("ipp-user", "", limit=127)
    if not user:
        if _given(entry, _IPP_PASSWORD):
            raise entry.fault("ipp-password belongs to an ipp-user, and none is named")
        return None
    if user == "anonymous" and not _given(entry, _IPP_PASSWORD):
        return IppLogin()
    plain = _plaintext(entry, "ipp-plaintext")
    return IppLogin(user, _password(entry, _IPP_PASSWORD, environment, ask, least=1), plain)


def _plaintext(entry: Entry, name: str) -> bool:
    said = entry.text(name, "forbidden", limit=20)
    if said not in {"forbidden", "allowed"}:
        raise entry.fault(f'{name} is "forbidden" or "allowed"')
    return said == "allowed"


def _web(entry: Entry, environment: Mapping[str, str], ask: Ask) -> WebLogin | None:
    if not _given(entry, _WEB_PASSWORD):
        return None
    plaintext = _plaintext(entry, "remote-ui-plaintext")
    return WebLogin(
        entry.text("remote-ui-user", "Administrator", limit=64),
        _password(entry, _WEB_PASSWORD, environment, ask, least=1),
        plaintext,
    )


def _choice(entry: Entry, name: str, default: str, known: Mapping[str, object]) -> str:
    value = entry.text(name, default, limit=20)
    if value not in known:
        raise entry.fault(f"{name} is one of {', '.join(known)}")
    return value


def _password(
    entry: Entry, name: str, environment: Mapping[str, str], ask: Ask, *, least: int = 8
) -> Secret:
    source = entry.text(f"{name}-from", "", limit=100)
    if bool(source) == (name in entry.fields):
        raise entry.fault(f'give {name}, or {name}-from = "prompt" or "$VARIABLE"')
    if source == "prompt":
        text = ask(f"{name} for {', '.join(entry.texts('for'))}: ")
    elif source.startswith("$"):
        text = environment.get(source[1:], "")
        if not text:
            raise entry.fault(f"the environment has no {source[1:]}")
    elif source:
        raise entry.fault(f'{name}-from is "prompt" or "$VARIABLE"')
    else:
        text = entry.text(name, limit=64)
    if len(text) < least:
        raise entry.fault(f"{name} has less than the 8 characters that SNMPv3 asks for")
    return Secret(text)


def from_environment(environment: Mapping[str, str], ask: Ask) -> Credentials:
    """Return one login for all devices from FRISKET_SNMP_*; what is missing is asked for."""
    user = environment.get("FRISKET_SNMP_USER") or ask("SNMPv3 user: ")
    names = ("FRISKET_SNMP_AUTHENTICATION", "FRISKET_SNMP_ENCRYPTION")
    algorithms = [environment.get(name, "") for name in names]
    words: Sequence[tuple[str, str]] = (
        ("FRISKET_SNMP_AUTHENTICATION_PASSWORD", "Authentication password: "),
        ("FRISKET_SNMP_ENCRYPTION_PASSWORD", "Encryption password: "),
    )
    first, second = (Secret(environment.get(name) or ask(prompt)) for name, prompt in words)
    login = Login(user, algorithms[0] or "SHA1", algorithms[1] or "AES-128", first, second)
    if login.authentication not in AUTHENTICATION or login.encryption not in ENCRYPTION:
        raise UsageError(f"{' or '.join(names)} names no algorithm that SNMPv3 has")
    return Credentials((Scoped(("*",), login),))
