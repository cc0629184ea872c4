"""Writes the questions that an audit left open, as TOML; answered, it parses as attestations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from frisket.audit.baseline import Baseline
from frisket.audit.entries import printable
from frisket.audit.load import Content
from frisket.audit.rule import Rule, demand
from frisket.catalog.setting import Kind, Setting, Type, show
from frisket.model.finding import Finding, Verdict

_HEAD = """\
# Questions that the audit against "{title}" left open.
#
# Fill in answer, who, when and evidence; entries left empty are passed over. An answer is for the
# devices named in its entry: where they differ, copy the entry and divide them. "*" means every
# device there is or will be. An answer holds for a year, unless you give another day in expires.
"""

_ENTRY = """\
[[attestation]]
key = {key}
device = {device}
answer = {blank:<13} # {hint}
who = {blank:<16} # your name
when = {blank:<15} # the day you looked, as 2026-01-31
evidence = {blank:<11} # what shows it: photo, ticket, document
# expires = 2027-01-31
"""


def questionnaire(
    content: Content, baseline: Baseline, findings_by_device: Mapping[str, Sequence[Finding]]
) -> str:
    """Return the questions that are still open (`manual`, `unknown`), in the baseline's order.

    Each is asked once, for all devices (by the names of `findings_by_device`) that need the answer.
    """
    parts = [_HEAD.format(title=printable(baseline.title))]
    for rule, devices in open_questions(content, baseline, findings_by_device):
        parts.append(_question(rule, devices, baseline, content))
    if len(parts) == 1:
        parts.append("# Nothing is left open.\n")
    return "\n".join(parts)


def open_questions(
    content: Content, baseline: Baseline, findings_by_device: Mapping[str, Sequence[Finding]]
) -> Iterator[tuple[Rule, tuple[str, ...]]]:
    """Yield each open key's first rule and the devices that need an answer, each key once."""
    asked: dict[str, tuple[Rule, dict[str, None]]] = {}
    for device, findings in findings_by_device.items():
        for finding in findings:
            if finding.verdict not in {Verdict.MANUAL, Verdict.UNKNOWN}:
                continue
            for name in finding.alternatives or (finding.rule,):
                rule = content.rules.get(name)
                if rule is not None and not content.catalog[rule.key].secret:
                    asked.setdefault(rule.key, (rule, {}))[1][device] = None
    order = {content.rules[name].key: None for _, need in baseline.needs() for name in need.rules}
    for key in order:
        if key in asked:
            rule, devices = asked[key]
            yield rule, tuple(devices)


def _question(rule: Rule, devices: Sequence[str], baseline: Baseline, content: Content) -> str:
    setting = content.catalog[rule.key]
    ids = dict.fromkeys(
        consideration.id
        for consideration, need in baseline.needs()
        if any(content.rules[name].key == rule.key for name in need.rules)
    )
    lines = [f"# {', '.join(ids)}: {rule.title} ({rule.severity})", f"# {ask(rule, setting)}"]
    if setting.menu:
        lines.append(f"# Where: {setting.menu}")
    lines.extend(
        f"# Only matters where {content.catalog[key].label} is {show(value)}; where it is not,"
        f" change key to {key} and answer that."
        for key, value in rule.when.items()
    )
    if rule.how:
        lines.append(f"# If not: {rule.how}")
    if setting.kind is not Kind.PRACTICE:
        lines.append(f"# Wanted: {demand(rule, baseline.parameters)}")
    head = "".join(f"{printable(line)}\n" for line in lines)
    return head + _ENTRY.format(
        key=quoted(rule.key), device=_listed(devices), blank='""', hint=hint(setting)
    )


def _listed(devices: Sequence[str]) -> str:
    if len(devices) == 1:
        return quoted(devices[0])
    return "[\n" + "".join(f"  {quoted(device)},\n" for device in devices) + "]"


def ask(rule: Rule, setting: Setting) -> str:
    """Return the question about a rule's key, in words."""
    if rule.question:
        return rule.question
    if setting.kind is Kind.STATE:
        return setting.about or f"{setting.label}?"
    return f"What is {setting.label} set to?"


def hint(setting: Setting) -> str:
    """Return how the answer about a key is written."""
    if setting.type is Type.BOOLEAN:
        return "true or false" if setting.kind is Kind.PRACTICE else "true (on) or false (off)"
    return printable(setting.range)


def quoted(text: str) -> str:
    """Return `text` as a TOML basic string, unprintable characters replaced."""
    return '"' + printable(text).replace("\\", "\\\\").replace('"', '\\"') + '"'
