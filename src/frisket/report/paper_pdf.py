"""A paper as PDF/UA-1: tagged, titled, with a text for every drawing."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import typst

from frisket.catalog.load import content
from frisket.errors import FrisketError
from frisket.report.bar_chart import bar_chart
from frisket.report.figures import moment
from frisket.report.paper import Bars, Block, Figures, Grid, Heading, Paper, Words, cleaned

_UNSHOWN: Final = re.compile(r'the text `"(.+?)"` could not be displayed', re.DOTALL)
_TRIES: Final = 6
_LATIN: Final = 0xFF


class PdfFault(FrisketError):
    """The PDF cannot be made."""


def paper_pdf(paper: Paper) -> bytes:
    """Return a paper as an accessible PDF. Raises `PdfFault`."""
    shown = cleaned(paper)
    document = {
        "title": shown.title,
        "subtitle": shown.subtitle,
        "made": moment(shown.made),
        "blocks": [_block(block) for block in shown.blocks],
    }
    text = json.dumps(document, ensure_ascii=False)
    for _ in range(_TRIES):
        try:
            return _compiled(text, int(shown.made.timestamp()))
        except _NoLetter as missing:
            text = _written_out(text, missing.letters)
    return _compiled(_plain(text), int(shown.made.timestamp()))


class _NoLetter(PdfFault):
    """No font of this machine has these letters; an accessible PDF shows every one."""

    def __init__(self, letters: str) -> None:
        super().__init__("the PDF cannot be made: this machine has no font for some letters")
        self.letters = letters


def _compiled(text: str, made: int) -> bytes:
    source = content("templates", "paper.typ").read_bytes()
    try:
        found = typst.compile(
            source,
            format="pdf",
            sys_inputs={"paper": text},
            pdf_standards=["ua-1"],
            timestamp=made,
        )
    except (RuntimeError, ValueError) as fault:
        if named := _UNSHOWN.search(str(fault)):
            raise _NoLetter(named[1]) from fault
        raise PdfFault(f"the PDF cannot be made: {str(fault)[:200]}") from fault
    if not isinstance(found, bytes):
        raise PdfFault("the PDF cannot be made: it came in parts")
    return found


def _written_out(text: str, letters: str) -> str:
    """Return the text with these letters as their numbers; ASCII, which JSON is made of, stays."""
    return text.translate({ord(c): f"[U+{ord(c):04X}]" for c in letters if not c.isascii()})


def _plain(text: str) -> str:
    """Return the text with every letter beyond the Latin ones as its number."""
    return _written_out(text, "".join({c for c in text if ord(c) > _LATIN}))


def _block(block: Block) -> dict[str, Any]:
    match block:
        case Heading(text, level):
            return {"kind": "heading", "text": text, "level": level}
        case Words(text):
            return {"kind": "words", "text": text}
        case Figures(rows):
            return {"kind": "figures", "rows": [list(row) for row in rows]}
        case Bars(label, rows):
            alt = f"{label}: " + "; ".join(f"{name} {words}" for name, _, words in rows)
            return {"kind": "bars", "label": label, "alt": alt, "svg": bar_chart(rows)}
        case Grid():
            return {
                "kind": "grid",
                "label": block.label,
                "headings": list(block.headings),
                "rows": [list(row) for row in block.rows],
                "numbers": sorted(block.numbers),
                "widths": list(block.widths) or [1.0] * len(block.headings),
            }
