"""JUnit XML for build servers: a test suite for each device, a test case for each finding."""

from __future__ import annotations

# Only written here, never parsed.
from xml.etree import ElementTree as ET

from frisket.model.finding import AuditResult, DeviceResult, Finding, Incomplete, Verdict
from frisket.report.figures import (
    BAD,
    device_title,
    evidence_text,
    instant,
    percent,
    setting_text,
)
from frisket.report.format import Format, ReportContext


def _body(finding: Finding) -> str:
    fix = finding.fix
    lines = [
        finding.because,
        *(f"seen: {evidence_text(e)}" for e in finding.evidence),
        f"set: {setting_text(fix.set)}" if fix.set else "",
        f"how: {fix.how}" if fix.how else "",
        f"menu: {fix.menu}" if fix.menu else "",
        *(f"breaks: {text}" for text in fix.breaks),
    ]
    return "\n".join(line for line in lines if line)


def _case(suite: ET.Element, device: DeviceResult, finding: Finding) -> None:
    case = ET.SubElement(
        suite,
        "testcase",
        classname=f"{device.target}.{finding.consideration} {finding.feature}",
        name=f"{finding.rule}: {finding.title}",
        time="0",
    )
    if finding.verdict in BAD:
        message = f"{finding.verdict.value}, {finding.severity.value}: {finding.because}"
        failure = ET.SubElement(case, "failure", message=message, type=finding.severity.value)
        failure.text = _body(finding)
    elif finding.verdict is not Verdict.PASS:
        message = f"{finding.verdict.value}: {finding.because}"
        ET.SubElement(case, "skipped", message=message)


def _suite(root: ET.Element, result: AuditResult, device: DeviceResult) -> None:
    failures = sum(f.verdict in BAD for f in device.findings)
    skipped = sum(f.verdict not in BAD and f.verdict is not Verdict.PASS for f in device.findings)
    suite = ET.SubElement(
        root,
        "testsuite",
        name=f"{device.target} {device_title(device)}",
        tests=str(len(device.findings)),
        failures=str(failures),
        errors="0",
        skipped=str(skipped),
        time="0",
        timestamp=instant(result.started).removesuffix("Z"),
        hostname=device.target,
    )
    facts = {
        "baseline": result.baseline,
        "serial": device.identity.serial,
        "firmware": device.identity.firmware,
        "compliance": percent(device.compliance),
        "coverage": percent(device.coverage),
    }
    properties = ET.SubElement(suite, "properties")
    for name, value in facts.items():
        ET.SubElement(properties, "property", name=name, value=value)
    for finding in device.findings:
        _case(suite, device, finding)


def _missing(root: ET.Element, result: AuditResult, missed: Incomplete) -> None:
    suite = ET.SubElement(
        root,
        "testsuite",
        name=missed.target,
        tests="1",
        failures="0",
        errors="0" if missed.skipped else "1",
        skipped="1" if missed.skipped else "0",
        time="0",
        timestamp=instant(result.started).removesuffix("Z"),
        hostname=missed.target,
    )
    case = ET.SubElement(suite, "testcase", classname=missed.target, name="judged", time="0")
    if missed.skipped:
        ET.SubElement(case, "skipped", message=missed.why)
    else:
        ET.SubElement(case, "error", message=missed.why, type="incomplete")


def _draw(result: AuditResult, _context: ReportContext) -> bytes:
    root = ET.Element("testsuites", name=f"Frisket audit: {result.baseline}")
    for device in result.devices:
        _suite(root, result, device)
    for missed in result.incomplete:
        _missing(root, result, missed)
    for name in ("tests", "failures", "errors", "skipped"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    root.set("time", str((result.finished - result.started).total_seconds()))
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


FORMAT = Format(name="junit", suffixes=(".junit.xml", ".xml"), draw=_draw)
