"""Reads credentials: from a file, the environment, a keyring or a prompt; never a command line."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from frisket.audit.entries import Entry, entries
from frisket.drivers.base import Pin
from frisket.drivers.credential import (
    AUTHENTICATION,
    ENCRYPTION,
    CommunityLogin,
    Credentials,
    IppLogin,
    Login,
    Scoped,
    Secret,
    WebLogin,
)
from frisket.errors import UsageError
from frisket.proto.snmp.wire.message import Version

_WEB_PASSWORD: Final = "remote-ui-password"  # noqa: S105 - a field of the file
_IPP_PASSWORD: Final = "ipp-password"  # noqa: S105 - a field of the file
_POLICY_PASSWORD: Final = "policy-password"  # noqa: S105 - a field of the file
_PASSWORDS: Final = ("authentication-password", "encryption-password")
_COMMUNITIES: Final = ("community", "write-community")
_FIELDS: Final = (
    *("for", "user", "authentication", "encryption", "engine", "serial", "certificate"),
    *_PASSWORDS,
    *(f"{name}-from" for name in _PASSWORDS),
    *("remote-ui-user", "remote-ui-plaintext", _WEB_PASSWORD, f"{_WEB_PASSWORD}-from"),
    *("community-version", *_COMMUNITIES, *(f"{name}-from" for name in _COMMUNITIES)),
    *(_POLICY_PASSWORD, f"{_POLICY_PASSWORD}-from"),
    *("ipp-user", "ipp-plaintext", _IPP_PASSWORD, f"{_IPP_PASSWORD}-from"),
)
_VERSIONS: Final = {"1": Version.V1, "2c": Version.V2C}
_PRIVATE: Final = stat.S_IRWXG | stat.S_IRWXO
_FROM: Final = '"prompt", "$VARIABLE", "file:PATH" or "keyring:SERVICE/USER"'
Ask = Callable[[str], str]


class Keyring(Protocol):
    """Where a system keeps passwords, as the `keyring` library offers it."""

    def get_password(self, service: str, username: str) -> str | None:
        """Return a password, None where there is none."""


def no_groups(name: str) -> tuple[str, ...]:
    """Raise `UsageError`: no group is known."""
    raise UsageError(f"group:{name}: there is no inventory", hint="name one with --inventory")


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a password may come from: `ask(prompt)`, the environment, files and a keyring.

    `groups(name)` returns the addresses, networks and names of a group of the inventory, or raises
    `UsageError`.
    """

    environment: Mapping[str, str]
    ask: Ask
    keyring: Keyring | None = None
    groups: Callable[[str], tuple[str, ...]] = no_groups


def read_private(path: Path, what: str) -> str:
    """Return the text of a file that only its owner may read. Raises `UsageError`."""
    try:
        with path.open(encoding="utf-8") as file:
            mode = os.fstat(file.fileno()).st_mode
            if stat.S_ISREG(mode) and mode & _PRIVATE:
                hint = f"chmod 600 {path}"
                raise UsageError(f"{path} can be read by others than you", hint=hint)
            return file.read(1 << 20)
    except (OSError, UnicodeDecodeError) as fault:
        raise UsageError(f"cannot read {what} {path}: {fault}") from fault


def read_credentials(path: Path, sources: Sources) -> Credentials:
    """Read a credentials file. Raises `UsageError`, also where others may read the file."""
    return parse_credentials(read_private(path, "credentials"), str(path), sources)


def parse_credentials(text: str, source: str, sources: Sources) -> Credentials:
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
    return Credentials(tuple(_scoped(entry, sources) for entry in found))


