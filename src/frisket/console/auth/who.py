"""Who is asking: a person with a session, or a program with a token."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from frisket.fleet.roles import Grant, Permission, Reach, Role, reach
from frisket.store.accounts import Account, GrantRow
from frisket.store.sessions import Session

# What a person may do whose account nobody has given a role yet.
_BARE = frozenset({Permission.OWN_ACCOUNT})


def grants_of(rows: Iterable[GrantRow]) -> tuple[Grant, ...]:
    """Return what stored grants mean; a role that this version does not know gives nothing."""
    known = {role.value: role for role in Role}
    return tuple(Grant(known[row.role], row.site) for row in rows if row.role in known)


@dataclass(frozen=True, slots=True)
class Who:
    """A known visitor. `session` is None for a program, whose `scopes` bound what it may do."""

    account: Account
    grants: tuple[Grant, ...]
    session: Session | None = None
    scopes: frozenset[Permission] | None = None

    @property
    def name(self) -> str:
        """Return the name that the audit log knows."""
        return self.account.name

    def reach(self, permission: Permission) -> Reach:
        """Return where this visitor may do something."""
        if self.scopes is not None and permission not in self.scopes:
            return Reach()
        if permission in _BARE and self.session is not None:
            return Reach(everywhere=True)
        return reach(self.grants, permission)

    def may(self, permission: Permission, site: int | None = None) -> bool:
        """Say whether this visitor may do something, at a site or (without one) anywhere."""
        where = self.reach(permission)
        return bool(where) if site is None else site in where

    def proved_within(self, time: timedelta, now: datetime) -> bool:
        """Say whether the person showed who they are a short while ago."""
        return self.session is not None and now - self.session.proved <= time
