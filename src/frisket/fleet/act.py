"""One kind of act that takes two persons; `kinds` finds all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
    the one site that a body concerns, None for several: who decides must be allowed to there.
    """

    kind: str
    label: str
    propose: Permission
    approve: Permission
    describe: Callable[[Connection, Body], tuple[tuple[str, str, str], ...]]
    carry_out: Callable[[Carrying, Body], Told] | None = None
    where: Callable[[Body], int | None] | None = None

    def within(self, allowed: Reach, body: Body) -> bool:
        """Say whether a permission that holds in `allowed` suffices for this body."""
        if self.where is None:
            return bool(allowed)
        site = self.where(body)
        return allowed.everywhere if site is None else site in allowed