def _scoped(entry: Entry, sources: Sources) -> Scoped:
    entry.only(*_FIELDS)
    scopes = _scopes(entry, sources)
    first, second = _snmp_passwords(entry, sources)
    pin = Pin(entry.text("engine", "").lower(), entry.text("serial", ""), _certificate(entry))
    login = Login(
        entry.text("user", "", limit=32),
        _choice(entry, "authentication", "SHA1", AUTHENTICATION),
        _choice(entry, "encryption", "AES-128", ENCRYPTION),
        first,
        second,
        pin,
        _web(entry, sources),
        _community(entry, sources),
        _ipp(entry, sources),
        _policy(entry, sources),
    )
    if not (login.user or login.web or login.community or login.ipp):
        raise entry.fault("it holds no login: user, remote-ui-password, community or ipp-user")
    return Scoped(scopes, login)


def _certificate(entry: Entry) -> str:
    """Return the SHA-256 of the only certificate that is believed, as the pins have it."""
    said = entry.text("certificate", "", limit=100).lower().replace(":", "")
    if said and not re.fullmatch(r"[0-9a-f]{64}", said):
        raise entry.fault("certificate is a SHA-256: 64 hexadecimal digits, perhaps with colons")
    return said


def _scopes(entry: Entry, sources: Sources) -> tuple[str, ...]:
    """Return whom an entry is for; a group is what the inventory says."""
    scopes = entry.texts("for", limit=255)
    if not scopes:
        raise entry.fault("for names the devices: addresses, networks, names or patterns such as *")
    found: dict[str, None] = {}
    for scope in scopes:
        prefix, colon, name = scope.partition(":")
        words = sources.groups(name) if colon and prefix == "group" else (scope,)
        found.update(dict.fromkeys(words))
    return tuple(found)


def _policy(entry: Entry, sources: Sources) -> Secret | None:
    if not _given(entry, _POLICY_PASSWORD):
        return None
    return _password(entry, _POLICY_PASSWORD, sources, least=1)


def _given(entry: Entry, name: str) -> bool:
    return bool({name, f"{name}-from"} & set(entry.fields))


def _snmp_passwords(entry: Entry, sources: Sources) -> tuple[Secret, Secret]:
    """Return the passwords of the SNMPv3 user; empty ones where there is no user."""
    if not entry.text("user", "", limit=32):
        if any(_given(entry, name) for name in _PASSWORDS):
            raise entry.fault("the passwords belong to a user, and none is named")
        return Secret(""), Secret("")
    first, second = (_password(entry, name, sources) for name in _PASSWORDS)
    return first, second


def _community(entry: Entry, sources: Sources) -> CommunityLogin | None:
    read, write = _COMMUNITIES
    if not _given(entry, read):
        if _given(entry, write):
            raise entry.fault("give the community that reads beside the write-community")
        return None
    version = entry.text("community-version", "2c", limit=2)
    if version not in _VERSIONS:
        raise entry.fault('community-version is "1" or "2c"')
    name = _password(entry, read, sources, least=1)
    writing = _given(entry, write)
    second = _password(entry, write, sources, least=1) if writing else None
    return CommunityLogin(name, second, _VERSIONS[version])


def _ipp(entry: Entry, sources: Sources) -> IppLogin | None:
    user = entry.text("ipp-user", "", limit=127)
    if not user:
        if _given(entry, _IPP_PASSWORD):
            raise entry.fault("ipp-password belongs to an ipp-user, and none is named")
        return None
    if user == "anonymous" and not _given(entry, _IPP_PASSWORD):
        return IppLogin()
    plain = _plaintext(entry, "ipp-plaintext")
    return IppLogin(user, _password(entry, _IPP_PASSWORD, sources, least=1), plain)


def _plaintext(entry: Entry, name: str) -> bool:
    said = entry.text(name, "forbidden", limit=20)
    if said not in {"forbidden", "allowed"}:
        raise entry.fault(f'{name} is "forbidden" or "allowed"')
    return said == "allowed"


def _web(entry: Entry, sources: Sources) -> WebLogin | None:
    if not _given(entry, _WEB_PASSWORD):
        return None
    plaintext = _plaintext(entry, "remote-ui-plaintext")
    return WebLogin(
        entry.text("remote-ui-user", "Administrator", limit=64),
        _password(entry, _WEB_PASSWORD, sources, least=1),
        plaintext,
    )


