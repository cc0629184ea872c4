r"""The one place that makes text safe to show: whatever a device said becomes visible.

Control characters, escape sequences, bidirectional overrides, zero-width, tag and other
characters that do not show themselves are written out, as `\x1b` or `\u202e` (CWE-150).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import replace

from frisket.model.finding import AuditResult, Conflict, DeviceResult, Evidence, Finding, Fix
from frisket.model.reading import Value
from frisket.model.target import Identity

DISPLAY = 256
"""Characters of one device string that people are shown."""

PROSE = 2048
"""Characters of a sentence that Frisket wrote; it may quote several device strings."""

RECORD = 4096
"""Characters of one string kept in a machine format."""

# Cc, Cf, Cs, Co, Cn: controls, formats (bidi, zero-width, tags), surrogates, private, unassigned;
# Zl, Zp: separators that break a line.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})

# Letters, marks and spaces that are drawn as nothing, or as a gap that is not a space.
_BLANK = frozenset(
    "\u00a0\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
    + "".join(map(chr, (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
)

# Stacked accents climb over the lines above; no language writes more than a few on a letter.
_MARKS = 4

# A spreadsheet runs a cell that begins so (CWE-1236); Asian editions also take the wide forms.
_FORMULA = frozenset("=+-@\t\r\n\u2212")
# Where the list separator of the locale is a semicolon, the text after one begins a cell.
_AFTER_SEMICOLON = re.compile(r"(;\s*)(?=[=+\-@＝＋－＠])")  # noqa: RUF001

_PLAIN = re.compile(r"[ -~]*")
_SHORT = {"\t": r"\t", "\n": r"\n", "\r": r"\r"}


def visible(text: str, limit: int = DISPLAY) -> str:
    """Return `text` with everything unseen written out, at most `limit` characters, NFC.

    A cut is marked by `…`. Applying it twice changes nothing. Spaces at either end stay.
    """
    # Normalisation of a huge string costs; no character composes from more than a few.
    text = text[: limit * 8 + 8]
    if not _PLAIN.fullmatch(text):
        shown = "".join(_shown(unicodedata.normalize("NFC", text)))
        # A mark that followed a hidden character now follows its last hexadecimal digit.
        text = unicodedata.normalize("NFC", shown)
    return text if len(text) <= limit else text[: max(limit - 1, 0)] + "…"


def _shown(text: str) -> list[str]:
    parts: list[str] = []
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.category(char) in {"Mn", "Me"} else 0
        parts.append(_written_out(char) if marks > _MARKS or _hides(char) else char)
    return parts


def _hides(char: str) -> bool:
    return unicodedata.category(char) in _HIDDEN or char in _BLANK


def _written_out(char: str) -> str:
    code = ord(char)
    if char in _SHORT:
        return _SHORT[char]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def clean_value(value: Value, limit: int) -> Value:
    """Return a value whose text is safe to show."""
    if isinstance(value, str):
        return visible(value, limit)
    if isinstance(value, tuple):
        return tuple(visible(part, limit) for part in value)
    return value


def guarded(text: str) -> str:
    """Return `text` as a cell that no spreadsheet takes for a formula."""
    text = _AFTER_SEMICOLON.sub(r"\1'", text)
    first = unicodedata.normalize("NFKC", text.lstrip(" ")[:1])
    return f"'{text}" if first in _FORMULA and first else text


def clean(result: AuditResult, *, limit: int = DISPLAY, prose: int = PROSE) -> AuditResult:
    """Return the result with every text in it made visible; device strings cut at `limit`."""
    return replace(
        result,
        baseline=visible(result.baseline, limit),
        devices=tuple(clean_device(d, limit=limit, prose=prose) for d in result.devices),
        incomplete=tuple(
            replace(i, target=visible(i.target, limit), why=visible(i.why, prose))
            for i in result.incomplete
        ),
    )


def clean_device(device: DeviceResult, *, limit: int, prose: int) -> DeviceResult:
    """Return one device's result with every text in it made visible."""
    identity = (visible(getattr(device.identity, n), limit) for n in Identity.__slots__)
    return replace(
        device,
        target=visible(device.target, limit),
        identity=Identity(*identity),
        findings=tuple(_clean_finding(f, limit, prose) for f in device.findings),
        notes=tuple(visible(n, prose) for n in device.notes),
    )


def _clean_finding(finding: Finding, limit: int, prose: int) -> Finding:
    return Finding(
        consideration=visible(finding.consideration, limit),
        feature=visible(finding.feature, limit),
        rule=visible(finding.rule, limit),
        title=visible(finding.title, limit),
        verdict=finding.verdict,
        severity=finding.severity,
        because=visible(finding.because, prose),
        evidence=tuple(_clean_evidence(e, limit) for e in finding.evidence),
        fix=_clean_fix(finding.fix, limit, prose),
        stops=visible(finding.stops, prose),
        maps={visible(k, limit): _all(v, limit) for k, v in finding.maps.items()},
        conflicts=tuple(
            Conflict(visible(c.other, limit), visible(c.text, prose)) for c in finding.conflicts
        ),
        alternatives=_all(finding.alternatives, limit),
    )


def _clean_evidence(evidence: Evidence, limit: int) -> Evidence:
    return replace(
        evidence,
        key=visible(evidence.key, limit),
        value=clean_value(evidence.value, limit),
        witness=visible(evidence.witness, limit),
        via=visible(evidence.via, limit),
        detail=visible(evidence.detail, limit),
    )


def _clean_fix(fix: Fix, limit: int, prose: int) -> Fix:
    settings: Mapping[str, Value] = {
        visible(k, limit): clean_value(v, limit) for k, v in fix.set.items()
    }
    return replace(
        fix,
        set=settings,
        menu=visible(fix.menu, prose),
        how=visible(fix.how, prose),
        breaks=tuple(visible(b, prose) for b in fix.breaks),
    )


def _all(texts: tuple[str, ...], limit: int) -> tuple[str, ...]:
    return tuple(visible(text, limit) for text in texts)
