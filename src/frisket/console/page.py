"""What a page declares, and what its handler is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Final, Literal
from urllib.parse import urlsplit

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from frisket.console.auth.who import Who
from frisket.console.faults import Forbidden, LoginNeeded, NotFound
from frisket.console.services import Services
from frisket.fleet.chain import Act
from frisket.fleet.roles import Permission, Reach


class Anyone(Enum):
    """The mark of the few pages that need no login."""

    ANYONE = "anyone"


ANYONE: Final = Anyone.ANYONE
_FILE: Final = 20
Access = Permission | Literal[Anyone.ANYONE]
Method = Literal["GET", "POST"]


@dataclass(frozen=True, slots=True)
class Menu:
    """A page's place in the navigation. `place` orders; `key` opens it after `g`."""

    label: str
    icon: str
    place: int
    key: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """What was sent: form fields of a POST, or the query of a GET. Values are untrusted text.

    `body` is what was sent where it was no form.
    """

    fields: Mapping[str, tuple[str, ...]]
    files: Mapping[str, UploadFile] = field(default_factory=dict)
    body: bytes = b""

    def one(self, name: str, otherwise: str = "") -> str:
        """Return a field's first value, without spaces around it."""
        return self.fields.get(name, (otherwise,))[0].strip()

    def raw(self, name: str) -> str:
        """Return a field's first value as it was sent: for passwords."""
        return self.fields.get(name, ("",))[0]

    def all(self, name: str) -> tuple[str, ...]:
        """Return all values of a field."""
        return self.fields.get(name, ())

    def on(self, name: str) -> bool:
        """Say whether a box is ticked."""
        return name in self.fields

    def number(self, name: str, otherwise: int = 0, least: int = 0, most: int = 1 << 53) -> int:
        """Return a whole number within bounds; `otherwise` where the field is none."""
        text = self.one(name)
        if not text.isascii() or not text.isdigit() or len(text) > 16:
            return otherwise
        return max(least, min(most, int(text)))


def form_of(data: FormData) -> Form:
    """Return parsed form data."""
    fields: dict[str, tuple[str, ...]] = {}
    files: dict[str, UploadFile] = {}
    for name, value in data.multi_items():
        if isinstance(value, str):
            fields[name] = (*fields.get(name, ()), value)
        else:
            files[name] = value
    return Form(fields, files)


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of one visitor, as a page's handler sees it. Handlers run in a thread."""

    services: Services
    request: Request
    form: Form
    who: Who | None
    nonce: str

    @property
    def now(self) -> datetime:
        """Return the time, UTC."""
        return self.services.clock()

    @property
    def person(self) -> Who:
        """Return the visitor, who has logged in. Raises `LoginNeeded`."""
        if self.who is None:
            raise LoginNeeded
        return self.who

    @property
    def path(self) -> Mapping[str, str]:
        """Return the parts of the path that are named in braces."""
        return self.request.path_params

    @property
    def is_fragment(self) -> bool:
        """Say whether htmx asks for a part of the page only."""
        return self.request.headers.get("hx-request") == "true"

    def number(self, name: str) -> int:
        """Return a number from the path. Raises `NotFound`."""
        text = self.path.get(name, "")
        if not text.isascii() or not text.isdigit() or len(text) > 18:
            raise NotFound
        return int(text)

    def may(self, permission: Permission, site: int | None = None) -> bool:
        """Say whether the visitor may do something, at a site or anywhere."""
        return self.who is not None and self.who.may(permission, site)

    def reach(self, permission: Permission) -> Reach:
        """Return where the visitor may do something: every list is narrowed by it."""
        return Reach() if self.who is None else self.who.reach(permission)

    def need(self, permission: Permission, site: int | None = None) -> None:
        """Go on only where the visitor may. Raises `Forbidden`, and the refusal is logged."""
        if not self.may(permission, site):
            raise Forbidden

    def record(
        self,
        action: str,
        about: str = "",
        outcome: str = "done",
        site_id: int | None = None,
        **details: object,
    ) -> None:
        """Write to the audit log, before the act. Raises `LogFault`: then do not act.

        `site_id` is the one site that it is about: who may read that site's log alone sees it.
        """
        self.services.log.record(self.act(action, about, outcome, site_id, **details))

    def act(
        self,
        action: str,
        about: str = "",
        outcome: str = "done",
        site_id: int | None = None,
        **details: object,
    ) -> Act:
        """Return what the log says of this visitor, for `record_within` a transaction."""
        who = self.who.name if self.who else "-"
        return Act(who, action, about, outcome, details, site_id)

    def page(self, template: str, *, status: int = 200, **values: object) -> Response:
        """Return a template as a page (or as a fragment: the template decides by its base)."""
        return self.services.renderer.page(self, template, status, values)

    def go(self, to: str, notice: str = "") -> Response:
        """Send the browser on to a page of ours, where `notice` is shown once."""
        answer: Response
        if self.is_fragment:
            answer = Response(headers={"HX-Redirect": local(to)})
        else:
            answer = RedirectResponse(local(to), 303)
        if notice:
            self.services.notices.put(answer, notice)
        return answer

    def text(self, message: str) -> str:
        """Return a message in the visitor's language."""
        return self.services.renderer.translated(self, message)


def local(to: str) -> str:
    """Return a path of ours; anything that could lead elsewhere becomes the start page."""
    parts = urlsplit(to)
    plain = to.startswith("/") and not to.startswith(("//", "/\\")) and "\\" not in to
    clean = all(" " < c != "\x7f" for c in to)
    return to if plain and clean and not parts.scheme and not parts.netloc else "/"


Handler = Callable[[Visit], Response]


@dataclass(frozen=True, slots=True)
class Page:
    """One page or one act. `access` has no default: what declares none does not start.

    `fresh` asks for a login of the last minutes (dangerous acts). `most` is the longest body.
    `bare` opens it to who has shown one factor and needs two: the ways to show the second one.
    `cost` is how much of an account's pace it takes (`pace.Pace`); without it files cost more.
    """

    method: Method
    path: str
    handler: Handler
    access: Access
    menu: Menu | None = None
    fresh: bool = False
    most: int = 0
    bare: bool = False
    cost: int = 0

    @property
    def price(self) -> int:
        """Return what it costs: a file is made of much more than a page is."""
        return self.cost or (_FILE if self.path.endswith((".csv", "/export", "/file")) else 1)
