"""Passwords of servers that a user typed once: remembered, unless the device is told not to.

<Prohibit Caching of Authentication Password> (SP-25): the user is asked for each access. What was
registered in the address book on purpose is exempt, as the guide says.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from frisket.mfd.address_book import Address, AddressKind
from frisket.mfd.store import Store

PROHIBITED = "password.prohibit-caching"
# Users times servers; more is somebody trying names.
MOST = 100


@dataclass(slots=True)
class Remembered:
    """Logins by user and server, in memory only: a restart forgets them."""

    _logins: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)

    def fill(self, to: Address, actor: str, store: Store) -> Address:
        """Return the destination with the login that this user gave before, if it may be kept."""
        if store.on(PROHIBITED):
            self._logins.clear()
            return to
        if to.kind is not AddressKind.FILE or to.user:
            return to
        user, password = self._logins.get((actor, _server(to)), ("", ""))
        return replace(to, user=user, password=password) if user else to

    def keep(self, to: Address, actor: str, store: Store) -> None:
        """Remember a typed login that a server has just accepted."""
        typed = to.kind is AddressKind.FILE and bool(to.user) and not to.name
        if typed and not store.on(PROHIBITED) and len(self._logins) < MOST:
            self._logins[actor, _server(to)] = (to.user, to.password)

    def forget(self) -> None:
        """Forget everything."""
        self._logins.clear()


def _server(to: Address) -> str:
    if to.destination.startswith("\\\\"):
        return to.destination[2:].partition("\\")[0].lower()
    return urlsplit(to.destination).netloc.lower()
