"""Sessions: unguessable, rotated, ended by time, and not without number."""

from __future__ import annotations

import pytest

from frisket.mfd.sessions import ABSOLUTE, Sessions
from frisket.mfd.users import Login, Role

ANN = Login("ann", Role.GENERAL)


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions(clock: Clock) -> Sessions:
    return Sessions(clock, lambda: 60.0)


def test_cookies_and_tokens_differ(sessions: Sessions) -> None:
    cookies = [sessions.start(ANN) for _ in range(20)]
    tokens = {found.token for cookie in cookies if (found := sessions.find(cookie))}
    assert len(set(cookies)) == len(tokens) == 20
    assert all(len(cookie) >= 32 for cookie in cookies)


def test_a_session_lives_as_long_as_it_is_used_but_not_for_ever(
    sessions: Sessions, clock: Clock
) -> None:
    cookie = sessions.start(ANN)
    while clock.now < ABSOLUTE:
        assert sessions.find(cookie)
        clock.now += 59
    assert sessions.find(cookie) is None
    assert len(sessions) == 0


def test_an_idle_session_ends(sessions: Sessions, clock: Clock) -> None:
    cookie = sessions.start(ANN)
    clock.now = 61
    assert sessions.find(cookie) is None
    clock.now = 0
    assert sessions.find(cookie) is None, "ended for good"


def test_a_login_ends_the_old_session(sessions: Sessions) -> None:
    old = sessions.start(ANN)
    new = sessions.start(ANN, old=old)
    assert sessions.find(old) is None
    assert sessions.find(new)


def test_the_one_unused_for_longest_gives_way(sessions: Sessions, clock: Clock) -> None:
    first = sessions.start(ANN)
    second = sessions.start(ANN)
    clock.now = 1
    sessions.find(first)
    cookies = [sessions.start(ANN) for _ in range(63)]
    assert len(sessions) == 64
    assert sessions.find(first)
    assert sessions.find(second) is None
    assert sessions.find(cookies[-1])


def test_a_changed_user_is_logged_out(sessions: Sessions) -> None:
    ann, bob = sessions.start(ANN), sessions.start(Login("bob", Role.GENERAL))
    sessions.end_user("ann")
    assert sessions.find(ann) is None
    assert sessions.find(bob)


def test_the_steps_of_a_login(sessions: Sessions) -> None:
    for login, step in (
        (Login("a", Role.ADMINISTRATOR, default_password=True), "warning"),
        (Login("a", Role.ADMINISTRATOR, expired=True), "expired"),
        (ANN, ""),
    ):
        found = sessions.find(sessions.start(login))
        assert found is not None
        assert found.step == step


def test_a_session_that_ends_leaves_the_service(sessions: Sessions) -> None:
    ann, bob = sessions.start(ANN), sessions.start(ANN)
    assert sessions.enter_service(ann)
    assert not sessions.enter_service(bob)
    sessions.end(ann)
    assert sessions.enter_service(bob)
    assert not sessions.in_service("")
