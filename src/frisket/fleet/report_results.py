"""All findings, or one device's, in the formats of an audit; as streams where the format can."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from frisket.errors import UsageError
from frisket.fleet.crew import Crew
from frisket.fleet.report_kinds import Wish
from frisket.fleet.report_papers import device_result
from frisket.model.finding import AuditResult
from frisket.report.figures import host_part
from frisket.report.find import formats
from frisket.report.format import ReportContext
from frisket.report.zipped import File, zipped
from frisket.store.judged import Judged

MOST_WHOLE: Final = 200  # devices of a format that needs them all together


@dataclass(frozen=True, slots=True)
class Results:
    """All findings, or one device's, in the formats of an audit."""

    crew: Crew
    context: ReportContext
    wish: Wish

    def octets(self, form: str) -> Iterator[bytes]:
        """Yield the file. Raises `UsageError`."""
        wish = self.wish
        judged = Judged(self.crew.database, wish.baseline, wish.sites, wish.device)
        span = judged.span()
        if not span.devices or span.first is None or span.last is None:
            raise UsageError(f"nothing is judged by {wish.baseline[:60]} there yet")
        head = AuditResult(wish.baseline, span.first, span.last, ())
        if form == "zip":
            yield from zipped(self._checklists(judged, head), self.crew.now())
            return
        chosen = formats()[form]
        if chosen.pieces is None and span.devices > MOST_WHOLE:
            raise UsageError(
                f"{form.upper()} is for up to {MOST_WHOLE} devices, these are {span.devices}",
                hint="choose a site, or CSV, JSON or SARIF",
            )
        yield from chosen.written(head, map(device_result, judged.each()), self.context)

    def _checklists(self, judged: Judged, head: AuditResult) -> Iterator[File]:
        form = formats()["cklb"]
        for row in judged.each():
            one = replace(head, started=row.at, finished=row.at, devices=(device_result(row),))
            name = f"{row.id}-{host_part(row.serial or row.address or row.key)}.cklb"
            yield name, [form.render(one, self.context)]
