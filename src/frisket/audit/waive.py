"""Waivers: an owner accepts a failure, for a reason, until a day. Pure; the day is handed in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from frisket.audit.entries import Entry, covers, entries
from frisket.audit.load import Content
from frisket.model.finding import Finding, Verdict
from frisket.model.target import Identity, Target

_FIELDS = ("rule", "scope", "owner", "reason", "expires")


@dataclass(frozen=True, slots=True)
class Waiver:
    """One accepted failure. It holds through the day `expires`.

    `scope` is `*`, an address, a name, a serial number or `model:GLOB`.
    """

    rule: str
    scope: str
    owner: str
    reason: str
    expires: date


def parse_waivers(text: str, content: Content, source: str = "waivers") -> tuple[Waiver, ...]:
    """Read `[[waiver]]` tables, or raise `UsageError` naming the entry and its line."""
    return tuple(read_waiver(entry, content) for entry in entries(text, "waiver", source))


def read_waiver(entry: Entry, content: Content) -> Waiver:
    """Return the waiver that one entry means, or raise `UsageError`."""
    entry.only(*_FIELDS)
    rule = entry.text("rule")
    if rule not in content.rules:
        raise entry.fault(f"unknown rule {rule[:80]!r}")
    expires = entry.day("expires")
    if expires is None:
        raise entry.fault("expires missing: a waiver ends")
    return Waiver(
        rule=rule,
        scope=entry.text("scope"),
        owner=entry.text("owner"),
        reason=entry.text("reason"),
        expires=expires,
    )


def apply(
    waivers: Iterable[Waiver],
    findings: Iterable[Finding],
    target: Target,
    identity: Identity,
    today: date,
) -> tuple[Finding, ...]:
    """Return the findings of one device with waived failures marked, in their order.

    Only `fail` and `disputed` are waived: what nobody knows cannot be accepted. An expired waiver
    changes no verdict; the finding says that it has expired.
    """
    here = [waiver for waiver in waivers if covers(waiver.scope, target, identity)]
    return tuple(_apply(here, finding, today) for finding in findings)


def _apply(waivers: list[Waiver], finding: Finding, today: date) -> Finding:
    rules = {finding.rule, *finding.alternatives}
    mine = [waiver for waiver in waivers if waiver.rule in rules]
    if finding.verdict not in {Verdict.FAIL, Verdict.DISPUTED} or not mine:
        return finding
    waiver = max(mine, key=lambda waiver: waiver.expires)
    who = f"{waiver.owner}: {waiver.reason}"
    if waiver.expires < today:
        because = f"{finding.because}; a waiver expired on {waiver.expires} ({who})"
        return replace(finding, because=because)
    because = f"waived until {waiver.expires} by {who}; was {finding.verdict}: {finding.because}"
    return replace(finding, verdict=Verdict.WAIVED, because=because)
