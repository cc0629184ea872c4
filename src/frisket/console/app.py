"""Puts the console together: pages, interface, guard; nothing undeclared starts."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from importlib.metadata import version

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp

from frisket.console.api.find import add_interface
from frisket.console.api.openapi import document
from frisket.console.endpoint import (
    PageEndpoint,
    answer_fault,
    page_of_fault,
    problem,
    visit_of,
    wants_json,
)
from frisket.console.guard import Guard
from frisket.console.page import ANYONE, Form, Page, Visit
from frisket.console.registry import check_routes
from frisket.console.services import Services
from frisket.console.static_files import StaticFiles
from frisket.errors import FrisketError
from frisket.fleet.scraping import Scraping
from frisket.store.database import StoreFault

_log = logging.getLogger("frisket.console")


class _StaticEndpoint:
    """The built files; anyone may load them."""

    access = ANYONE

    def __init__(self, static: StaticFiles) -> None:
        self._static = static

    async def __call__(self, scope, receive, send) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
        """Answer with a file."""
        response = await self._static.answer(Request(scope, receive))
        await response(scope, receive, send)


def _order(page: Page) -> tuple[tuple[bool, str], ...]:
    """Sort fixed words before names in braces, so that `/devices/new` is no device."""
    return tuple(("{" in part, part) for part in page.path.split("/"))


def make_app(services: Services, pages: Sequence[Page], static: StaticFiles) -> FastAPI:
    """Return the console without its guard. Raises `Undeclared`."""
    app = FastAPI(
        title="Frisket",
        version=version("frisket"),
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
    )
    app.router.redirect_slashes = False
    app.state.services = services
    app.state.scraping = Scraping(services.crew)
    app.state.described = document  # for people: pages know nothing of the interface
    for page in sorted(pages, key=_order):
        endpoint = PageEndpoint(page, services)
        app.router.routes.append(Route(page.path, endpoint, methods=[page.method]))
    app.router.routes.append(
        Route("/static/{name}", _StaticEndpoint(static), methods=["GET"]),
    )
    add_interface(app)
    _tell_faults(app, services)
    check_routes(app)
    return app


def guarded(app: FastAPI, services: Services, pages: Sequence[Page]) -> ASGIApp:
    """Return the console as it is served: packed, and behind its guard."""
    most = max([services.settings.body_most, *(page.most for page in pages)])
    return Guard(GZipMiddleware(app, minimum_size=1000), services.settings, most)


def _allowed(request: Request) -> str:
    """Return every method that the address takes: each method is a route of its own here."""
    found: set[str] = set()
    for route in request.app.routes:
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE:
            found |= route.methods or set()
    return ", ".join(sorted(found))


def _tell_faults(app: FastAPI, services: Services) -> None:
    def safe_visit(request: Request) -> Visit:
        try:
            return visit_of(services, request)
        except StoreFault:
            return Visit(services, request, Form({}), None, request.state.nonce)

    def shown(request: Request, status: int, title: str, detail: str, hint: str = "") -> Response:
        if wants_json(request):
            return problem(status, title, detail, hint)
        return page_of_fault(safe_visit(request), status, title, detail, hint)

    async def known(request: Request, fault: Exception) -> Response:
        if not isinstance(fault, FrisketError):
            raise fault
        return await run_in_threadpool(lambda: answer_fault(safe_visit(request), fault))

    async def by_framework(request: Request, fault: Exception) -> Response:
        if not isinstance(fault, HTTPException):
            raise fault
        title, detail = {
            404: ("Nothing here", "There is no page at this address."),
            405: ("That does not work", "This address does not take that kind of request."),
        }.get(fault.status_code, ("That does not work", str(fault.detail)))
        answer = await run_in_threadpool(shown, request, fault.status_code, title, detail)
        if fault.status_code == 405:
            answer.headers["allow"] = _allowed(request)
        return answer

    async def invalid(_: Request, fault: Exception) -> Response:
        if not isinstance(fault, RequestValidationError):
            raise fault
        said = "; ".join(
            f"{'.'.join(str(part) for part in error['loc'])}: {error['msg']}"
            for error in fault.errors()[:20]
        )
        return problem(422, "The request is malformed", said)

    async def bug(request: Request, fault: Exception) -> Response:
        # The address may hold a link's secret: the page's own name is told.
        endpoint = request.scope.get("endpoint")
        path = endpoint.page.path if isinstance(endpoint, PageEndpoint) else request.url.path
        _log.error("%s %s failed", request.method, path, exc_info=fault)
        detail = "This is a fault of Frisket. It is in the server's log; nothing was half done."
        return await run_in_threadpool(shown, request, 500, "Something broke here", detail)

    app.add_exception_handler(FrisketError, known)
    app.add_exception_handler(HTTPException, by_framework)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(Exception, bug)
