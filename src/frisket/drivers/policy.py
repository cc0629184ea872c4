"""A security policy for a device as a plan: tick the items, and what they force is the difference.

The plan has one stage that is one change: the items, what is entered beside them, and every setting
that they force, with its value of before. So all of it is on record before the first byte, is read
back, and can be put back. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from frisket.audit.load import Content
from frisket.audit.policy import PolicyItem
from frisket.audit.rule import Rule
from frisket.audit.sheet import (
    ITEMS,
    VALUES,
    Sheet,
    as_settings,
    conflicts,
    forces,
    from_settings,
    held_by,
    ticked,
)
from frisket.catalog.load import Catalog
from frisket.drivers.access.policy import NAME as POLICY
from frisket.drivers.base import WEB, Driver, Settings
from frisket.drivers.difference import Step, Unsupported, Work, settings_of
from frisket.drivers.order import Phase, Stage
from frisket.drivers.plan import DevicePlan, Subject, own_way
from frisket.drivers.ways import PRINT_PATH, standing
from frisket.model.finding import Severity
from frisket.model.reading import Readings, Value
from frisket.model.target import Target

MENU: Final = "Management Settings > Security Settings > Security Policy Settings"
_FACTORY_SHUT: Final = "SP-27"
_NO: Final = Readings()


def keys_of(sheet: Sheet, content: Content, driver: Driver | None = None) -> tuple[str, ...]:
    """Return every key to be read for a policy: its own, those it forces, ways and print paths."""
    found: dict[str, None] = dict.fromkeys((ITEMS, VALUES, *forces(sheet, content)))
    for way in driver.ways if driver else ():
        found.update(dict.fromkeys((*way.when, *(key for table in way.unless for key in table))))
    found.update(dict.fromkeys(s.key for s in content.catalog if s.role == PRINT_PATH))
    return tuple(found)


def objections(
    sheet: Sheet, now: Sheet, content: Content, *, factory: bool, accepted: Iterable[str] = ()
) -> tuple[str, ...]:
    """Say why a policy is not to be taken into a device, whatever its other settings are.

    `factory`: we log in with the factory password. `accepted` are items that a person has named
    to say that this is meant.
    """
    found = []
    meant = set(accepted)
    fresh = set(sheet.items) - set(now.items)
    if factory and _FACTORY_SHUT in fresh - meant:
        found.append(
            f"{_FACTORY_SHUT} refuses the factory password from afar, and that is our login:"
            " change it first (frisket credentials renew)"
        )
    for row in conflicts(sheet, content):
        items = [name for name in row.between if name in sheet.items]
        if len(items) < len(row.between) or (_of_factory(items, content) and not factory):
            continue
        if fresh & set(items) and not meant & set(items):
            told = f"--accept-conflict {items[0]}"
            found.append(f"{' and '.join(items)} contradict each other: {row.text} ({told})")
    return tuple(found)


def _of_factory(items: Iterable[str], content: Content) -> bool:
    """Say whether a contradiction is there only while the factory password is set."""
    wanted = set(items)
    rules = (name for item in content.policy if item.id in wanted for name in item.rules)
    return any(content.rules[name].key == "admin.password-changed" for name in rules)


def refused(subject: Subject, why: Iterable[str]) -> DevicePlan:
    """Return a plan that changes nothing, and says why."""
    return _nothing(subject.target, "; ".join(why), subject)


def unreached(target: Target, why: str) -> DevicePlan:
    """Return a plan for a device whose policy cannot be read."""
    return DevicePlan(target, why=why)


def _nothing(target: Target, why: str, subject: Subject) -> DevicePlan:
    return DevicePlan(target, subject.identity, subject.pin, why=why)


def plan_policy(subject: Subject, sheet: Sheet, content: Content) -> DevicePlan:
    """Plan a policy for one device; `subject.device` holds the readings of `keys_of`."""
    now = settings_of(subject.device)
    before = from_settings(now, content)
    steps = (*_own_steps(before, sheet, content), *_forced_steps(now, sheet, content))
    lacking = tuple(
        Unsupported(
            key,
            content.catalog[key].label,
            content.catalog[key].menu,
            value,
            tuple(item.id for item in held_by(sheet, content)[key]),
            "this device has no such setting, so the item has no effect on it",
        )
        for key, value in forces(sheet, content).items()
        if key not in now
    )
    plan = _arranged(subject, steps, now, content.catalog)
    return replace(plan, unsupported=lacking, work=_work(sheet, before, content))


def _arranged(
    subject: Subject, steps: Sequence[Step], state: Settings, catalog: Catalog
) -> DevicePlan:
    driver = subject.driver
    after = {**state, **{step.key: step.wanted for step in steps}}
    restart = any(step.restart for step in steps)
    keys = tuple(step.key for step in steps)
    return DevicePlan(
        target=subject.target,
        identity=subject.identity,
        pin=subject.pin,
        driver=driver.name,
        access=POLICY,
        entry=POLICY,
        own=own_way(driver, WEB, after, state),
        state=state,
        steps=tuple(steps),
        stages=(Stage(Phase.CHANGE, keys, restart, whole=True),) if keys else (),
        before=standing(driver.ways, state, catalog),
        after=standing(driver.ways, after, catalog),
    )


def _own_steps(before: Sheet, sheet: Sheet, content: Content) -> Iterable[Step]:
    """Yield the changes of the policy itself; what items cost stands with the items."""
    now, wanted = as_settings(before), as_settings(sheet)
    fresh = [item for item in ticked(sheet, content) if item.id not in before.items]
    rows = sorted({*before.items} ^ {*sheet.items})
    breaks = tuple(dict.fromkeys(f"{i.id}: {text}" for i in fresh for text in i.effects))
    for key, costs in ((ITEMS, breaks), (VALUES, ())):
        if now[key] != wanted[key]:
            label = content.catalog[key].label
            yield Step(key, label, MENU, now[key], wanted[key], (), tuple(rows),
                       Severity.MEDIUM, costs)  # fmt: skip


def _forced_steps(now: Settings, sheet: Sheet, content: Content) -> Iterable[Step]:
    """Yield the settings that the device will change by itself."""
    holders = held_by(sheet, content)
    for key, value in forces(sheet, content).items():
        if key not in now or now[key] == value:
            continue
        setting = content.catalog[key]
        rules = _rules(holders[key], key, sheet, content)
        yield Step(
            key=key,
            label=setting.label,
            menu=setting.menu,
            now=now[key],
            wanted=value,
            rules=tuple(rule.id for rule in rules),
            rows=tuple(item.id for item in holders[key]),
            severity=max((rule.severity for rule in rules), key=lambda s: s.rank),
            restart=setting.restart,
        )


def _rules(items: Iterable[PolicyItem], key: str, sheet: Sheet, content: Content) -> list[Rule]:
    """Return the rules of `items` by which a key is set."""
    names = dict.fromkeys(name for item in items for name in item.rules)
    rules = (content.rules[name] for name in names)
    return [rule for rule in rules if key in rule.fixes(sheet.values, content.catalog)]


def _work(sheet: Sheet, before: Sheet, content: Content) -> tuple[Work, ...]:
    """Return what only a person can do for items that are newly ticked."""
    found = {}
    for item in ticked(sheet, content):
        for rule in (content.rules[name] for name in item.rules):
            if item.id in before.items or rule.fixes(sheet.values, content.catalog):
                continue
            if rule.question:
                steps = (
                    rule.how or content.catalog[rule.key].about or rule.title,
                    f"Then answer, by `frisket attest`: {rule.question}",
                )
                found[rule.id] = Work(rule.id, rule.title, item.id, rule.severity, steps)
    return tuple(found.values())


def inverse_policy(
    plan: DevicePlan, written: Sequence[str], driver: Driver, catalog: Catalog
) -> DevicePlan:
    """Return the plan that puts the former policy back, and then what it had forced."""
    first = [key for key in (ITEMS, VALUES) if key in written]
    rest = [key for key in reversed(written) if key not in first]
    # A policy reaches what otherwise only somebody at the panel may set.
    panel = [key for key in rest if "remote-ui" not in catalog[key].doors]
    steps = [_turned(plan.step(key)) for key in (*first, *rest) if key not in panel]
    lacking = tuple(_at_the_panel(plan.step(key)) for key in panel)
    state: dict[str, Value] = {**plan.state, **{step.key: step.now for step in steps}}
    subject = Subject(plan.target, plan.identity, plan.pin, driver, POLICY, _NO, _NO)
    return replace(_arranged(subject, steps, state, catalog), unsupported=lacking)


def _at_the_panel(step: Step) -> Unsupported:
    why = "the policy had set it, and by itself it is changed at the control panel only"
    return Unsupported(step.key, step.label, step.menu, step.now, step.rows, why)


def _turned(step: Step) -> Step:
    return replace(step, now=step.wanted, wanted=step.now, breaks=())


def is_policy(plan: DevicePlan) -> bool:
    """Say whether a plan is one for a device's security policy."""
    return plan.access == POLICY


def held(
    sheet: Sheet, settings: Settings, changeable: Iterable[str], content: Content
) -> Mapping[str, str]:
    """Say of each forced setting how a device holds it: held, open, other value, or absent.

    `open` has the value and could be changed all the same: a policy that does not lock.
    """
    free = set(changeable)
    found = {}
    for key, value in forces(sheet, content).items():
        if key not in settings:
            found[key] = "absent"
        elif settings[key] != value:
            found[key] = "other value"
        else:
            found[key] = "open" if key in free else "held"
    return found
