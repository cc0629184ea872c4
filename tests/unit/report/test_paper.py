"""Papers as PDF, HTML and CSV: nothing that a device says is markup, formula or missing."""

from __future__ import annotations

import csv
import io
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.report.samples import HOSTILE

from frisket.report import paper_pdf as drawing
from frisket.report.escape import visible
from frisket.report.paper import (
    Attached,
    Bars,
    Block,
    Figures,
    Grid,
    Heading,
    Paper,
    Words,
    paper_csv,
)
from frisket.report.paper_html import paper_html
from frisket.report.paper_pdf import paper_pdf
from frisket.report.speech import Speech

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
texts = st.text(max_size=40)


def paper(text: str) -> Paper:
    return Paper(
        text or "Title",
        text,
        NOW,
        (
            Heading("Chapter"),
            Words(text),
            Figures(((text, text),)),
            Bars("Bars", ((text, 0.5, text), ("second", 2.0, "all"))),
            Grid("Table", ("One", "Two"), ((text, "=2+2"), ("#panic()", "*x*"))),
        ),
    )


@settings(max_examples=15, deadline=None)
@given(texts)
def test_any_text_makes_an_accessible_pdf(text: str) -> None:
    with pikepdf.open(io.BytesIO(paper_pdf(paper(text)))) as pdf:
        assert pdf.Root["/MarkInfo"]["/Marked"]
        assert "/StructTreeRoot" in pdf.Root
        assert pdf.Root["/Lang"] == "en"


def test_the_same_paper_is_the_same_pdf() -> None:
    assert paper_pdf(paper("x")) == paper_pdf(paper("x"))


def test_what_looks_like_markup_is_text() -> None:
    page = b"".join(paper_html(paper("<script>alert(1)</script><img src=x onerror=y>"))).decode()
    assert "<script" not in page
    assert "<img" not in page
    paper_pdf(paper('#import "x" $ \\ ] ["'))


@given(texts)
def test_csv_says_what_the_tables_say(text: str) -> None:
    rows = list(csv.reader(io.StringIO(b"".join(paper_csv(paper(text))).decode())))
    assert rows[0] == ["One", "Two"]
    assert rows[1][1] == "'=2+2"
    assert len(rows) == 3


# What typst would run, load, link or set, were it markup and not text.
MARKUP = (
    '#panic("stop")',
    '#read("/etc/passwd")',
    '#import "@preview/cetz:0.3.0": *',
    '"]) #eval("1+1") ([',
    "$ sum_(i=0)^n $ and $x$",
    "= Heading\n- list\n+ one\n/ term: two",
    "```js raw``` `raw` *bold* _emph_ -- --- ~ end",
    "<label> @label https://evil.example/x?y=z",
    "// comment /* more */ \\u{41} \\",
    "#set page(width: 1pt); #while true {}",
    "{page} of {pages}",
    '{"title": 1}, ]}',
)


def read_back(octets: bytes, *options: str) -> str:
    """Return what another program reads in a PDF."""
    words = ["pdftotext", *options, "-", "-"]
    done = subprocess.run(words, input=octets, capture_output=True, check=True)
    return done.stdout.decode()


def squeezed(text: str) -> str:
    """Return a text without spaces and line ends, nor what fonts draw as one letter."""
    for joined, apart in (("\ufb00", "ff"), ("\ufb01", "fi"), ("\ufb02", "fl"), ("\ufb03", "ffi")):
        text = text.replace(joined, apart)
    return re.sub(r"\s+", "", text)


@pytest.mark.peer("poppler-utils")
@pytest.mark.parametrize("text", MARKUP)
def test_markup_is_read_back_as_it_was_said(text: str) -> None:
    octets = paper_pdf(paper(text))
    shown, wanted = squeezed(read_back(octets)), squeezed(visible(text))
    # As title, subtitle, words, figure, label of a bar, and in a cell.
    assert shown.count(wanted) >= 6
    with pikepdf.open(io.BytesIO(octets)) as pdf:
        assert str(pdf.docinfo["/Title"]) == visible(text)
        assert not any("/Annots" in page for page in pdf.pages)
        assert {"/JavaScript", "/EmbeddedFiles"} & set(pdf.Root.get("/Names", {})) == set()