def _choice(entry: Entry, name: str, default: str, known: Mapping[str, object]) -> str:
    value = entry.text(name, default, limit=20)
    if value not in known:
        raise entry.fault(f"{name} is one of {', '.join(known)}")
    return value


def _password(entry: Entry, name: str, sources: Sources, *, least: int = 8) -> Secret:
    source = entry.text(f"{name}-from", "", limit=500)
    if bool(source) == (name in entry.fields):
        raise entry.fault(f"give {name}, or {name}-from = {_FROM}")
    text = _from(entry, name, source, sources) if source else entry.text(name, limit=64)
    if len(text) < least:
        raise entry.fault(f"{name} has less than the 8 characters that SNMPv3 asks for")
    return Secret(text)


def _from(entry: Entry, name: str, source: str, sources: Sources) -> str:
    """Fetch a password from where an entry says it is."""
    kind, colon, rest = source.partition(":")
    if source == "prompt":
        return sources.ask(f"{name} for {', '.join(entry.texts('for'))}: ")
    if source.startswith("$"):
        found = sources.environment.get(source[1:], "")
        if not found:
            raise entry.fault(f"the environment has no {source[1:]}")
        return found
    if colon and kind == "file":
        found = read_private(Path(rest).expanduser(), name).strip("\r\n")
        if not found or not found.isprintable() or len(found) > 64:
            raise entry.fault(f"{rest} holds no password: one line of at most 64 characters")
        return found
    service, slash, user = rest.rpartition("/")
    if kind == "keyring" and slash:
        kept = sources.keyring.get_password(service, user) if sources.keyring else None
        if not kept:
            raise entry.fault(f"the keyring has no password of {user} for {service}")
        return kept
    raise entry.fault(f"{name}-from is {_FROM}")


def from_environment(sources: Sources, *, web: bool = False) -> Credentials:
    """Return one login for all devices from FRISKET_*; what is missing of it is asked for.

    `web`: the Remote UI and its security policy are what is wanted. Without it, an SNMPv3 user is
    asked for, unless FRISKET_REMOTE_UI_PASSWORD stands alone.
    """
    environment = sources.environment
    login_web = _web_from(sources, asked=web)
    policy = environment.get("FRISKET_POLICY_PASSWORD", "")
    if web and not policy and not environment.get("FRISKET_REMOTE_UI_PASSWORD"):
        policy = sources.ask("Security policy password (empty: none): ")
    user = environment.get("FRISKET_SNMP_USER", "")
    if not user and login_web is None:
        user = sources.ask("SNMPv3 user: ")
    names = ("FRISKET_SNMP_AUTHENTICATION", "FRISKET_SNMP_ENCRYPTION")
    algorithms = [environment.get(name, "") for name in names]
    login = Login(
        user,
        algorithms[0] or "SHA1",
        algorithms[1] or "AES-128",
        _snmp_secret(sources, "Authentication") if user else Secret(""),
        _snmp_secret(sources, "Encryption") if user else Secret(""),
        web=login_web,
        policy=Secret(policy) if policy else None,
    )
    if login.authentication not in AUTHENTICATION or login.encryption not in ENCRYPTION:
        raise UsageError(f"{' or '.join(names)} names no algorithm that SNMPv3 has")
    return Credentials((Scoped(("*",), login),))


def _snmp_secret(sources: Sources, word: str) -> Secret:
    name = f"FRISKET_SNMP_{word.upper()}_PASSWORD"
    return Secret(sources.environment.get(name) or sources.ask(f"{word} password: "))


def _web_from(sources: Sources, *, asked: bool) -> WebLogin | None:
    environment = sources.environment
    password = environment.get("FRISKET_REMOTE_UI_PASSWORD", "")
    if asked and not password:
        password = sources.ask("Remote UI password: ")
    if not password:
        return None
    plaintext = environment.get("FRISKET_REMOTE_UI_PLAINTEXT", "") == "allowed"
    user = environment.get("FRISKET_REMOTE_UI_USER") or "Administrator"
    return WebLogin(user, Secret(password), plaintext)
