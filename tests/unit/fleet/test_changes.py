"""Changes: what is approved is exactly what is done, and how devices stand after their turn."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frisket.audit.load import Content, load_content
from frisket.catalog.load import load_catalog
from frisket.drivers.difference import Step as Change
from frisket.drivers.plan import DevicePlan
from frisket.drivers.record import Outcome, Result, progress_of
from frisket.errors import FrisketError, UsageError
from frisket.fleet.change_source import read_source
from frisket.fleet.changes import (
    digest_of_plans,
    own_writes,
    packed,
    step_of,
    takes_two,
    unpacked_plan,
)
from frisket.fleet.rollout import Rollout, RolloutState, Step, note, to_undo, undo
from frisket.model.finding import Severity
from frisket.model.target import Target

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CATALOG = load_catalog()
KEY = "snmp.v1.enabled"
plans = st.dictionaries(st.integers(1, 9), st.binary(max_size=8), max_size=4)


@pytest.fixture(scope="module")
def content() -> Content:
    return load_content()


@given(plans, plans, st.booleans())
def test_a_digest_tells_apart_whatever_differs(
    one: dict[int, bytes], two: dict[int, bytes], typed: bool
) -> None:
    accepted = {"channel": ["10.0.0.1"]} if typed else {}
    first = digest_of_plans(one.items(), accepted)
    second = digest_of_plans(two.items(), {})
    assert (first == second) == (one == two and not typed)
    assert first == digest_of_plans(reversed(list(one.items())), accepted)


def test_a_plan_is_kept_and_read_back() -> None:
    step = Change(KEY, "SNMPv1", "menu", True, False, ("r",), ("SO-05",), Severity.HIGH)
    plan = DevicePlan(Target("10.0.0.1", ports={161: 20161}), driver="d", steps=(step,))
    kept = packed(plan, "small-office", "v", NOON)
    assert unpacked_plan(kept, CATALOG).devices == (plan,)
    with pytest.raises(UsageError):
        unpacked_plan(kept[:-3], CATALOG)


@given(st.binary(max_size=60))
def test_a_damaged_plan_is_refused(raw: bytes) -> None:
    with pytest.raises(FrisketError):
        unpacked_plan(raw, CATALOG)


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_is_done_failed_or_not_known(outcome: Outcome) -> None:
    result = Result("10.0.0.1", outcome)
    step = step_of(result)
    sure = {Outcome.DONE, Outcome.COMPLIANT}
    assert (step is Step.DONE) == (outcome in sure)
    assert (step_of(result, undoing=True) is Step.UNDONE) == (outcome in sure)
    if outcome in {Outcome.UNKNOWN, Outcome.LEFT, Outcome.REPLACED, Outcome.BUG}:
        assert step is Step.UNKNOWN


def test_one_device_takes_one_person_unless_something_is_cut() -> None:
    assert not takes_two(1, {})
    assert takes_two(2, {})
    assert takes_two(1, {"channel": ["10.0.0.1"]})


def test_sources_are_known_ones(content: Content) -> None:
    assert read_source({"kind": "baseline", "baseline": "modern"}, content).baseline == "modern"
    assert read_source({"kind": "accepted", "keys": [KEY]}, content).keys == (KEY,)
    for wrong in (
        {"kind": "baseline", "baseline": "no such"},
        {"kind": "accepted", "keys": ["no.such"]},
        {"kind": "shell"},
    ):
        with pytest.raises(FrisketError):
            read_source(wrong, content)


def test_what_we_wrote_is_known_and_what_we_put_back_too() -> None:
    def intent(was: bool, wanted: bool) -> dict[str, Any]:
        return {"what": "intent", "device": "x", "values": {KEY: [was, wanted]}}

    back = {"what": "restored", "device": "x", "keys": [KEY]}
    assert own_writes([(3, intent(True, False))], CATALOG) == ({KEY: False}, 3, False)
    assert own_writes([(3, intent(True, False)), (3, back)], CATALOG)[0] == {KEY: True}
    rows = [(3, intent(True, False)), (4, intent(False, True)), (4, {"what": "restart"})]
    assert own_writes(rows, CATALOG) == ({KEY: True}, 4, True)
    progress = progress_of([intent(True, False), back])
    assert progress.meant == []


steps = st.lists(st.sampled_from([Step.UNDONE, Step.FAILED, Step.UNKNOWN]), min_size=3, max_size=3)


@given(steps)
def test_undoing_ends_whatever_comes_of_it(news: list[Step]) -> None:
    names = ("a", "b", "c")
    done = Rollout("1", (names,), state=RolloutState.DONE, steps=dict.fromkeys(names, Step.DONE))
    one = undo(done, "by ann")
    assert to_undo(one) == ("c", "b", "a")
    for name, step in zip(names, news, strict=True):
        assert one.state is RolloutState.UNDOING
        one = note(one, name, step)
        assert one.step(name) is step
        assert name not in to_undo(one)
    assert one.state is RolloutState.UNDONE
