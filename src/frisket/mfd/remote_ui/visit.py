"""One request to the Remote UI with what belongs to it, and the responses a page can give."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FunctionLoader, StrictUndefined

from frisket.catalog.load import content
from frisket.catalog.setting import show
from frisket.mfd.device import Device
from frisket.mfd.remote_ui.forms import Form
from frisket.mfd.sessions import Session
from frisket.proto.http.wire import Header, Request, Response

COOKIE = "session"
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
_HTML: tuple[Header, ...] = (
    ("content-type", "text/html; charset=utf-8"),
    ("content-security-policy", POLICY),
    ("cross-origin-opener-policy", "same-origin"),
    ("referrer-policy", "same-origin"),
    ("x-frame-options", "DENY"),
)


class Needs(IntEnum):
    """Who may open a page; each includes the ones before."""

    NOBODY = 0  # also without a login
    USER = 1
    MANAGER = 2  # some administrator role; the page looks closer
    ADMINISTRATOR = 3


@dataclass(slots=True)
class Visit:
    """A request on its way through the Remote UI. `cookie` is "" without a live session."""

    device: Device
    request: Request
    path: str
    query: Form
    tls: bool
    cookie: str = ""
    session: Session | None = None
    form: Form = field(default_factory=Form)
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def user(self) -> Session:
        """Return the session of a page that needs one."""
        assert self.session is not None
        return self.session

    @property
    def actor(self) -> str:
        """Return who is named in the audit log."""
        return self.session.login.name if self.session else "-"


@dataclass(frozen=True, slots=True)
class Route:
    """A page: method, path (`{name}` takes one segment), and who may open it.

    `open_post` takes forms without a CSRF token, such as the login's; their origin is checked.
    `early` pages open before a default or expired password was dealt with.
    """

    method: str
    path: str
    page: Callable[[Visit], Response]
    needs: Needs = Needs.ADMINISTRATOR
    open_post: bool = False
    early: bool = False


def _source(name: str) -> str:
    return content("templates", "remote_ui", name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_source),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["show"] = show
    return environment


def draw(visit: Visit, template: str, code: int = 200, **values: Any) -> Response:
    """Return a page. A notice of the session is shown once, except where a login is unfinished."""
    notice = ""
    if visit.session is not None:
        notice, visit.session.notice = visit.session.notice, ""
    device = visit.device
    text = (
        _environment()
        .get_template(template)
        .render(
            device=device,
            session=visit.session,
            login=visit.session.login if visit.session else None,
            token=visit.session.token if visit.session else "",
            path=visit.path,
            notice=notice,
            policy_active=bool(device.policy.items),
            pending=device.store.pending,
            **{"problem": "", **values},
        )
    )
    return Response(code, (*_HTML, ("cache-control", "no-store")), text.encode())


def redirect(to: str, notice: str = "", visit: Visit | None = None) -> Response:
    """Return a redirect within this device; `notice` is shown on the page that follows."""
    if visit is not None and visit.session is not None and notice:
        visit.session.notice = notice
    return Response(
        302, (("location", to), ("cache-control", "no-store")), reason="Moved Temporarily"
    )


def download(name: str, kind: str, body: bytes) -> Response:
    """Return a file to save."""
    head = (
        ("content-type", kind),
        ("content-disposition", f"attachment; filename*=UTF-8''{quote(name)}"),
        ("cache-control", "no-store"),
        ("content-security-policy", "sandbox; default-src 'none'"),
    )
    return Response(200, head, body)


def refuse(visit: Visit, status: int, title: str, text: str) -> Response:
    """Return a page that says why something was not done."""
    return draw(visit, "refused.html.j2", status, title=title, text=text)
