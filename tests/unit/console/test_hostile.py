"""Whatever a device says of itself: on every page and in every export text, and nothing else."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import String, Text, insert, select
from tests.web import Client, Web, web_console

from frisket.audit.capture import Capture
from frisket.audit.session import Session
from frisket.catalog.setting import Setting, Type
from frisket.console.app import make_app
from frisket.console.page import ANYONE
from frisket.console.registry import find_pages, routes_of
from frisket.console.static_files import load_static
from frisket.errors import SettingRefused
from frisket.fleet.results import record_of
from frisket.fleet.roles import Grant, Role
from frisket.model.reading import Known, Reading, Readings, Unread, Why, Witness
from frisket.model.target import Identity
from frisket.store.audits import AuditRecord, Audits
from frisket.store.inventory import words_of
from frisket.store.metadata import METADATA
from frisket.store.tables.device import ADDRESS, ALARM, DEVICE, GROUP, TAG

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "'-alert(3)-'",
    "{{7*7}}{% include 'x' %}${7*7}",
    "javascript:alert(4)",
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd",
    "+1+cmd",
    "-2+3",
    "</title><svg onload=alert(5)>",
    "\u202egnp.exe\u202c \x1b[31mred\x07",
    "a\r\nSet-Cookie: x=y",
)
HERE = "Here"  # the site that a visitor of one site may see
# Written by the product itself and not by a device: `state` chooses a word.
NOT_SAID = {"state", "worst", "key"}
STREAMS = {"/events"}  # never ends
ROLES = tuple(Role)
# Attributes that a browser takes as an address or as a program.
ADDRESSES = {"href", "src", "action", "formaction", "hx-get", "hx-post", "data", "srcdoc"}


@dataclass
class Read(HTMLParser):
    """What a browser makes of a page: its text, and what could do harm."""

    words: list[str] = field(default_factory=list)
    harm: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    nonces: int = 0

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        if tag == "script":
            kind = known.get("type", "")
            if kind not in {"application/json", "application/ld+json"} and not known.get("nonce"):
                self.harm.append("a script without a nonce")
        for name, value in attrs:
            self.values.append(value or "")
            if name.startswith("on"):
                self.harm.append(f"{tag} {name}")
            lower = "".join((value or "").split()).lower()
            if name in ADDRESSES and lower.startswith(("javascript:", "data:text", "vbscript:")):
                self.harm.append(f"{tag} {name}={value}")
        if tag in {"iframe", "object", "embed", "base"}:
            self.harm.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def read(text: str) -> Read:
    page = Read()
    page.feed(text)
    page.close()
    return page


def columns() -> list[tuple[str, int]]:
    """Return the columns of a device that hold what it says, with their lengths."""
    return [
        (one.name, one.type.length or 1000)
        for one in DEVICE.c
        if isinstance(one.type, String | Text) and one.name not in NOT_SAID
    ]


def row(number: int, site: int, text: str, now: Any) -> dict[str, Any]:
    said = {name: text[:length] for name, length in columns()}
    # These two are found by what stands in the list: they stay themselves.
    values = {
        **said,
        "id": number,
        "site_id": site,
        "key": f"serial::{number}",
        "state": "managed",
        "worst": "high",
        "compliance": 0.5,
        "coverage": 0.5,
        "toner": 3,
        "pages": 7,
        "audited": now,
        "polled": now,
        "first_seen": now,
        "last_seen": now,
    }
    return {**values, "search": words_of(values)}


def fits(setting: Setting, text: str) -> bool:
    """Say whether the catalogue lets a setting have this text: no driver reports another."""
    try:
        setting.check(text)
    except SettingRefused:
        return False
    return True


def audited(web: Web, number: int, text: str) -> AuditRecord:
    """Return a real audit of a device whose every setting that takes text reads as this text."""
    content, now = web.console.services.crew.content, web.clock()
    read: dict[str, Reading] = {
        key: Known(text, Witness.DEVICE, now, "snmp", text)
        for key, setting in content.catalog.settings.items()
        if setting.type is Type.TEXT and fits(setting, text)
    }
    read["snmp.v1.enabled"] = Unread(Why.GARBLED, "snmp", text)
    who = Identity(text, text, str(number), "", text, text, text)
    capture = Capture(text, who, Readings.single(read), now)
    result = Session(content, content.baseline("small-office"), web.clock).judge(capture)
    return record_of(number, "small-office", result, capture, content.catalog)


def fill(web: Web, site: int, first: int, texts: tuple[str, ...]) -> None:
    """Write one device for each text, everything that it says being this text."""
    now = web.clock()
    services = web.console.services
    with services.database.write() as connection:
        for number, text in enumerate(texts, first):
            connection.execute(insert(DEVICE).values(row(number, site, text, now)))
            connection.execute(insert(TAG).values(device_id=number, tag=text[:60]))
            where = {"device_id": number, "address": text[:100], "first": now, "last": now}
            connection.execute(insert(ADDRESS).values(where))
            said = {"device_id": number, "kind": text[:60], "text": text, "at": now}
            connection.execute(insert(ALARM).values(said))
    records = [audited(web, number, text) for number, text in enumerate(texts, first)]
    Audits(services.database).keep(records)


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder: Path = tmp_path_factory.mktemp("hostile")
    with web_console(folder / "data") as found:
        site = found.site(HERE)
        fill(found, site, 1, HOSTILE)
        secret = found.site("Elsewhere Ltd")
        fill(found, secret, 101, tuple(f"elsewhere-{n}" for n in range(3)))
        with found.console.services.database.write() as connection:
            group = {"name": HOSTILE[0], "condition": {"q": HOSTILE[1]}, "made": found.clock()}
            connection.execute(insert(GROUP).values(group))
        yield found


def get_routes(web: Web) -> list[str]:
    """Return every path that may be read, with devices and sites of ours in braces."""
    app = make_app(web.console.services, find_pages(), load_static())
    open_ones = {path for _, path, access in routes_of(app) if access is ANYONE}
    return sorted(
        {path for method, path, _ in routes_of(app) if method == "GET"} - open_ones - STREAMS
    )


def filled(path: str, number: int) -> str:
    given = {
        "baseline": "small-office",
        "consideration": "SO-01",
        "standard": "guide",
        "id": str(number),
    }
    return re.sub(r"\{(\w+)\}", lambda name: given.get(name[1], str(number)), path)


def judge_csv(text: str, path: str) -> None:
    for cells in csv.reader(io.StringIO(text)):
        for cell in cells:
            assert not cell.startswith(("=", "@", "\t", "\r")), (path, cell)
            if cell.startswith(("+", "-")):
                float(cell)


def judge(answer: Any, path: str) -> Read | None:
    """Judge one answer: nothing in it can be executed, whatever it is."""
    assert answer.status_code < 500, (path, answer.text[:500])
    assert "x" not in answer.cookies, path
    kind = answer.headers.get("content-type", "")
    assert answer.headers["x-content-type-options"] == "nosniff", path
    if answer.is_redirect:
        # A page that needs to know more sends to the list; never to where a visitor says.
        assert re.fullmatch(r"/[a-z-]+", answer.headers["location"]), path
        assert answer.content == b"", path
        return None
    if kind.startswith("text/html"):
        page = read(answer.text)
        assert page.harm == [], path
        assert "<script>alert" not in answer.text, path
        assert "49" not in "".join(re.findall(r"\{\{.*?\}\}", answer.text)), path
        return page
    if kind.startswith("text/csv"):
        judge_csv(answer.text, path)
    else:
        # What is no page must not be taken for one.
        assert "html" not in kind, (path, kind)
        if not kind.startswith(("application/json", "application/problem+json", "text/plain")):
            assert "attachment" in answer.headers.get("content-disposition", ""), (path, kind)
    return None


def everyone(web: Web) -> Client:
    return web.visitor("all", *ROLES)


def test_on_every_page_and_export_it_is_text(web: Web) -> None:
    visitor = everyone(web)
    pages = 0
    for path in get_routes(web):
        numbers = range(1, len(HOSTILE) + 1) if "{id}" in path and "device" in path else [1]
        for number in numbers:
            pages += judge(visitor.get(filled(path, number)), path) is not None
    assert pages > 20


def test_what_a_device_says_is_shown_word_for_word(web: Web) -> None:
    """It is not just left out: the list and the device's own page show it as it is."""
    visitor = everyone(web)
    for number, text in enumerate(HOSTILE, 1):
        page = judge(visitor.get(f"/devices/{number}"), "device")
        assert page is not None
        shown = [" ".join(word.split()) for word in page.words]
        plain = " ".join(text.split())
        assert any(plain in word for word in shown), text
    page = judge(visitor.get("/devices"), "devices")
    assert page is not None
    assert sum(HOSTILE[0] in word for word in page.words) >= 1


