"""A saved plan says the same when it is read, and is refused when anything in it was changed."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.drivers.states import (
    CATALOG,
    CONTENT,
    FACTORY,
    NOW,
    TARGET,
    State,
    baselines,
    plan_of,
    states,
)

from frisket.audit.baseline import Baseline
from frisket.drivers.plan import Plan, work_order
from frisket.drivers.plan_file import content_version, read_plan, write_plan
from frisket.errors import UsageError
from frisket.model.finding import Incomplete
from frisket.model.reading import Readings
from frisket.model.target import Target

STATE = {**FACTORY, "snmp.v3.enabled": True}
DEVICE = replace(
    plan_of(STATE, CONTENT.baselines["enterprise"]), target=Target("::1", ports={80: 81})
)
PLAN = Plan("enterprise", content_version(), NOW, (DEVICE,), (Incomplete("x", "y"),), ("::1",))
TEXT = write_plan(PLAN)


@given(states(), baselines())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_reading_gives_back_what_was_written(state: State, baseline: Baseline) -> None:
    by_hand = work_order(TARGET, "no credential", Readings(), baseline, CONTENT)
    plan = replace(PLAN, devices=(plan_of(state, baseline), by_hand))
    assert read_plan(write_plan(plan), "p", CATALOG) == plan


def test_a_plan_holds_no_secret() -> None:
    secrets = [str(value) for key, value in FACTORY.items() if CATALOG[key].secret and value]
    assert secrets
    assert not [secret for secret in secrets if f'"{secret}"' in TEXT]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"wanted": false', '"wanted": true'),
        ('"accept_no_channel": [\n   "::1"', '"accept_no_channel": [\n   "::2"'),
        (DEVICE.pin.engine, "00"),
        ('"checksum": "', '"checksum": "0'),
    ],
)
def test_an_edited_plan_is_refused(old: str, new: str) -> None:
    assert old in TEXT
    with pytest.raises(UsageError, match="edited or damaged"):
        read_plan(TEXT.replace(old, new, 1), "p", CATALOG)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "no plan"),
        ("{}", "no plan"),
        ('{"frisket_plan": 2}', "another format"),
        ('{"frisket_plan": 1}', "edited or damaged"),
    ],
)
def test_what_is_no_plan_is_refused(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        read_plan(text, "p", CATALOG)


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_any_single_change_is_noticed(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(TEXT) - 1))
    letter = data.draw(st.sampled_from('0aZ{}[],:" \n'))
    changed = TEXT[:place] + letter + TEXT[place + 1 :]
    try:
        same = json.loads(changed) == json.loads(TEXT)
    except ValueError:
        same = False
    if same:
        assert read_plan(changed, "p", CATALOG) == PLAN
    else:
        with pytest.raises(UsageError):
            read_plan(changed, "p", CATALOG)


def test_the_content_version_is_that_of_the_content() -> None:
    assert content_version() == content_version()
    assert len(content_version()) == 16
