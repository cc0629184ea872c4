"""Two persons: whatever people try, nobody approves their own, and only what was seen runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from frisket.fleet import approval
from frisket.fleet.approval import (
    ALONE_DELAY,
    LIFE,
    PROVED,
    SEASONED,
    Decider,
    NotAllowed,
    Proposal,
    State,
)

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=90)
SIX = st.integers(0, 5)
CONTENT = st.sampled_from(["one", "two", "three"])


def decider(
    account: int = 2,
    *,
    may: bool = True,
    elevated: datetime = LONG_AGO,
    proved: datetime = NOW,
) -> Decider:
    return Decider(account, may, elevated, proved)


def test_a_second_person_approves_and_it_runs_once() -> None:
    made = approval.propose("d", 1, NOW)
    done = approval.approve(made, "d", decider(), NOW)
    assert done.state is State.APPROVED
    taken = approval.take(done, "d", NOW)
    with pytest.raises(NotAllowed, match="taken"):
        approval.take(taken, "d", NOW)


def test_what_runs_is_what_was_approved() -> None:
    done = approval.approve(approval.propose("d", 1, NOW), "d", decider(), NOW)
    with pytest.raises(NotAllowed, match="not what was approved"):
        approval.take(done, "e", NOW)


@pytest.mark.parametrize(
    ("by", "why"),
    [
        (decider(1), "themselves"),
        (decider(may=False), "role"),
        (decider(elevated=NOW - SEASONED + timedelta(seconds=1)), "24 hours"),
    ],
)
def test_who_may_not_approve(by: Decider, why: str) -> None:
    with pytest.raises(NotAllowed, match=why):
        approval.approve(approval.propose("d", 1, NOW), "d", by, NOW)


def test_an_account_of_a_day_may() -> None:
    by = decider(elevated=NOW - SEASONED)
    assert approval.approve(approval.propose("d", 1, NOW), "d", by, NOW).state is State.APPROVED


def test_what_was_edited_meanwhile_is_not_approved_unseen() -> None:
    made = approval.edit(approval.propose("d", 1, NOW), "e", 1, NOW)
    with pytest.raises(NotAllowed, match="after you saw it"):
        approval.approve(made, "d", decider(), NOW)


def test_an_edit_voids_approval_and_makes_the_editor_the_proposer() -> None:
    done = approval.approve(approval.propose("d", 1, NOW), "d", decider(2), NOW)
    edited = approval.edit(done, "e", 2, NOW)
    assert edited.state is State.PROPOSED
    with pytest.raises(NotAllowed, match="themselves"):
        approval.approve(edited, "e", decider(2), NOW)


def test_an_approval_that_waits_too_long_is_over() -> None:
    done = approval.approve(approval.propose("d", 1, NOW), "d", decider(), NOW)
    with pytest.raises(NotAllowed, match="expired"):
        approval.take(done, "d", NOW + LIFE)


def test_a_clock_that_was_set_back_lengthens_no_approval() -> None:
    done = approval.approve(approval.propose("d", 1, NOW), "d", decider(), NOW)
    little, much = NOW - timedelta(minutes=30), NOW - timedelta(days=30)
    assert approval.take(done, "d", little).state is State.TAKEN
    assert approval.at(done, much).state is State.EXPIRED
    with pytest.raises(NotAllowed, match="it is expired"):
        approval.take(done, "d", much)


def test_an_office_of_one_waits_and_has_just_logged_in() -> None:
    made = approval.propose("d", 1, NOW)
    one = decider(1, elevated=NOW)
    waiting = approval.confirm(made, "d", one, [decider(3, may=False)], NOW)
    with pytest.raises(NotAllowed, match="waiting"):
        approval.take(waiting, "d", NOW + ALONE_DELAY - timedelta(seconds=1))
    assert approval.take(waiting, "d", NOW + ALONE_DELAY).state is State.TAKEN
    stale = decider(1, proved=NOW - PROVED - timedelta(seconds=1))
    with pytest.raises(NotAllowed, match="log in"):
        approval.confirm(made, "d", stale, [], NOW)


def test_an_office_of_two_is_none_of_one() -> None:
    # Also where the second is too new to approve: else a new colleague would be waited out.
    second = decider(3, elevated=NOW)
    with pytest.raises(NotAllowed, match="second person"):
        approval.confirm(approval.propose("d", 1, NOW), "d", decider(1), [second], NOW)


def test_the_digest_covers_kind_and_content_whatever_their_order() -> None:
    first = approval.digest_of("a", {"x": 1, "y": [1, 2]})
    assert first == approval.digest_of("a", {"y": [1, 2], "x": 1})
    others: list[tuple[str, dict[str, object]]] = [
        ("b", {"x": 1, "y": [1, 2]}),
        ("a", {"x": 1, "y": [2, 1]}),
        ("a", {"x": "1"}),
    ]
    assert first not in {approval.digest_of(kind, body) for kind, body in others}


@dataclass
class Seen:
    """What the test knows by itself of a proposal."""

    content: str
    author: int


class Office(RuleBasedStateMachine):
    """People do what they like in any order; the rules hold."""

    @initialize(content=CONTENT, by=SIX)
    def begin(self, content: str, by: int) -> None:
        self.now = NOW
        self.held: Proposal = approval.propose(content, by, NOW)
        self.seen = Seen(content, by)
        self.approvers: set[int] = set()
        self.alone = False
        self.taken: str | None = None

    @rule(minutes=st.integers(0, 800))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(content=CONTENT, by=SIX)
    def edit(self, content: str, by: int) -> None:
        try:
            self.held = approval.edit(self.held, content, by, self.now)
        except NotAllowed:
            return
        self.seen, self.approvers, self.alone = Seen(content, by), set(), False

    @rule(content=CONTENT, by=SIX, may=st.booleans(), age=st.integers(0, 48))
    def approve(self, content: str, by: int, may: bool, age: int) -> None:
        one = Decider(by, may, self.now - timedelta(hours=age), self.now)
        try:
            self.held = approval.approve(self.held, content, one, self.now)
        except NotAllowed:
            return
        assert by != self.seen.author
        assert content == self.seen.content
        assert may
        assert age >= 24
        self.approvers.add(by)

    @rule(by=SIX, others=st.booleans(), ago=st.integers(-5, 60))
    def confirm(self, by: int, others: bool, ago: int) -> None:
        one = Decider(by, True, LONG_AGO, self.now - timedelta(minutes=ago))
        second = Decider(by + 1, others, LONG_AGO, LONG_AGO)
        try:
            self.held = approval.confirm(self.held, self.held.digest, one, [second], self.now)
        except NotAllowed:
            return
        assert not others
        assert 0 <= ago <= 5
        self.alone, self.since = True, self.now

    @rule(by=SIX)
    def withdraw(self, by: int) -> None:
        try:
            self.held = approval.withdraw(self.held, by, self.now)
        except NotAllowed:
            return
        assert by == self.seen.author

    @precondition(lambda self: self.taken is None)
    @rule(content=CONTENT)
    def take(self, content: str) -> None:
        try:
            self.held = approval.take(self.held, content, self.now)
        except NotAllowed:
            return
        self.taken = content
        assert content == self.seen.content
        assert self.approvers - {self.seen.author} or self.alone
        if self.alone and not self.approvers:
            assert self.now - self.since >= ALONE_DELAY
        assert self.now < self.held.expires

    @precondition(lambda self: self.taken is not None)
    @rule(content=CONTENT)
    def take_again(self, content: str) -> None:
        with pytest.raises(NotAllowed):
            approval.take(self.held, content, self.now)

    @invariant()
    def the_end_is_the_end(self) -> None:
        if getattr(self, "taken", None) is not None:
            assert self.held.state is State.TAKEN


TestOffice = Office.TestCase