@pytest.mark.parametrize("text", HOSTILE)
def test_asked_for_it_is_text_too(web: Web, text: str) -> None:
    """In the address bar: reflected, and in links that carry it on."""
    visitor = everyone(web)
    asked = dict.fromkeys(("q", "site", "model", "tag", "sort", "page", "baseline"), text)
    for path in get_routes(web):
        if "{" not in path:
            judge(visitor.get(path, params=asked), path)


@pytest.mark.parametrize("role", Role)
def test_whoever_sees_one_site_sees_nothing_of_another(web: Web, role: Role) -> None:
    """Every route, asked by a visitor of one site for what belongs to the other."""
    with web.console.services.database.read() as connection:
        sites = dict(
            connection.execute(
                select(METADATA.tables["site"].c.name, METADATA.tables["site"].c.id)
            ).all()
        )
    elsewhere = sites["Elsewhere Ltd"]
    visitor = web.visitor(f"only-{role.value}", Grant(role, sites[HERE]))
    for path in get_routes(web):
        for number in (101, elsewhere) if "{" in path else (0,):
            answer = visitor.get(filled(path, number))
            assert answer.status_code < 500, path
            text = answer.text.casefold()
            assert "elsewhere" not in text, (path, number, around(text, "elsewhere"))


def around(text: str, word: str) -> str:
    at = text.find(word)
    return text[max(0, at - 200) : at + 100]


