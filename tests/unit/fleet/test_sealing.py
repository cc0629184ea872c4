"""Sealed logins: bound to their place, rotated without opening, never shown."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frisket.errors import UsageError
from frisket.fleet.keys import Keys, open_keys
from frisket.fleet.logins import Whose, chosen, login_of, opened, rotated, set_login
from frisket.fleet.sealing import Opener, Sealed, SealFault, name_of, public_of, seal
from frisket.store.database import open_database
from frisket.store.logins import StoredLogin, StoredLogins

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
OLD, NEW = bytes(range(32)), bytes(range(1, 33))
FIELDS = {
    "user": "fleet",
    "authentication-password": "correct horse",
    "encryption-password": "battery staple",
    "remote-ui-password": 'quo"te\\s',
}


@given(st.binary(max_size=200), st.text(max_size=20))
def test_only_the_private_key_opens_what_was_sealed(text: bytes, purpose: str) -> None:
    sealed = seal(text, purpose, public_of(OLD))
    assert Opener((OLD,)).open(sealed, purpose) == text
    with pytest.raises(SealFault):
        Opener((NEW,)).open(sealed, purpose)
    with pytest.raises(SealFault):
        Opener((OLD,)).open(sealed, purpose + "!")


@given(st.integers(0, 400), st.integers(1, 255))
def test_whatever_is_changed_does_not_open(place: int, change: int) -> None:
    sealed = seal(b"a password", "p", public_of(OLD))
    raw = bytearray(sealed.data_key + sealed.text)
    raw[place % len(raw)] ^= change
    size = len(sealed.data_key)
    bad = Sealed(sealed.wrapped_for, bytes(raw[:size]), bytes(raw[size:]))
    with pytest.raises(SealFault):
        Opener((OLD,)).open(bad, "p")


def test_two_seals_of_one_text_have_nothing_in_common() -> None:
    one, two = (seal(b"same", "p", public_of(OLD)) for _ in range(2))
    assert one.text != two.text
    assert one.data_key != two.data_key


def test_a_login_is_set_and_rotated_and_its_row_shows_nothing(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'a.db'}")
    database.upgrade()
    stored, keys = StoredLogins(database), Keys(tmp_path / "keys" / "logins.key")
    with pytest.raises(UsageError, match="nothing has made a key"):
        set_login(stored, "", FIELDS, "ann", NOON)
    opener = keys.opener()
    stored.add_key(name_of(opener.public), opener.public, NOON)
    assert set_login(stored, "site:1", FIELDS, "ann", NOON) == ("SNMPv3", "Remote UI")
    [row] = stored.all()
    login = opened(row, keys.opener())
    assert login.web is not None
    assert login.web.password.reveal() == 'quo"te\\s'
    new = keys.add()
    assert rotated(stored, new, NOON) == 1
    keys.only_newest()
    [again] = stored.all()
    assert again.sealed == row.sealed
    assert opened(again, keys.opener()).user == "fleet"
    with pytest.raises(SealFault):
        opened(again, Opener(opener.private))
    database.close()
    for file in tmp_path.rglob("*"):
        if file.is_file():
            assert b"correct horse" not in file.read_bytes()
    assert (tmp_path / "keys" / "logins.key").stat().st_mode & 0o077 == 0


def test_a_key_may_be_given_by_the_environment(tmp_path: Path) -> None:
    keys = open_keys(tmp_path, {"FRISKET_KEY": f"{NEW.hex()},{OLD.hex()}"})
    assert keys.add().private == (NEW, OLD)
    assert not (tmp_path / "keys").exists()
    with pytest.raises(UsageError):
        open_keys(tmp_path, {"FRISKET_KEY": "short"}).opener()


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"user": "x"},
        {"remote-ui-password-from": "file:/etc/shadow"},
        {"remote-ui-password": "line\nuser = 'root'"},
        {"remote-ui-password": "x", "remote-ui-plaintext": "perhaps"},
    ],
)
def test_what_is_no_login_is_refused(fields: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        login_of(fields)


def test_a_group_counts_before_a_site_before_all() -> None:
    rows = [
        StoredLogin(scope, (), "", b"", b"", NOON, "ann")
        for scope in ("", "site:1", "group:b", "group:a")
    ]

    def scope(whose: Whose) -> str | None:
        found = chosen(rows, whose)
        return found.scope if found else None

    assert scope(Whose(1, ("b", "a"))) == "group:a"
    assert scope(Whose(1)) == "site:1"
    assert scope(Whose(2)) == ""
    assert chosen(rows[1:], Whose(2)) is None
