"""Which devices are meant, and what audits of them hear: on the real store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frisket.audit.load import load_content
from frisket.errors import UsageError
from frisket.fleet.inventory import Sighting, take_in
from frisket.fleet.meant import in_words, site_of
from frisket.fleet.scope import Scope, read_scope
from frisket.fleet.waiving import LONGEST, Standing, standing, waiver_body
from frisket.fleet.words import fits, words_of
from frisket.model.target import Identity
from frisket.store.database import Database, open_database
from frisket.store.inventory import Inventory
from frisket.store.people import People, add_attestation, add_evidence, add_waiver

CONTENT = load_content()
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TODAY = NOW.date()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(f"sqlite:///{tmp_path}/fleet.db")
    opened.upgrade()
    inventory = Inventory(opened)
    for number, name in enumerate(("North", "South"), 1):
        site = inventory.add_site(name, [], NOW)
        for place in (1, 2):
            serial = f"S{number}{place}"
            identity = Identity("Canon", f"model {place}", serial, name=f"print-{serial}")
            take_in(inventory, site, Sighting(f"10.{number}.0.{place}", identity), NOW)
    yield opened
    opened.close()


def waive(database: Database, scope: Scope, **more: object) -> int:
    values = {
        "rule": "snmp.v1-off",
        "consideration": "",
        "scope": scope.table(),
        "site_id": None,
        "owner": "Ann",
        "reason": "old",
        "expires": TODAY + timedelta(days=9),
        "proposed_by": "ann",
        "approved_by": "sue",
        "approved": NOW,
    }
    with database.write() as connection:
        return add_waiver(connection, values | more)


def attest(database: Database, scope: Scope, **more: object) -> int:
    values = {
        "key": "service-mode.password-strong",
        "consideration": "",
        "answer": True,
        "scope": scope.table(),
        "site_id": None,
        "who": "Jo",
        "looked": TODAY,
        "evidence": "seen",
        "expires": TODAY + timedelta(days=9),
        "made_by": "ann",
        "made": NOW,
    }
    with database.write() as connection:
        return add_attestation(connection, values | more)


@pytest.mark.parametrize(
    ("scope", "meant"),
    [
        (Scope(), {1, 2, 3, 4}),
        (Scope(site=1), {1, 2}),
        (Scope(devices=(2, 3)), {2, 3}),
        (Scope(condition={"model": ["model 2"]}), {2, 4}),
        (Scope(condition={"site": ["South"], "model": ["model 1"]}), {3}),
    ],
)
def test_a_waiver_reaches_exactly_whom_it_means(
    database: Database, scope: Scope, meant: set[int]
) -> None:
    waive(database, scope)
    attest(database, scope)
    found = words_of(database, CONTENT, NOW, [1, 2, 3, 4])
    assert {device for device, words in found.items() if words.waivers} == meant
    assert {device for device, words in found.items() if words.attestations} == meant


def test_a_consideration_is_waived_with_all_its_rules(database: Database) -> None:
    waive(database, Scope(), rule="", consideration="SO-05")
    rules = {waiver.rule for waiver in words_of(database, CONTENT, NOW, [1])[1].waivers}
    [asked] = [c for c in CONTENT.baselines["small-office"].considerations if c.id == "SO-05"]
    assert rules == {rule for need in asked.needs for rule in need.rules}


def test_what_was_ended_is_heard_no_more(database: Database) -> None:
    people = People(database)
    assert people.end_waiver(waive(database, Scope()), "ann", NOW)
    number = attest(database, Scope())
    assert people.end_attestation(number, "ann", NOW)
    assert not people.end_attestation(number, "ann", NOW)
    heard = words_of(database, CONTENT, NOW, [1])[1]
    assert (heard.waivers, heard.attestations) == ((), ())
    assert [row.ended_by for row in people.waivers(ended=True)] == ["ann"]


def test_an_answer_that_fits_no_more_counts_for_nothing(database: Database) -> None:
    attest(database, Scope(), key="no.such-key")
    attest(database, Scope(), key="password.minimum-length", answer="long")
    assert words_of(database, CONTENT, NOW, [1])[1].attestations == ()
    assert all(fits(row, CONTENT) for row in People(database).attestations())


def test_the_nearer_word_names_the_device(database: Database) -> None:
    attest(database, Scope(devices=(1,)))
    attest(database, Scope())
    devices = {a.devices for a in words_of(database, CONTENT, NOW, [1])[1].attestations}
    assert devices == {("10.1.0.1",), ("*",)}


def test_lists_are_narrowed_to_sites_and_what_reaches_over_them(database: Database) -> None:
    waive(database, Scope(site=1), site_id=1)
    waive(database, Scope(site=2), site_id=2)
    waive(database, Scope())
    people = People(database)
    assert {row.site_id for row in people.waivers([1])} == {1, None}
    assert len(people.waivers()) == 3


def test_evidence_is_kept_with_its_digest(database: Database) -> None:
    number = attest(database, Scope())
    row = {
        "name": "a.pdf",
        "type": "application/pdf",
        "size": 3,
        "digest": "d" * 64,
        "body": b"abc",
    }
    with database.write() as connection:
        add_evidence(connection, number, row)
    [file] = People(database).evidence([number])
    assert People(database).file(file.id) == (file, b"abc")
    assert People(database).file(99) is None


def test_a_scope_is_said_in_words_and_has_its_site(database: Database) -> None:
    with database.read() as connection:
        assert site_of(connection, Scope(devices=(1, 2))) == 1
        assert site_of(connection, Scope(devices=(1, 3))) is None
        assert site_of(connection, Scope(condition={"site": ["South"]})) == 2
        assert site_of(connection, Scope()) is None
        assert in_words(connection, Scope(devices=(1,))) == "print-S11"
        assert in_words(connection, Scope(devices=(1, 2, 3, 4))).endswith("and 1 more")
        assert in_words(connection, Scope(site=2)) == "site South"
        for strange in (Scope(devices=(1, 99)), Scope(site=9), Scope(condition={"site": ["X"]})):
            with pytest.raises(UsageError):
                site_of(connection, strange)


scopes = st.one_of(
    st.just(Scope()),
    st.builds(
        lambda ids: Scope(devices=tuple(sorted(ids))), st.sets(st.integers(1, 9), min_size=1)
    ),
    st.builds(lambda site: Scope(site=site), st.integers(1, 9)),
    st.builds(lambda name: Scope(condition={"model": [name]}), st.sampled_from("abc")),
)


@given(scopes, st.integers(1, 9), st.integers(1, 9), st.sets(st.integers(1, 9)))
def test_scopes_go_there_and_back_and_the_fleet_means_all(
    scope: Scope, device: int, site: int, matching: set[int]
) -> None:
    assert read_scope(scope.table()) == scope
    covers = scope.covers(device, site, matching)
    assert covers is (
        device in scope.devices
        if scope.devices
        else site == scope.site
        if scope.site
        else device in matching
        if scope.condition
        else True
    )
    assert (scope.nearness == 0) is scope.everything


@pytest.mark.parametrize(
    "table",
    [
        {"devices": []},
        {"devices": [True]},
        {"devices": "1"},
        {"devices": list(range(1, 2002))},
        {"site": "1"},
        {"site": 1, "devices": [1]},
        {"condition": {"score_below": 0.5}},
        {"condition": {}},
        {"condition": [1]},
        {"else": 1},
    ],
)
def test_a_scope_that_means_nothing_certain_is_refused(table: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        read_scope(table)


FIELDS = {"rule": "snmp.v1-off", "owner": "Ann", "reason": "old", "expires": "2026-06-01"}


def test_a_waiver_is_what_was_written(database: Database) -> None:
    del database
    body = waiver_body(FIELDS, Scope(site=1), CONTENT, TODAY)
    assert body == FIELDS | {"consideration": "", "scope": {"site": 1}}
    whole = waiver_body(FIELDS | {"rule": "", "consideration": "SO-05"}, Scope(), CONTENT, TODAY)
    assert (whole["rule"], whole["consideration"]) == ("", "SO-05")


@pytest.mark.parametrize(
    "change",
    [
        {"rule": "no-such"},
        {"rule": ""},
        {"consideration": "SO-05"},
        {"rule": "", "consideration": "XX-99"},
        {"owner": " "},
        {"reason": "a\x1bb"},
        {"expires": ""},
        {"expires": "2026-02-28"},
        {"expires": (TODAY + LONGEST + timedelta(days=1)).isoformat()},
    ],
)
def test_a_waiver_without_rule_owner_reason_or_end_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        waiver_body(FIELDS | change, Scope(), CONTENT, TODAY)


@given(st.integers(-400, 400))
def test_a_last_day_still_holds_and_ends_soon(days: int) -> None:
    found = standing(TODAY + timedelta(days=days), TODAY)
    assert (found is Standing.EXPIRED) is (days < 0)
    assert (found is Standing.SOON) is (0 <= days <= 30)
    assert isinstance(TODAY, date)