def test_a_search_for_another_site_finds_nothing(web: Web) -> None:
    visitor = web.visitor("only", Grant(Role.OPERATOR, 1))
    for query in ("q=elsewhere", "site=Elsewhere+Ltd", "tag=elsewhere-1", "model=elsewhere-0"):
        for path in ("/devices", "/devices.csv"):
            found = visitor.get(f"{path}?{query}").text
            assert "serial::10" not in found
            assert "/devices/10" not in found


def test_the_judge_can_see_harm() -> None:
    """Each kind of harm that the tests look for is found where it is."""
    for text in (
        "<p onclick=x>",
        "<a href=' java\nscript:x'>",
        "<script>x</script>",
        "<iframe>",
        "<img src=x onerror=alert(2)>",
    ):
        assert read(text).harm, text
    with pytest.raises(AssertionError):
        judge_csv("a,=1+1", "x")


def test_no_page_is_framed_nor_its_address_told(web: Web) -> None:
    """Nor does another site read it."""
    visitor = everyone(web)
    for path in ("/devices", "/devices/1", "/devices.csv", "/api/v1/status", "/nothing"):
        headers = visitor.get(path, headers={"origin": "https://evil.example"}).headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"], path
        assert headers["referrer-policy"] == "same-origin", path
        assert "access-control-allow-origin" not in headers, path
