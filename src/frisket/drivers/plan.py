"""What is to change on each device, in which order, and what that leaves open. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from frisket.audit.baseline import Baseline
from frisket.audit.load import Content
from frisket.catalog.load import Catalog
from frisket.drivers.base import Driver, Pin, Settings, Way
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
from frisket.model.finding import Incomplete
from frisket.model.reading import Readings
from frisket.model.target import Identity, Target

FORMAT = 1
BY_HAND = "nothing is known that could be written to it: work through the order by hand"
ACCESS = "snmp-v3"
CHANNEL: Final = "channel"
PRINT: Final = "print_path"


@dataclass(frozen=True, slots=True)
class DevicePlan:
    """One device's changes. `state` is what they were computed from.

    The work is done over `access`, which is our `own` way to it; `entry` is the access that is
    open from the start, by which ours is opened where that is another one. Where nothing can be
    written, without a `driver` or by one that only reads, `why` says so; the work order remains.
    """

    target: Target
    identity: Identity = field(default_factory=Identity)
    pin: Pin = field(default_factory=Pin)
    driver: str = ""
    access: str = ""
    entry: str = ""
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

    @property
    def unproved(self) -> bool:
        """Say whether our own way is closed, and others stay that nobody has a login for.

        A way that there is a login for would be our own (`_course`).
        """
        closes = self.own in self.before.managing and self.own not in self.after.managing
        return closes and bool(self.after.managing)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a device is left as it is. `kind` is what a person has to take upon themselves.

    CHANNEL: that nothing manages it from afar; PRINT: that nothing prints on it.
    """

    address: str
    kind: str
    why: str

    def __str__(self) -> str:
        """Return it with the option of the command line that lifts it."""
        return f"{self.why}: --accept-no-{self.kind.replace('_', '-')} {self.address}"


@dataclass(frozen=True, slots=True)
class Plan:
    """A run's worth of changes. `content` is the version of rules, baselines and tables used.

    `accept_no_channel` and `accept_no_print_path` are the addresses for which a person typed that.
    `back`: it takes a run back; then nobody asks for a way that was not there before.
    """

    baseline: str
    content: str
    made: datetime
    devices: tuple[DevicePlan, ...]
    missed: tuple[Incomplete, ...] = ()
    accept_no_channel: tuple[str, ...] = ()
    accept_no_print_path: tuple[str, ...] = ()
    back: bool = False

    @property
    def changes(self) -> int:
        """Return how many settings would change."""
        return sum(len(device.steps) for device in self.devices)

    def refusals(self, device: DevicePlan) -> tuple[Refusal, ...]:
        """Return why a device's changes are not made without a typed confirmation."""
        if not device.steps:
            return ()
        found = []
        address = device.address
        if address not in self.accept_no_channel:
            if not device.after.managing:
                found.append(Refusal(address, CHANNEL, "no management channel would be left"))
            if device.unproved and not self.back:
                others = ", ".join(device.after.managing)
                why = f"{device.own} would be closed, and no login is given for what is left"
                proof = "nothing proves that it lets us in"
                found.append(Refusal(address, CHANNEL, f"{why} ({others}), so that {proof}"))
        prints = device.before.print_paths and not device.after.print_paths
        if prints and address not in self.accept_no_print_path:
            found.append(Refusal(address, PRINT, "no print path would be left"))
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
    found.update(dict.fromkeys(driver.filter.keys if driver.filter else ()))
    found.update(dict.fromkeys(s.key for s in content.catalog if s.role == PRINT_PATH))
    return tuple(found)


def own_way(driver: Driver, access: str, *states: Settings) -> str:
    """Return the name of the way that an access uses: one open in the first of `states` that has.

    The Remote UI is one access by two ways, with and without TLS.
    """
    ways = [way for way in driver.ways if way.access == access]
    for state in states:
        for way in ways:
            if is_open(way, state):
                return way.name
    return ways[0].name if ways else ""


