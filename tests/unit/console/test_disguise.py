"""In the language of the disguise no text of ours stays plain, on any page."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tests.unit.console.test_hostile import STREAMS, fill, filled
from tests.web import Web, web_console

from frisket.console.app import make_app
from frisket.console.gather import gathered
from frisket.console.language import Disguise
from frisket.console.page import ANYONE
from frisket.console.registry import find_pages, routes_of
from frisket.console.static_files import load_static
from frisket.fleet.roles import Role

SAID = ("«device»", "«other»")
# Attributes that are read out or shown.
SHOWN = {"alt", "aria-label", "placeholder", "title", "data-copied", "data-refused", "data-label"}
SILENT = {"script", "style", "code", "pre", "time", "relative-time", "kbd", "option-value"}
# Names, not words: of this product, of protocols, of encodings.
NAMES = re.compile(
    r"\b(Frisket|TLS|tls|starttls|SMB|PJL|IPP|UTC|CSV|TOML|JSON|MD5|DES|WEP|RC4|PDF|SARIF|CKLB)\b"
)
# What the audit and the catalogue say of a setting: it translates with the rules, apart.
OF_AUDIT = re.compile(
    r"What is .* set to\? .*|Set .* = .*|\((any|one) of .*\)|\(at most .*\)|\(true .*\)|"
    r".*of at most.*|\(-?\d+ to \d+ .*\)|\d+\u2013(\d+)? +(minutes|days)|"
    r"no witness was asked.*|:? ?the answer is not the protocol.*|needs a person's word|"
    r"(Log|Job): ?(Log)?"
)
# Words of rules that happen to be ours, too.
OF_RULES = {"Remote UI", "Certificate", "Network:", "Interface:", "Authentication:", "SNMPv1, v2c"}
# Acts of the audit log and their details are names that programs read, too.
OF_LOG = re.compile(r"[a-z-]+(\.[a-z-]+)+|login|logout|test|method|agent|address")
# Names in the description of the interface are what programs write.
OF_INTERFACE = re.compile(r"[\w-]+|\(usually .*\)")
VOID = {"input", "img", "br", "hr", "link", "meta", "use", "path", "rect", "circle", "col", "wbr"}


class Texts(HTMLParser):
    """Everything on a page that a person reads, with where it stands."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.found: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        own = "mono" in (known.get("class") or "").split() or "secret" in (known.get("class") or "")
        if tag not in VOID:
            english = tag != "html" and known.get("lang") == "en"  # it says itself that it is
            self.open.append("code" if own or english or "translate" in known else tag)
        for name, value in attrs:
            if name in SHOWN and value and not (tag in SILENT and name == "title"):
                self.found.append((f"{tag} {name}", value))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if self.open and tag not in VOID:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if data.strip() and not SILENT & set(self.open):
            self.found.append((self.open[-1] if self.open else "", data.strip()))


def words_of(value: object, found: set[str]) -> None:
    """Gather every text of the content: rules, settings and standards translate apart."""
    if isinstance(value, str):
        found.add(" ".join(value.split()))
    elif dataclasses.is_dataclass(value):
        for one in dataclasses.fields(value):
            words_of(getattr(value, one.name, None), found)
    elif isinstance(value, Mapping):
        for key, one in value.items():
            words_of(key, found)
            words_of(one, found)
    elif isinstance(value, list | tuple | set | frozenset):
        for one in value:
            words_of(one, found)


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder: Path = tmp_path_factory.mktemp("disguise")
    with web_console(folder / "data", {"en": Disguise()}) as found:
        fill(found, found.site("«site»"), 1, SAID)
        yield found


def plain_of(text: str, content: list[str]) -> str:
    """Return what is left of a text without what was disguised, said by a device or content."""
    left = re.sub(r"⟦[^⟦⟧]*⟧", " ", re.sub(r"⟦[^⟦⟧]*⟧", " ", text))
    left = re.sub(r"«[^»]*»?", " ", " ".join(left.split()))
    for known in content:
        if known in left:
            left = re.sub(rf"(?<!\w){re.escape(known)}(?!\w)", " ", left)
    return left


def routes(web: Web) -> list[str]:
    app = make_app(web.console.services, find_pages(), load_static())
    pages = {page.path for page in find_pages() if page.method == "GET"}
    open_ones = {path for _, path, access in routes_of(app) if access is ANYONE}
    return sorted(pages - open_ones - STREAMS)


def test_no_text_of_ours_stays_plain(web: Web) -> None:
    visitor = web.visitor("«ann»", *Role)
    texts: set[str] = set()
    words_of(web.console.services.crew.content, texts)
    # A word of a rule may be one of ours, too: then it has to be in disguise where we say it.
    ours = {str(message.id).casefold() for message in gathered()}
    apart = {text for text in texts if len(text) > 2 and text.casefold() not in ours}
    content = sorted(apart, key=len, reverse=True)
    left: list[str] = []
    for path in [*routes(web), "/nothing"]:
        answer = visitor.get(filled(path, 1))
        if not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        page = Texts()
        page.feed(answer.text)
        for where, text in page.found:
            plain = plain_of(text, content).strip()
            if (
                plain in OF_RULES
                or OF_AUDIT.fullmatch(plain)
                or (path == "/log" and OF_LOG.fullmatch(plain))
            ):
                continue
            if path == "/interface" and OF_INTERFACE.fullmatch(plain):
                continue
            plain = NAMES.sub("", plain)
            if path == "/profile" and plain == "test":  # the program with which one is logged in
                continue
            if re.search(r"[a-zA-Z]{3}", plain):
                left.append(f"{path} <{where}> {plain.strip()[:150]!r}")
    if os.environ.get("FRISKET_LEFT"):
        Path(os.environ["FRISKET_LEFT"]).write_text("\n".join(dict.fromkeys(left)))
    assert left == []
