"""`/login`, `/logout`, `/confirm`: in, out, and once more before something dangerous."""

from __future__ import annotations

from ipaddress import ip_address

from starlette.responses import Response

from frisket.console.auth.doors import Knock, LoginRefused, Opened
from frisket.console.auth.passkeys import passkeys_of
from frisket.console.endpoint import COOKIE
from frisket.console.page import ANYONE, Page, Visit, local
from frisket.fleet.roles import Permission

_REFUSED = (
    "Name, password or code is not right, or there were too many attempts: wait a little, then "
    "try again."
)


def knock_of(visit: Visit) -> Knock:
    """Return where a login comes from."""
    request, proxies = visit.request, visit.services.settings.proxies
    client = request.client.host if request.client else ""
    agent = request.headers.get("user-agent", "")
    told = ",".join(request.headers.getlist("x-forwarded-for"))
    return Knock(carried(client, told, proxies), agent[:300])


def carried(client: str, told: str, proxies: frozenset[str]) -> str:
    """Return who asks: the connection's other end, or whom the nearest trusted proxies carry.

    Read from the right: what stands further left may have been sent by the visitor.
    """
    hops = [hop.strip() for hop in told[-2000:].split(",")]
    while client in proxies and hops:
        hop = hops.pop()
        try:
            client = str(ip_address(hop))
        except ValueError:
            break
    return client


def enter(visit: Visit, opened: Opened, to: str) -> Response:
    """Give the browser its session and send it on."""
    answer = visit.go(f"/login/code?next={local(to)}" if opened.second else local(to))
    give(answer, opened.secret)
    return answer


def give(answer: Response, secret: str) -> None:
    """Put a session's secret into the browser's cookie."""
    answer.set_cookie(COOKIE, secret, secure=True, httponly=True, samesite="lax", path="/")


def show(visit: Visit) -> Response:
    """Show the form; who is logged in already goes on."""
    if visit.who is not None and not visit.form.one("next"):
        return visit.go("/")
    return _form(visit, "")


def _form(visit: Visit, fault: str) -> Response:
    return visit.page(
        "login.html",
        status=401 if fault else 200,
        fault=visit.text(fault) if fault else "",
        name=visit.form.one("name"),
        next=local(visit.form.one("next", "/")),
        empty=visit.services.accounts.count() == 0,
        providers=list(visit.services.providers.values()),
    )


def log_in(visit: Visit) -> Response:
    """Check name and password."""
    form = visit.form
    try:
        opened = visit.services.doors.log_in(
            form.one("name"), form.raw("password"), knock_of(visit)
        )
    except LoginRefused:
        return _form(visit, _REFUSED)
    return enter(visit, opened, form.one("next", "/"))


def show_second(visit: Visit) -> Response:
    """Ask for the code."""
    return _second(visit, "")


def _second(visit: Visit, fault: str) -> Response:
    return visit.page(
        "second.html",
        status=401 if fault else 200,
        fault=visit.text(fault) if fault else "",
        next=local(visit.form.one("next", "/")),
    )


def second(visit: Visit) -> Response:
    """Check the code."""
    secret = visit.request.cookies.get(COOKIE, "")
    try:
        opened = visit.services.doors.second(secret, visit.form.one("code"), knock_of(visit))
    except LoginRefused:
        return _second(visit, _REFUSED)
    return enter(visit, opened, visit.form.one("next", "/"))


def log_out(visit: Visit) -> Response:
    """End the session; the browser forgets what it kept."""
    visit.services.doors.log_out(visit.person)
    answer = visit.go("/login")
    answer.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    answer.headers["clear-site-data"] = '"cache", "storage"'
    return answer


def show_confirm(visit: Visit) -> Response:
    """Ask once more who it is."""
    return _confirm(visit, "")


def _confirm(visit: Visit, fault: str) -> Response:
    account = visit.person.account
    mine = [one for one in visit.services.providers.values() if one.issuer == account.issuer]
    return visit.page(
        "confirm.html",
        status=401 if fault else 200,
        fault=visit.text(fault) if fault else "",
        next=local(visit.form.one("next", "/")),
        passkeys=bool(passkeys_of(visit.services.database, account.id)),
        provider=mine[0] if mine else None,
    )


def confirm(visit: Visit) -> Response:
    """Check the answer; the session goes on under a new secret."""
    form = visit.form
    try:
        opened = visit.services.doors.prove(
            visit.person, form.raw("password"), form.one("code"), knock_of(visit)
        )
    except LoginRefused:
        return _confirm(visit, _REFUSED)
    return enter(visit, opened, form.one("next", "/"))


PAGES = (
    Page("GET", "/login", show, ANYONE),
    Page("POST", "/login", log_in, ANYONE),
    Page("GET", "/login/code", show_second, ANYONE),
    Page("POST", "/login/code", second, ANYONE),
    Page("POST", "/logout", log_out, Permission.OWN_ACCOUNT, bare=True),
    Page("GET", "/confirm", show_confirm, Permission.OWN_ACCOUNT, bare=True),
    Page("POST", "/confirm", confirm, Permission.OWN_ACCOUNT, bare=True),
)
