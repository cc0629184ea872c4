"""Security Policy Settings: precautions, policy password, the items, and their confirmation."""

from __future__ import annotations

from itertools import groupby

from frisket.audit.policy import PolicyItem
from frisket.errors import SettingRefused
from frisket.mfd.device import Device
from frisket.mfd.policy import PASSWORD_KEY, PolicyRefused
from frisket.mfd.remote_ui.visit import Needs, Route, Visit, draw, redirect, refuse
from frisket.model.reading import Value
from frisket.proto.http.wire import Response

Sections = list[tuple[str, list[tuple[str, list[PolicyItem]]]]]


def has_password(device: Device) -> bool:
    """Say whether a security policy password is set."""
    return bool(device.store[PASSWORD_KEY])


def sections_of(device: Device) -> Sections:
    """Return the items under their sections and groups, in the device's order."""
    return [
        (section, [(group, list(rows)) for group, rows in groupby(members, lambda i: i.group)])
        for section, members in groupby(device.content.policy, lambda i: i.section)
    ]


def allow(visit: Visit, password: str) -> bool:
    """Check the policy password where one is set; a wrong one is recorded."""
    device = visit.device
    try:
        device.policy.check_password(device.store, password, visit.actor)
    except PolicyRefused:
        device.journal.add("failed_logins", f"{visit.actor} via Remote UI: security policy")
        return False
    return True


def _is_open(visit: Visit) -> bool:
    return visit.user.policy_open or not has_password(visit.device)


def precautions(visit: Visit, problem: str = "") -> Response:
    """Show what to know beforehand, and the login of the security administrator."""
    return draw(
        visit,
        "policy.html.j2",
        password=has_password(visit.device),
        is_open=_is_open(visit),
        problem=problem,
    )


def log_in(visit: Visit) -> Response:
    """Open the items with the policy password."""
    if not allow(visit, visit.form.text("policy-password")[:128]):
        return precautions(visit, "The security policy password is wrong.")
    visit.user.policy_open = True
    return redirect("/rps/policy/edit" if visit.device.personality.edits_policy else "/rps/policy")


def _imports_only(visit: Visit) -> Response | None:
    """Say that this model takes a policy by import only; None where it edits one."""
    if visit.device.personality.edits_policy:
        return None
    why = "This model takes a security policy by import (Data Management) and does not edit one."
    return refuse(visit, 404, "Cannot open this page", why)


def edit(visit: Visit, problem: str = "") -> Response:
    """Show the items with their tick boxes and ranges."""
    if (refusal := _imports_only(visit)) is not None:
        return refusal
    if not _is_open(visit):
        return redirect("/rps/policy")
    ticked: tuple[str, ...] = visit.device.policy.items
    values = dict(visit.device.policy.parameters)
    if problem:
        ticked = tuple(visit.form.all("item"))
        values |= {name: visit.form.text(name) for name in values if name in visit.form}
    return draw(
        visit,
        "policy_edit.html.j2",
        422 if problem else 200,
        sections=sections_of(visit.device),
        ticked=ticked,
        values=values,
        password=has_password(visit.device),
        problem=problem,
    )


def _parameters(visit: Visit) -> dict[str, Value]:
    """Return the numbers and texts entered beside the items."""
    entered: dict[str, Value] = {}
    for item in visit.device.content.policy:
        for limit in item.ranges:
            text = visit.form.text(limit.parameter).strip()
            if text.isascii() and text.isdigit() and len(text) < 10:
                entered[limit.parameter] = int(text)
            elif limit.parameter in visit.form:
                entered[limit.parameter] = text
        for name in item.text:
            if name in visit.form:
                entered[name] = visit.form.text(name).strip()
    return entered


def apply(visit: Visit) -> Response:
    """Tick exactly what was ticked; list the settings that were forced."""
    if (refusal := _imports_only(visit)) is not None:
        return refusal
    if not _is_open(visit):
        return redirect("/rps/policy")
    device = visit.device
    try:
        forced = device.policy.apply(
            device.store, visit.form.all("item"), _parameters(visit), visit.actor
        )
    except SettingRefused as fault:
        return edit(visit, f"Nothing was changed: {fault}.")
    catalog = device.content.catalog
    rows = [
        (catalog[key], device.reported(key), device.policy.locked(key), key in device.store.pending)
        for key in forced
        if key in device.store
    ]
    return draw(visit, "policy_applied.html.j2", rows=rows)


def confirm(visit: Visit) -> Response:
    """Show the policy to whoever may see the settings; nothing can be changed here."""
    return draw(
        visit,
        "policy_confirm.html.j2",
        sections=sections_of(visit.device),
        ticked=visit.device.policy.items,
        values=visit.device.policy.parameters,
    )


def change_password(visit: Visit) -> Response:
    """Set, change or take away the policy password."""
    if (refusal := _imports_only(visit)) is not None:
        return refusal
    if not _is_open(visit):
        return redirect("/rps/policy")
    new = visit.form.text("new")
    if new != visit.form.text("again"):
        return edit(visit, "The new policy password was not repeated correctly.")
    try:
        visit.device.store.set(PASSWORD_KEY, new, visit.actor, "remote-ui")
    except SettingRefused as fault:
        return edit(visit, f"Nothing was changed: {fault}.")
    visit.user.policy_open = True
    notice = "The security policy password is set." if new else "There is no policy password now."
    return redirect("/rps/policy/edit", notice, visit)


ROUTES = (
    Route("GET", "/rps/policy", precautions),
    Route("POST", "/rps/policy/login", log_in),
    Route("GET", "/rps/policy/edit", edit),
    Route("POST", "/rps/policy/edit", apply),
    Route("GET", "/rps/policy/confirm", confirm, Needs.MANAGER),
    Route("POST", "/rps/policy/password", change_password),
)
