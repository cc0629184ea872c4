"""Results to draw: a small fleet as it could be, and one in which every text is hostile."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from frisket.model.finding import (
    AuditResult,
    Conflict,
    DeviceResult,
    Evidence,
    Finding,
    Fix,
    Incomplete,
    Severity,
    Verdict,
)
from frisket.model.target import Identity
from frisket.report.format import StigRule

START = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)

HOSTILE = (
    "<script>alert(1)</script>\" onload='x'",
    "=HYPERLINK(1)",
    "\uff1d1+1",
    "\tTAB",
    "\rCR",
    "@SUM(1)",
    "+1",
    "-1",
    "\x1b[31mRED\x1b]0;title\x07",
    "\x9b31m\x85",
    "a\u202egpj.exe\u2066b\u2069",
    "z\u200b\u200d\ufeffw\u00ad",
    "tag\U000e0041\U000e0042\ufe0f\U000e0101",
    "[bold red]markup[/bold red][link=file:///x]l[/link]",
    "xml\x00\x08\x0b\ufffe\uffff]]>",
    "surrogate\ud800",
    "line\r\nbreak\u2028\u2029\n",
    "{{ 7*7 }}{% raw %}",
    "Z" + "\u0301" * 60,
    "long" + "x" * 9000,
)

_RULES = (
    ("SO-01", "Remote UI", "remote-ui.https", "Remote UI is reached by HTTPS only", "high"),
    ("SO-01", "Remote UI", "remote-ui.login", "Remote UI asks everyone to log in", "medium"),
    ("SO-05", "SNMP", "snmp.v1-off", "SNMPv1 is off, or its community is not public", "high"),
    ("SO-05", "SNMP", "snmp.v3-on", "SNMPv3 is on with authentication and encryption", "medium"),
    ("SO-07", "Passwords", "admin.password-changed", "The factory password is changed", "high"),
    ("SO-09", "Printing", "lpd.off", "LPD printing is off", "low"),
    ("SO-09", "Printing", "raw.off", "RAW printing on port 9100 is off", "medium"),
    ("SO-12", "Storage", "disk.encrypted", "The disk is encrypted", "high"),
    ("SO-14", "Sending", "smtp.tls", "Mail leaves by TLS", "medium"),
    ("SO-16", "Place", "cables.locked", "The device stands where visitors cannot reach it", "low"),
)
_CYCLE = (
    Verdict.FAIL,
    Verdict.PASS,
    Verdict.DISPUTED,
    Verdict.PASS,
    Verdict.UNKNOWN,
    Verdict.PASS,
    Verdict.FAIL,
    Verdict.NOT_APPLICABLE,
    Verdict.WAIVED,
    Verdict.MANUAL,
)
_BECAUSE = {
    Verdict.FAIL: "on, seen by network via snmp; wanted is off",
    Verdict.PASS: "off, seen by network via snmp",
    Verdict.DISPUTED: "witnesses differ: device (config) says off; network (snmp) says on;"
    " wanted is off",
    Verdict.UNKNOWN: "config: needs a credential (no administrator password was given)",
    Verdict.MANUAL: "needs a person's word",
    Verdict.NOT_APPLICABLE: "only matters where <Use LPD Printing> is on; it is off",
    Verdict.WAIVED: "waived by M. Keller until 2027-01-31: replaced in spring",
}
MODELS = (
    ("Canon", "iR-ADV C5550 III", "70.12", "Accounts, floor 2"),
    ("Canon", "iR-ADV DX 6870i", "14.03", "Print room"),
    ("Canon", "iR-ADV C3525", "41.77", "Reception"),
    ("HP", "HP LaserJet MFP E52645", "2412081_000412", "Büro Zürich, 3. Stock"),
)


def finding(row: int, verdict: Verdict) -> Finding:
    """Return a finding of one of the sample rules."""
    consideration, feature, rule, title, severity = _RULES[row]
    key = f"{feature.lower().replace(' ', '-')}.enabled"
    seen = Evidence(key, True, "network", "snmp", START, "GetResponse, version 1")
    said = Evidence(key, False, "device", "config", START)
    evidence = {
        Verdict.FAIL: (seen,),
        Verdict.DISPUTED: (said, seen),
        Verdict.PASS: (replace(seen, value=False),),
    }.get(verdict, ())
    return Finding(
        consideration=consideration,
        feature=feature,
        rule=rule,
        title=title,
        verdict=verdict,
        severity=Severity(severity),
        because=_BECAUSE[verdict],
        evidence=evidence,
        fix=Fix(
            set={key: False},
            menu=f"Preferences > Network > {feature} Settings",
            how=f"Turn {feature} off, after what still needs it has moved.",
            breaks=("Older print queues that still use it stop.",),
            restart=row % 3 == 0,
        ),
        stops="Anyone on the network reads the device's settings and address book.",
        maps={"stig": (f"V-67{row + 77}",), "nist-800-53": ("CM-7", "AC-17")},
        conflicts=(
            (Conflict("EN-05", "Device management software reads the device by SNMPv1."),)
            if row == 2
            else ()
        ),
        alternatives=("snmp.v1-off", "snmp.community-changed") if row == 2 else (),
    )


def device(number: int, *, repeat: int = 1) -> DeviceResult:
    """Return one sample device; the verdicts shift with `number`."""
    vendor, model, firmware, location = MODELS[number % len(MODELS)]
    rows = range(len(_RULES))
    return DeviceResult(
        target=f"127.0.{number // 250 + 1}.{number % 250 + 1}",
        identity=Identity(
            vendor=vendor,
            model=model,
            serial=f"QNR{number:05d}",
            mac=f"00:1e:8f:00:{number // 256:02x}:{number % 256:02x}",
            firmware=firmware,
            name=f"mfd-{number}",
            location=location,
        ),
        findings=tuple(
            finding(row, _CYCLE[(row * 7 + number * 3 + part) % len(_CYCLE)])
            for part in range(repeat)
            for row in rows
        ),
        notes=("The device woke up for this visit.",) if number == 0 else (),
    )


def fleet(devices: int = 8, *, repeat: int = 1) -> AuditResult:
    """Return a sample result."""
    return AuditResult(
        baseline="small-office",
        started=START,
        finished=START + timedelta(minutes=3, seconds=12),
        devices=tuple(device(n, repeat=repeat) for n in range(devices)),
        incomplete=(
            Incomplete("127.0.1.200", "no answer to the connection attempt"),
            Incomplete("127.0.1.201", "speaks no printer protocol", skipped=True),
        ),
    )


def hostile(text: str) -> AuditResult:
    """Return a result in which every text is `text`."""
    evidence = Evidence(text, text, text, text, START, text)
    listed = Evidence(text, (text, text), text, text, START, text)
    findings = tuple(
        Finding(
            consideration=text,
            feature=text,
            rule=text,
            title=text,
            verdict=verdict,
            severity=Severity.HIGH,
            because=text,
            evidence=(evidence, listed),
            fix=Fix(set={text: text}, menu=text, how=text, breaks=(text,), restart=True),
            stops=text,
            maps={text: (text,), "stig": (text, "V-6777")},
            conflicts=(Conflict(text, text),),
            alternatives=(text,),
        )
        for verdict in Verdict
    )
    return AuditResult(
        baseline=text,
        started=START,
        finished=START,
        devices=(DeviceResult(text, Identity(*[text] * 7), findings, notes=(text,)),),
        incomplete=(Incomplete(text, text),),
    )


STIG = (
    *(
        StigRule(
            id=f"V-67{row + 77}",
            version=f"MFD{row + 1:02d}.001",
            rule_id=f"SV-69{row + 99}r2",
            severity="high" if severity == "high" else "medium",
            title=title,
            rules=(rule,),
        )
        for row, (_, _, rule, title, severity) in enumerate(_RULES)
    ),
    StigRule("V-6796", "MFD05.001", "SV-7021r1", "medium", "Spoolers", (), "manual"),
)
