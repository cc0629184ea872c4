"""Credentials: logins to devices, of which no way of showing shows a password."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from ipaddress import ip_address, ip_network
from typing import Final, Protocol

from frisket.drivers.base import Pin
from frisket.errors import FrisketError
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
    device by other ways; `policy` is the security administrator's password, which is no account.
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
    policy: Secret | None = None  # the password of the Security Policy Settings
    pjl: bool = False  # a person has typed that its print port may be spoken to

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


NO_LOGIN: Final = Login("", "SHA1", "AES-128", Secret(""), Secret(""))


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


class Kept(Protocol):
    """Passwords that were generated for single devices, and outrank those of a file."""

    def over(self, address: str, login: Login | None) -> Login | None:
        """Return the login with what is kept for the device; raises `FrisketError`."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """All logins a run was given, in the order of the file: the first that covers a device."""

    scoped: tuple[Scoped, ...] = ()
    kept: Kept | None = None
    pjl: frozenset[str] = frozenset()  # addresses whose print ports may be spoken to

    def for_device(self, address: str, name: str = "") -> Login | None:
        """Return the login meant for a device, None where none is. Raises as `Kept.over`."""
        login = next((s.login for s in self.scoped if s.covers(address, name)), None)
        if self.kept is not None:
            login = self.kept.over(address, login)
        return replace(login or NO_LOGIN, pjl=True) if address in self.pjl else login

    def if_sure(self, address: str, name: str = "") -> Login | None:
        """Return the login meant for a device, None also where it is not known which counts."""
        try:
            return self.for_device(address, name)
        except FrisketError:
            return None
