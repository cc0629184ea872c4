"""Whatever a device says comes out of every format harmless."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import asdict
from html.parser import HTMLParser
from typing import Any

import pikepdf
import pytest
from lxml import etree  # type: ignore[import-untyped]
from tests.unit.report.samples import HOSTILE, STIG, fleet, hostile

from frisket.report.audit_paper import audit_paper
from frisket.report.escape import clean
from frisket.report.find import format_named, formats
from frisket.report.format import ReportContext
from frisket.report.paper import Paper, cleaned

CONTEXTS = (
    ReportContext(stig=STIG, tool_version="0.1.0"),
    ReportContext(stig=STIG, verbose=True, width=120),
)


def hidden(text: str) -> set[str]:
    """Return the characters of `text` that do not show themselves."""
    return {
        hex(ord(c))
        for c in text
        if c != "\n" and unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    }


@pytest.mark.parametrize("name", [name for name in formats() if name != "pdf"])
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_nothing_unseen_leaves_any_format(name: str, text: str) -> None:
    for context in CONTEXTS:
        drawn = format_named(name).render(hostile(text), context).decode("utf-8")
        if name == "csv":
            drawn = drawn.replace("\r\n", "\n")
        assert not hidden(drawn)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_nothing_unseen_is_drawn_into_a_pdf(text: str) -> None:
    shown = cleaned(audit_paper(clean(hostile(text))))
    assert not hidden("\n".join([shown.title, shown.subtitle, *strings(blocks_of(shown))]))
    drawn = format_named("pdf").render(hostile(text), CONTEXTS[0])
    with pikepdf.open(io.BytesIO(drawn)) as pdf:
        assert pdf.Root["/MarkInfo"]["/Marked"]
        assert "/JavaScript" not in pdf.Root.get("/Names", {})
        assert "/OpenAction" not in pdf.Root


def blocks_of(paper: Paper) -> list[Any]:
    """Return the blocks as lists, so that every text in them can be walked."""

    def plain(part: Any) -> Any:
        if isinstance(part, tuple | list | frozenset):
            return [plain(one) for one in part]
        return part if isinstance(part, str) else str(part)

    return [plain(list(asdict(block).values())) for block in paper.blocks]


def strings(document: Any) -> Iterator[str]:
    """Yield every string of a JSON document, names of members included."""
    match document:
        case str():
            yield document
        case list():
            for part in document:
                yield from strings(part)
        case dict():
            for key, value in document.items():
                yield key
                yield from strings(value)


@pytest.mark.parametrize("name", ["json", "sarif", "cklb"])
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_nothing_unseen_is_hidden_in_json_escapes(name: str, text: str) -> None:
    document = json.loads(format_named(name).render(hostile(text), CONTEXTS[0]))
    assert not hidden("".join(strings(document)))


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_cell_is_a_formula(text: str) -> None:
    drawn = format_named("csv").render(hostile(text), CONTEXTS[0]).decode()
    rows = list(csv.reader(io.StringIO(drawn, newline=""), strict=True))
    assert len({len(row) for row in rows}) == 1
    for cell in (cell for row in rows for cell in row):
        assert unicodedata.normalize("NFKC", cell.lstrip()[:1]) not in set("=+-@\t\r\n\u2212")
        assert not re.search(r";\s*[=+\-@]", cell)


class Tags(HTMLParser):
    """Collects elements and attributes as a browser would see them."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.links: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links |= {value or "" for name, value in attrs if name in {"href", "src", "action"}}


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_markup_enters_the_page(text: str) -> None:
    """The page has the same elements whatever the device says, and no link leads out."""
    harmless, attacked = Tags(), Tags()
    harmless.feed(format_named("html").render(hostile("harmless"), CONTEXTS[0]).decode())
    attacked.feed(format_named("html").render(hostile(text), CONTEXTS[0]).decode())
    assert attacked.tags == harmless.tags
    assert attacked.attributes == harmless.attributes
    assert all(link.startswith("#") for link in attacked.links)


def test_templates_are_not_run_on_device_text() -> None:
    drawn = format_named("html").render(hostile("{{ 7*7 }}"), CONTEXTS[0]).decode()
    assert "{{ 7*7 }}" in drawn
    assert "<dd>49" not in drawn


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_xml_stays_well_formed(text: str) -> None:
    root = etree.fromstring(format_named("junit").render(hostile(text), CONTEXTS[0]))
    assert len(root.findall("testsuite")) == 2


def test_markup_of_the_terminal_library_is_only_text() -> None:
    text = "[bold red]markup[/bold red]"
    colored = ReportContext(color=True, width=200, verbose=True)
    drawn = format_named("table").render(hostile(text), colored).decode()
    assert text in re.sub(r"\x1b\[[0-9;]*m", "", drawn)


def test_color_is_the_only_escape_a_terminal_gets() -> None:
    colored = ReportContext(color=True, verbose=True)
    for text in HOSTILE:
        drawn = format_named("table").render(hostile(text), colored).decode()
        assert "\x1b[" in drawn
        assert not hidden(re.sub(r"\x1b\[[0-9;]*m", "", drawn))


def test_without_color_no_word_is_lost() -> None:
    colored = format_named("table").render(fleet(3), ReportContext(color=True)).decode()
    plain = format_named("table").render(fleet(3), ReportContext()).decode()
    stripped = [line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", colored).splitlines()]
    assert stripped == plain.splitlines()
