"""One kind of act that takes two persons; `kinds` finds all of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from frisket.fleet.roles import Permission, Reach

Body = Mapping[str, Any]
# What is told once to who carried it out, such as a login link: label and secret.
Told = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Carrying:
    """Who carries an act out, when, and the transaction that it is kept in."""

    connection: Connection
    name: str
    now: datetime


@dataclass(frozen=True, slots=True)
class ProposedAct:
    """One kind. `describe` says a body in lines (what, from, to) for who decides.

    `carry_out` runs in the transaction that uses the approval up, when it is approved; None leaves
    it to the area, which calls `Proposals.take` itself when it begins (a rollout). `where` returns
    the one site that a body concerns, `sites` all of them: who decides must be allowed to at each.
    Without either, or where they name none, it concerns the whole fleet.
    """

    kind: str
    label: str
    propose: Permission
    approve: Permission
    describe: Callable[[Connection, Body], tuple[tuple[str, str, str], ...]]
    carry_out: Callable[[Carrying, Body], Told] | None = None
    where: Callable[[Body], int | None] | None = None
    sites: Callable[[Body], Collection[int]] | None = None

    def within(self, allowed: Reach, body: Body) -> bool:
        """Say whether a permission that holds in `allowed` suffices for this body."""
        if allowed.everywhere:
            return True
        if self.sites is not None:
            meant = self.sites(body)
            return bool(meant) and all(site in allowed for site in meant)
        site = self.where(body) if self.where is not None else None
        return site is not None and site in allowed
