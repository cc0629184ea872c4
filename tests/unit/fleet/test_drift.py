"""Drift from the accepted state, and who or what explains it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frisket.catalog.load import Catalog, load_catalog
from frisket.fleet.drift import (
    Cause,
    Circumstances,
    Drift,
    DriftState,
    Moved,
    follow,
    moved,
    state_of,
)
from frisket.model.reading import Known, Readings, Unread, Why, Witness

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
KEY = "snmp.v1.enabled"


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def test_only_what_is_read_can_move(catalog: Catalog) -> None:
    silent = Readings.single({KEY: Unread(Why.SILENT, "snmp")})
    assert moved({KEY: False}, silent, catalog, Circumstances()) == ()
    now = Readings.single({KEY: Known(True, Witness.NETWORK, NOON, "snmp")})
    [one] = moved({KEY: False}, now, catalog, Circumstances())
    assert (one.key, one.was, one.now, one.cause) == (KEY, False, True, Cause.UNKNOWN)


def test_witnesses_who_differ_are_no_state_and_a_person_is_none(catalog: Catalog) -> None:
    both = Readings(
        {
            KEY: [
                Known(True, Witness.NETWORK, NOON, "snmp"),
                Known(False, Witness.DEVICE, NOON, "snmp-v3"),
            ]
        }
    )
    assert state_of(both, catalog) == {}
    person = Readings.single({KEY: Known(True, Witness.PERSON, NOON, "ann")})
    assert state_of(person, catalog) == {}


@pytest.mark.parametrize(
    ("around", "cause"),
    [
        (Circumstances(own={KEY: True}, run="r1"), Cause.OURS),
        (Circumstances(own={KEY: False}, run="r1"), Cause.UNKNOWN),
        (Circumstances(firmware=("v1", "v2")), Cause.FIRMWARE),
        (Circumstances(firmware=("", "v2")), Cause.UNKNOWN),
        (Circumstances(own={KEY: True}, firmware=("v1", "v2")), Cause.OURS),
    ],
)
def test_causes(catalog: Catalog, around: Circumstances, cause: Cause) -> None:
    now = Readings.single({KEY: Known(True, Witness.NETWORK, NOON, "snmp")})
    [one] = moved({KEY: False}, now, catalog, around)
    assert one.cause is cause


def test_a_restart_explains_what_waits_for_one(catalog: Catalog) -> None:
    waits = next(s for s in catalog if s.restart and s.type.value == "boolean" and not s.secret)
    now = Readings.single({waits.key: Known(True, Witness.DEVICE, NOON, "web")})
    [one] = moved({waits.key: False}, now, catalog, Circumstances(restarted=True))
    assert one.cause is Cause.RESTART


MOVED = Moved(KEY, False, True, Cause.UNKNOWN)


def test_to_and_fro_becomes_flapping() -> None:
    kept: tuple[Drift, ...] = ()
    for turn in range(4):
        kept = follow(kept, [MOVED] if turn % 2 == 0 else [], NOON + turn * HOUR)
    [one] = kept
    assert one.state is DriftState.GONE
    assert one.flips == 3
    assert one.flapping
    assert follow(kept, [], NOON + 5 * HOUR) == kept
    [again] = follow(kept, [MOVED], NOON + timedelta(days=30))
    assert (again.flips, again.state) == (0, DriftState.OPEN)


def test_what_a_person_settled_stays_settled_while_the_value_does() -> None:
    [one] = follow((), [MOVED], NOON)
    waived = Drift(**{**{n: getattr(one, n) for n in Drift.__slots__}, "state": DriftState.WAIVED})
    [same] = follow([waived], [MOVED], NOON + HOUR)
    assert same.state is DriftState.WAIVED
    [other] = follow([waived], [Moved(KEY, False, "x", Cause.UNKNOWN)], NOON + HOUR)
    assert other.state is DriftState.OPEN


moves = st.lists(
    st.builds(
        Moved,
        st.sampled_from(["a", "b"]),
        st.just(False),
        st.sampled_from(["1", "2"]),
        st.just(Cause.UNKNOWN),
    ),
    max_size=2,
    unique_by=lambda one: one.key,
)


@given(st.lists(moves, max_size=8))
def test_after_every_look_open_drifts_are_what_was_found(looks: list[list[Moved]]) -> None:
    kept: tuple[Drift, ...] = ()
    for turn, found in enumerate(looks):
        kept = follow(kept, found, NOON + turn * HOUR)
        open_ = {one.key: one.now for one in kept if one.state is DriftState.OPEN}
        assert open_ == {one.key: one.now for one in found}
        assert len({one.key for one in kept}) == len(kept)


def test_what_was_to_be_put_back_and_was_not_is_open_again() -> None:
    seen = Moved(KEY, False, True, Cause.UNKNOWN)
    [one] = follow([], [seen], NOON)
    sent = replace(one, state=DriftState.REAPPLIED, id=7)
    [still] = follow([sent], [seen], NOON, [KEY])
    assert still.state is DriftState.REAPPLIED, "the change is under way"
    [again] = follow([still], [seen], NOON)
    assert (again.state, again.id, again.flips) == (DriftState.OPEN, 7, 0)
    [gone] = follow([still], [], NOON)
    assert gone.state is DriftState.GONE


def test_what_comes_back_is_told_from_what_is_accepted_by_now() -> None:
    [one] = follow([], [Moved(KEY, "a", "b", Cause.UNKNOWN)], NOON)
    [again] = follow([one], [Moved(KEY, "c", "d", Cause.FIRMWARE, "1 became 2")], NOON)
    assert (again.was, again.now, again.explained) == ("c", "d", "1 became 2")
