"""Reports of the fleet, put together from what is stored: for managers, auditors and buyers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from gettext import NullTranslations
from importlib.metadata import version
from typing import Final

from frisket.errors import FrisketError, UsageError
from frisket.fleet.change_paper import ChangePaper
from frisket.fleet.change_record import ChangeRecord
from frisket.fleet.change_tables import change_csv, change_json
from frisket.fleet.crew import Crew
from frisket.fleet.evidence_pack import EvidencePack
from frisket.fleet.report_kinds import Kind, Wish, forms_of
from frisket.fleet.report_papers import Papers
from frisket.fleet.report_results import Results
from frisket.jobs.port import Json
from frisket.report.format import ReportContext, StigRule
from frisket.report.paper import Attached, Block, Paper, paper_csv
from frisket.report.paper_html import paper_html
from frisket.report.paper_pdf import paper_pdf
from frisket.report.speech import Speech
from frisket.store.madereports import MadeReports
from frisket.telemetry.gateway.view import zone_of

_KEPT: Final = timedelta(days=30)
_WITHIN: Final = 50  # devices of a change whose record goes along within its PDF


def _pdf(paper: Paper) -> Iterator[bytes]:
    yield paper_pdf(paper)


_PAPER: Final[Mapping[str, Callable[[Paper], Iterator[bytes]]]] = {
    "pdf": _pdf,
    "html": paper_html,
    "csv": paper_csv,
}


@dataclass(frozen=True, slots=True)
class Reporting:
    """Makes reports. Synchronous; raises `StoreFault`, and `UsageError` for what cannot be made."""

    crew: Crew

    def make(self, number: int) -> Json:
        """Make the report of a number and keep its file; say how that ended."""
        store = MadeReports(self.crew.database)
        row = store.one(number)
        if row is None or row.made is not None:
            return "gone"
        sites = None if row.sites is None else tuple(row.sites)
        ended = "made"
        try:
            wish = Wish(**row.wanted, sites=sites)
            store.keep(number, self.octets(Kind(row.kind), row.form, wish), self.crew.now())
        except FrisketError as fault:
            store.fail(number, str(fault), self.crew.now())
            ended = "failed"
        store.forget(self.crew.now() - _KEPT)
        self.crew.told("report", {"report": number})
        return ended

    def octets(self, kind: Kind, form: str, wish: Wish) -> Iterator[bytes]:
        """Yield a report as a file, piece by piece."""
        if form not in forms_of(kind):
            raise UsageError(f"this report is {', '.join(forms_of(kind))}")
        speech = speech_of(self.crew.catalogues, wish.language, wish.zone)
        if kind is Kind.CHANGE and form in {"csv", "json"}:
            record = self._record(wish)
            yield from change_csv(record) if form == "csv" else change_json(record, self.crew.now())
        elif kind is Kind.EVIDENCE and form == "zip":
            papers = (self.paper(kind, wish, speech), self.paper(kind, wish, speech))
            yield from EvidencePack(self.crew, speech, wish).octets(papers)
        elif kind is Kind.RESULTS or form not in _PAPER:
            yield from Results(self.crew, self._context(speech), wish).octets(form)
        else:
            yield from _PAPER[form](self.paper(kind, wish, speech))

    def paper(self, kind: Kind, wish: Wish, speech: Speech) -> Paper:
        """Return a report as a paper."""
        say, papers = speech.say, Papers(self.crew, speech)
        wide, attached = False, tuple[Attached, ...]()
        blocks: Iterable[Block]
        match kind:
            case Kind.EXECUTIVE:
                title = say("Printer security")
                about = self.crew.content.baseline(wish.baseline).title
                subtitle = f"{about} · {papers.where(wish)}"
                blocks = papers.executive(wish)
            case Kind.DEVICE:
                title, subtitle = say("Device sheet"), papers.called(wish)
                blocks = papers.sheet(wish)
            case Kind.EVIDENCE:
                title = say("Evidence for %(what)s", what=wish.consideration or wish.baseline)
                about = say("Baseline %(name)s", name=wish.baseline)
                subtitle = f"{about} · {papers.where(wish)}"
                blocks, wide = papers.evidence(wish), True
            case Kind.ORDERS:
                title = say("Supplies to order")
                about = say("For the next %(days)s days", days=wish.within)
                subtitle = f"{about} · {papers.where(wish)}"
                blocks = papers.orders(wish)
            case Kind.CHANGE:
                record = self._record(wish)
                title = say("Change record")
                about = record.change.title
                subtitle = say("Change %(id)s: %(title)s", id=wish.change, title=about)
                blocks, wide = ChangePaper(record, speech).blocks(), True
                attached = self._attached(record, speech)
            case Kind.RESULTS:
                raise UsageError("results have formats of their own")
        return Paper(title, subtitle, self.crew.now(), blocks, speech, wide, attached)

    def _record(self, wish: Wish) -> ChangeRecord:
        return ChangeRecord(self.crew.database, self.crew.content, wish.change)

    def _attached(self, record: ChangeRecord, speech: Speech) -> tuple[Attached, ...]:
        """Return the record for programs, to go along within the PDF; not that of a whole fleet."""
        if len(record.rows) > _WITHIN:
            return ()
        text = b"".join(change_json(record, self.crew.now())).decode()
        about = speech.say("The same record for programs")
        return (Attached(f"change-{record.change.id}.json", "application/json", about, text),)

    def _context(self, speech: Speech) -> ReportContext:
        stig = next((s for s in self.crew.content.standards if s.id == "stig"), None)
        rules = tuple(
            StigRule(r.id, r.version, r.rule_id, r.severity, r.title, r.rules, r.status)
            for r in (stig.requirements if stig else ())
        )
        return ReportContext(stig=rules, tool_version=version("frisket"), speech=speech)


def speech_of(catalogues: Mapping[str, NullTranslations], language: str, zone: str) -> Speech:
    """Return how to speak to somebody; English and UTC where nothing better is known."""
    messages = catalogues.get(language)
    if messages is None:
        return Speech(zone=zone_of(zone or "UTC"))
    return Speech(language, zone_of(zone or "UTC"), messages)
