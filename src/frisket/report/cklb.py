"""CKLB 1.0, the checklist of STIG Viewer 3: one device against DISA's printer STIG V2R15.

Only ids, severities and titles of the STIG are carried; its texts are DISA's. The published schema
knows no `version` beside a checklist's name, so none is written.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Sequence
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from frisket.errors import UsageError
from frisket.model.finding import AuditResult, DeviceResult, Finding, Verdict
from frisket.report.figures import BAD, QUIET, device_title, evidence_text, instant
from frisket.report.format import Format, ReportContext, StigRule

NAME = "Multifunction Device and Network Printers STIG"
BENCHMARK = "MULTI-FUNCTION_DEVICE"
RELEASE = "Release: 15 Benchmark Date: 30 Jan 2025"
TARGET_KEY = "551"

LIMIT = 255
"""Characters of a host name that STIG Manager takes."""

_NAMESPACE = uuid5(NAMESPACE_URL, "urn:frisket:cklb")
_SEVERITIES = frozenset({"low", "medium", "high"})
_EMPTY = (
    "fix_text",
    "false_positives",
    "false_negatives",
    "discussion",
    "check_content",
    "mitigations",
    "potential_impacts",
    "third_party_tools",
    "mitigation_control",
    "responsibility",
    "security_override_guidance",
    "ia_controls",
)


def status(rule: StigRule, findings: Sequence[Finding]) -> str:
    """Return the checklist status of a requirement from the findings mapped to it.

    Waived stays open. Where rules judge only a part, their passing leaves the rest to a person.
    """
    verdicts = {finding.verdict for finding in findings}
    if verdicts & {*BAD, Verdict.WAIVED}:
        return "open"
    if verdicts == {Verdict.NOT_APPLICABLE}:
        return "not_applicable"
    if Verdict.PASS in verdicts and verdicts <= QUIET and rule.status == "automated":
        return "not_a_finding"
    return "not_reviewed"


def _details(rule: StigRule, findings: Sequence[Finding]) -> str:
    lines = []
    for finding in findings:
        lines.append(f"{finding.verdict.value}: {finding.rule}: {finding.title}")
        lines.append(f"  {finding.because}")
        lines += [f"  seen: {evidence_text(e)}" for e in finding.evidence]
    if findings and rule.status == "partial":
        lines.append("Rules judge only a part of this requirement; the rest needs a person.")
    if not findings:
        lines.append("Nothing that was audited bears on this requirement; it needs a person.")
    return "\n".join(lines)


def _comments(findings: Sequence[Finding]) -> str:
    waived = [f for f in findings if f.verdict is Verdict.WAIVED]
    return "\n".join(f"{f.rule}: {f.because}" for f in waived)


def _identifier(device: DeviceResult, *parts: str) -> str:
    who = device.identity.serial or device.identity.mac or device.target
    return str(uuid5(_NAMESPACE, "\0".join((who, *parts))))


def _rule(
    rule: StigRule, device: DeviceResult, result: AuditResult, checklist: str
) -> dict[str, Any]:
    mapped = [f for f in device.findings if rule.id in f.maps.get("stig", ())]
    plain_id = rule.rule_id.removesuffix("_rule")
    when = instant(result.finished)
    return {
        "uuid": _identifier(device, "rule", rule.id, when),
        "stig_uuid": checklist,
        "group_id": rule.id,
        "group_id_src": rule.id,
        "rule_id": plain_id,
        "rule_id_src": f"{plain_id}_rule",
        "target_key": TARGET_KEY,
        "stig_ref": None,
        "weight": "10.0",
        "classification": "UNCLASSIFIED",
        "severity": rule.severity if rule.severity in _SEVERITIES else "unknown",
        "rule_version": rule.version,
        "rule_title": rule.title,
        "reference_identifier": TARGET_KEY,
        "group_title": rule.version,
        **dict.fromkeys(_EMPTY, ""),
        "documentable": "false",
        "check_content_ref": None,
        "legacy_ids": [],
        "ccis": [],
        "group_tree": [{"id": rule.id, "title": rule.version, "description": ""}],
        "createdAt": when,
        "updatedAt": when,
        "status": status(rule, mapped),
        "overrides": {},
        "comments": _comments(mapped),
        "finding_details": _details(rule, mapped),
    }


def _target(device: DeviceResult) -> dict[str, Any]:
    identity = device.identity
    try:
        address = str(ipaddress.ip_address(device.target))
    except ValueError:
        address = ""
    facts = [
        device_title(device),
        identity.serial and f"serial {identity.serial}",
        identity.firmware and f"firmware {identity.firmware}",
        identity.location and f"at {identity.location}",
    ]
    return {
        "target_type": "Computing",
        "host_name": identity.name or device.target,
        "ip_address": address,
        "mac_address": identity.mac,
        "fqdn": "" if address else device.target,
        "comments": ", ".join(fact for fact in facts if fact),
        "role": "None",
        "is_web_database": False,
        "technology_area": "",
        "web_db_site": "",
        "web_db_instance": "",
    }


def _draw(result: AuditResult, context: ReportContext) -> bytes:
    if not context.stig:
        raise UsageError("a checklist needs the STIG's requirements, and none were handed in")
    (device,) = result.devices
    when = instant(result.finished)
    checklist = _identifier(device, "checklist", when)
    document = {
        "title": f"{device.identity.name or device.target} {BENCHMARK} {result.baseline}",
        "id": _identifier(device, "file", when),
        "cklb_version": "1.0",
        "active": False,
        "mode": 1,
        "has_path": False,
        "target_data": _target(device),
        "stigs": [
            {
                "stig_name": NAME,
                "display_name": NAME.removesuffix(" STIG"),
                "stig_id": BENCHMARK,
                "release_info": RELEASE,
                "uuid": checklist,
                "reference_identifier": TARGET_KEY,
                "size": len(context.stig),
                "rules": [_rule(r, device, result, checklist) for r in context.stig],
            }
        ],
    }
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


FORMAT = Format(name="cklb", suffixes=(".cklb",), draw=_draw, limit=LIMIT, single=True)
