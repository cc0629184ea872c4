"""Meters and billing statements: nothing is counted twice, lost between months, or made up."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from frisket.telemetry.billing import (
    About,
    Device,
    NotSigned,
    Signed,
    Statement,
    as_csv,
    as_json,
    as_text,
    canonical,
    sign,
    statement,
    verify,
)
from frisket.telemetry.meters import (
    Mark,
    Meaning,
    Reading,
    Silence,
    after,
    by_meaning,
    by_month,
    by_number,
    closing,
    month_of,
    reading_of,
    steps,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
LATER = datetime(2027, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
DEVICE = Device("VMF1", "iR-ADV", "mfd-001", "Munich")
ABOUT = {"total-1": About("Total 1", 101), "total-black-1": About("Total (Black 1)", 108)}


def series(*totals: int, every: timedelta = DAY, start: datetime = START) -> list[Reading]:
    return [Reading(start + n * every, {"total-1": total}) for n, total in enumerate(totals)]


def made(readings: list[Reading], month: int = 1, year: int = 2026, **more: object) -> Statement:
    return statement(DEVICE, (year, month), readings, LATER, about=ABOUT, **more)  # type: ignore[arg-type]


def marks(readings: list[Reading]) -> list[tuple[int, Mark | None, int]]:
    return [(step.pages, step.mark, step.uncounted) for step in steps(readings)]


# -- steps

PAGES = st.lists(st.integers(0, 5000), min_size=1, max_size=60)


@given(PAGES, st.integers(0, 10**9 - 10**6))
def test_a_count_that_rises_is_its_difference(pages: list[int], first: int) -> None:
    totals = [first]
    for each in pages:
        totals.append(totals[-1] + each)
    assert marks(series(*totals)) == [(each, None, 0) for each in pages]


@given(PAGES, st.sampled_from([10**6, 10**7, 10**8, 2**32]), st.integers(0, 9000))
def test_a_roll_over_is_counted_through(pages: list[int], modulus: int, short: int) -> None:
    truth = [modulus - 1 - short]
    for each in pages:
        truth.append(truth[-1] + each)
    found = steps(series(*(total % modulus for total in truth)))
    assert sum(step.pages for step in found) == truth[-1] - truth[0]
    rolled = [step for step in found if step.mark is not None]
    assert [step.mark for step in rolled] == [Mark.ROLLED_OVER] * (truth[-1] // modulus)


@given(st.integers(2000, 900_000), st.integers(0, 900), st.integers(1, 5000))
def test_across_a_reset_nothing_is_counted(before: int, after: int, then: int) -> None:
    after = min(after, before - 1500)
    then = min(then, before - after - 1)  # beyond that the middle reading looks wrong, not the last
    assert marks(series(before, after, after + then)) == [
        (0, Mark.RESET, after),
        (then, None, 0),
    ]


def test_another_board_has_other_counts_or_another_serial() -> None:
    assert marks(series(500_000, 120_000)) == [(0, Mark.REPLACED, 120_000)]
    one, two = series(1000, 1500)
    found = steps([replace(one, serial="A"), replace(two, serial="B")])
    assert [(s.pages, s.mark) for s in found] == [(0, Mark.REPLACED)]


def test_when_most_counters_fall_none_has_rolled_over_and_none_simply_rose() -> None:
    before = Reading(START, {"a": 999_999, "b": 400_000, "c": 300_000, "d": 2})
    now = Reading(START + DAY, {"a": 7, "b": 5, "c": 2, "d": 3})
    assert {s.counter: s.mark for s in steps([before, now])} == dict.fromkeys("abcd", Mark.RESET)


def test_a_counter_of_the_power_switch_is_no_meter() -> None:
    values = [{"life-of-the-marker": 10 * n, "since-it-was-switched-on": n % 2} for n in range(9)]
    readings = [Reading(START + n * DAY, value) for n, value in enumerate(values)]
    assert {step.counter for step in steps(readings)} == {"life-of-the-marker"}
    assert all(step.mark is None for step in steps(readings))


@pytest.mark.parametrize("wrong", [0, 5, 10**12, 2**63])
def test_one_wrong_reading_is_left_out(wrong: int) -> None:
    found = marks(series(1000, 1100, wrong, 1200, 1300))
    assert found == [(100, None, 0), (0, Mark.LEFT_OUT, 0), (100, None, 0), (100, None, 0)]


def test_a_leap_beyond_any_press_is_not_counted() -> None:
    assert marks(series(1000, 10**12, 10**12 + 50)) == [
        (0, Mark.IMPLAUSIBLE, 10**12 - 1000),
        (50, None, 0),
    ]


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 2**40)), max_size=30))
def test_whatever_comes_no_pages_are_made_up(raw: list[tuple[int, int]]) -> None:
    readings = [Reading(START + hours * timedelta(hours=1), {"x": n}) for hours, n in raw]
    for step in steps(readings):
        assert step.pages >= 0
        assert step.mark is Mark.ROLLED_OVER or step.pages in {0, step.after - step.before}


def test_canon_s_numbers_and_others_names_mean_the_same() -> None:
    canon = by_meaning(["total-1", "total-2", "total-black-1", "print-total-1"])
    assert canon == {
        Meaning.TOTAL: "total-1",
        Meaning.BLACK: "total-black-1",
        Meaning.PRINT: "print-total-1",
    }
    assert by_meaning(["life-of-the-marker", "color"])[Meaning.COLOR] == "color"


def test_closing_meters_are_the_site_s_days() -> None:
    evening = datetime(2026, 1, 1, 23, 30, tzinfo=UTC)
    readings = [Reading(evening, {"x": 1}), Reading(evening + DAY / 24, {"x": 2})]
    assert [d.day for d in closing(readings)] == [1, 2]
    berlin = closing(readings, ZoneInfo("Europe/Berlin"))
    assert [(d.day, v["x"]) for d, v in berlin.items()] == [(2, 2)]


# -- statements


@given(
    st.lists(st.tuples(st.integers(1, 90), st.integers(0, 3000)), min_size=2, max_size=80),
    st.sampled_from(["UTC", "Europe/Berlin", "Pacific/Auckland", "America/St_Johns"]),
)
def test_months_add_up_to_the_whole(gaps: list[tuple[int, int]], place: str) -> None:
    at, total, readings = START, 1000, []
    for hours, pages in gaps:
        readings.append(Reading(at, {"total-1": total}))
        at, total = at + timedelta(hours=hours), total + pages
    zone = ZoneInfo(place)
    month, pages, opening = month_of(readings[0].at, zone), 0, None
    last = month_of(readings[-1].at, zone)
    while month <= last:
        (line,) = statement(DEVICE, month, readings, LATER, zone=zone).lines
        assert opening in {None, line.opening}
        assert line.closing - line.opening == line.pages
        pages, opening, month = pages + line.pages, line.closing, after(month)
    assert pages == readings[-1].counters["total-1"] - readings[0].counters["total-1"]
    assert sum(row["total-1"] for row in by_month(steps(readings), zone).values()) == pages


def test_a_whole_month_is_complete() -> None:
    readings = series(*range(1000, 1000 + 100 * 40, 100), start=START - 2 * DAY)
    stated = made(readings)
    assert stated.complete, stated
    (line,) = stated.lines
    assert (line.number, line.meaning, line.label) == (101, "total", "Total 1")
    assert (line.opening, line.closing, line.pages) == (1100, 4200, 3100)
    assert stated.readings == 31


def test_the_moment_between_two_months_belongs_to_one() -> None:
    at = datetime(2026, 2, 1, tzinfo=UTC)
    readings = [Reading(START, {"x": 0}), Reading(at, {"x": 70}), Reading(at + DAY, {"x": 80})]
    assert [made(readings, month).lines[0].pages for month in (1, 2)] == [0, 80]


def test_a_silence_is_named_with_its_reason_and_nothing_is_estimated() -> None:
    readings = [*series(0, 10, 20, start=START - DAY), *series(500, 510, start=START + 20 * DAY)]
    gap = Silence(START + 2 * DAY, START + 19 * DAY, "the collector was down")
    stated = made(readings, gaps=[gap])
    assert not stated.complete
    assert ("2026-01-02T00:00:00Z", "2026-01-21T00:00:00Z", "the collector was down") in (
        stated.silences
    )
    assert stated.lines[0].pages == 510  # from the last reading of December; all of it was read
    none = made(readings, 3)
    assert none.lines[0].pages == 0
    assert not none.complete
    assert "no reading in this month" in none.notes[0]


def test_no_reading_at_all_is_said() -> None:
    stated = made([])
    assert not stated.complete
    assert stated.lines == ()
    assert "nothing can be said" in stated.notes[0]


@pytest.mark.parametrize(
    ("readings", "word"),
    [
        (series(*range(0, 2900, 100), start=START + 2 * DAY), "printed before is unknown"),
        ([*series(0, start=START - 9 * DAY), *series(*range(10, 3110, 100))], "month before"),
        (
            [replace(r, sure=False) for r in series(*range(0, 3200, 100), start=START - DAY)],
            "clock",
        ),
    ],
)
def test_what_is_not_sure_is_said(readings: list[Reading], word: str) -> None:
    stated = made(readings)
    assert any(word in note for note in stated.notes), stated.notes
    assert not stated.complete


def test_a_month_that_is_not_over_says_so() -> None:
    readings = series(*range(0, 3200, 100), start=START - DAY)
    stated = statement(DEVICE, (2026, 1), readings, START + 10 * DAY)
    assert "The month is not over." in stated.notes
    assert stated.readings == 11


def test_breaks_stand_beside_the_line() -> None:
    totals = [*range(9_000, 10_500, 100), *range(50, 1750, 100)]
    stated = made(series(*totals, start=START - DAY))
    (line,) = stated.lines
    assert [(b.mark, b.before, b.after, b.uncounted) for b in line.breaks] == [
        ("reset", 10_400, 50, 50)
    ]
    assert line.pages == 1400 + 1600
    assert "50 not counted" in as_text(stated)
    assert not stated.complete


# -- signing and rendering


def stated() -> Statement:
    return made(series(*range(1000, 1000 + 100 * 40, 100), start=START - 2 * DAY))


def test_a_signed_statement_is_believed_and_a_changed_one_is_not() -> None:
    key = Ed25519PrivateKey.generate()
    signed = sign(stated(), key)
    assert verify(signed, key.public_key())["lines"][0]["pages"] == 3100
    assert canonical(stated()) == signed.octets
    changed = signed.octets.replace(b'"pages":3100', b'"pages":3200')
    assert changed != signed.octets
    for bad in (Signed(changed, signed.signature), Signed(signed.octets, bytes(64))):
        with pytest.raises(NotSigned):
            verify(bad, key.public_key())
    with pytest.raises(NotSigned):
        verify(signed, Ed25519PrivateKey.generate().public_key())


@given(st.integers(0, 10_000), st.integers(0, 7))
def test_any_flipped_bit_is_found(at: int, bit: int) -> None:
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    signed = sign(stated(), key)
    octets = bytearray(signed.octets)
    octets[at % len(octets)] ^= 1 << bit
    with pytest.raises(NotSigned):
        verify(Signed(bytes(octets), signed.signature), key.public_key())


def test_it_is_rendered_for_people_and_for_programs() -> None:
    one = replace(stated(), device=replace(DEVICE, serial="=cmd|'/c calc'!A1"))
    (row,) = csv.DictReader(io.StringIO(as_csv(one)))
    assert row["pages"] == "3100"
    assert row["number"] == "101"
    assert row["serial"].startswith("'=")
    assert json.loads(as_json(one))["lines"][0]["closing"] == 4200
    text = as_text(stated())
    assert "3100" in text
    assert "Complete." in text


def test_a_reading_is_taken_from_flat_values() -> None:
    values = {
        "counter.total-1": 5,
        "counter.total-1.is": ["Total 1", "impressions", 101],
        "counter.odd": True,
        "supply.1.1.level": 40,
        "identity.serial": "VMF1",
    }
    assert reading_of(START, values) == Reading(START, {"total-1": 5}, "VMF1")
    assert reading_of(START, values, serial="X", sure=False).serial == "X"


def test_months_are_told_by_canon_s_numbers() -> None:
    readings = [
        Reading(START + n * 20 * DAY, {"total-1": 100 * n, "odd": n}, "VMF1") for n in range(4)
    ]
    table = by_month(steps(readings))
    assert by_number(table, {"total-1": 101}) == {
        (2026, 1): {101: 100},
        (2026, 2): {101: 100},
        (2026, 3): {101: 100},
    }
    assert table[2026, 1] == {"total-1": 100, "odd": 1}
