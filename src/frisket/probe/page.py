"""What a web page of a device says: title, login, redirect. Pure, and never more than patterns."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from frisket.proto.http.wire import Response

# Patterns look at this much of a page; login forms and titles stand at its top.
_SCANNED = 64 << 10
_TITLE = re.compile(r"<title[^<>]{0,100}>([^<]{0,300})", re.IGNORECASE)
# A match eats what it looked at, so that a page of openings only is still read once.
_OPENING = re.compile(r"<(input|form|meta|frame|iframe|frameset)\b([^>]{0,400})", re.IGNORECASE)
_PASSWORD = re.compile(r"\btype\s*=\s*[\"']?password\b", re.IGNORECASE)
# iR-ADV posts its form `login` to /login, compact models to /checkLogin.cgi or /tryLogin.cgi.
_LOGIN_FORM = re.compile(
    r"\b(?:name|id|action)\s*=\s*[\"']?[^\"'>\s]{0,100}(?:log[io]n|signin)", re.IGNORECASE
)
_LOGIN_PATH = re.compile(r"log[io]n|sign-?in|/auth\b", re.IGNORECASE)
_IS_REFRESH = re.compile(r"http-equiv\s*=\s*[\"']?refresh", re.IGNORECASE)
_REFRESH = re.compile(r"url\s*=\s*[\"']?([^\"'>\s]{1,300})", re.IGNORECASE)
_SCRIPTED = re.compile(
    r"\blocation(?:\.href)?\s*=\s*[\"']([^\"']{1,300})[\"']"
    r"|\blocation\.replace\(\s*[\"']([^\"']{1,300})[\"']",
    re.IGNORECASE,
)
_HIDDEN = re.compile(r"<(!--|script\b|style\b|noscript\b|head\b)", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")


@dataclass(frozen=True, slots=True)
class Hop:
    """Where a page sends a browser; `port` 0 where the address names none."""

    scheme: str  # "" for a path of the same server
    host: str
    port: int
    path: str


def _page(response: Response) -> str:
    return response.body[:_SCANNED].decode("utf-8", "replace")


def _unescaped(text: str) -> str:
    """Return HTML text with its character references read."""
    try:
        return html.unescape(text)
    except ValueError:  # a number longer than Python reads
        return text


def title_of(response: Response) -> str:
    """Return the page's title as text, "" where it has none."""
    found = _TITLE.search(_page(response))
    return " ".join(_unescaped(found[1]).split()) if found else ""


def _openings(page: str, *names: str) -> Iterator[str]:
    """Yield what stands in the opening tags with these names."""
    return (tag[2] for tag in _OPENING.finditer(page) if tag[1].lower() in names)


def visible_text(response: Response) -> str:
    """Return what a person would read without running scripts, roughly."""
    page = _page(response)
    lower = page.lower()
    kept: list[str] = []
    at = 0
    while found := _HIDDEN.search(page, at):
        kept.append(page[at : found.start()])
        name = found[1].lower()
        end = lower.find("-->" if name == "!--" else f"</{name}", found.end())
        close = lower.find(">", end) if end >= 0 else -1
        at = close + 1 if close >= 0 else len(page)
    kept.append(page[at:])
    return " ".join(_unescaped(_TAG.sub(" ", " ".join(kept))).split())


def parse_hop(location: str) -> Hop | None:
    """Read a Location or refresh address; None where it is no web address."""
    try:
        parts = urlsplit(location.strip())
        port = parts.port or 0
    except ValueError:
        return None
    if parts.scheme not in {"", "http", "https"}:
        return None
    path = parts.path if parts.path.startswith("/") else f"/{parts.path}"
    if not path.isascii() or not path.isprintable() or " " in path:
        return None
    if parts.query and parts.query.isascii() and parts.query.isprintable():
        path = f"{path}?{parts.query}"
    return Hop(parts.scheme, parts.hostname or "", port, path[:1000])


def hop_of(response: Response) -> Hop | None:
    """Return where the response sends a browser: by status, by refresh, or by a bare script."""
    if 300 <= response.status < 400:
        location = response.header("location")
        return parse_hop(location) if location else None
    if response.status != 200:
        return None
    page = _page(response)
    for attributes in _openings(page, "meta"):
        if _IS_REFRESH.search(attributes) and (found := _REFRESH.search(attributes)):
            return parse_hop(found[1])
    # A page with something to read moves on by a click, not by itself.
    if len(page) < 4096 and not visible_text(response) and (found := _SCRIPTED.search(page)):
        return parse_hop(found[1] or found[2])
    return None


def asks_for_login(response: Response, path: str = "/") -> bool | None:
    """Say whether the page is a login page; None where only running its scripts would tell."""
    if response.status == 401:
        return True
    page = _page(response)
    if any(_PASSWORD.search(tag) for tag in _openings(page, "input")):
        return True
    if any(_LOGIN_FORM.search(tag) for tag in _openings(page, "form")):
        return True
    if path != "/" and _LOGIN_PATH.search(path):
        return True
    framed = any(True for _ in _openings(page, "frame", "iframe", "frameset"))
    if framed or len(visible_text(response)) < 20:
        return None
    return False


def has_content(response: Response) -> bool:
    """Say whether this is a page of the device, not an error and not a way elsewhere."""
    if response.status == 401:
        return True
    return 200 <= response.status < 300 and bool(response.body) and hop_of(response) is None