@pytest.mark.peer("poppler-utils")
@pytest.mark.parametrize("text", HOSTILE[:-1], ids=range(len(HOSTILE) - 1))
def test_what_a_device_says_is_read_back(text: str) -> None:
    octets = paper_pdf(paper(text))
    plain = squeezed(visible(text))
    if plain.isascii():
        assert squeezed(read_back(octets)).count(plain) >= 6


@pytest.mark.peer("poppler-utils")
def test_nothing_is_clipped_or_off_the_page() -> None:
    """Long words, digests and addresses in narrow columns: all is there, and inside the margins."""
    words = ("W" * 300, "0123456789abcdef" * 4, "https://host.example/" + "path/" * 40)
    rows = tuple((word, word, word) for word in words)
    for wide in (False, True):
        grid = Grid("Words", ("A", "B", "C"), rows, widths=(1, 1, 6), codes=frozenset({1}))
        octets = paper_pdf(Paper("Long", words[0], NOW, (Words(words[0]), grid), wide=wide))
        for word in words:
            assert squeezed(read_back(octets, "-raw")).count(word) >= 1, word
        boxes = read_back(octets, "-bbox")
        width = 842 if wide else 596
        for left, right in re.findall(r'xMin="([0-9.-]+)" yMin="[^"]+" xMax="([0-9.]+)"', boxes):
            assert 40 <= float(left) <= float(right) <= width - 40, (wide, left, right)


@pytest.mark.peer("poppler-utils")
def test_each_page_has_its_number_the_title_and_the_date_with_its_zone() -> None:
    rows = tuple((f"row {n}", "x") for n in range(200))
    shown = Paper(
        "Change record",
        "Change 7",
        NOW,
        (Grid("Rows", ("One", "Two"), rows), Grid("None", ("A",), (), empty="Nothing at all.")),
        Speech(zone=ZoneInfo("Asia/Tokyo")),
        wide=True,
    )
    pages = read_back(paper_pdf(shown), "-layout").split("\f")[:-1]
    assert len(pages) > 3
    for number, page in enumerate(pages, 1):
        assert f"Page {number} of {len(pages)}" in page
        assert "2026-03-02 21:00 JST (UTC+09:00)" in page
        assert "Change record" in page
    assert all("One" in page for page in pages[1:-1]), "headings are repeated"
    assert "Nothing at all." in pages[-1]


def test_a_pdf_shows_so_many_rows_and_says_how_many_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(drawing, "MOST_ROWS", 5)
    drawn: list[str] = []
    monkeypatch.setattr(
        drawing, "_compiled", lambda _name, inputs, _made: drawn.append(inputs.get("paper", ""))
    )

    def blocks() -> Iterator[Block]:
        yield Grid("First", ("A",), ((f"r{n}",) for n in range(1234)))
        yield Grid("Second", ("A",), (("kept",),))

    paper_pdf(Paper("t", "s", NOW, blocks()))
    assert "r4" in drawn[-1]
    assert "r5" not in drawn[-1]
    assert "First: 5 of 1,234 rows are shown here" in drawn[-1]
    assert "Second: 0 of 1 rows" in drawn[-1]


def test_a_file_goes_along_within_a_pdf_that_is_meant_to_last() -> None:
    attached = Attached("record.json", "application/json", "the same", '{"a": "漢 #panic()"}')
    octets = paper_pdf(Paper("t", "s", NOW, (), attached=(attached,)))
    with pikepdf.open(io.BytesIO(octets)) as pdf:
        [name] = pdf.attachments
        assert name == "record.json"
        assert pdf.attachments[name].get_file().read_bytes().decode() == attached.text
        said = str(pdf.open_metadata())
        assert "<pdfaid:part>3" in said
        assert "<pdfuaid:part>1" in said


def test_html_leaves_while_its_rows_come() -> None:
    read = 0

    def rows() -> Iterator[tuple[str, ...]]:
        nonlocal read
        for number in range(5000):
            read += 1
            yield (str(number), "=1+1")

    pieces = paper_html(Paper("t", "s", NOW, iter([Grid("Rows", ("A", "B"), rows())])))
    next(pieces)
    assert read < 5000
    assert b"4999" in b"".join(pieces)
    assert read == 5000
