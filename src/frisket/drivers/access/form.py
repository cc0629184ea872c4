"""Reads the form of a settings page: what each field holds, and what goes with it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

from frisket.errors import WireError

_MOST = 2000  # fields and options of one page


@dataclass(frozen=True, slots=True)
class Page:
    """A page's form: hidden fields and values by name; `ticks` are the names of tick boxes."""

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    hidden: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ticks: frozenset[str] = frozenset()
    title: str = ""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.values: dict[str, list[str]] = {}
        self.hidden: dict[str, list[str]] = {}
        self.ticks: set[str] = set()
        self.title = ""
        self._count = 0
        self._select = ""
        self._text: list[str] | None = None
        self._name = ""
        self._picked = False

    def _add(self, name: str, value: str) -> None:
        self._count += 1
        if self._count > _MOST:
            raise WireError(f"a page with more than {_MOST} fields")
        self.values.setdefault(name, []).append(value)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        match tag:
            case "input":
                self._input(name, given)
            case "select":
                self._select = name
                self.values.setdefault(name, [])
            case "option":
                self._text, self._picked = [], "selected" in given
            case "textarea":
                self._name, self._text = name, []
            case "title":
                self._text = []
            case _:
                pass

    def _input(self, name: str, given: Mapping[str, str]) -> None:
        match given.get("type", "text"):
            case "hidden":
                self._count += 1
                self.hidden.setdefault(name, []).append(given.get("value", ""))
            case "checkbox":
                self.ticks.add(name)
                self.values.setdefault(name, [])
                if "checked" in given:
                    self._add(name, given.get("value", "on"))
            case "password" | "submit" | "file" | "button":
                pass
            case _:
                self._add(name, given.get("value", ""))

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        text = "".join(self._text or ())
        match tag:
            case "option" if self._select and self._picked:
                self._add(self._select, text.strip())
            case "textarea" if self._name:
                self._add(self._name, text)
                self._name = ""
            case "select":
                self._select = ""
            case "title":
                self.title = text.strip()[:200]
            case _:
                return
        self._text = None


def read_page(body: bytes, *, limit: int = 1 << 20) -> Page:
    """Read a page. Raises `WireError` where it is too large, and nothing else."""
    if len(body) > limit:
        raise WireError(f"a page of more than {limit} octets")
    reader = _Reader()
    try:
        reader.feed(body.decode("utf-8", "replace"))
        reader.close()
    except (AssertionError, ValueError, RecursionError) as fault:
        raise WireError(f"a page that cannot be read: {fault}") from fault
    if sum(map(len, reader.hidden.values())) > _MOST:
        raise WireError(f"a page with more than {_MOST} fields")
    return Page(
        {name: tuple(values) for name, values in reader.values.items()},
        {name: tuple(values) for name, values in reader.hidden.items()},
        frozenset(reader.ticks),
        reader.title,
    )
