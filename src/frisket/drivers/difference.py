"""The difference between a device and a baseline, as changes and as work for a person. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType

from frisket.audit.baseline import Baseline, Consideration, Need
from frisket.audit.evaluate import judge
from frisket.audit.load import Content
from frisket.audit.rule import Rule
from frisket.catalog.setting import Kind, Setting, show
from frisket.drivers.base import Settings
from frisket.model.finding import Severity, Verdict
from frisket.model.reading import Known, Readings, Value, Witness

_OPEN = frozenset({Verdict.FAIL, Verdict.DISPUTED, Verdict.UNKNOWN})
NOTHING_FROZEN: Mapping[str, str] = MappingProxyType({})
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Step:
    """One change: `key` from `now` to `wanted`, who asks for it, and what it costs.

    `insist`: the device says that it is so already, but the network sees `now`. It is written all
    the same, and the network alone says whether that helped.
    """

    key: str
    label: str
    menu: str
    now: Value
    wanted: Value
    rules: tuple[str, ...]
    rows: tuple[str, ...]  # considerations of the baseline: SO-05, EN-04
    severity: Severity
    breaks: tuple[str, ...] = ()
    restart: bool = False
    insist: bool = False
    used_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A change that this device or driver cannot make."""

    key: str
    label: str
    menu: str
    wanted: Value
    rows: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Work:
    """Something only a person can do, as numbered steps."""

    rule: str
    title: str
    row: str
    severity: Severity
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """What separates a device from a baseline, in the baseline's order."""

    steps: tuple[Step, ...] = ()
    unsupported: tuple[Unsupported, ...] = ()
    work: tuple[Work, ...] = ()


@dataclass(frozen=True, slots=True)
class _Demand:
    """One need of the baseline, and the rule of it that is followed."""

    consideration: Consideration
    need: Need
    rule: Rule
    fixes: Settings


def settings_of(readings: Readings) -> dict[str, Value]:
    """Return what the device itself says of each setting; of several statements the last."""
    return {
        key: known.value
        for key in readings
        for known in readings.known(key)
        if known.witness is Witness.DEVICE
    }


def difference(
    baseline: Baseline,
    content: Content,
    device: Readings,
    others: Readings,
    frozen: Mapping[str, str] = NOTHING_FROZEN,
) -> Difference:
    """Compare; `device` is the device's own word, `others` what network and people say.

    `frozen` are the keys that cannot be written, and why: they are left to a person.
    A change is made only where the device's own value differs. Changes can bring rules into play
    that did not matter before, so the comparison is repeated until it adds nothing.
    """
    now = settings_of(device)
    free = {key: value for key, value in now.items() if key not in frozen}
    beside = {key: others[key] for key in others if key not in now}
    state = dict(now)
    wanted: dict[str, Value] = {}
    for _ in content.rules:
        fresh: dict[str, Value] = {}
        for demand in _failing(baseline, content, state, beside):
            for key, value in demand.fixes.items():
                # Of two demands on one key the baseline's first counts.
                if key in free and now[key] != value and key not in wanted:
                    fresh.setdefault(key, value)
        if not fresh:
            break
        wanted |= fresh
        state |= fresh
    first = tuple(_failing(baseline, content, now, beside))
    final = tuple(_failing(baseline, content, state, beside))
    steps = _steps(wanted, now, (*first, *_dormant(baseline, content, wanted)), content)
    steps += _insisted(
        baseline, content, {k: v for k, v in free.items() if k not in wanted}, others
    )
    known = {key: value for key, value in now.items() if key not in {s.key for s in steps}}
    work = _work(final, free, content) + _lies(known, others, content)
    return Difference(steps, _unsupported(final, now, frozen, content), work)


def _readings(state: Settings, beside: Mapping[str, object]) -> Readings:
    said = {key: (Known(v, Witness.DEVICE, _LONG_AGO, "device"),) for key, v in state.items()}
    return Readings({**beside, **said})  # type: ignore[dict-item]


def _failing(
    baseline: Baseline, content: Content, state: Settings, beside: Mapping[str, object]
) -> Iterable[_Demand]:
    """Yield every need that this state does not meet, with the rule to follow."""
    readings = _readings(state, beside)
    for consideration, need in baseline.needs():
        rules = [content.rules[rule] for rule in need.rules]
        verdicts = [
            judge(rule, readings, baseline.parameters, content.catalog).verdict for rule in rules
        ]
        if Verdict.PASS in verdicts or set(verdicts) == {Verdict.NOT_APPLICABLE}:
            continue
        rule = _followed(rules, verdicts, baseline, content, state)
        yield _Demand(consideration, need, rule, rule.fixes(baseline.parameters, content.catalog))


def _followed(
    rules: list[Rule],
    verdicts: list[Verdict],
    baseline: Baseline,
    content: Content,
    state: Settings,
) -> Rule:
    """Return of alternatives the first that the device can follow, else the first that applies."""
    applying = [r for r, v in zip(rules, verdicts, strict=True) if v is not Verdict.NOT_APPLICABLE]
    for rule in applying:
        fixes = rule.fixes(baseline.parameters, content.catalog)
        if fixes and all(key in state for key in fixes):
            return rule
    return applying[0]


