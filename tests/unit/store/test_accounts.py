"""Accounts, sessions, one-time secrets and proposals mean the same on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from frisket.store.accounts import AccountStore, Fresh, GrantRow, NameTaken, add_account
from frisket.store.database import Database
from frisket.store.onetime import OneTime, keep, look, take
from frisket.store.proposals import add_proposal, find_proposal, move_proposal, proposals
from frisket.store.sessions import Session, SessionStore

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def made(database: Database, name: str = "Ann") -> int:
    with database.write() as connection:
        grants = [GrantRow("operator", None), GrantRow("operator", None)]
        return add_account(connection, Fresh(name), grants, "test", NOW)


def test_an_account_is_kept_with_its_grants_once(both: Database) -> None:
    store, number = AccountStore(both), made(both)
    found = store.by_name(" ANN ")
    assert found is not None
    assert (found.id, found.name, found.shortcuts) == (number, "ann", True)
    assert found.grants == (GrantRow("operator", None),)
    assert store.everyone() == (found,)
    with pytest.raises(NameTaken):
        made(both, "aNN")
    assert store.count() == 1


def test_a_step_of_a_code_is_used_once(both: Database) -> None:
    store, number = AccountStore(both), made(both)
    assert [store.use_totp_step(number, step) for step in (7, 7, 6, 8)] == [
        True,
        False,
        False,
        True,
    ]


def test_a_secret_works_once_and_not_too_late(both: Database) -> None:
    later = NOW + timedelta(minutes=5)
    with both.write() as connection:
        keep(connection, "s", OneTime("a", None, {"x": 1}), later, NOW)
    with both.write() as connection:
        assert look(connection, "s", "b", NOW) is None
        assert look(connection, "s", "a", later) is None
        assert take(connection, "s", "a", NOW) == OneTime("a", None, {"x": 1})
        assert take(connection, "s", "a", NOW) is None


def test_failures_are_counted_and_forgotten(both: Database) -> None:
    store = SessionStore(both)
    for n in range(3):
        store.note_failure("name:ann", NOW + timedelta(seconds=n), forget_before=NOW)
    assert store.failures("name:ann") == (3, NOW + timedelta(seconds=2))
    store.note_failure("name:eve", NOW, forget_before=NOW + timedelta(hours=1))
    assert store.failures("name:ann") == (0, None)
    store.forgive("name:eve")
    assert store.failures("name:eve") == (0, None)


def test_whoever_is_shut_out_loses_every_session(both: Database) -> None:
    number, sessions = made(both), SessionStore(both)
    one = Session("", number, "full", "test", NOW, NOW, NOW, "127.0.0.1", "x" * 999)
    sessions.start("s1", one)
    sessions.start("s2", one)
    assert len(sessions.of(number)) == 2
    AccountStore(both).disable(number, NOW)
    assert sessions.find("s1") is None


def test_of_two_who_decide_at_once_one_is_told(both: Database) -> None:
    number = made(both)
    with both.write() as connection:
        proposal = add_proposal(
            connection, "k", "t", {"b": [1]}, "d", proposer=number, proposed=NOW, expires=NOW
        )
    with both.write() as connection:
        seen = find_proposal(connection, proposal)
        assert seen is not None
        assert seen.body == {"b": [1]}
        assert move_proposal(connection, seen, state="approved")
        assert not move_proposal(connection, seen, state="rejected")
    assert [row.state for row in proposals(both, states=("approved",))] == ["approved"]
    assert proposals(both, kind="other") == ()
