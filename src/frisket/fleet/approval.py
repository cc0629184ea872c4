r"""Two persons for what can do harm: who proposes never approves, and an edit voids approval.

    proposed --approve--> approved --take--> taken
       |  \--reject--> rejected                (edit: any of proposed, approved -> proposed again)
       |--withdraw--> withdrawn                (time: any of proposed, approved -> expired)
       \--confirm (an office of one)--> waiting --after the delay--> approved

Pure: the time is handed in. What is approved is a digest of the exact content; what runs is taken
with the digest of what is about to run, so nothing else can run on that approval.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from frisket.errors import FrisketError

LIFE: Final = timedelta(hours=24)
AHEAD: Final = timedelta(hours=1)  # that clocks may differ by
# A freshly made or raised account is what an intruder has.
SEASONED: Final = timedelta(hours=24)
ALONE_DELAY: Final = timedelta(minutes=15)
PROVED: Final = timedelta(minutes=5)


class NotAllowed(FrisketError):
    """This person may not decide this, now."""


class State(StrEnum):
    """Where a proposal stands."""

    PROPOSED = "proposed"
    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    TAKEN = "taken"


_OPEN: Final = frozenset({State.PROPOSED, State.WAITING, State.APPROVED})


@dataclass(frozen=True, slots=True)
class Decider:
    """Who wants to decide. `elevated` is when the account was made or last got more rights.

    `may` says that the role allows it; `proved` is the last login.
    """

    account: int
    may: bool
    elevated: datetime
    proved: datetime


@dataclass(frozen=True, slots=True)
class Proposal:
    """What was proposed. `ready` is when an office of one may go on."""

    digest: str
    proposer: int
    proposed: datetime
    expires: datetime
    state: State = State.PROPOSED
    decider: int | None = None
    decided: datetime | None = None
    ready: datetime | None = None


def digest_of(kind: str, body: Mapping[str, Any]) -> str:
    """Return the digest of a proposal's exact content. Raises `ValueError` for what JSON is not."""
    text = json.dumps([kind, body], sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def propose(digest: str, proposer: int, now: datetime) -> Proposal:
    """Return a new proposal, open for 24 hours."""
    return Proposal(digest, proposer, now, now + LIFE)


def at(proposal: Proposal, now: datetime) -> Proposal:
    """Return the proposal as time has left it.

    One of the future is of a clock that has been set back since: nobody knows how old it is.
    """
    of_future = proposal.proposed > now + AHEAD
    if proposal.state in _OPEN and (now >= proposal.expires or of_future):
        return replace(proposal, state=State.EXPIRED)
    if proposal.state is State.WAITING and proposal.ready is not None and now >= proposal.ready:
        return replace(proposal, state=State.APPROVED)
    return proposal


def edit(proposal: Proposal, digest: str, editor: int, now: datetime) -> Proposal:
    """Return the proposal with other content: whoever edits has proposed, nothing is approved."""
    current = at(proposal, now)
    _only(current, _OPEN)
    return propose(digest, editor, now)


def approve(proposal: Proposal, seen: str, by: Decider, now: datetime) -> Proposal:
    """Return the approved proposal. Raises `NotAllowed`. `seen` is the digest that was shown."""
    current = at(proposal, now)
    _only(current, {State.PROPOSED})
    if seen != current.digest:
        raise NotAllowed("it was changed after you saw it", hint="look at it again")
    if by.account == current.proposer:
        raise NotAllowed("nobody approves what they proposed themselves")
    _check(by, now)
    return replace(current, state=State.APPROVED, decider=by.account, decided=now)


def confirm(
    proposal: Proposal, seen: str, by: Decider, others: Iterable[Decider], now: datetime
) -> Proposal:
    """Let an office of one go on alone: after a fresh login, and not at once.

    `others` are all further accounts that are not shut out; if any of them may approve, the
    second person is needed. Raises `NotAllowed`.
    """
    current = at(proposal, now)
    _only(current, {State.PROPOSED})
    if seen != current.digest:
        raise NotAllowed("it was changed after you saw it", hint="look at it again")
    if any(other.may for other in others if other.account != by.account):
        raise NotAllowed("there is a second person who may approve this")
    if not by.may:
        raise NotAllowed("your role does not approve this")
    if not timedelta(0) <= now - by.proved <= PROVED:
        raise NotAllowed("log in again first")
    ready = now + ALONE_DELAY
    return replace(current, state=State.WAITING, decider=by.account, decided=now, ready=ready)


def reject(proposal: Proposal, by: Decider, now: datetime) -> Proposal:
    """Return the rejected proposal. Raises `NotAllowed`."""
    current = at(proposal, now)
    _only(current, _OPEN)
    if not by.may:
        raise NotAllowed("your role does not decide this")
    return replace(current, state=State.REJECTED, decider=by.account, decided=now)


def withdraw(proposal: Proposal, by: int, now: datetime) -> Proposal:
    """Return the proposal taken back by who made it. Raises `NotAllowed`."""
    current = at(proposal, now)
    _only(current, _OPEN)
    if by != current.proposer:
        raise NotAllowed("only who proposed it takes it back")
    return replace(current, state=State.WITHDRAWN, decider=by, decided=now)


def void(proposal: Proposal, now: datetime) -> Proposal | None:
    """Return the proposal ended by an edit of what it was for; None where it had ended already."""
    current = at(proposal, now)
    return replace(current, state=State.WITHDRAWN, decided=now) if current.state in _OPEN else None


def take(proposal: Proposal, digest: str, now: datetime) -> Proposal:
    """Use an approval up, for exactly the content that was approved. Raises `NotAllowed`."""
    current = at(proposal, now)
    _only(current, {State.APPROVED})
    if digest != current.digest:
        raise NotAllowed("this is not what was approved")
    return replace(current, state=State.TAKEN)


def _check(by: Decider, now: datetime) -> None:
    if not by.may:
        raise NotAllowed("your role does not approve this")
    if now - by.elevated < SEASONED:
        raise NotAllowed("an account approves nothing for 24 hours after it got more rights")


def _only(proposal: Proposal, states: Iterable[State]) -> None:
    if proposal.state not in states:
        raise NotAllowed(f"it is {proposal.state.value} already")
