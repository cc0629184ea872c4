"""The evidence pack as one file for an auditor: what was seen, what people said, and its digests.

Nothing of it is ever in memory as a whole: a device is read, written and let go.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from frisket.fleet.crew import Crew
from frisket.fleet.report_kinds import Wish
from frisket.fleet.report_papers import device_result
from frisket.model.finding import AuditResult
from frisket.report.escape import guarded, visible
from frisket.report.figures import host_part
from frisket.report.find import formats
from frisket.report.format import ReportContext
from frisket.report.paper import Paper, paper_csv
from frisket.report.paper_html import paper_html
from frisket.report.speech import Speech
from frisket.report.zipped import File, zipped
from frisket.store.judged import Judged
from frisket.store.people import People

_ATTESTED: Final = (
    *("id", "consideration", "key", "answer", "who", "looked", "evidence", "expires"),
    *("made_by", "made", "scope"),
)
_WAIVED: Final = (
    *("id", "consideration", "rule", "owner", "reason", "expires", "proposed_by"),
    *("approved_by", "approved", "scope"),
)
_FILES: Final = ("attestation_id", "name", "type", "size", "digest")


@dataclass(frozen=True, slots=True)
class EvidencePack:
    """Puts a pack together. `paper` makes the paper that stands in it, anew each time."""

    crew: Crew
    speech: Speech
    wish: Wish

    def octets(self, papers: tuple[Paper, Paper]) -> Iterator[bytes]:
        """Yield the ZIP; the papers are twice the same, for each is read once."""
        yield from zipped(self._files(papers), self.crew.now())

    def _files(self, papers: tuple[Paper, Paper]) -> Iterator[File]:
        yield "README.txt", [self._readme(papers[0].title)]
        yield "evidence.csv", paper_csv(papers[0])
        yield "evidence.html", paper_html(papers[1])
        yield from self._devices()
        yield from self._people()

    def _readme(self, title: str) -> bytes:
        say = self.speech.say
        lines = (
            title,
            say("Made %(when)s", when=self.speech.moment(self.crew.now())),
            "",
            say("evidence.csv, evidence.html: every finding with what was seen, and when."),
            say("devices/: the same of each device, as `frisket report` reads it."),
            say("attestations.csv, attested/: what people said, and the files they handed in."),
            say("waivers.csv: what is waived, by whom, and until when."),
            say("SHA256SUMS: check the files with `sha256sum -c SHA256SUMS`."),
        )
        return ("\n".join(lines) + "\n").encode()

    def _devices(self) -> Iterator[File]:
        wish, form = self.wish, formats()["json"]
        for row in Judged(self.crew.database, wish.baseline, wish.sites).each():
            one = device_result(row, wish.consideration)
            head = AuditResult(wish.baseline, row.at, row.at, ())
            name = f"devices/{row.id}-{host_part(row.serial or row.address or row.key)}.json"
            yield name, form.written(head, (one,), ReportContext())

    def _people(self) -> Iterator[File]:
        people = People(self.crew.database)
        sites = None if self.wish.sites is None else list(self.wish.sites)
        meant, keys, rules = self._meant()
        attested = [
            row
            for row in people.attestations(sites)
            if row.consideration in meant or row.key in keys
        ]
        yield "attestations.csv", _table(_ATTESTED, attested)
        waived = [
            row for row in people.waivers(sites) if row.consideration in meant or row.rule in rules
        ]
        yield "waivers.csv", _table(_WAIVED, waived)
        files = people.evidence([row.id for row in attested])
        yield "attested.csv", _table(_FILES, files)
        for one in files:
            found = people.file(one.id)
            if found is not None:
                yield f"attested/{one.attestation_id}/{one.id}-{one.name}", [found[1]]

    def _meant(self) -> tuple[set[str], set[str], set[str]]:
        """Return the considerations that are meant, with the keys and rules that bear on them."""
        content = self.crew.content
        baseline = content.baseline(self.wish.baseline)
        meant = {
            one.id for one in baseline.considerations if self.wish.consideration in {"", one.id}
        }
        rules = {rule for one, need in baseline.needs() if one.id in meant for rule in need.rules}
        keys = {content.rules[rule].key for rule in rules if rule in content.rules}
        return meant, keys, rules


def _table(names: Sequence[str], rows: Iterable[Any]) -> Iterator[bytes]:
    yield _line(names)
    for row in rows:
        yield _line([_plain(getattr(row, name)) for name in names])


def _line(cells: Sequence[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerow([guarded(visible(cell, 4096)) for cell in cells])
    return out.getvalue().encode()


def _plain(value: Any) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return "" if value is None else str(value)
