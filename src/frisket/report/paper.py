"""A report for people as data: headings, words, figures, bars and tables. Drawn as PDF or HTML."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from frisket.report.escape import guarded, visible

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
    """A table. `numbers` are the columns that stand to the right, `widths` the columns' shares."""

    label: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[int] = frozenset()
    widths: tuple[float, ...] = ()


Block = Heading | Words | Figures | Bars | Grid


@dataclass(frozen=True, slots=True)
class Paper:
    """One report. `made` is UTC."""

    title: str
    subtitle: str
    made: datetime
    blocks: tuple[Block, ...] = field(default_factory=tuple)


def cleaned(paper: Paper) -> Paper:
    """Return a paper whose every text is visible and bounded: what a device said stays harmless."""
    return replace(
        paper,
        title=_text(paper.title),
        subtitle=_text(paper.subtitle),
        blocks=tuple(_clean(block) for block in paper.blocks),
    )


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
                rows=tuple(tuple(map(_text, row)) for row in block.rows),
            )


def _text(text: str) -> str:
    return visible(text, _LONGEST)


def paper_csv(paper: Paper) -> bytes:
    """Return the tables of a paper as CSV; where there are several, each behind its name."""
    grids = [block for block in cleaned(paper).blocks if isinstance(block, Grid)]
    out = io.StringIO()
    writer = csv.writer(out)
    for place, grid in enumerate(grids):
        if len(grids) > 1:
            if place:
                writer.writerow([])
            writer.writerow([guarded(grid.label)])
        writer.writerow([guarded(cell) for cell in grid.headings])
        writer.writerows([guarded(cell) for cell in row] for row in grid.rows)
    return out.getvalue().encode()