def _dormant(baseline: Baseline, content: Content, wanted: Settings) -> Iterable[_Demand]:
    """Yield every need whose fix agrees with a change that is made anyway."""
    for consideration, need in baseline.needs():
        for name in need.rules:
            rule = content.rules[name]
            fixes = rule.fixes(baseline.parameters, content.catalog)
            if any(wanted.get(key) == value for key, value in fixes.items() if key in wanted):
                yield _Demand(consideration, need, rule, fixes)


def _steps(
    wanted: Settings, now: Settings, demands: Iterable[_Demand], content: Content
) -> tuple[Step, ...]:
    asked: dict[str, list[_Demand]] = {key: [] for key in wanted}
    for demand in demands:
        for key, value in demand.fixes.items():
            if key in wanted and wanted[key] == value:
                asked[key].append(demand)
    return tuple(
        _step(content.catalog[key], now[key], value, asked[key]) for key, value in wanted.items()
    )


def _step(setting: Setting, now: Value, wanted: Value, asked: list[_Demand]) -> Step:
    worst = max((d.rule.severity for d in asked), key=lambda s: Severity(s).rank)
    return Step(
        key=setting.key,
        label=setting.label,
        menu=setting.menu,
        now=now,
        wanted=wanted,
        rules=tuple(dict.fromkeys(d.rule.id for d in asked)),
        rows=tuple(dict.fromkeys(d.consideration.id for d in asked)),
        severity=worst,
        breaks=tuple(dict.fromkeys(text for d in asked for text in d.rule.breaks)),
        restart=setting.restart,
        used_by=setting.used_by,
    )


def _unsupported(
    demands: Iterable[_Demand], now: Settings, frozen: Mapping[str, str], content: Content
) -> tuple[Unsupported, ...]:
    found: dict[str, Unsupported] = {}
    for demand in demands:
        for key, value in demand.fixes.items():
            if (key in now and (key not in frozen or now[key] == value)) or key in found:
                continue
            setting = content.catalog[key]
            rows = (demand.consideration.id,)
            why = "the device does not offer it, or the driver cannot read it"
            why = frozen.get(key, why)
            if setting.secret:
                why = "a secret, which is never read back"
            found[key] = Unsupported(key, setting.label, setting.menu, value, rows, why)
    return tuple(found.values())


def _insisted(
    baseline: Baseline, content: Content, state: Settings, others: Readings
) -> tuple[Step, ...]:
    """Return steps for demands that the device claims to meet while the network sees otherwise."""
    found: dict[str, Value] = {}
    asked: dict[str, list[_Demand]] = {}
    for consideration, need in baseline.needs():
        rule = content.rules[need.rules[0]]
        fixes = rule.fixes(baseline.parameters, content.catalog)
        for key, value in fixes.items() if len(need.rules) == 1 else ():
            seen = [r.value for r in others.known(key) if r.witness is Witness.NETWORK]
            if key in state and state[key] == value and seen and value not in seen:
                found[key] = seen[0]
                asked.setdefault(key, []).append(_Demand(consideration, need, rule, fixes))
    return tuple(
        replace(_step(content.catalog[key], value, state[key], asked[key]), insist=True)
        for key, value in found.items()
    )


def _work(demands: Iterable[_Demand], now: Settings, content: Content) -> tuple[Work, ...]:
    """Return what is left to a person, since there is nothing to write."""
    found = {}
    for demand in demands:
        if not any(key in now for key in demand.fixes):
            found[demand.rule.id] = _by_hand(demand, content)
    return tuple(found.values())


def _by_hand(demand: _Demand, content: Content) -> Work:
    rule = demand.rule
    setting = content.catalog[rule.key]
    steps: list[str] = []
    for key, value in demand.fixes.items():
        named = content.catalog[key]
        steps += [f"Go to {named.menu}.", f"Set {named.label} to {show(value)}."]
    if not steps:
        if setting.kind is Kind.SETTING:
            steps.append(f"Go to {setting.menu}.")
        steps.append(rule.how or setting.about or rule.title)
    if rule.question:
        steps.append(f"Then answer, by `frisket attest`: {rule.question}")
    else:
        steps.append("Audit the device again.")
    return Work(rule.id, rule.title, demand.consideration.id, rule.severity, tuple(steps))


def _lies(now: Settings, others: Readings, content: Content) -> tuple[Work, ...]:
    """Return work for settings of which the network sees another value than the device says."""
    found = []
    for key, value in now.items():
        seen = [r for r in others.known(key) if r.witness is Witness.NETWORK and r.value != value]
        if not seen:
            continue
        setting = content.catalog[key]
        seeing = f"{show(seen[0].value)} ({seen[0].detail or seen[0].via})"
        said = f"The device says {setting.label} is {show(value)}; the network sees {seeing}."
        steps = (
            said,
            f"Go to {setting.menu} at the panel and set it once more; restart the device.",
            "Audit the device again; if the two still differ, tell the vendor.",
        )
        title = f"{setting.label}: the device and the network disagree"
        rows = setting.guide[0] if setting.guide else ""
        found.append(Work(key, title, rows, Severity.HIGH, steps))
    return tuple(found)
