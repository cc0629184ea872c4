"""Desired state taken from a good device: what it meets now becomes what is asked of others. Pure.

Only what is known counts: what nobody read, or what witnesses dispute, is not taken over.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from frisket.audit.baseline import Baseline
from frisket.audit.baseline_file import ranges
from frisket.audit.evaluate import evaluate
from frisket.audit.load import Content
from frisket.audit.policy import PolicyItem, forced
from frisket.audit.rule import Parameters
from frisket.audit.sheet import ITEMS, VALUES, Sheet, from_settings, make_sheet, parameters_of
from frisket.model.finding import Verdict
from frisket.model.reading import Readings, Value

_MET = {Verdict.PASS, Verdict.NOT_APPLICABLE}


def value_of(readings: Readings, key: str) -> Value | None:
    """Return what all witnesses say of a key, None where nobody does or they differ."""
    said = {known.value for known in readings.known(key)}
    return said.pop() if len(said) == 1 else None


def parameters_from(readings: Readings, given: Parameters, content: Content) -> dict[str, Value]:
    """Return the parameters with the device's own values, where they lie in the guide's ranges."""
    found = dict(given)
    limits = ranges(content)
    for rule in content.rules.values():
        limit = limits.get(rule.parameter)
        if limit is None or rule.parameter not in given:
            continue
        value = value_of(readings, rule.key)
        number = isinstance(value, int) and not isinstance(value, bool)
        if value is not None and number and limit.minimum <= int(str(value)) <= limit.maximum:
            found[rule.parameter] = value
    return found


def baseline_from(readings: Readings, base: Baseline, content: Content) -> Baseline:
    """Return `base` with only the considerations that a device meets, at the device's numbers.

    A consideration is met where all that applies of it passes, and something does.
    """
    own = replace(base, parameters=parameters_from(readings, base.parameters, content))
    verdicts: dict[str, set[Verdict]] = defaultdict(set)
    for finding in evaluate(own, readings, content):
        verdicts[finding.consideration].add(finding.verdict)
    met = {one for one, found in verdicts.items() if found <= _MET and Verdict.PASS in found}
    return replace(own, considerations=tuple(c for c in own.considerations if c.id in met))


def sheet_from(readings: Readings, content: Content) -> Sheet:
    """Return the security policy of a device: its own where it was read, else what its values are.

    Without the device's own policy an item counts as ticked where every setting that it forces
    is known to be just so.
    """
    items, values = value_of(readings, ITEMS), value_of(readings, VALUES)
    if items is not None and values is not None:
        return from_settings({ITEMS: items, VALUES: values}, content)
    packaged = content.baselines["security-policy"].parameters
    given = parameters_from(readings, packaged, content)
    for item in content.policy:
        for name in item.text:
            keys = (content.rules[r].key for r in item.rules if content.rules[r].parameter == name)
            text = next((found for key in keys if (found := value_of(readings, key))), None)
            if isinstance(text, str):
                given[name] = text
    ticked = [item.id for item in content.policy if _holds(item, readings, given, content)]
    return make_sheet(ticked, given, content)


def _holds(item: PolicyItem, readings: Readings, given: Parameters, content: Content) -> bool:
    held = forced([item], content.rules, given, content.catalog)
    entered = all(name in given for name in parameters_of(item))
    return (
        bool(held)
        and entered
        and all(value_of(readings, key) == value for key, value in held.items())
    )
