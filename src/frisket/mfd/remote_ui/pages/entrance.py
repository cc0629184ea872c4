"""The way in and out: login, the default password's warning, the own password, logout."""

from __future__ import annotations

import re

from frisket.errors import SettingRefused
from frisket.mfd.auditlog import LogKind
from frisket.mfd.remote_ui.visit import COOKIE, Needs, Route, Visit, draw, redirect
from frisket.mfd.users import Login, LoginRefused
from frisket.proto.http.wire import Header, Response

VIA = "Remote UI"
# Nothing but a page of ours: a login must not lead elsewhere.
_TARGET = re.compile(r"/(rps|sms)(/[\w./-]*)?")


def _target(text: str) -> str:
    return text if _TARGET.fullmatch(text) and ".." not in text else "/rps/"


def _form(visit: Visit, problem: str = "") -> Response:
    return draw(
        visit,
        "login.html.j2",
        department=visit.device.store.text("auth.service") == "department-id",
        uri=_target(visit.form.text("uri") or visit.query.text("uri")),
        problem=problem,
    )


def first(visit: Visit) -> Response:
    """Show the login form, or the portal to somebody who has logged in."""
    if visit.session is not None:
        return redirect("/rps/")
    return _form(visit)


def _check(visit: Visit) -> Login:
    users, form = visit.device.users, visit.form
    if visit.device.store.text("auth.service") == "department-id":
        return users.login_department(
            form.text("deptid")[:64], form.text("password")[:128], VIA, remote=True
        )
    return users.login(form.text("username")[:64], form.text("password")[:128], VIA, remote=True)


def _cookie(visit: Visit, value: str) -> Header:
    ending = "; Secure" if visit.tls else ""
    return ("set-cookie", f"{COOKIE}={value}; Path=/; HttpOnly; SameSite=Strict{ending}")


def log_in(visit: Visit) -> Response:
    """Check the login; a new session takes the place of the old one."""
    try:
        login = _check(visit)
    except LoginRefused as fault:
        default = "default password" in str(fault)
        return _form(
            visit,
            "The default password cannot be used for remote access. Change it at the control panel."
            if default
            else "Authentication failed. Check what you entered, and whether you are locked out.",
        )
    value = visit.device.sessions.start(login, old=visit.cookie)
    step = "/PwdConfirm" if login.default_password else "/rps/password" if login.expired else ""
    answer = redirect(step or _target(visit.form.text("uri")))
    return Response(
        answer.status, (*answer.headers, _cookie(visit, value)), answer.body, answer.reason
    )


def log_out(visit: Visit) -> Response:
    """End the session."""
    visit.device.sessions.end(visit.cookie)
    visit.device.log.add(LogKind.USER_AUTHENTICATION, visit.actor, "Logout", VIA)
    answer = redirect("/")
    gone = ("set-cookie", f"{COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict")
    return Response(answer.status, (*answer.headers, gone), answer.body, answer.reason)


def warning(visit: Visit) -> Response:
    """Show the warning of the default password."""
    if visit.user.step != "warning":
        return redirect("/rps/")
    return draw(visit, "warning.html.j2")


def confirm(visit: Visit) -> Response:
    """Go on with the default password (`conf=no`), or to the page that changes it."""
    if visit.user.step == "warning" and visit.form.text("conf") == "no":
        visit.user.step = ""
        return redirect("/rps/")
    return redirect("/rps/password")


def password(visit: Visit, problem: str = "") -> Response:
    """Show the form for the own password."""
    known = visit.device.users.role(visit.actor) is not None
    return draw(visit, "password.html.j2", problem=problem, known=known)


def change_password(visit: Visit) -> Response:
    """Change the own password; the present one is asked again, and counts as a login."""
    device, form = visit.device, visit.form
    role = device.users.role(visit.actor)
    if role is None:
        return password(visit, "The System Manager's PIN is changed in Settings/Registration.")
    new = form.text("new")
    if new != form.text("again"):
        return password(visit, "The new password was not repeated correctly.")
    try:
        device.users.login(visit.actor, form.text("present")[:128], VIA, remote=False)
        if new == form.text("present"):
            return password(visit, "The new password must differ from the present one.")
        device.users.put(visit.actor, role, new, visit.actor)
    except LoginRefused:
        return password(visit, "The present password is wrong.")
    except SettingRefused as fault:
        return password(visit, f"Not changed: {fault}.")
    visit.user.step = ""
    return redirect("/rps/", "The password has been changed.", visit)


ROUTES = (
    Route("GET", "/", first, Needs.NOBODY),
    Route("GET", "/login", first, Needs.NOBODY),
    Route("POST", "/login", log_in, Needs.NOBODY, open_post=True),
    Route("POST", "/logout", log_out, Needs.USER, early=True),
    Route("GET", "/PwdConfirm", warning, Needs.USER, early=True),
    Route("POST", "/PwdConfirm", confirm, Needs.USER, open_post=True, early=True),
    Route("GET", "/rps/password", password, Needs.USER, early=True),
    Route("POST", "/rps/password", change_password, Needs.USER, early=True),
)
