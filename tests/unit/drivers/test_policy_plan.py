"""A security policy as a plan: what changes, what it leaves open, what is refused beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frisket.audit.load import load_content
from frisket.audit.sheet import (
    ITEMS,
    VALUES,
    Sheet,
    as_settings,
    forces,
    from_baseline,
    make_sheet,
)
from frisket.drivers.access.policy import NAME as POLICY
from frisket.drivers.base import Pin
from frisket.drivers.load import load_drivers
from frisket.drivers.plan import DevicePlan, Plan, Subject
from frisket.drivers.plan_file import read_plan, write_plan
from frisket.drivers.policy import (
    held,
    inverse_policy,
    is_policy,
    keys_of,
    objections,
    plan_policy,
    refused,
)
from frisket.mfd.personality import load_personalities
from frisket.model.reading import Known, Readings, Value, Witness
from frisket.model.target import Identity, Target

CONTENT = load_content()
DRIVER = next(driver for driver in load_drivers() if driver.policy)
FACTORY = load_personalities()["iradv-c5535"].defaults
EVERY = from_baseline(CONTENT.baselines["security-policy"], CONTENT)
IDS = [item.id for item in CONTENT.policy]
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def subject(sheet: Sheet, values: Mapping[str, Value]) -> Subject:
    said = {**values, **as_settings(sheet)}
    readings = Readings.single({k: Known(v, Witness.DEVICE, NOW, POLICY) for k, v in said.items()})
    target = Target("10.0.0.7")
    return Subject(target, Identity(), Pin(serial="A"), DRIVER, POLICY, readings, Readings())


def planned(before: Sheet, after: Sheet, values: Mapping[str, Value] = FACTORY) -> DevicePlan:
    wanted = keys_of(after, CONTENT, DRIVER)
    return plan_policy(
        subject(before, {k: v for k, v in values.items() if k in wanted}), after, CONTENT
    )


@given(
    first=st.sets(st.sampled_from(IDS)),
    second=st.sets(st.sampled_from(IDS)),
)
@settings(max_examples=60, deadline=None)
def test_a_plan_leads_from_one_policy_to_another_and_back(
    first: set[str], second: set[str]
) -> None:
    before = make_sheet(first, EVERY.values, CONTENT)
    after = make_sheet(second, {**EVERY.values, "logout-seconds": 30}, CONTENT)
    state = {**FACTORY, **forces(before, CONTENT)}
    plan = planned(before, after, state)
    wanted = {**as_settings(after), **forces(after, CONTENT)}
    said = {**state, **as_settings(before)}
    steps = {step.key: step.wanted for step in plan.steps}
    assert steps == {k: v for k, v in wanted.items() if k in said and said[k] != v}
    assert all(step.now == said[step.key] != step.wanted for step in plan.steps)
    assert len(plan.stages) == bool(steps)
    for stage in plan.stages:
        assert stage.whole
        assert set(stage.keys) == set(steps)
    if steps:
        assert is_policy(plan)
        back = inverse_policy(plan, [s.key for s in plan.steps], DRIVER, CONTENT.catalog)
        assert {s.key: (s.now, s.wanted) for s in back.steps} == {
            s.key: (s.wanted, s.now) for s in plan.steps if s.key != "tpm.enabled"
        }
        panel = {"tpm.enabled"} & set(steps)
        assert {row.key for row in back.unsupported} == panel, "only the panel sets it"
        own = [key for key in back.stages[0].keys if key in {ITEMS, VALUES}]
        assert list(back.stages[0].keys[: len(own)]) == own, "unlocked before it is put back"


def test_a_plan_survives_its_file() -> None:
    plan = Plan("security-policy", "x", NOW, (planned(Sheet(), EVERY),))
    assert read_plan(write_plan(plan), "p", CONTENT.catalog) == plan


def test_every_step_says_which_item_asks_for_it_and_what_it_costs() -> None:
    plan = planned(Sheet(), EVERY)
    for step in plan.steps:
        assert set(step.rows) <= set(IDS)
        assert step.rows
        assert step.key in {ITEMS, VALUES} or step.rules
    costs = " ".join(plan.step(ITEMS).breaks)
    assert all(effect in costs for item in CONTENT.policy for effect in item.effects)
    assert {work.row for work in plan.work} <= set(IDS)
    assert plan.work, "the key of the TPM is backed up by a person"


def test_a_policy_that_leaves_no_print_path_needs_a_confirmation() -> None:
    paths = make_sheet(["SP-07", "SP-09", "SP-10", "SP-11", "SP-12", "SP-14"], {}, CONTENT)
    device = planned(Sheet(), paths)
    plan = Plan("security-policy", "x", NOW, (device,))
    assert any("no print path" in one.why for one in plan.refusals(device))
    assert not replace(plan, accept_no_print_path=("10.0.0.7",)).refusals(device)


@pytest.mark.parametrize(
    ("items", "factory", "accepted", "count"),
    [
        (("SP-27",), True, (), 1),
        (("SP-27",), True, ("SP-27",), 0),
        (("SP-27",), False, (), 0),
        (("SP-27", "SP-38"), True, (), 2),
        (("SP-27", "SP-38"), True, ("SP-27",), 0),
        (("SP-27", "SP-38"), False, (), 0),
        (("SP-08",), True, (), 0),
    ],
)
def test_what_contradicts_is_refused_beforehand(
    items: tuple[str, ...], factory: bool, accepted: tuple[str, ...], count: int
) -> None:
    sheet = make_sheet(items, {}, CONTENT)
    found = objections(sheet, Sheet(), CONTENT, factory=factory, accepted=accepted)
    assert len(found) == count
    assert not objections(sheet, sheet, CONTENT, factory=factory), "it stands there already"
    if found:
        plan = refused(subject(Sheet(), {}), found)
        assert (plan.driver, plan.steps) == ("", ())
        assert found[0] in plan.why


def test_a_device_that_lacks_a_setting_is_not_told_it() -> None:
    lacking = {key: value for key, value in FACTORY.items() if key != "snmp.v1.enabled"}
    plan = planned(Sheet(), make_sheet(["SP-08", "SP-09"], {}, CONTENT), lacking)
    assert [row.key for row in plan.unsupported] == ["snmp.v1.enabled"]
    assert {step.key for step in plan.steps} == {ITEMS, "lpd.enabled"}


def test_how_a_device_holds_its_policy() -> None:
    sheet = make_sheet(["SP-08", "SP-09", "SP-21"], {}, CONTENT)
    forced = dict(forces(sheet, CONTENT))
    first, second, third, *_ = forced
    said = {**forced, second: not forced[second]}
    del said[third]
    states = held(sheet, said, [first], CONTENT)
    assert (states[first], states[second], states[third]) == ("open", "other value", "absent")
    assert set(held(sheet, forced, (), CONTENT).values()) == {"held"}