@dataclass(frozen=True, slots=True)
class Subject:
    """A device as it was read: who it is, by which driver and access, and what was said of it.

    `usable` are the accesses that there is a login for, `access` alone where none is named.
    `frozen` are the keys that `access` cannot write, and why.
    """

    target: Target
    identity: Identity
    pin: Pin
    driver: Driver
    access: str
    device: Readings
    others: Readings
    usable: tuple[str, ...] = ()
    frozen: Mapping[str, str] = field(default_factory=dict)


def plan_device(subject: Subject, baseline: Baseline, content: Content) -> DevicePlan:
    """Plan one device's way to a baseline."""
    found = difference(baseline, content, subject.device, subject.others, subject.frozen)
    now = settings_of(subject.device)
    keys = bearing(baseline, content, subject.driver)
    state = {key: now[key] for key in keys if key in now}
    return arrange(subject, found, state, content.catalog)


@dataclass(frozen=True, slots=True)
class _Course:
    """Over which access the work is done, by which it is come in, and what opens ours first."""

    access: str
    entry: str
    reach: tuple[str, ...] = ()


def arrange(subject: Subject, found: Difference, state: Settings, catalog: Catalog) -> DevicePlan:
    """Put a difference in order and say what it leaves open."""
    driver = subject.driver
    wanted = {step.key: step.wanted for step in found.steps}
    before = {**state, **{step.key: step.now for step in found.steps if step.insist}}
    after = {**before, **wanted}
    course = _course(subject, found, before, after)
    own = own_way(driver, course.access, after, before)
    login = driver.logins(course.access)
    return DevicePlan(
        target=subject.target,
        identity=subject.identity,
        pin=subject.pin,
        driver=driver.name,
        access=course.access,
        entry=course.entry,
        own=own,
        why="" if driver.writes else f"{BY_HAND} ({driver.about})",
        state=state,
        steps=found.steps,
        stages=stages(found.steps, before, driver.ways, own, login=login, reach=course.reach),
        unsupported=found.unsupported,
        work=found.work,
        before=standing(driver.ways, before, catalog),
        after=standing(driver.ways, after, catalog),
    )


def _course(subject: Subject, found: Difference, before: Settings, after: Settings) -> _Course:
    """Choose the access to work over: the driver's best that survives and is or can be open.

    Where none survives, we stay with the one we came in by, and what closes it comes last.
    """
    entry = subject.access
    for access in subject.driver.accesses:
        if access not in {entry, *subject.usable} or not found.steps:
            continue
        ways = [way for way in subject.driver.ways if way.access == access and way.manages]
        if not any(is_open(way, after) for way in ways):
            continue
        if access == entry or any(is_open(way, before) for way in ways):
            return _Course(access, access)
        for way in ways:
            keys = _reach(way, found, before)
            if is_open(way, after) and keys:
                return _Course(access, entry, keys)
    return _Course(entry, entry)


def _reach(way: Way, found: Difference, before: Settings) -> tuple[str, ...]:
    """Return the steps that open a way by themselves, () where they do not suffice."""
    keys = tuple(
        step.key
        for step in found.steps
        if way.when.get(step.key) == step.wanted or any(step.key in t for t in way.unless)
    )
    opened = {**before, **{step.key: step.wanted for step in found.steps if step.key in keys}}
    return keys if is_open(way, opened) else ()


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


def alike(plan: Plan) -> list[list[DevicePlan]]:
    """Return the devices in groups that are planned alike, in the order of the first of each."""
    groups: dict[object, list[DevicePlan]] = {}
    for device in plan.devices:
        what = (device.driver, device.why, device.access, device.entry, device.stages)
        left = (device.steps, device.unsupported, device.work, device.before, device.after)
        typed = len(plan.refusals(device))
        groups.setdefault((what, left, typed), []).append(device)
    return list(groups.values())
