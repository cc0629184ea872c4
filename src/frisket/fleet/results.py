"""From an audit's result to what is kept of it, and back to what a page shows."""

from __future__ import annotations

import json
from typing import Any, Final

import zstandard

from frisket.audit.capture import Capture, write_capture
from frisket.catalog.load import Catalog
from frisket.model.finding import DeviceResult, Severity, Verdict
from frisket.report.finding_tables import finding_table
from frisket.store.audits import AuditRecord

_MOST: Final = 32 << 20  # bytes of one device's findings, unpacked
_BAD: Final = {Verdict.FAIL, Verdict.DISPUTED}


def record_of(
    device_id: int, baseline: str, result: DeviceResult, capture: Capture, catalog: Catalog
) -> AuditRecord:
    """Return what is kept of one device's result; secrets are not among the readings."""
    failing = [f.severity for f in result.findings if f.verdict in _BAD]
    packer = zstandard.ZstdCompressor(level=3)
    tables = [finding_table(finding) for finding in result.findings]
    return AuditRecord(
        device_id=device_id,
        baseline=baseline,
        at=capture.taken,
        compliance=result.compliance,
        coverage=result.coverage,
        worst=max(failing, key=lambda s: Severity(s).rank).value if failing else "",
        verdicts={f"{f.consideration}/{f.rule}": f.verdict.value for f in result.findings},
        because={f"{f.consideration}/{f.rule}": f.because for f in result.findings},
        findings=packer.compress(json.dumps(tables, ensure_ascii=False).encode()),
        readings=packer.compress(write_capture(capture, catalog, indent=None).encode()),
    )


def text_of(kept: bytes) -> str:
    """Return a kept document as text."""
    return zstandard.ZstdDecompressor().decompress(kept, max_output_size=_MOST).decode()


def unpacked(kept: bytes) -> Any:
    """Return a kept document."""
    return json.loads(text_of(kept))
