"""Papers as PDF, HTML and CSV: nothing that a device says is markup, formula or missing."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import pikepdf
from hypothesis import given, settings
from hypothesis import strategies as st

from frisket.report.paper import Bars, Figures, Grid, Heading, Paper, Words, paper_csv
from frisket.report.paper_html import paper_html
from frisket.report.paper_pdf import paper_pdf

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
