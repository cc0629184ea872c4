"""SARIF 2.1.0 (OASIS): a rule for each rule, a result for each device and rule.

A device is an artifact `mfd://serial/key`. Only `fail` kinds carry a level (3.27.10).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from frisket.model.finding import AuditResult, DeviceResult, Finding, Incomplete, Severity, Verdict
from frisket.report.figures import (
    device_title,
    evidence_text,
    host_part,
    instant,
    setting_text,
)
from frisket.report.finding_tables import plain
from frisket.report.format import Format, ReportContext

_KIND = {
    Verdict.FAIL: "fail",
    Verdict.DISPUTED: "fail",
    Verdict.WAIVED: "fail",
    Verdict.UNKNOWN: "open",
    Verdict.MANUAL: "review",
    Verdict.PASS: "pass",
    Verdict.NOT_APPLICABLE: "notApplicable",
}
_LEVEL = {Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "warning"}


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def _rule(finding: Finding) -> dict[str, Any]:
    fix = finding.fix
    help_lines = [
        fix.how,
        f"Menu: {fix.menu}" if fix.menu else "",
        f"Set: {setting_text(fix.set)}" if fix.set else "",
        *(f"Breaks: {text}" for text in fix.breaks),
    ]
    tags = ["security", *(f"{name}:{i}" for name, ids in finding.maps.items() for i in ids)]
    return {
        "id": finding.rule,
        "shortDescription": {"text": _sentence(finding.title)},
        "fullDescription": {"text": _sentence(finding.stops or finding.title)},
        "help": {"text": "\n".join(line for line in help_lines if line) or finding.title},
        "defaultConfiguration": {"level": _LEVEL[finding.severity]},
        "properties": {
            "tags": list(dict.fromkeys(tags)),
            "feature": finding.feature,
            "severity": finding.severity.value,
        },
    }


def _name(device: DeviceResult) -> str:
    return device.identity.serial or device.target


def _uri(device: DeviceResult, finding: Finding) -> str:
    keys = [*(e.key for e in finding.evidence), *finding.fix.set, finding.rule]
    return f"mfd://{host_part(_name(device))}/{host_part(keys[0])}"


def _fingerprint(device: DeviceResult, finding: Finding) -> str:
    parts = (_name(device), finding.consideration, finding.rule)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _result(device: DeviceResult, finding: Finding, index: int) -> dict[str, Any]:
    kind = _KIND[finding.verdict]
    table: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "kind": kind,
        "level": _LEVEL[finding.severity] if kind == "fail" else "none",
        "message": {
            "text": _sentence(
                f"{device_title(device)} ({device.target}): {finding.title}: "
                f"{finding.verdict.value}, {finding.because or 'no reason recorded'}"
            )
        },
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": _uri(device, finding)}},
                "logicalLocations": [
                    {
                        "name": finding.feature,
                        "fullyQualifiedName": f"{device.target}/{finding.rule}",
                    }
                ],
            }
        ],
        "partialFingerprints": {"deviceConsiderationRule/v1": _fingerprint(device, finding)},
        "properties": {
            "target": device.target,
            "consideration": finding.consideration,
            "verdict": finding.verdict.value,
            "severity": finding.severity.value,
            "evidence": [evidence_text(e) for e in finding.evidence],
            "set": {key: plain(value) for key, value in finding.fix.set.items()},
        },
    }
    if finding.verdict is Verdict.WAIVED:
        table["suppressions"] = [
            {"kind": "external", "status": "accepted", "justification": finding.because}
        ]
    return table


def _notification(missed: Incomplete) -> dict[str, Any]:
    return {
        "level": "note" if missed.skipped else "error",
        "message": {"text": _sentence(f"{missed.target} was not judged: {missed.why}")},
    }


def _run(head: AuditResult, rules: Mapping[str, Finding], context: ReportContext) -> dict[str, Any]:
    """Return the run but for its results."""
    driver: dict[str, Any] = {
        "name": "Frisket",
        "fullName": "Frisket, audit of multifunction printers",
        "rules": [_rule(finding) for finding in rules.values()],
    }
    if context.tool_version:
        driver["version"] = context.tool_version
    return {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"frisket/{head.baseline}/{instant(head.started)}"},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": all(i.skipped for i in head.incomplete),
                "startTimeUtc": instant(head.started),
                "endTimeUtc": instant(head.finished),
                "toolExecutionNotifications": [_notification(i) for i in head.incomplete],
            }
        ],
    }


def _results(
    devices: Iterable[DeviceResult], rules: dict[str, Finding]
) -> Iterator[dict[str, Any]]:
    places: dict[str, int] = {}
    for device in devices:
        for finding in device.findings:
            place = places.setdefault(finding.rule, len(places))
            known = rules.setdefault(finding.rule, finding)
            if finding.severity.rank > known.severity.rank:
                rules[finding.rule] = finding
            yield _result(device, finding, place)


def _pieces(
    head: AuditResult, devices: Iterable[DeviceResult], context: ReportContext
) -> Iterator[bytes]:
    """Yield the log; the rules, which are known at the end, stand behind the results."""
    rules: dict[str, Finding] = {}
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    yield f'{{\n  "$schema": "{schema}",\n  "version": "2.1.0",\n  "runs": [\n'.encode()
    yield b'    {\n      "results": ['
    place = -1
    for place, result in enumerate(_results(devices, rules)):
        yield (b"," if place else b"") + b"\n        " + _spelt(result, 4)
    yield b"]" if place < 0 else b"\n      ]"
    run = _spelt(_run(head, rules, context), 2).removeprefix(b"{")
    yield b"," + run + b"\n  ]\n}\n"


def _spelt(table: object, depth: int) -> bytes:
    text = json.dumps(table, indent=2, ensure_ascii=False)
    return text.replace("\n", "\n" + "  " * depth).encode()


def _draw(result: AuditResult, context: ReportContext) -> bytes:
    return b"".join(_pieces(result, result.devices, context))


FORMAT = Format(name="sarif", suffixes=(".sarif", ".sarif.json"), draw=_draw, pieces=_pieces)
