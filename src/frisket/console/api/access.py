"""Who may use a part of the programming interface: a session of a page, or a token."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request

from frisket.console.auth.tokens import who_has
from frisket.console.auth.who import Who
from frisket.console.endpoint import COOKIE, admit
from frisket.console.faults import Forbidden
from frisket.console.page import Form, Visit
from frisket.console.services import Services
from frisket.fleet.roles import Permission


def interface(area: str) -> APIRouter:
    """Return the router of an area: its routes are below `/api/v1/<area>`."""
    return APIRouter(prefix=f"/api/v1/{area}", tags=[area])


def who_asks(services: Services, request: Request) -> Who | None:
    """Return who a token stands for, or who has logged in; None for nobody."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return who_has(services.database, services.accounts, token.strip(), services.clock())
    return services.doors.who(request.cookies.get(COOKIE, ""))


class PersonNeeded(Forbidden):
    """This is decided by a person who has logged in; no token does it."""

    title = "A person decides this"


@dataclass(frozen=True, slots=True)
class Needs:
    """A dependency of a route: gives its `Visit`, or refuses. Every route has exactly one.

    `fresh` asks a person for a login of the last minutes, as the page of the same act does; what
    a token may is bounded by its scopes instead. `person` refuses every token.
    """

    access: Permission
    fresh: bool = False
    person: bool = False

    def __call__(self, request: Request) -> Visit:
        """Return the visit. Raises `LoginNeeded`, `Forbidden` or `ProofNeeded`."""
        services: Services = request.app.state.services
        visit = Visit(services, request, Form({}), who_asks(services, request), "")
        program = visit.who is not None and visit.who.session is None
        admit(visit, self.access, fresh=self.fresh and not program)
        if self.person and program:
            raise PersonNeeded
        return visit
