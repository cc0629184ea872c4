"""How strongly somebody has shown who they are, and who must show more than a password."""

from __future__ import annotations

from typing import Final

from frisket.console.auth.who import Who
from frisket.console.settings import SecondFactor

# Ways in that prove one thing only: that somebody knows a secret.
_ONE_FACTOR: Final = frozenset({"password", "link", "first-run", "oidc"})


def is_bare(who: Who) -> bool:
    """Say whether a session rests on one factor. Tokens are made by sessions, and are none."""
    return who.session is not None and who.session.method in _ONE_FACTOR


def lacks_factor(who: Who, rule: SecondFactor) -> bool:
    """Say whether somebody must show a second factor before anything else."""
    return is_bare(who) and rule.asked_of(who.grants)
