"""What is to change on each device, in which order, and what that leaves open. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from frisket.audit.baseline import Baseline
from frisket.audit.load import Content
from frisket.catalog.load import Catalog
from frisket.catalog.setting import show
from frisket.drivers.base import Driver, Pin, Settings
from frisket.drivers.difference import (
    Difference,
    Step,
    Unsupported,
    Work,
    difference,
    settings_of,
)
from frisket.drivers.order import Stage, stages
from frisket.drivers.ways import NOTHING, PRINT_PATH, Standing, is_open, standing
from frisket.errors import FrisketError
from frisket.model.finding import Incomplete
from frisket.model.reading import Readings
from frisket.model.target import Identity, Target

FORMAT = 1
ACCESS = "snmp-v3"  # the access that does the work; others only open it


class NotReachable(FrisketError):
    """Nothing can be written to this device from here."""


@dataclass(frozen=True, slots=True)
class DevicePlan:
    """One device's changes. `state` is what they were computed from; `own` is our way to it.

    Without a `driver` nothing can be written and `why` says so; the work order remains.
    """

    target: Target
    identity: Identity = field(default_factory=Identity)
    pin: Pin = field(default_factory=Pin)
    driver: str = ""
    own: str = ""
    why: str = ""
    state: Settings = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    stages: tuple[Stage, ...] = ()
    unsupported: tuple[Unsupported, ...] = ()
    work: tuple[Work, ...] = ()
    before: Standing = NOTHING
    after: Standing = NOTHING

    @property
    def address(self) -> str:
        """Return the device's address."""
        return self.target.address

    def step(self, key: str) -> Step:
        """Return the step of a key that is among the steps."""
        return next(step for step in self.steps if step.key == key)

    @property
    def restarts(self) -> int:
        """Return how often the device restarts."""
        return sum(stage.restart for stage in self.stages)


@dataclass(frozen=True, slots=True)
class Plan:
    """A run's worth of changes. `content` is the version of rules, baselines and tables used.

    `accept_no_channel` and `accept_no_print_path` are the addresses for which a person typed that.
    """

    baseline: str
    content: str
    made: datetime
    devices: tuple[DevicePlan, ...]
    missed: tuple[Incomplete, ...] = ()
    accept_no_channel: tuple[str, ...] = ()
    accept_no_print_path: tuple[str, ...] = ()

    @property
    def changes(self) -> int:
        """Return how many settings would change."""
        return sum(len(device.steps) for device in self.devices)

    def refusals(self, device: DevicePlan) -> tuple[str, ...]:
        """Say in words why a device's changes are not made without a typed confirmation."""
        if not device.steps:
            return ()
        found = []
        address = device.address
        if not device.after.managing and address not in self.accept_no_channel:
            found.append(f"no management channel would be left: --accept-no-channel {address}")
        prints = device.before.print_paths and not device.after.print_paths
        if prints and address not in self.accept_no_print_path:
            found.append(f"no print path would be left: --accept-no-print-path {address}")
        return tuple(found)


def bearing(baseline: Baseline, content: Content, driver: Driver) -> tuple[str, ...]:
    """Return every key that a plan depends on: judged, set, or part of a way or print path."""
    found: dict[str, None] = {}
    for _, need in baseline.needs():
        for rule in (content.rules[name] for name in need.rules):
            fixes = rule.fixes(baseline.parameters, content.catalog)
            found.update(dict.fromkeys((rule.key, *rule.when, *fixes)))
    for way in driver.ways:
        found.update(dict.fromkeys((*way.when, *(key for table in way.unless for key in table))))
    found.update(dict.fromkeys(s.key for s in content.catalog if s.role == PRINT_PATH))
    return tuple(found)


def own_way(driver: Driver, access: str) -> str:
    """Return the name of the way that an access of ours uses."""
    return next((way.name for way in driver.ways if way.access == access), "")


@dataclass(frozen=True, slots=True)
class Subject:
    """A device as it was read: who it is, by which driver and access, and what was said of it."""

    target: Target
    identity: Identity
    pin: Pin
    driver: Driver
    access: str
    device: Readings
    others: Readings


def plan_device(subject: Subject, baseline: Baseline, content: Content) -> DevicePlan:
    """Plan one device's way to a baseline."""
    found = difference(baseline, content, subject.device, subject.others)
    now = settings_of(subject.device)
    keys = bearing(baseline, content, subject.driver)
    state = {key: now[key] for key in keys if key in now}
    return arrange(subject, found, state, content.catalog)


def arrange(subject: Subject, found: Difference, state: Settings, catalog: Catalog) -> DevicePlan:
    """Put a difference in order and say what it leaves open."""
    driver = subject.driver
    own = own_way(driver, ACCESS)
    reach = () if subject.access == ACCESS else _reach(driver, own, found, state)
    wanted = {step.key: step.wanted for step in found.steps}
    before = {**state, **{step.key: step.now for step in found.steps if step.insist}}
    after = {**before, **wanted}
    return DevicePlan(
        target=subject.target,
        identity=subject.identity,
        pin=subject.pin,
        driver=driver.name,
        own=own,
        state=state,
        steps=found.steps,
        stages=stages(
            found.steps, before, driver.ways, own, login=frozenset(driver.snmp.login), reach=reach
        ),
        unsupported=found.unsupported,
        work=found.work,
        before=standing(driver.ways, before, catalog),
        after=standing(driver.ways, after, catalog),
    )


def _reach(driver: Driver, own: str, found: Difference, state: Settings) -> tuple[str, ...]:
    """Return the steps that open the way to work over, to be made by the way we came in."""
    way = next(way for way in driver.ways if way.name == own)
    steps = {step.key: step.wanted for step in found.steps}
    keys = tuple(key for key in steps if key in way.when and steps[key] == way.when[key])
    opened = {**state, **{key: steps[key] for key in keys}}
    if found.steps and not is_open(way, opened):
        needed = ", ".join(f"{key} = {show(value)}" for key, value in way.when.items())
        raise NotReachable(
            f"it can be changed over {own} only, which is closed, and this baseline leaves it so",
            hint=f"needed are {needed}",
        )
    return keys


def work_order(
    target: Target, why: str, others: Readings, baseline: Baseline, content: Content
) -> DevicePlan:
    """Return a plan for a device that nothing can be written to: everything is for a person."""
    found = difference(baseline, content, Readings(), others)
    return DevicePlan(target, why=why, work=found.work)


def moved(expected: Settings, found: Settings) -> Mapping[str, tuple[object, object]]:
    """Return what differs between the state a plan was made from and the present one."""
    return {
        key: (value, found.get(key)) for key, value in expected.items() if found.get(key) != value
    }


def by_address(devices: Iterable[DevicePlan]) -> dict[str, DevicePlan]:
    """Return the devices by their address."""
    return {device.address: device for device in devices}
