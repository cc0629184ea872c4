"""Who may use a part of the programming interface: a session of a page, or a token."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request

from frisket.console.auth.tokens import who_has
from frisket.console.auth.who import Who
from frisket.console.endpoint import COOKIE, admit
from frisket.console.page import Form, Visit
from frisket.console.services import Services
from frisket.fleet.roles import Permission


def interface(area: str) -> APIRouter:
    """Return the router of an area: its routes are below `/api/v1/<area>`."""
    return APIRouter(prefix=f"/api/v1/{area}", tags=[area])


@dataclass(frozen=True, slots=True)
class Needs:
    """A dependency of a route: gives its `Visit`, or refuses. Every route has exactly one."""

    access: Permission

    def __call__(self, request: Request) -> Visit:
        """Return the visit. Raises `LoginNeeded` or `Forbidden`."""
        services: Services = request.app.state.services
        visit = Visit(services, request, Form({}), self._who(services, request), "")
        admit(visit, self.access, fresh=False)
        return visit

    def _who(self, services: Services, request: Request) -> Who | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return who_has(services.database, services.accounts, token.strip(), services.clock())
        return services.doors.who(request.cookies.get(COOKIE, ""))
