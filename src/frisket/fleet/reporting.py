"""Reports of the fleet, put together from what is stored: for managers, auditors and buyers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from importlib.metadata import version
from typing import Any, Final

from frisket.errors import FrisketError, UsageError
from frisket.fleet.crew import Crew
from frisket.fleet.ordering import order_list
from frisket.fleet.overview import by_consideration, course, whole
from frisket.fleet.results import unpacked
from frisket.jobs.port import Json
from frisket.model.condition import Condition
from frisket.model.finding import AuditResult, DeviceResult
from frisket.report.audit_paper import device_blocks, evidence_rows
from frisket.report.figures import instant, percent
from frisket.report.find import formats
from frisket.report.format import ReportContext, StigRule
from frisket.report.paper import Bars, Block, Figures, Grid, Heading, Paper, Words, paper_csv
from frisket.report.paper_html import paper_html
from frisket.report.paper_pdf import paper_pdf
from frisket.report.read import SCHEMA_VERSION, read_audit
from frisket.store.audits import ALL, Audits
from frisket.store.devicelist import DeviceList
from frisket.store.inventory import Inventory
from frisket.store.madereports import MadeReports
from frisket.store.reported import Reported
from frisket.telemetry.gateway.metrics import Metrics
from frisket.telemetry.gateway.view import Views

MOST_DEVICES: Final = 3000  # whose findings are put into one file
_DAYS: Final = 90
_KEPT: Final = timedelta(days=30)


class Kind(StrEnum):
    """What a report is of."""

    EXECUTIVE = "executive"
    DEVICE = "device"
    EVIDENCE = "evidence"
    ORDERS = "orders"
    RESULTS = "results"


_PAPER: Final[Mapping[str, Callable[[Paper], bytes]]] = {
    "pdf": paper_pdf,
    "html": paper_html,
    "csv": paper_csv,
}
MEDIA: Final[Mapping[str, str]] = {
    "pdf": "application/pdf",
    "html": "text/html; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "sarif": "application/sarif+json",
    "cklb": "application/json",
    "json": "application/json",
}


def forms_of(kind: Kind) -> tuple[str, ...]:
    """Return the formats that a kind of report can have."""
    return (
        ("pdf", "html", "csv", "sarif", "cklb", "json") if kind is Kind.RESULTS else tuple(_PAPER)
    )


@dataclass(frozen=True, slots=True)
class Wish:
    """What a report is to be of: a baseline, perhaps one device or one consideration.

    `sites` are those that whoever asks may see, None for all.
    """

    baseline: str = ""
    device: int = 0
    consideration: str = ""
    within: int = 30
    sites: tuple[int, ...] | None = None


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
        try:
            octets = self.octets(Kind(row.kind), row.form, Wish(**row.wanted, sites=sites))
        except FrisketError as fault:
            store.fail(number, str(fault), self.crew.now())
            return "failed"
        store.keep(number, octets, self.crew.now())
        store.forget(self.crew.now() - _KEPT)
        self.crew.told("report", {"report": number})
        return "made"

    def octets(self, kind: Kind, form: str, wish: Wish) -> bytes:
        """Return a report as a file."""
        if form not in forms_of(kind):
            raise UsageError(f"this report is {', '.join(forms_of(kind))}")
        if kind is Kind.RESULTS:
            return formats()[form].render(self._results(wish), self._context())
        return _PAPER[form](self.paper(kind, wish))

    def paper(self, kind: Kind, wish: Wish) -> Paper:
        """Return a report as a paper."""
        match kind:
            case Kind.EXECUTIVE:
                title, subtitle, blocks = "Printer security", wish.baseline, self._executive(wish)
            case Kind.DEVICE:
                [result] = self._results(wish).devices
                title, subtitle = "Device sheet", wish.baseline
                blocks = self._sheet(wish, result)
            case Kind.EVIDENCE:
                title = f"Evidence for {wish.consideration}"
                subtitle, blocks = f"Baseline {wish.baseline}", self._evidence(wish)
            case Kind.ORDERS:
                title = "Supplies to order"
                subtitle, blocks = f"For the next {wish.within} days", self._orders(wish)
            case Kind.RESULTS:
                raise UsageError("results have formats of their own")
        return Paper(title, subtitle, self.crew.now(), tuple(blocks))

    def _context(self) -> ReportContext:
        stig = next((s for s in self.crew.content.standards if s.id == "stig"), None)
        rules = tuple(
            StigRule(r.id, r.version, r.rule_id, r.severity, r.title, r.rules, r.status)
            for r in (stig.requirements if stig else ())
        )
        return ReportContext(stig=rules, tool_version=version("frisket"))

    def _results(self, wish: Wish) -> AuditResult:
        """Return the stored results of one device, or of all that may be seen, as one audit."""
        sites = None if wish.sites is None else list(wish.sites)
        listed = DeviceList(self.crew.database)
        rows = [
            row
            for row in listed.each(Condition(), self.crew.now(), sites)
            if not wish.device or row.id == wish.device
        ]
        audits = Audits(self.crew.database)
        devices: list[dict[str, Any]] = []
        times: list[datetime] = []
        for row in rows:
            kept = next((r for r in audits.results(row.id) if r.baseline == wish.baseline), None)
            if kept is None:
                continue
            if len(devices) == MOST_DEVICES:
                raise UsageError(f"more than {MOST_DEVICES} devices", hint="choose a site")
            times.append(kept.at)
            names = ("vendor", "model", "serial", "mac", "firmware", "name", "location")
            who = {name: getattr(row, name) for name in names}
            target = row.address or row.key
            devices.append({"target": target, "identity": who, "findings": unpacked(kept.findings)})
        if not devices:
            raise UsageError(f"nothing is judged by {wish.baseline[:60]} there yet")
        document = {
            "schema_version": SCHEMA_VERSION,
            "baseline": wish.baseline,
            "started": instant(min(times)),
            "finished": instant(max(times)),
            "devices": devices,
        }
        return read_audit(json.dumps(document).encode())

    def _executive(self, wish: Wish) -> Iterator[Block]:
        crew, audits = self.crew, Audits(self.crew.database)
        baseline = crew.content.baseline(wish.baseline)
        sites = None if wish.sites is None else list(wish.sites)
        scores = audits.by_consideration(baseline.id, sites)
        score, each = whole(scores), by_consideration(scores)
        listed = DeviceList(crew.database)
        never = listed.count(Condition(unaudited=True), crew.now(), sites)
        yield Figures(
            (
                (percent(score.compliance), "compliance: passed, of what could be judged"),
                (percent(score.coverage), "coverage: judged, of what applies"),
                (str(score.devices), "devices judged"),
                (str(never), "devices never audited"),
            )
        )
        since = (crew.now() - timedelta(days=_DAYS)).date()
        days = course(audits.by_day(baseline.id, since, sites))[-12:]
        yield Bars(
            "Compliance over time",
            tuple((day.isoformat(), share or 0.0, percent(share)) for day, share, _ in days),
        )
        yield Bars(
            "Compliance by consideration",
            tuple(
                (
                    f"{c.id} {c.feature}",
                    each[c.id].compliance or 0.0,
                    percent(each[c.id].compliance),
                )
                for c in baseline.considerations
                if c.id in each
            ),
        )
        rules = crew.content.rules
        failing = tuple(
            (name, rules[rule].title if rule in rules else rule, str(count))
            for name, rule, count in audits.failing(baseline.id, sites)[:10]
        )
        heads = ("Consideration", "What is not met", "Devices")
        yield Grid("What fails most", heads, failing, frozenset({2}), (2, 6, 1.2))
        names = {site.id: site.name for site in Inventory(crew.database).sites()}
        by_site = tuple(
            (names.get(site, ""), percent(s.compliance), percent(s.coverage), str(s.devices))
            for (site, name), s in sorted(scores.items())
            if name == ALL
        )
        if by_site:
            heads_ = ("Site", "Compliance", "Coverage", "Devices")
            yield Grid("Sites", heads_, by_site, frozenset({1, 2, 3}), (4, 2, 2, 1.5))

    def _sheet(self, wish: Wish, result: DeviceResult) -> Iterator[Block]:
        yield from device_blocks(result)
        metrics = Metrics(self.crew.database)
        metrics.load()
        views = Views(Reported(self.crew.database), metrics)
        mine = [w for w in views.reported.devices() if w.id == wish.device]
        (now,) = views.now(mine)
        if now.sample is None:
            return
        yield Heading("What it reported last")
        supplies = tuple(
            (each.supply.name, _left(each.supply.level.percent), _day(each.forecast.until(d)))
            for each in views.supplies(mine, self.crew.now())
            for d in [each.forecast.low]
        )
        yield Grid(
            "Supplies", ("Supply", "Left", "Empty at the earliest"), supplies, frozenset({1})
        )
        counters = tuple(
            ("" if c.number is None else str(c.number), c.label or c.name, f"{c.value:,}")
            for c in now.sample.counters
        )
        heads = ("No.", "Counter", "Count")
        yield Grid("Counters", heads, counters, frozenset({0, 2}), (1, 5, 2))

    def _evidence(self, wish: Wish) -> Iterator[Block]:
        result = self._results(wish)
        found = [
            (device, finding)
            for device in result.devices
            for finding in device.findings
            if finding.consideration == wish.consideration
        ]
        if not found:
            raise UsageError("nothing is stored for that consideration")
        yield Words(f"{found[0][1].feature}. Every finding with what was seen, and when.")
        heads = ("Device", "Rule", "Verdict", "Evidence", "Seen")
        rows = tuple(
            row
            for device, finding in found
            for row in evidence_rows(device.identity.serial or device.target, finding)
        )
        yield Grid(f"Evidence for {wish.consideration}", heads, rows, widths=(2, 3, 1.5, 5, 2))

    def _orders(self, wish: Wish) -> Iterator[Block]:
        metrics = Metrics(self.crew.database)
        metrics.load()
        views = Views(Reported(self.crew.database), metrics)
        devices = views.reported.devices(sites=wish.sites, retired=False)
        lines = order_list(views.supplies(devices, self.crew.now()), wish.within)
        yield Figures(((str(sum(line.pieces for line in lines)), "pieces to order"),))
        heads = ("Site", "Model", "Supply", "Pieces", "Days, at least", "Devices")
        rows = tuple(
            (
                *(line.site, line.model, line.supply, str(line.pieces)),
                "" if line.soonest is None else f"{line.soonest:.0f}",
                ", ".join(line.devices),
            )
            for line in lines
        )
        widths = (2, 3, 3, 1, 1.4, 3)
        yield Grid("Supplies to order", heads, rows, frozenset({3, 4}), widths)


def _left(share: int | None) -> str:
    return "" if share is None else f"{share} %"


def _day(at: Any) -> str:
    return "" if at is None else str(at.date().isoformat())


def titled(kind: Kind, wish: Wish) -> str:
    """Return what a report is called in a list."""
    about: Sequence[str] = {
        Kind.EXECUTIVE: (wish.baseline,),
        Kind.DEVICE: (wish.baseline, str(wish.device)),
        Kind.EVIDENCE: (wish.baseline, wish.consideration),
        Kind.ORDERS: (str(wish.within),),
        Kind.RESULTS: (wish.baseline, *([str(wish.device)] if wish.device else [])),
    }[kind]
    return " ".join((kind.value, *about))[:200]
