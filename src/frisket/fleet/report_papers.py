"""What the reports of the fleet say: the executive page, the device sheet, evidence, orders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from frisket.errors import UsageError
from frisket.fleet.crew import Crew
from frisket.fleet.naming import called
from frisket.fleet.ordering import order_list
from frisket.fleet.overview import by_consideration, course, whole
from frisket.fleet.report_kinds import Wish
from frisket.fleet.results import unpacked
from frisket.model.condition import Condition
from frisket.model.finding import DeviceResult
from frisket.model.target import Identity
from frisket.report.audit_paper import device_blocks, evidence_rows, share
from frisket.report.paper import Bars, Block, Figures, Grid, Heading, Words
from frisket.report.read import read_findings
from frisket.report.speech import Speech
from frisket.store.audits import ALL, Audits, Score
from frisket.store.changes import Changes
from frisket.store.devicelist import DeviceList
from frisket.store.drifts import Drifts
from frisket.store.inventory import Inventory
from frisket.store.judged import Judged
from frisket.store.reported import Reported, Who
from frisket.telemetry.gateway.metrics import Metrics
from frisket.telemetry.gateway.view import Views

_NONE: Final = "\u2013"
_DAYS: Final = 90
_NAMED: Final = 3  # sites that a title names
_SITES: Final = 15  # that an executive page lists
_LATEST: Final = 20  # rows of each history of a device sheet
_NAMES: Final = ("vendor", "model", "serial", "mac", "firmware", "name", "location")


def device_result(row: Any, consideration: str = "") -> DeviceResult:
    """Return a stored result, or what of it is of one consideration. Raises `CaptureError`."""
    tables = unpacked(row.findings)
    if consideration:
        tables = [one for one in tables if one.get("consideration") == consideration]
    who = Identity(**{name: getattr(row, name) for name in _NAMES})
    return DeviceResult(row.address or row.key, who, read_findings(tables))


@dataclass(frozen=True, slots=True)
class Papers:
    """Puts papers together from what is stored. Raises `StoreFault`, `UsageError`."""

    crew: Crew
    speech: Speech

    def executive(self, wish: Wish) -> Iterator[Block]:
        """Yield the page for managers: figures, how they went, and where to begin."""
        crew, audits, say = self.crew, Audits(self.crew.database), self.speech.say
        baseline = crew.content.baseline(wish.baseline)
        sites = None if wish.sites is None else list(wish.sites)
        scores = audits.by_consideration(baseline.id, sites)
        score, each = whole(scores), by_consideration(scores)
        never = DeviceList(crew.database).count(Condition(unaudited=True), crew.now(), sites)
        yield Figures(
            (
                (share(score.compliance, self.speech), say("compliance: met, of what is judged")),
                (share(score.coverage, self.speech), say("coverage: judged, of what applies")),
                (f"{score.devices:,}", say("devices judged")),
                (f"{never:,}", say("devices never audited")),
            )
        )
        since = (crew.now() - timedelta(days=_DAYS)).date()
        days = course(audits.by_day(baseline.id, since, sites))[-12:]
        yield Bars(
            say("Compliance over time"),
            tuple((d.isoformat(), part or 0.0, share(part, self.speech)) for d, part, _ in days),
        )
        yield Bars(
            say("Compliance by consideration"),
            tuple(
                (
                    f"{c.id} {c.feature}",
                    each[c.id].compliance or 0.0,
                    share(each[c.id].compliance, self.speech),
                )
                for c in baseline.considerations
                if c.id in each
            ),
        )
        rules = crew.content.rules
        failing = tuple(
            (name, rules[rule].title if rule in rules else rule, f"{count:,}")
            for name, rule, count in audits.failing(baseline.id, sites)[:10]
        )
        heads = (say("Consideration"), say("What is not met"), say("Devices"))
        empty = say("Nothing fails.")
        label = say("What fails most")
        yield Grid(label, heads, failing, frozenset({2}), (2, 6, 1.2), empty=empty)
        if sum(name == ALL for _, name in scores) > 1:
            yield from self._sites(scores)
        yield self._worst(sites)

    def _worst(self, sites: list[int] | None) -> Grid:
        say, speech = self.speech.say, self.speech
        page = DeviceList(self.crew.database).page(
            Condition(score_below=1.0),
            self.crew.now(),
            sort="compliance",
            size=10,
            sites=sites,
        )
        rows = tuple(
            (
                *(called(row), row.model, row.site),
                *(share(row.compliance, speech), share(row.coverage, speech)),
            )
            for row in page.rows
        )
        heads = tuple(map(say, ("Device", "Model", "Site", "Compliance", "Coverage")))
        numbers, widths = frozenset({3, 4}), (3, 3, 2, 1.6, 1.6)
        label, empty = say("Devices most in need"), say("No device fails anything.")
        return Grid(label, heads, rows, numbers, widths, empty=empty)

    def _sites(self, scores: Mapping[tuple[int, str], Score]) -> Iterator[Block]:
        say, speech = self.speech.say, self.speech
        names = {site.id: site.name for site in Inventory(self.crew.database).sites()}
        all_of = [(site, one) for (site, name), one in sorted(scores.items()) if name == ALL]
        worst = sorted(all_of, key=lambda pair: 2.0 if (c := pair[1].compliance) is None else c)
        rows = tuple(
            (
                *(names.get(site, ""), share(one.compliance, speech)),
                *(share(one.coverage, speech), f"{one.devices:,}"),
            )
            for site, one in worst[:_SITES]
        )
        heads = tuple(map(say, ("Site", "Compliance", "Coverage", "Devices")))
        yield Grid(
            say("Sites, the lowest first"), heads, rows, frozenset({1, 2, 3}), (4, 2, 2, 1.5)
        )
        if more := len(worst) - len(rows):
            yield Words(speech.count("%(n)s more site", "%(n)s more sites", more))

    def where(self, wish: Wish) -> str:
        """Return which sites a report is of, in words."""
        say = self.speech.say
        if wish.sites is None:
            return say("all sites")
        mine = [one.name for one in Inventory(self.crew.database).sites() if one.id in wish.sites]
        if len(mine) > _NAMED:
            return self.speech.count("%(n)s site", "%(n)s sites", len(mine))
        return ", ".join(mine) or say("no site")

    def called(self, wish: Wish) -> str:
        """Return what the device of a sheet is called. Raises `UsageError` where it is gone."""
        row = Inventory(self.crew.database).device(wish.device)
        if row is None:
            raise UsageError("that device is gone")
        facts = (called(row), f"{row.vendor} {row.model}".strip(), row.serial)
        return " · ".join(dict.fromkeys(fact for fact in facts if fact))

    def sheet(self, wish: Wish) -> Iterator[Block]:
        """Yield what is known of one device."""
        crew, say = self.crew, self.speech.say
        row = Inventory(crew.database).device(wish.device)
        if row is None:
            raise UsageError("that device is gone")
        yield from self._who(row)
        judged = next(iter(Judged(crew.database, wish.baseline, wish.sites, row.id).each()), None)
        if judged is None:
            yield Heading(say("Findings"))
            yield Words(say("It is not judged by %(name)s yet.", name=wish.baseline))
        else:
            yield from device_blocks(device_result(judged), self.speech)
        yield from self._reported(row)
        yield from self._history(row.id)

    def _who(self, row: Any) -> Iterator[Block]:
        say, speech = self.speech.say, self.speech
        pages = _NONE if row.pages is None else f"{row.pages:,}"
        toner = _NONE if row.toner is None else f"{row.toner} %"
        yield Figures(
            (
                (share(row.compliance, speech), say("compliance")),
                (share(row.coverage, speech), say("coverage")),
                (toner, say("lowest supply")),
                (pages, say("pages in all")),
            )
        )
        facts = (
            (say("Name"), row.name),
            (say("Model"), f"{row.vendor} {row.model}".strip()),
            (say("Serial number"), row.serial),
            (say("Site"), row.site),
            (say("Location"), row.location),
            (say("Address"), row.address),
            (say("Hardware address"), row.mac),
            (say("SNMP engine"), row.engine),
            (say("TLS key"), row.tls),
            (say("Firmware"), row.firmware),
            (say("State"), " · ".join(say(one) for one in (row.state, row.status) if one)),
            (say("First seen"), speech.moment(row.first_seen)),
            (say("Last seen"), speech.moment(row.last_seen)),
            (say("Notes"), row.notes),
        )
        rows = tuple((name, str(value)) for name, value in facts if value)
        yield Grid(say("Who it is"), (say("What"), say("As it is known")), rows, widths=(1, 3.5))

    def _reported(self, row: Any) -> Iterator[Block]:
        say = self.speech.say
        yield Heading(say("What it reported last"))
        views = self._views()
        site = (row.site_id, row.site, "")
        mine = [Who(row.id, *site, row.key, row.serial, row.model, row.name, row.address)]
        [now] = views.now(mine)
        if now.sample is None:
            yield Words(say("It has not reported anything."))
            return
        yield Words(say("Seen %(when)s.", when=self.speech.moment(now.seen)))
        supplies = tuple(
            (each.supply.name, _left(each.supply.level.percent), self.speech.day(until))
            for each in views.supplies(mine, self.crew.now())
            for until in [each.forecast.until(each.forecast.low)]
        )
        heads = tuple(map(say, ("Supply", "Left", "Empty at the earliest")))
        yield Grid(say("Supplies"), heads, supplies, frozenset({1}), (4, 1.2, 2))
        counters = tuple(
            ("" if c.number is None else str(c.number), c.label or c.name, f"{c.value:,}")
            for c in now.sample.counters
        )
        heads = tuple(map(say, ("No.", "Counter", "Count")))
        yield Grid(say("Counters"), heads, counters, frozenset({0, 2}), (1, 5, 2))

    def _history(self, device: int) -> Iterator[Block]:
        crew, say, speech = self.crew, self.speech.say, self.speech
        yield Heading(say("What happened to it"))
        changes = tuple(
            (f"{row.id} · {row.title}", say(row.step), row.why, speech.second(row.at))
            for row in Changes(crew.database).of_device(device, _LATEST)
        )
        heads = tuple(map(say, ("Change", "Result", "Why", "When")))
        empty, widths = say("Nothing was changed from here."), (3, 1.2, 3, 2.6)
        yield Grid(say("Changes"), heads, changes, widths=widths, empty=empty)
        drifts = tuple(
            (row.key, row.was, row.now, say(row.cause), speech.second(row.since))
            for row in Drifts(crew.database).of_device(device)
        )
        heads = tuple(map(say, ("Setting", "Accepted", "Now", "Cause", "Since")))
        empty, codes = say("It is as it was accepted."), frozenset({0})
        label = say("Drift")
        yield Grid(label, heads, drifts, widths=(3, 2, 2, 1.3, 2.6), codes=codes, empty=empty)
        verdicts = tuple(
            (
                speech.second(row.at),
                f"{row.consideration} {row.rule}",
                f"{say(row.was) or _NONE} → {say(row.now) or _NONE}",
            )
            for row in Audits(crew.database).history(device, _LATEST)
        )
        heads = tuple(map(say, ("When", "Rule", "Verdict")))
        empty = say("No verdict has changed.")
        yield Grid(say("Verdicts that changed"), heads, verdicts, widths=(2.6, 4, 2), empty=empty)

    def evidence(self, wish: Wish) -> Iterator[Block]:
        """Yield the evidence for one consideration or for all, device by device."""
        say, judged = self.speech.say, Judged(self.crew.database, wish.baseline, wish.sites)
        span = judged.span()
        if not span.devices:
            raise UsageError(f"nothing is judged by {wish.baseline[:60]} there yet")
        baseline = self.crew.content.baseline(wish.baseline)
        known = {one.id: one.feature for one in baseline.considerations}
        if wish.consideration and wish.consideration not in known:
            raise UsageError(f"{wish.baseline} has no {wish.consideration[:40]}")
        yield Words(
            say(
                "%(what)s. Every finding with what was seen, and when: %(devices)s devices, "
                "judged from %(first)s to %(last)s.",
                what=known.get(wish.consideration) or baseline.title,
                devices=f"{span.devices:,}",
                first=self.speech.moment(span.first),
                last=self.speech.moment(span.last),
            )
        )
        heads = tuple(map(say, ("Device", "Rule", "Verdict", "Evidence", "Seen")))
        what = wish.consideration or say("all considerations")
        label = say("Evidence for %(what)s", what=what)
        rows = self._seen(judged.each(), wish.consideration)
        yield Grid(label, heads, rows, widths=(2, 3, 1.4, 6, 2.2))

    def _seen(self, rows: Iterable[Any], consideration: str) -> Iterator[tuple[str, ...]]:
        for row in rows:
            for finding in device_result(row, consideration).findings:
                yield from evidence_rows(row.serial or row.address or row.key, finding, self.speech)

    def orders(self, wish: Wish) -> Iterator[Block]:
        """Yield what to order for the next days."""
        say, views = self.speech.say, self._views()
        devices = views.reported.devices(sites=wish.sites, retired=False)
        lines = order_list(views.supplies(devices, self.crew.now()), wish.within)
        yield Figures(
            (
                (f"{sum(line.pieces for line in lines):,}", say("pieces to order")),
                (f"{len(devices):,}", say("devices looked at")),
            )
        )
        heads = ("Site", "Model", "Supply", "Pieces", "Days, at least", "Devices")
        rows = tuple(
            (
                *(line.site, line.model, line.supply, f"{line.pieces:,}"),
                "" if line.soonest is None else f"{line.soonest:.0f}",
                ", ".join(line.devices),
            )
            for line in lines
        )
        yield Grid(
            say("Supplies to order"),
            tuple(map(say, heads)),
            rows,
            frozenset({3, 4}),
            (2, 3, 3, 1.1, 1.4, 3),
            empty=say("Nothing has to be ordered."),
        )

    def _views(self) -> Views:
        metrics = Metrics(self.crew.database)
        metrics.load()
        return Views(Reported(self.crew.database), metrics)


def _left(part: int | None) -> str:
    return "" if part is None else f"{part} %"
