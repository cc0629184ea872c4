"""The one comparison: readings against a baseline. Pure; the clock is handed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from frisket.audit.baseline import Baseline, Consideration, Need
from frisket.audit.load import Content
from frisket.audit.rule import TESTS, Parameters, Rule, demand, holds
from frisket.audit.standard import maps_of
from frisket.catalog.load import Catalog
from frisket.catalog.setting import Kind, Setting, show
from frisket.model.finding import Conflict, Evidence, Finding, Fix, Severity, Verdict
from frisket.model.reading import Known, Readings, Why


@dataclass(frozen=True, slots=True)
class Judgement:
    """A rule's verdict on one device, why, and on what evidence."""

    verdict: Verdict
    because: str
    evidence: tuple[Evidence, ...] = ()


def judge(rule: Rule, readings: Readings, parameters: Parameters, catalog: Catalog) -> Judgement:
    """Judge one rule. Unknown never passes; witnesses who differ give `disputed`."""
    for key, value in rule.when.items():
        seen = readings.known(key)
        if seen and not any(holds(reading.value, value) for reading in seen):
            label = catalog[key].label
            because = f"only matters where {label} is {show(value)}; it is {show(seen[0].value)}"
            return Judgement(Verdict.NOT_APPLICABLE, because, _evidence(key, seen, catalog))
    seen = readings.known(rule.key)
    if not seen:
        return _unread(rule, readings, catalog)
    setting = catalog[rule.key]
    evidence = _evidence(rule.key, seen, catalog)
    said = {reading.value for reading in seen}
    want = demand(rule, parameters)
    if len(said) > 1:
        who = "; ".join(
            f"{reading.witness} ({reading.via}) says {_shown(setting, reading)}" for reading in seen
        )
        return Judgement(Verdict.DISPUTED, f"witnesses differ: {who}; wanted is {want}", evidence)
    first = seen[0]
    passed = TESTS[rule.test](first.value, rule.wanted(parameters))
    detail = f" ({first.detail})" if first.detail else ""
    because = f"{_shown(setting, first)}, seen by {first.witness} via {first.via}{detail}"
    if passed:
        return Judgement(Verdict.PASS, because, evidence)
    return Judgement(Verdict.FAIL, f"{because}; wanted is {want}", evidence)


def _unread(rule: Rule, readings: Readings, catalog: Catalog) -> Judgement:
    reasons = readings.unread(rule.key)
    if catalog[rule.key].kind is Kind.PRACTICE:
        expired = next((r for r in reasons if r.why is Why.EXPIRED), None)
        because = f"{expired.why}: {expired.detail}" if expired else "needs a person's word"
        return Judgement(Verdict.MANUAL, because)
    if not reasons:
        return Judgement(Verdict.UNKNOWN, "no witness was asked that can read it")
    because = "; ".join(
        dict.fromkeys(
            " ".join(filter(None, [r.via and f"{r.via}:", r.why, r.detail and f"({r.detail})"]))
            for r in reasons
        )
    )
    return Judgement(Verdict.UNKNOWN, because)


def _shown(setting: Setting, reading: Known) -> str:
    return "a value that is kept secret" if setting.secret else show(reading.value) or "nothing"


def _evidence(key: str, seen: Sequence[Known], catalog: Catalog) -> tuple[Evidence, ...]:
    secret = catalog[key].secret
    return tuple(
        Evidence(
            key=key,
            value="(secret)" if secret else reading.value,
            witness=reading.witness,
            via=reading.via,
            at=reading.when,
            detail=reading.detail,
        )
        for reading in seen
    )


# Of alternatives the best answer counts; an open one beats a failure, since it may still hold.
_BEST_FIRST = (
    Verdict.PASS,
    Verdict.DISPUTED,
    Verdict.UNKNOWN,
    Verdict.MANUAL,
    Verdict.FAIL,
    Verdict.NOT_APPLICABLE,
)


def _judge_need(
    need: Need, readings: Readings, baseline: Baseline, content: Content
) -> tuple[Judgement, Rule]:
    judged = [
        (judge(rule, readings, baseline.parameters, content.catalog), rule)
        for rule in (content.rules[rule_id] for rule_id in need.rules)
    ]
    best, rule = min(judged, key=lambda pair: _BEST_FIRST.index(pair[0].verdict))
    if len(judged) == 1 or best.verdict is Verdict.PASS:
        return best, rule
    because = "; or ".join(f"{r.title}: {j.verdict} ({j.because})" for j, r in judged)
    evidence = tuple(e for j, _ in judged for e in j.evidence)
    return replace(best, because=because, evidence=evidence), judged[0][1]


def _fix(rule: Rule, baseline: Baseline, catalog: Catalog) -> Fix:
    values = rule.fixes(baseline.parameters, catalog)
    keys = list(values) or [rule.key]
    menus = dict.fromkeys(catalog[key].menu for key in keys if catalog[key].menu)
    labels = ", ".join(f"{catalog[key].label} = {show(value)}" for key, value in values.items())
    how = rule.how or (f"Set {labels}." if labels else catalog[rule.key].about)
    return Fix(
        set=values,
        menu="; ".join(menus),
        how=how,
        breaks=rule.breaks,
        restart=any(catalog[key].restart for key in values),
    )


def _finding(
    consideration: Consideration,
    need: Need,
    readings: Readings,
    baseline: Baseline,
    content: Content,
) -> Finding:
    judgement, rule = _judge_need(need, readings, baseline, content)
    rules = [content.rules[rule_id] for rule_id in need.rules]
    return Finding(
        consideration=consideration.id,
        feature=consideration.feature,
        rule=need.id,
        title=need.title or " or ".join(r.title for r in rules),
        verdict=judgement.verdict,
        severity=max((r.severity for r in rules), key=lambda s: Severity(s).rank),
        because=judgement.because,
        evidence=judgement.evidence,
        fix=_fix(rule, baseline, content.catalog),
        stops=rule.stops,
        maps=maps_of(content.standards, need.rules),
        conflicts=tuple(
            Conflict(", ".join(i for i in c.between if i != consideration.id), c.text)
            for c in content.contradictions
            if consideration.id in c.between
        ),
        alternatives=need.rules if len(need.rules) > 1 else (),
    )


def evaluate(baseline: Baseline, readings: Readings, content: Content) -> tuple[Finding, ...]:
    """Compare one device's readings with a baseline: a finding for every need, none skipped."""
    return tuple(
        _finding(consideration, need, readings, baseline, content)
        for consideration, need in baseline.needs()
    )
