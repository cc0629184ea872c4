"""A report for people as data: headings, words, figures, bars and tables. Drawn as PDF or HTML."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from frisket.report.escape import guarded, visible
from frisket.report.speech import Speech

_LONGEST: Final = 2000


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; level 1 begins a chapter."""

    text: str
    level: int = 1


@dataclass(frozen=True, slots=True)
class Words:
    """A paragraph."""

    text: str


@dataclass(frozen=True, slots=True)
class Figures:
    """Numbers that stand out, each with what it counts."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Bars:
    """A bar chart: name, length from 0 to 1, and the value in words. Its table says the same."""

    label: str
    rows: tuple[tuple[str, float, str], ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table. `numbers` are the columns that stand to the right, `widths` the columns' shares.

    `codes` are columns of digests and of names of settings. `rows` may come one by one, and then
    only once; `empty` says what it means that there are none.
    """

    label: str
    headings: tuple[str, ...]
    rows: Iterable[tuple[str, ...]]
    numbers: frozenset[int] = frozenset()
    widths: tuple[float, ...] = ()
    codes: frozenset[int] = frozenset()
    empty: str = ""


Block = Heading | Words | Figures | Bars | Grid


@dataclass(frozen=True, slots=True)
class Attached:
    """A file within a PDF (PDF/A-3): the same for programs. `name` is ours, `text` is UTF-8."""

    name: str
    media: str
    about: str
    text: str


@dataclass(frozen=True, slots=True)
class Paper:
    """One report. `made` is UTC; `wide` turns the sheet. Blocks may come one by one."""

    title: str
    subtitle: str
    made: datetime
    blocks: Iterable[Block] = field(default_factory=tuple)
    speech: Speech = field(default_factory=Speech)
    wide: bool = False
    attached: tuple[Attached, ...] = ()


def cleaned(paper: Paper) -> Paper:
    """Return a paper whose every text is visible and bounded: what a device said stays harmless.

    All of its blocks and rows are in memory then.
    """
    blocks = (
        replace(block, rows=tuple(block.rows)) if isinstance(block, Grid) else block
        for block in clean_blocks(paper)
    )
    return replace(headed(paper), blocks=tuple(blocks))


def headed(paper: Paper) -> Paper:
    """Return a paper whose title and subtitle are harmless; its blocks are as they were."""
    return replace(paper, title=_text(paper.title), subtitle=_text(paper.subtitle))


def clean_blocks(paper: Paper) -> Iterator[Block]:
    """Yield the blocks, harmless, as they come; rows of tables as they come too."""
    for block in paper.blocks:
        yield _clean(block)


def _clean(block: Block) -> Block:
    match block:
        case Heading(text, level):
            return Heading(_text(text), level)
        case Words(text):
            return Words(_text(text))
        case Figures(rows):
            return Figures(tuple((_text(value), _text(label)) for value, label in rows))
        case Bars(label, rows):
            kept = tuple((_text(n), min(max(size, 0.0), 1.0), _text(w)) for n, size, w in rows)
            return Bars(_text(label), kept)
        case Grid():
            return replace(
                block,
                label=_text(block.label),
                headings=tuple(map(_text, block.headings)),
                rows=(tuple(map(_text, row)) for row in block.rows),
                empty=_text(block.empty),
            )


def _text(text: str) -> str:
    return visible(text, _LONGEST)


def paper_csv(paper: Paper) -> Iterator[bytes]:
    """Yield the tables of a paper as CSV; each further one stands behind its name.

    A paper of one table is that table alone.
    """
    grids = (block for block in clean_blocks(paper) if isinstance(block, Grid))
    first = next(grids, None)
    if first is None:
        return
    yield from _table(first)
    for second in grids:
        yield _line([])
        yield _line([guarded(second.label)])
        yield from _table(second)


def _table(grid: Grid) -> Iterator[bytes]:
    yield _line([guarded(cell) for cell in grid.headings])
    for row in grid.rows:
        yield _line([guarded(cell) for cell in row])


def _line(cells: list[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue().encode()
