"""PDF: the audit for people who print and file it; tagged, so that it can be read aloud."""

from __future__ import annotations

from frisket.model.finding import AuditResult
from frisket.report.audit_paper import audit_paper
from frisket.report.format import Format, ReportContext
from frisket.report.paper_pdf import paper_pdf


def _draw(result: AuditResult, context: ReportContext) -> bytes:
    return paper_pdf(audit_paper(result, context.speech))


FORMAT = Format(name="pdf", suffixes=(".pdf",), draw=_draw)
