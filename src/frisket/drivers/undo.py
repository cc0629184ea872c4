"""The way back: a run's changes, turned round. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from frisket.catalog.load import Catalog
from frisket.drivers.base import Driver, Settings
from frisket.drivers.difference import Difference, Step
from frisket.drivers.plan import DevicePlan, Subject, arrange
from frisket.drivers.policy import inverse_policy, is_policy
from frisket.drivers.ways import is_open
from frisket.model.reading import Readings


def turned(step: Step) -> Step:
    """Return the step back."""
    return replace(step, now=step.wanted, wanted=step.now, breaks=())


def inverse(
    plan: DevicePlan, written: Sequence[str], driver: Driver, catalog: Catalog
) -> DevicePlan:
    """Return the plan that restores every recorded value of `written`, the last written first."""
    if is_policy(plan):
        return inverse_policy(plan, written, driver, catalog)
    steps = tuple(turned(plan.step(key)) for key in reversed(written))
    state = {**plan.state, **{step.key: step.now for step in steps}}
    empty = Readings()
    access = _entry(plan, state, driver)
    subject = Subject(plan.target, plan.identity, plan.pin, driver, access, empty, empty)
    return arrange(subject, Difference(steps), state, catalog)


def _entry(plan: DevicePlan, state: Settings, driver: Driver) -> str:
    """Return by which of the plan's accesses to come in: its own while that is open."""
    return next(
        (
            access
            for access in (plan.access, plan.entry)
            for way in driver.ways
            if way.access == access and is_open(way, state)
        ),
        plan.access,
    )
