"""Any device, any baseline, there and back: through the virtual device's own store and services."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from tests.lab import make_device
from tests.unit.drivers.real_ways import real_ways
from tests.unit.drivers.states import (
    CATALOG,
    CONTENT,
    NOW,
    VIRTUAL,
    State,
    baselines,
    plan_of,
    states,
)

from frisket.audit.baseline import Baseline
from frisket.drivers.plan import DevicePlan, Plan
from frisket.drivers.undo import inverse
from frisket.mfd.device import Device
from frisket.model.reading import Value

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
WARNED: State = {"admin.password-changed": False}  # as the login over the Remote UI tells


def profile(examples: int) -> settings:
    """Return settings for so many examples; a failing one is shrunk all the same."""
    return settings(max_examples=examples, deadline=None, suppress_health_check=SLOW)


def said(device: Device) -> dict[str, Value]:
    """Return what the device acts by."""
    return {key: device.store.effective(key) for key in device.store.keys()}  # noqa: SIM118


def carry_out(device: Device, plan: DevicePlan) -> None:
    """Set a plan's values on the device, stage by stage, restarting where the plan does."""
    for stage in plan.stages:
        for key in stage.keys:
            assert device.store.set(key, plan.step(key).wanted, "test", "snmp"), (
                "a write for nothing"
            )
        if stage.restart:
            device.store.apply_pending()
    assert not device.store.pending, "what waits for a restart gets one"


def managing(ways: Sequence[str] | set[str]) -> set[str]:
    """Return those ways that settings can be changed over."""
    return {way.name for way in VIRTUAL.ways if way.manages} & set(ways)


def live(state: State, baseline: Baseline) -> None:
    """Plan, carry out, look, plan again, undo, look again."""
    device = make_device(settings=state)
    before = said(device)
    plan = plan_of({**state, **WARNED}, baseline)
    whole = Plan(baseline.id, "", NOW, (plan,))
    assert set(plan.before.ways) == real_ways(device, factory=True)

    carry_out(device, plan)
    order = [key for stage in plan.stages for key in stage.keys]
    assert device.journal.writes == Counter(order), "each key once"
    real = real_ways(device, factory=True)
    assert set(plan.after.ways) == real
    assert set(plan.after.managing) == managing(real)
    if plan.steps and not whole.refusals(plan):
        assert managing(real), "nobody confirmed that no way is left"

    after = said(device)
    assert plan_of({**after, **WARNED}, baseline).steps == (), "nothing for a device that complies"
    assert all(after[key] == before[key] for key in after if key not in order)

    carry_out(device, inverse(plan, order, VIRTUAL, CATALOG))
    assert said(device) == before
    assert set(plan.before.ways) == real_ways(device, factory=True)


@given(states(), baselines())
@profile(500)
def test_there_and_back(state: State, baseline: Baseline) -> None:
    live(state, baseline)


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@given(states(), baselines())
@profile(10_000)
def test_there_and_back_ten_thousand_times(state: State, baseline: Baseline) -> None:
    live(state, baseline)


@pytest.mark.parametrize("baseline", sorted(CONTENT.baselines))
def test_there_and_back_from_the_factory(baseline: str) -> None:
    device = make_device(settings={"snmp.v3.enabled": True})
    live(said(device), CONTENT.baselines[baseline])
