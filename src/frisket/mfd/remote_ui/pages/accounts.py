"""User Management: the accounts of the device."""

from __future__ import annotations

from frisket.errors import SettingRefused
from frisket.mfd.remote_ui.visit import Route, Visit, draw, redirect
from frisket.mfd.users import ADMINISTRATOR, Role
from frisket.proto.http.wire import Response


def accounts(visit: Visit, problem: str = "") -> Response:
    """List the users with their roles."""
    users = visit.device.users
    rows = [(name, role.value) for name in users.names() if (role := users.role(name))]
    return draw(
        visit,
        "users.html.j2",
        422 if problem else 200,
        rows=rows,
        roles=[role.value for role in Role if role is not Role.GUEST],
        builtin=ADMINISTRATOR,
        problem=problem,
    )


def put(visit: Visit) -> Response:
    """Register a user, or give one another role and password."""
    form, device = visit.form, visit.device
    name, password = form.text("name").strip(), form.text("password")
    if password != form.text("again"):
        return accounts(visit, "The password was not repeated correctly.")
    if form.text("role") not in {role.value for role in Role}:
        return accounts(visit, "Choose a role.")
    known = name in device.users.names()
    try:
        device.users.put(name, Role(form.text("role")), password, visit.actor)
    except SettingRefused as fault:
        return accounts(visit, f"Not registered: {fault}.")
    if name != visit.actor or device.users.role(name) is not visit.user.login.role:
        device.sessions.end_user(name)
    notice = f"{name} has been {'changed' if known else 'registered'}."
    return redirect("/rps/users", notice, visit)


def remove(visit: Visit) -> Response:
    """Delete a user; whoever is logged in with it is logged out."""
    name = visit.form.text("name")
    if name == visit.actor:
        return accounts(visit, "You cannot delete the user you are logged in with.")
    try:
        visit.device.users.remove(name, visit.actor)
    except SettingRefused as fault:
        return accounts(visit, f"Not deleted: {fault}.")
    visit.device.sessions.end_user(name)
    return redirect("/rps/users", f"{name} has been deleted.", visit)


ROUTES = (
    Route("GET", "/rps/users", accounts),
    Route("POST", "/rps/users", put),
    Route("POST", "/rps/users/delete", remove),
)
