"""How strongly somebody has shown who they are, and who must show more than a password."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from frisket.console.auth.who import Who
from frisket.fleet.roles import Grant, Role

# Ways in that prove one thing only: that somebody knows a secret.
_ONE_FACTOR: Final = frozenset({"password", "link", "first-run", "oidc"})
_POWERFUL: Final = frozenset({Role.ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR})


class SecondFactor(StrEnum):
    """Of whom a second factor is asked: of everyone, of both kinds of administrators, of nobody."""

    EVERYONE = "everyone"
    ADMINISTRATORS = "administrators"
    NOBODY = "nobody"

    def asked_of(self, grants: Iterable[Grant]) -> bool:
        """Say whether somebody with these roles needs more than a password."""
        if self is SecondFactor.ADMINISTRATORS:
            return any(grant.role in _POWERFUL for grant in grants)
        return self is SecondFactor.EVERYONE


def is_bare(who: Who) -> bool:
    """Say whether a session rests on one factor. Tokens are made by sessions, and are none."""
    return who.session is not None and who.session.method in _ONE_FACTOR


def lacks_factor(who: Who, rule: SecondFactor) -> bool:
    """Say whether somebody must show a second factor before anything else."""
    return is_bare(who) and rule.asked_of(who.grants)
