"""Which access a plan is carried out over, whatever the device and the baseline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.drivers.states import (
    CATALOG,
    CONTENT,
    FACTORY,
    PIN,
    TARGET,
    VIRTUAL,
    State,
    baselines,
    says,
    states,
)

from frisket.audit.baseline import Baseline
from frisket.drivers.order import Phase
from frisket.drivers.plan import DevicePlan, Subject, own_way, plan_device
from frisket.drivers.undo import inverse
from frisket.drivers.ways import is_open
from frisket.model.reading import Readings, Value
from frisket.model.target import Identity

many = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
BOTH = ("snmp-v3", "remote-ui")
entries = st.sampled_from([("snmp-v3",), ("remote-ui",), BOTH])


def reachable(state: Mapping[str, Value], access: str) -> bool:
    """Say whether some way of an access that manages is open."""
    return any(is_open(w, state) for w in VIRTUAL.ways if w.access == access and w.manages)


def plan_over(
    state: State, baseline: Baseline, entry: str, usable: tuple[str, ...], **more: str
) -> DevicePlan:
    """Plan a device that was read by `entry`. `more`: keys that cannot be written, and why."""
    frozen = {key.replace("__", "."): why for key, why in more.items()}
    subject = Subject(
        TARGET, Identity(), PIN, VIRTUAL, entry, says(state), Readings(), usable, frozen
    )
    return plan_device(subject, baseline, CONTENT)


@given(states(), baselines(), entries)
@many
def test_the_work_is_done_over_what_survives(
    state: State, baseline: Baseline, usable: tuple[str, ...]
) -> None:
    entry = next((a for a in usable if reachable(state, a)), usable[0])
    plan = plan_over(state, baseline, entry, usable)
    after = {**state, **{step.key: step.wanted for step in plan.steps}}
    surviving = [a for a in usable if reachable(after, a) and reachable(state, a)]
    if plan.steps and surviving:
        assert reachable(after, plan.access)
    assert plan.entry == entry or reachable(state, plan.entry)
    assert plan.access in usable
    assert plan.own in {way.name for way in VIRTUAL.ways if way.access == plan.access}


@given(states(), baselines(), entries)
@many
def test_what_opens_our_way_suffices_by_itself(
    state: State, baseline: Baseline, usable: tuple[str, ...]
) -> None:
    entry = next((a for a in usable if reachable(state, a)), usable[0])
    plan = plan_over(state, baseline, entry, usable)
    first = [stage for stage in plan.stages if stage.phase is Phase.REACH]
    assert bool(first) == (plan.access != plan.entry)
    for stage in first:
        opened = {**state, **{key: plan.step(key).wanted for key in stage.keys}}
        assert reachable(opened, plan.access)
        assert not reachable(state, plan.access)


@given(states(), baselines())
@many
def test_the_remote_ui_stays_open_until_the_last_stage(state: State, baseline: Baseline) -> None:
    plan = plan_over(state, baseline, "remote-ui", ("remote-ui",))
    now: dict[str, Value] = dict(state)
    stays = reachable(now, "remote-ui")
    for stage in plan.stages:
        if stage.phase is Phase.LAST:
            break
        now |= {key: plan.step(key).wanted for key in stage.keys}
        assert reachable(now, "remote-ui") or not stays


@given(states(), baselines(), entries)
@many
def test_undoing_comes_in_by_what_is_open_then(
    state: State, baseline: Baseline, usable: tuple[str, ...]
) -> None:
    entry = next((a for a in usable if reachable(state, a)), usable[0])
    plan = plan_over(state, baseline, entry, usable)
    if not plan.steps:
        return
    written = [key for stage in plan.stages for key in stage.keys]
    after = {**state, **{key: plan.step(key).wanted for key in written}}
    back = inverse(plan, written, VIRTUAL, CATALOG)
    if any(reachable(after, a) for a in (plan.access, plan.entry)):
        assert reachable(after, back.entry)


def test_what_cannot_be_written_is_left_to_a_person() -> None:
    baseline = CONTENT.baselines["small-office"]
    why = "the panel alone sets it"
    plan = plan_over(FACTORY, baseline, "remote-ui", ("remote-ui",), snmp__v1__enabled=why)
    free = plan_over(FACTORY, baseline, "remote-ui", ("remote-ui",))
    assert "snmp.v1.enabled" in {step.key for step in free.steps}
    assert "snmp.v1.enabled" not in {step.key for step in plan.steps}
    assert [item.why for item in plan.unsupported if item.key == "snmp.v1.enabled"] == [why]
    assert any(work.rule == "snmp.v1-off" for work in plan.work)


def test_tls_moves_our_way_and_does_not_close_it() -> None:
    baseline = CONTENT.baselines["small-office"]
    plan = plan_over(FACTORY, baseline, "remote-ui", ("remote-ui",))
    assert plan.own == "Remote UI over HTTPS"
    tls = next(stage for stage in plan.stages if "remote-ui.tls.enabled" in stage.keys)
    assert (tls.phase, tls.restart) == (Phase.OPEN, True)
    assert Phase.LAST not in {stage.phase for stage in plan.stages}


def test_an_access_that_no_way_uses_has_no_way_of_its_own() -> None:
    assert own_way(VIRTUAL, "telepathy", FACTORY) == ""
    bare = replace(VIRTUAL, ways=())
    assert own_way(bare, "snmp-v3", FACTORY) == ""
