"""What a web page of a device says: title, login, redirect. Pure, and never more than patterns."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from frisket.proto.http.wire import Response

# Patterns look at this much of a page; login forms and titles stand at its top.
_SCANNED = 64 << 10
_TITLE = re.compile(r"<title[^>]{0,100}>([^<]{0,300})", re.IGNORECASE)
_PASSWORD = re.compile(r"<input[^>]{1,400}\btype\s*=\s*[\"']?password\b", re.IGNORECASE)
# iR-ADV posts its form `login` to /login, compact models to /checkLogin.cgi or /tryLogin.cgi.
_LOGIN_FORM = re.compile(
    r"<form[^>]{1,400}\b(?:name|id|action)\s*=\s*[\"']?[^\"'>\s]{0,100}(?:log[io]n|signin)",
    re.IGNORECASE,
)
_LOGIN_PATH = re.compile(r"log[io]n|sign-?in|/auth\b", re.IGNORECASE)
_REFRESH = re.compile(
    r"<meta[^>]{1,100}http-equiv\s*=\s*[\"']?refresh[^>]{1,100}?url\s*=\s*[\"']?([^\"'>\s]{1,300})",
    re.IGNORECASE,
)
_SCRIPTED = re.compile(
    r"(?:window\.|document\.|top\.|self\.)?location(?:\.href)?\s*=\s*[\"']([^\"']{1,300})[\"']"
    r"|location\.replace\(\s*[\"']([^\"']{1,300})[\"']",
    re.IGNORECASE,
)
_HIDDEN = re.compile(
    r"<(script|style|noscript|head)\b.{0,65536}?</\1\s*>|<!--.{0,65536}?-->",
    re.IGNORECASE | re.DOTALL,
)
_TAG = re.compile(r"<[^>]{0,2000}>")
_FRAMES = re.compile(r"<(?:i?frame|frameset)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Hop:
    """Where a page sends a browser; `port` 0 where the address names none."""

    scheme: str  # "" for a path of the same server
    host: str
    port: int
    path: str


def _page(response: Response) -> str:
    return response.body[:_SCANNED].decode("utf-8", "replace")


def title_of(response: Response) -> str:
    """Return the page's title as text, "" where it has none."""
    found = _TITLE.search(_page(response))
    return " ".join(html.unescape(found[1]).split()) if found else ""


def visible_text(response: Response) -> str:
    """Return what a person would read without running scripts, roughly."""
    text = _TAG.sub(" ", _HIDDEN.sub(" ", _page(response)))
    return " ".join(html.unescape(text).split())


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
    if found := _REFRESH.search(page):
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
    if _PASSWORD.search(page) or _LOGIN_FORM.search(page):
        return True
    if path != "/" and _LOGIN_PATH.search(path):
        return True
    if _FRAMES.search(page) or len(visible_text(response)) < 20:
        return None
    return False


def has_content(response: Response) -> bool:
    """Say whether this is a page of the device, not an error and not a way elsewhere."""
    if response.status == 401:
        return True
    return 200 <= response.status < 300 and bool(response.body) and hop_of(response) is None
