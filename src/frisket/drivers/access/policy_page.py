"""Reads the page that confirms a security policy: a row an item, and what is beside it. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Final

from frisket.audit.policy import PolicyItem
from frisket.errors import WireError
from frisket.model.reading import Value

_MOST: Final = 2000  # cells of one page
_ITEM = re.compile(r"\bSP-[0-9]{2}\b")
_BESIDE: Final = "·"


class _Rows(HTMLParser):
    """Collects the text of each cell of each row."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.rows: list[list[str]] = []
        self._cells = 0
        self._in_cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag == "tr":
            self.rows.append([])
            self._in_cell = False
        elif tag == "td" and self.rows:
            self._cells += 1
            if self._cells > _MOST:
                raise WireError(f"a page with more than {_MOST} cells")
            self.rows[-1].append("")
            self._in_cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag in {"td", "tr"}:
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        if self._in_cell:
            self.rows[-1][-1] += data


def read_policy(
    body: bytes, items: Sequence[PolicyItem], on: str, *, limit: int = 1 << 20
) -> tuple[list[str], dict[str, Value]]:
    """Return the ticked items, and what is entered beside them by parameter.

    `on` is the word of a ticked item. Raises `WireError` where an item is missing or stands twice,
    or a value cannot be read.
    """
    if len(body) > limit:
        raise WireError(f"a page of more than {limit} octets")
    reader = _Rows()
    try:
        reader.feed(body.decode("utf-8", "replace"))
        reader.close()
    except (AssertionError, ValueError, RecursionError) as fault:
        raise WireError(f"a page that cannot be read: {fault}") from fault
    states: dict[str, str] = {}
    for cells in reader.rows:
        if len(cells) == 2 and (found := _ITEM.search(cells[0])):
            if found[0] in states:
                raise WireError(f"the policy shows {found[0]} twice")
            states[found[0]] = cells[1]
    ticked: list[str] = []
    values: dict[str, Value] = {}
    for item in items:
        if item.id not in states:
            raise WireError(f"the policy does not show {item.id} {item.label}")
        word, *beside = (part.strip() for part in states[item.id].split(_BESIDE))
        if word == on:
            ticked.append(item.id)
            values |= _beside(item, beside)
    return ticked, values


def _beside(item: PolicyItem, shown: Sequence[str]) -> dict[str, Value]:
    """Read what is shown beside an item: its numbers with their units, then its texts."""
    names = [*(limit.parameter for limit in item.ranges), *item.text]
    if len(shown) != len(names):
        raise WireError(f"{item.id} shows {len(shown)} values where it has {len(names)}")
    found: dict[str, Value] = {}
    for name, text in zip(names, shown, strict=True):
        if name in item.text:
            found[name] = text[:255]
            continue
        number = re.match(r"[0-9]{1,9}\b", text)
        if number is None:
            raise WireError(f"{item.id}: {text[:40]!r} is no number")
        found[name] = int(number[0])
    return found
