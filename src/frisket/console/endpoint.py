"""From a declared page to what answers a request: who asks, whether they may, then the handler."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from frisket.console.auth.strength import lacks_factor
from frisket.console.faults import (
    FactorNeeded,
    Fault,
    Forbidden,
    LoginNeeded,
    ProofNeeded,
    TooMany,
    told,
)
from frisket.console.guard import bounded
from frisket.console.page import ANYONE, Access, Form, Page, Visit, form_of
from frisket.console.services import Services
from frisket.errors import FrisketError
from frisket.fleet.roles import Permission
from frisket.store.database import StoreFault

COOKIE: Final = "__Host-session"
_PROGRAMS: Final = ("/api/", "/metrics", "/probe")
_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")


def visit_of(services: Services, request: Request, form: Form | None = None) -> Visit:
    """Return a request with who sent it. Asks the database: call it in a thread."""
    who = services.doors.who(request.cookies.get(COOKIE, ""))
    return Visit(services, request, form or Form({}), who, request.state.nonce)


def admit(visit: Visit, access: Access, *, fresh: bool, bare: bool = False, cost: int = 1) -> None:
    """Let a visitor in, or raise `LoginNeeded`, `Forbidden` (which is logged), `ProofNeeded`.

    Raises `FactorNeeded` where a second factor is missing (but for pages that are `bare`), and
    `TooMany` where the account asks too fast.
    """
    if not isinstance(access, Permission):
        return
    if visit.who is None:
        raise LoginNeeded
    if not visit.who.may(access):
        raise Forbidden
    visit.services.pace.spend(visit.who.account.id, cost)
    if not bare and lacks_factor(visit.who, visit.services.settings.factor_rule):
        raise FactorNeeded
    if fresh and not visit.who.proved_within(visit.services.settings.proof, visit.now):
        raise ProofNeeded


@dataclass(frozen=True, slots=True)
class PageEndpoint:
    """One page as an ASGI application."""

    page: Page
    services: Services

    @property
    def access(self) -> Access:
        """Return who may use it; `registry.check_routes` asks."""
        return self.page.access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        most = self.page.most or self.services.settings.body_most
        request = Request(scope, bounded(receive, most))
        running: list[int] = []  # the account whose request this is, until it has its answer
        try:
            try:
                form = await self._form(request)
                response = await run_in_threadpool(self._answer, request, form, running)
            finally:
                await request.close()  # what was uploaded lies in temporary files
            await response(scope, receive, send)
        finally:
            for account in running:
                self.services.pace.end(account)

    async def _form(self, request: Request) -> Form:
        if self.page.method == "GET":
            return form_of(request.query_params)  # type: ignore[arg-type]
        if request.headers.get("content-type", "").startswith(_FORMS):
            return form_of(await request.form(max_files=20, max_fields=2000))
        return Form({}, {}, await request.body())

    def _answer(self, request: Request, form: Form, running: list[int]) -> Response:
        try:
            visit = visit_of(self.services, request, form)
        except StoreFault:
            # Whether the process lives is told also while nobody can be known.
            if isinstance(self.page.access, Permission):
                raise
            visit = Visit(self.services, request, form, None, request.state.nonce)
        page = self.page
        try:
            admit(visit, page.access, fresh=page.fresh, bare=page.bare, cost=page.price)
            if visit.who is not None and isinstance(page.access, Permission):
                self.services.pace.begin(visit.who.account.id)
                running.append(visit.who.account.id)
            return page.handler(visit)
        except FrisketError as fault:
            return answer_fault(visit, fault)


def wants_json(request: Request) -> bool:
    """Say whether a program asks: then faults are told as problem documents (RFC 9457)."""
    accepted = request.headers.get("accept", "")
    machine = "application/json" in accepted or "text/event-stream" in accepted
    return request.url.path.startswith(_PROGRAMS) or (machine and "text/html" not in accepted)


def problem(status: int, title: str, detail: str = "", hint: str = "") -> Response:
    """Return a fault as a problem document."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    if hint:
        body["hint"] = hint
    return JSONResponse(body, status, media_type="application/problem+json")


def answer_fault(visit: Visit, fault: FrisketError) -> Response:
    """Return what a visitor is told. Raises the fault again where it is a bug of ours."""
    known = told(fault)
    if known is None:
        raise fault
    status, title = known
    request = visit.request
    if isinstance(fault, TooMany) and fault.first:
        visit.record("slowed-down", visit.who.name if visit.who else "-", "refused")
    if isinstance(fault, Forbidden):
        visit.record("refused", f"{request.method} {request.url.path}", "refused")
    answer = _shown(visit, fault, status, title)
    if isinstance(fault, TooMany):
        answer.headers["retry-after"] = "1"
    return answer


def _shown(visit: Visit, fault: FrisketError, status: int, title: str) -> Response:
    if wants_json(visit.request):
        return problem(status, title, str(fault), fault.hint)
    if isinstance(fault, LoginNeeded | ProofNeeded | FactorNeeded):
        return _send_to_door(visit, fault)
    return page_of_fault(visit, status, title, str(fault), fault.hint)


_DOORS: Final = ((LoginNeeded, "/login"), (ProofNeeded, "/confirm"), (FactorNeeded, "/factor"))


def page_of_fault(visit: Visit, status: int, title: str, detail: str, hint: str) -> Response:
    """Return the page that says what went wrong."""
    said = {"title": title, "detail": detail, "hint": hint}
    values = {name: visit.text(text) if text else "" for name, text in said.items()}
    return visit.services.renderer.page(visit, "fault.html", status, {**values, "code": status})


def _send_to_door(visit: Visit, fault: Fault) -> Response:
    request = visit.request
    back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if request.method != "GET":
        back = "/"
    door = next(path for kind, path in _DOORS if isinstance(fault, kind))
    to = f"{door}?next={quote(back, safe='/')}" if back != "/" else door
    if visit.is_fragment:
        return Response(headers={"HX-Redirect": to})
    return RedirectResponse(to, 303)


def nobody(visit: Visit) -> Visit:
    """Return the same request of nobody: for pages of faults while the database is away."""
    return replace(visit, who=None)


__all__ = ["ANYONE", "COOKIE", "PageEndpoint", "admit", "answer_fault", "problem", "visit_of"]
