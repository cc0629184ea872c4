"""What holds of every plan, whatever the device and the baseline."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.lab import make_device
from tests.unit.drivers.real_ways import real_ways
from tests.unit.drivers.states import (
    CATALOG,
    CONTENT,
    NOW,
    VIRTUAL,
    State,
    baselines,
    carried_out,
    plan_of,
    states,
)

from frisket.audit.baseline import Baseline
from frisket.drivers.order import Phase
from frisket.drivers.plan import Plan, bearing
from frisket.drivers.undo import inverse
from frisket.drivers.ways import is_open, standing
from frisket.model.reading import Value

many = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
OWN = next(way for way in VIRTUAL.ways if way.access == "snmp-v3")


@given(states())
@many
def test_the_ways_predicted_are_those_the_device_has(state: State) -> None:
    device = make_device(settings=state)
    assert set(standing(VIRTUAL.ways, state, CATALOG).ways) == real_ways(device)


@given(states(), baselines())
@many
def test_the_ways_predicted_after_a_plan_are_those_the_device_has(
    state: State, baseline: Baseline
) -> None:
    plan = plan_of(state, baseline)
    device = make_device(settings=carried_out(state, plan))
    assert set(plan.after.ways) == real_ways(device)


@given(states(), baselines())
@many
def test_a_device_as_planned_gets_nothing_more(state: State, baseline: Baseline) -> None:
    after = carried_out(state, plan_of(state, baseline))
    assert plan_of(after, baseline).steps == ()


@given(states(), baselines())
@many
def test_only_differences_are_written(state: State, baseline: Baseline) -> None:
    for step in plan_of(state, baseline).steps:
        assert step.now == state[step.key] != step.wanted
        assert CATALOG[step.key].check(step.wanted) == step.wanted
        assert step.rules
        assert step.rows


@given(states(), baselines())
@many
def test_our_own_way_is_open_until_the_last_stage(state: State, baseline: Baseline) -> None:
    plan = plan_of(state, baseline)
    now: dict[str, Value] = dict(state)
    stays = is_open(OWN, now)
    for stage in plan.stages:
        if stage.phase is Phase.LAST:
            break
        now |= {key: plan.step(key).wanted for key in stage.keys}
        assert is_open(OWN, now) or not stays
    phases = [stage.phase for stage in plan.stages]
    assert phases == sorted(set(phases))


@given(states(), baselines())
@many
def test_a_way_stays_open_at_every_moment_if_one_does_in_the_end(
    state: State, baseline: Baseline
) -> None:
    plan = plan_of(state, baseline)
    if not (plan.before.managing and plan.after.managing):
        return
    now: dict[str, Value] = dict(state)
    for stage in plan.stages:
        now |= {key: plan.step(key).wanted for key in stage.keys}
        assert standing(VIRTUAL.ways, now, CATALOG).managing


@given(states(), baselines())
@many
def test_no_plan_ends_without_a_way_or_a_print_path_unless_confirmed(
    state: State, baseline: Baseline
) -> None:
    device = plan_of(state, baseline)
    plan = Plan(baseline.id, "", NOW, (device,))
    if device.steps and not plan.refusals(device):
        assert device.after.managing
        assert device.after.print_paths or not device.before.print_paths


@given(states(), baselines(), st.data())
@many
def test_undo_restores_every_value_whatever_was_written(
    state: State, baseline: Baseline, data: st.DataObject
) -> None:
    plan = plan_of(state, baseline)
    order = [key for stage in plan.stages for key in stage.keys]
    written = order[: data.draw(st.integers(0, len(order)))]
    now: dict[str, Value] = dict(state)
    now |= {key: plan.step(key).wanted for key in written}
    back = inverse(plan, written, VIRTUAL, CATALOG)
    assert carried_out(now, back) == dict(state)


@given(states(), baselines())
@many
def test_the_order_is_the_same_each_time(state: State, baseline: Baseline) -> None:
    assert plan_of(state, baseline) == plan_of(dict(reversed(list(state.items()))), baseline)


@given(states(), baselines())
@many
def test_restarts_are_grouped(state: State, baseline: Baseline) -> None:
    plan = plan_of(state, baseline)
    assert plan.restarts <= 3
    if not any(step.restart for step in plan.steps):
        assert plan.restarts == 0
    else:
        waiting = {step.key for step in plan.steps if step.restart}
        last = max(n for n, s in enumerate(plan.stages) if waiting & set(s.keys))
        assert any(stage.restart for stage in plan.stages[last:])


def test_every_packaged_baseline_can_be_planned_from_the_factory() -> None:
    for baseline in CONTENT.baselines.values():
        state = {**make_device().personality.defaults, "snmp.v3.enabled": True}
        assert plan_of(state, baseline).steps, baseline.id


@given(states(), baselines())
@many
def test_a_plan_needs_no_more_than_it_says_it_depends_on(state: State, baseline: Baseline) -> None:
    few = {key: state[key] for key in bearing(baseline, CONTENT, VIRTUAL) if key in state}
    assert plan_of(few, baseline) == plan_of(state, baseline)
