"""A paper as PDF/A-3a and PDF/UA-1: to be kept for long, tagged, titled, read aloud."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, replace
from itertools import islice
from typing import Any, Final

import typst

from frisket.catalog.load import content
from frisket.errors import FrisketError
from frisket.report.letters import ESCAPED, Letters, breakable
from frisket.report.paper import (
    Bars,
    Block,
    Figures,
    Grid,
    Heading,
    Paper,
    Words,
    clean_blocks,
    headed,
)

MOST_ROWS: Final = 4000  # of all tables together: some 150 pages, 15 seconds, 250 MB
_UNSHOWN: Final = re.compile(r'the text `"(.+?)"` could not be displayed', re.DOTALL)
_TRIES: Final = 6


class PdfFault(FrisketError):
    """The PDF cannot be made."""


class _NoLetter(PdfFault):
    """No font of this machine has these letters; an accessible PDF shows every one."""

    def __init__(self, letters: str) -> None:
        super().__init__("the PDF cannot be made: this machine has no font for some letters")
        self.letters = letters


def paper_pdf(paper: Paper) -> bytes:
    """Return a paper as an accessible PDF that is meant to last. Raises `PdfFault`.

    Of very long tables it shows the first rows and says how many there are.
    """
    document = _document(paper)
    letters = Letters(_shown)
    text = letters.written(json.dumps(document, ensure_ascii=False))
    made = int(paper.made.timestamp())
    # What goes along stays as it is to the octet, whatever fonts there are.
    along = json.dumps([asdict(one) for one in paper.attached])
    for _ in range(_TRIES):
        try:
            return _compiled("paper.typ", {"paper": text, "attached": along}, made)
        except _NoLetter as missing:
            # A letter that a font has alone, and not with the mark that follows it.
            text = letters.without(text, missing.letters)
    return _compiled("paper.typ", {"paper": letters.plain(text), "attached": along}, made)


def _document(paper: Paper) -> dict[str, Any]:
    speech, shown = paper.speech, headed(paper)
    when = speech.say("Made %(when)s", when=speech.moment(paper.made))
    return {
        "title": shown.title,
        "subtitle": breakable(shown.subtitle),
        "running": breakable(_short(f"{shown.title} · {shown.subtitle}")),
        "made": when,
        "page": speech.say("Page {page} of {pages}"),
        "nothing": speech.say("None."),
        "language": speech.language.replace("_", "-").split("-")[0],
        "wide": paper.wide,
        "blocks": [_drawn(block, paper) for block in _bounded(paper)],
    }


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:79]}…"


def _bounded(paper: Paper) -> Iterator[Block]:
    """Yield the blocks with as many rows as a PDF can have; say what is left out."""
    room = MOST_ROWS
    for block in clean_blocks(paper):
        if not isinstance(block, Grid):
            yield block
            continue
        rows = iter(block.rows)
        shown = tuple(islice(rows, max(room, 0)))
        more = sum(1 for _ in rows)
        room -= len(shown)
        if shown or not more:
            yield replace(block, rows=shown)
        if more:
            told = paper.speech.say(
                "%(label)s: %(shown)s of %(all)s rows are shown here. HTML and CSV hold all.",
                label=block.label,
                shown=f"{len(shown):,}",
                all=f"{len(shown) + more:,}",
            )
            yield Words(told)


def _compiled(template: str, inputs: dict[str, str], made: int) -> bytes:
    source = content("templates", template).read_bytes()
    try:
        found = typst.compile(
            source, format="pdf", sys_inputs=inputs, pdf_standards=["a-3a", "ua-1"], timestamp=made
        )
    except (RuntimeError, ValueError) as fault:
        if named := _UNSHOWN.search(str(fault)):
            raise _NoLetter(ESCAPED.sub(_letter, named[1])) from fault
        raise PdfFault(f"the PDF cannot be made: {str(fault)[:200]}") from fault
    if not isinstance(found, bytes):
        raise PdfFault("the PDF cannot be made: it came in parts")
    return found


def _letter(found: re.Match[str]) -> str:
    return chr(int(found[1], 16))


def _shown(letters: str) -> str:
    """Return the first of some letters that no font here has, "" where all can be shown."""
    try:
        _compiled("letters.typ", {"letters": json.dumps(list(letters))}, 0)
    except _NoLetter as missing:
        return missing.letters
    return ""


def _drawn(block: Block, paper: Paper) -> dict[str, Any]:
    match block:
        case Heading(text, level):
            return {"kind": "heading", "text": breakable(text), "level": min(max(level, 1), 3)}
        case Words(text):
            return {"kind": "words", "text": breakable(text)}
        case Figures(rows):
            return {"kind": "figures", "rows": [list(map(breakable, row)) for row in rows]}
        case Bars(label, rows):
            bars = [[breakable(name), size, words] for name, size, words in rows]
            return {"kind": "bars", "label": breakable(label), "rows": bars}
        case Grid():
            return {
                "kind": "grid",
                "label": breakable(block.label),
                "headings": [breakable(cell) for cell in block.headings],
                "rows": [[breakable(cell) for cell in row] for row in block.rows],
                "numbers": sorted(block.numbers),
                "codes": sorted(block.codes),
                "widths": list(block.widths) or [1.0] * len(block.headings),
                "empty": block.empty or paper.speech.say("None."),
            }
