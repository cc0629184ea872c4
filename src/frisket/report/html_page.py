"""HTML: one self-contained page for managers and administrators, from a phone to print.

Styles, drawings and the small sorting script are inside; a policy in the page allows nothing else.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from frisket.catalog.load import content
from frisket.catalog.setting import show
from frisket.model.finding import AuditResult, DeviceResult, Finding, Severity, Verdict
from frisket.report.advice import next_steps
from frisket.report.charts import bars, ring, segments, warmth
from frisket.report.figures import (
    BAD,
    ORDER,
    QUIET,
    Consideration,
    all_findings,
    by_consideration,
    conflicts,
    counts,
    device_title,
    failing_by_severity,
    instant,
    moment,
    overall,
    percent,
    widespread,
)
from frisket.report.format import Format, ReportContext

INLINE = 50
"""Up to so many devices every finding holds its own remedy; beyond, it links to its rule."""

WORD = {verdict: verdict.value.replace("-", " ") for verdict in Verdict}


@dataclass(frozen=True, slots=True)
class Section:
    """One device as the page shows it; `hidden` counts what a compact page leaves out."""

    id: str
    device: DeviceResult
    title: str
    counts: Mapping[Verdict, int]
    high: int
    groups: tuple[Consideration, ...]
    hidden: str


def _source(name: str) -> str:
    return content("templates", name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_source),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": percent, "instant": instant, "moment": moment, "show": show}
    return environment


def _allowed(text: str) -> str:
    """Return the hash by which a content security policy allows an inline style or script."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _section(number: int, device: DeviceResult, *, compact: bool) -> Section:
    count = counts(device.findings)
    shown = [f for f in device.findings if not compact or f.verdict not in QUIET]
    hidden = [f"{count[v]} {WORD[v]}" for v in QUIET_ORDER if count[v]] if compact else []
    return Section(
        id=f"device-{number}",
        device=device,
        title=device_title(device),
        counts=count,
        high=sum(f.severity is Severity.HIGH and f.verdict in BAD for f in device.findings),
        groups=by_consideration(shown),
        hidden=", ".join(hidden),
    )


QUIET_ORDER = tuple(verdict for verdict in ORDER if verdict in QUIET)


def _rules(result: AuditResult) -> Mapping[str, Finding]:
    """Return rule -> a finding of it, the severest, for the list of rules."""
    rules: dict[str, Finding] = {}
    for finding in all_findings(result):
        known = rules.setdefault(finding.rule, finding)
        if finding.severity.rank > known.severity.rank:
            rules[finding.rule] = finding
    return rules


def _draw(result: AuditResult, context: ReportContext) -> bytes:
    findings = all_findings(result)
    compact = len(result.devices) > INLINE
    rules = _rules(result)
    chart = bars(findings)
    compliant, covered = overall(result)
    style, script = _source("audit.css"), _source("audit.js")
    page = (
        _environment()
        .get_template("audit.html.j2")
        .render(
            result=result,
            version=context.tool_version,
            # Our own files, and the hash below holds them to what they are.
            style=Markup(style),  # noqa: S704
            script=Markup(script),  # noqa: S704
            style_hash=_allowed(style),
            script_hash=_allowed(script),
            verdicts=ORDER,
            severities=tuple(reversed(Severity)),
            word=WORD,
            rings=(
                ("Compliance", compliant, ring(compliant), "met, of what could be judged"),
                ("Coverage", covered, ring(covered), "judged, of what applies"),
            ),
            counts=counts(findings),
            failing=failing_by_severity(findings),
            all_segments=segments(counts(findings)),
            bars=chart,
            hottest=max((n for bar in chart for n in bar.heat.values()), default=0),
            warmth=warmth,
            widespread=widespread(result)[:10],
            conflicts=conflicts(findings),
            steps=next_steps(result),
            sections=[_section(n, d, compact=compact) for n, d in enumerate(result.devices, 1)],
            compact=compact,
            rules=rules,
            rule_ids={rule: f"rule-{number}" for number, rule in enumerate(rules, 1)},
        )
    )
    return page.encode()


FORMAT = Format(name="html", suffixes=(".html", ".htm"), draw=_draw)
