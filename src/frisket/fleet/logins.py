"""Logins to devices as people set them: checked, sealed, and never shown again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from frisket.drivers.credential import Login
from frisket.drivers.credential_file import Sources, parse_credentials
from frisket.errors import UsageError
from frisket.fleet.sealing import Opener, Sealed, name_of, seal
from frisket.store.logins import StoredLogin, StoredLogins

# What a page may set; each is a field of the credentials file. Passwords stand themselves here:
# a login that came over the network must not name files or variables of this machine.
FIELDS: Final = (
    "user",
    "authentication",
    "encryption",
    "authentication-password",
    "encryption-password",
    "remote-ui-user",
    "remote-ui-password",
    "remote-ui-plaintext",
    "policy-password",
    "community",
    "write-community",
    "community-version",
    "ipp-user",
    "ipp-password",
    "ipp-plaintext",
)
# Without these a way is not there; the rest only say how.
_WAYS: Final[Mapping[str, str]] = {
    "user": "SNMPv3",
    "remote-ui-password": "Remote UI",
    "policy-password": "security policy",
    "community": "SNMP community",
    "ipp-user": "IPP",
}
_LONG: Final = 512


def _no_prompt(_: str) -> str:
    raise UsageError("a login of the console holds its passwords itself")


def login_of(fields: Mapping[str, str]) -> Login:
    """Return the login of some fields. Raises `UsageError`, which never shows a password."""
    unknown = sorted(set(fields) - set(FIELDS))
    if unknown:
        raise UsageError(f"{unknown[0][:60]} is no part of a login")
    if any(len(value) > _LONG or not value.isprintable() for value in fields.values()):
        raise UsageError("a login is made of printable characters")
    lines = [f"{name} = {json.dumps(value)}" for name, value in fields.items() if value]
    text = '[[credential]]\nfor = ["*"]\n' + "\n".join(lines)
    return parse_credentials(text, "the login", Sources({}, _no_prompt)).scoped[0].login


def ways_of(fields: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of the ways that some fields give a login to."""
    return tuple(way for name, way in _WAYS.items() if fields.get(name))


def set_login(
    stored: StoredLogins, scope: str, fields: Mapping[str, str], who: str, now: datetime
) -> tuple[str, ...]:
    """Check and seal a login for a scope; returns its ways. Raises `UsageError`."""
    given = {name: value for name, value in fields.items() if value}
    login_of(given)
    public = stored.public_key()
    if public is None:
        raise UsageError("nothing has made a key for logins yet", hint="start a worker")
    sealed = seal(json.dumps(given).encode(), _purpose(scope), public)
    ways = ways_of(given)
    row = StoredLogin(scope, ways, sealed.wrapped_for, sealed.data_key, sealed.text, now, who)
    stored.put(row)
    return ways


def opened(row: StoredLogin, opener: Opener) -> Login:
    """Return a stored login, for the crew alone. Raises `SealFault`."""
    raw = opener.open(_sealed(row), _purpose(row.scope))
    fields: dict[str, str] = json.loads(raw)
    return login_of(fields)


def rotated(stored: StoredLogins, opener: Opener, now: datetime) -> int:
    """Wrap every data key for the opener's newest key; returns how many. Raises `SealFault`."""
    public = opener.public
    stored.add_key(name_of(public), public, now)

    def change(row: StoredLogin) -> dict[str, Any]:
        new = opener.rewrapped(_sealed(row), public)
        return {"wrapped_for": new.wrapped_for, "data_key": new.data_key}

    return stored.rewrap(change)


def _sealed(row: StoredLogin) -> Sealed:
    return Sealed(row.wrapped_for, row.data_key, row.sealed)


def _purpose(scope: str) -> str:
    return f"device login {scope}"


@dataclass(frozen=True, slots=True)
class Whose:
    """A device, as logins are chosen for it: its site, and the groups that it is in."""

    site: int
    groups: tuple[str, ...] = ()


def chosen(rows: Iterable[StoredLogin], whose: Whose) -> StoredLogin | None:
    """Return the login that counts for a device: a group's before a site's before all others'."""
    by_scope = {row.scope: row for row in rows}
    for scope in (*(f"group:{name}" for name in sorted(whose.groups)), f"site:{whose.site}", ""):
        if scope in by_scope:
            return by_scope[scope]
    return None
