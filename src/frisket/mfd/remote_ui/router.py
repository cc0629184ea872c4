"""Finds the page for a request, and lets nobody in who may not: login, role, origin, token."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from email.utils import format_datetime
from functools import cache
from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote, unquote, urlsplit

import frisket.mfd.remote_ui.pages
from frisket.catalog.load import content
from frisket.errors import FrisketError, WireError
from frisket.mfd.device import Device
from frisket.mfd.remote_ui.forms import parse_body, parse_query
from frisket.mfd.remote_ui.visit import COOKIE, Needs, Route, Visit, redirect, refuse
from frisket.mfd.users import Role
from frisket.proto.http.wire import Header, Request, Response

_MANAGERS = frozenset({Role.ADMINISTRATOR, Role.DEVICE_ADMIN, Role.NETWORK_ADMIN})
_EXPIRED = "The session has expired, or the authentication information has been updated."


@cache
def find_routes() -> tuple[Route, ...]:
    """Return every page: modules of `pages` with `ROUTES` are walked."""
    modules = (
        importlib.import_module(f"frisket.mfd.remote_ui.pages.{info.name}")
        for info in pkgutil.iter_modules(frisket.mfd.remote_ui.pages.__path__)
    )
    return tuple(route for module in modules for route in getattr(module, "ROUTES", ()))


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], Route], ...]:
    return tuple(
        (re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(route.path))), route)
        for route in find_routes()
    )


def matches(path: str) -> Iterator[tuple[Route, dict[str, str]]]:
    """Yield the routes of a path with the segments they take."""
    for pattern, route in _patterns():
        if found := pattern.fullmatch(path):
            yield route, found.groupdict()


_FILES = {
    "/remote_ui.css": ("remote_ui.css", "text/css; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
    "/favicon.ico": ("icon.svg", "image/svg+xml"),
}


@cache
def _file(name: str) -> bytes:
    return content("templates", "remote_ui", name).read_bytes()


def still(path: str) -> Response | None:
    """Return a file that is the same for everybody; None where there is none of that name."""
    if path not in _FILES:
        return None
    name, kind = _FILES[path]
    head = (("content-type", kind), ("cache-control", "max-age=3600"))
    return Response(200, head, _file(name))


def cookies_of(request: Request) -> dict[str, str]:
    """Return the cookies of a request; a malformed header has none."""
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(request.header("cookie"))
    except CookieError:
        return {}
    return {name: morsel.value for name, morsel in jar.items()}


def same_origin(request: Request) -> bool:
    """Say whether a form came from our own pages, as far as the browser tells."""
    if request.header("sec-fetch-site") not in {"", "same-origin", "none"}:
        return False
    origin = request.header("origin")
    return not origin or urlsplit_host(origin) == request.header("host").lower()


def urlsplit_host(origin: str) -> str:
    """Return host and port of an origin, "" where it is none."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def date(device: Device) -> tuple[Header, ...]:
    """Return the Date field, by the device's own clock."""
    return (("date", format_datetime(device.now(), usegmt=True)),)


def secure_headers(device: Device, *, tls: bool) -> tuple[Header, ...]:
    """Return the fields of every page. HSTS is sent only where weak encryption is prohibited."""
    headers: list[Header] = [("x-content-type-options", "nosniff")]
    if tls and device.store.on("crypto.prohibit-weak"):
        headers.append(("strict-transport-security", "max-age=31536000"))
    return tuple(headers)


def respond(device: Device, request: Request, *, tls: bool) -> Response:
    """Answer one request. Whatever the client sent, a response comes back."""
    target, _, query = request.target.partition("?")
    if request.method in {"GET", "HEAD"} and (file := still(target)):
        return file
    visit = Visit(device, request, unquote(target), parse_query(""), tls)
    cookie = cookies_of(request).get(COOKIE, "")
    visit.session = device.sessions.find(cookie)
    visit.cookie = cookie if visit.session else ""
    try:
        visit.query = parse_query(query)
        return _open(visit)
    except WireError as fault:
        return refuse(visit, 400, "This request cannot be read", str(fault))
    except FrisketError as fault:
        return refuse(visit, 422, "Refused", str(fault))


def _open(visit: Visit) -> Response:
    found = list(matches(visit.path))
    method = "GET" if visit.request.method == "HEAD" else visit.request.method
    if not found:
        return refuse(visit, 404, "Cannot open this page", "There is no such page here.")
    for route, values in found:
        if route.method == method:
            visit.values = values
            return _guard(visit, route) or route.page(visit)
    answer = refuse(visit, 405, "Cannot open this page", "It cannot be used like that.")
    allowed = ", ".join(sorted({route.method for route, _ in found}))
    return Response(answer.status, (*answer.headers, ("allow", allowed)), answer.body)


def _guard(visit: Visit, route: Route) -> Response | None:
    """Return why a page stays closed; None where it opens."""
    posted = route.method == "POST"
    if posted and not same_origin(visit.request):
        return refuse(visit, 403, "Cannot open this page", "The form came from another site.")
    if route.needs > Needs.NOBODY:
        if visit.session is None:
            if posted:
                return refuse(visit, 403, "Cannot open this page", _EXPIRED)
            return redirect(f"/?uri={quote(visit.path, safe='')}")
        if not may(visit, route.needs):
            why = "This needs administrator privileges."
            return refuse(visit, 403, "Cannot open this page", why)
        if visit.session.step and not route.early:
            return redirect("/PwdConfirm" if visit.session.step == "warning" else "/rps/password")
    if posted:
        visit.form = parse_body(visit.request.header("content-type"), visit.request.body)
        known = visit.session is not None and visit.session.owns(visit.form.text("Token"))
        if not route.open_post and not known:
            return refuse(visit, 403, "Cannot open this page", _EXPIRED)
    return None


def may(visit: Visit, needs: Needs) -> bool:
    """Say whether the visitor's role suffices."""
    role = visit.user.login.role
    match needs:
        case Needs.ADMINISTRATOR:
            return role is Role.ADMINISTRATOR
        case Needs.MANAGER:
            return role in _MANAGERS
        case _:
            return True
