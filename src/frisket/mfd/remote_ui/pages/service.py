"""Service Management Service: a password of its own, one browser at a time, applications."""

from __future__ import annotations

import hmac

from frisket.errors import SettingRefused
from frisket.mfd.auditlog import LogKind
from frisket.mfd.remote_ui.visit import Needs, Route, Visit, draw, redirect
from frisket.proto.http.wire import Response

KEY = "sms.password"


def _applications(visit: Visit, problem: str = "") -> Response:
    return draw(
        visit,
        "service.html.j2",
        422 if problem else 200,
        rows=list(visit.device.applications),
        problem=problem,
    )


def _login(visit: Visit, problem: str = "") -> Response:
    return draw(visit, "service_login.html.j2", problem=problem)


def first(visit: Visit) -> Response:
    """Show the applications, or ask for the password."""
    if visit.device.sessions.in_service(visit.cookie):
        return _applications(visit)
    return _login(visit)


def log_in(visit: Visit) -> Response:
    """Check the SMS password; refuse a second browser at the same time."""
    device = visit.device
    wanted, given = str(device.store.effective(KEY)), visit.form.text("sms-password")[:128]
    kind, what = LogKind.USER_AUTHENTICATION, "Service Management Service Login"
    if not hmac.compare_digest(wanted.encode(), given.encode("utf-8", "replace")):
        device.journal.add("failed_logins", f"{visit.actor} via SMS: wrong password")
        device.log.add(kind, visit.actor, what, "wrong password", ok=False)
        return _login(visit, "The password is wrong.")
    if not device.sessions.enter_service(visit.cookie):
        device.log.add(kind, visit.actor, what, "another user is logged in", ok=False)
        return _login(visit, "Another user is logged in. Try again later.")
    device.log.add(kind, visit.actor, what)
    return redirect("/sms/")


def log_out(visit: Visit) -> Response:
    """Leave the service; the Remote UI stays open."""
    visit.device.sessions.leave_service(visit.cookie)
    return redirect("/rps/")


def set_status(visit: Visit) -> Response:
    """Start or stop an application."""
    if not visit.device.sessions.in_service(visit.cookie):
        return redirect("/sms/")
    status = visit.form.text("status")
    try:
        entry = visit.device.applications.set_status(visit.form.text("id"), status)
    except SettingRefused as fault:
        return _applications(visit, f"Refused: {fault}.")
    detail = f"{entry.name}: {status}"
    visit.device.log.add(LogKind.APPLICATION, visit.actor, "Change Application", detail)
    return redirect("/sms/", f"{detail}.", visit)


def change_password(visit: Visit) -> Response:
    """Change the SMS password: 8 to 32 characters."""
    if not visit.device.sessions.in_service(visit.cookie):
        return redirect("/sms/")
    new = visit.form.text("new")
    if new != visit.form.text("again"):
        return _applications(visit, "The new password was not repeated correctly.")
    if not 8 <= len(new) <= 32:
        return _applications(visit, "Not changed: a password has 8 to 32 characters.")
    try:
        visit.device.store.set(KEY, new, visit.actor, "remote-ui")
    except SettingRefused as fault:
        return _applications(visit, f"Not changed: {fault}.")
    return redirect("/sms/", "The password has been changed.", visit)


ROUTES = (
    Route("GET", "/sms/", first, Needs.USER),
    Route("GET", "/sms", first, Needs.USER),
    Route("POST", "/sms/login", log_in, Needs.USER),
    Route("POST", "/sms/logout", log_out, Needs.USER),
    Route("POST", "/sms/applications", set_status, Needs.USER),
    Route("POST", "/sms/password", change_password, Needs.USER),
)
