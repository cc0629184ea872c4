"""Device Management for what goes outside: CA certificates, and forwarding of received faxes."""

from __future__ import annotations

from frisket.errors import SettingRefused, UsageError
from frisket.mfd.outside.forward import ForwardingRule, forwarding_rules, put_rule, remove_rule
from frisket.mfd.outside.trust import distrust, trust, trusted
from frisket.mfd.remote_ui.visit import Route, Visit, draw, redirect
from frisket.proto.http.wire import Response

_KINDS = {"Fax and I-Fax": "", "Fax": "fax", "I-Fax": "ifax"}


def authorities(visit: Visit, problem: str = "") -> Response:
    """List the CA certificates that the device trusts."""
    rows = [
        (name, found.subject.rfc4514_string(), found.not_valid_after_utc.date().isoformat())
        for name, found in trusted(visit.device).items()
    ]
    return draw(visit, "authorities.html.j2", 422 if problem else 200, rows=rows, problem=problem)


def register(visit: Visit) -> Response:
    """Register the CA certificates of a PEM file."""
    try:
        subjects = trust(visit.device, visit.form.files.get("file", b""), visit.actor)
    except UsageError as fault:
        return authorities(visit, f"Not registered: {fault}.")
    return redirect("/rps/authorities", f"{len(subjects)} certificates registered.", visit)


def unregister(visit: Visit) -> Response:
    """Delete a CA certificate."""
    try:
        distrust(visit.device, visit.form.text("name"), visit.actor)
    except UsageError as fault:
        return authorities(visit, f"Not deleted: {fault}.")
    return redirect("/rps/authorities", "The certificate has been deleted.", visit)


def forwarding(visit: Visit, problem: str = "") -> Response:
    """List the forwarding rules."""
    words = {kind: word for word, kind in _KINDS.items()}
    rows = [
        (rule.name, words[rule.via], rule.sender, rule.destination)
        for rule in forwarding_rules(visit.device)
    ]
    return draw(
        visit,
        "forwarding.html.j2",
        422 if problem else 200,
        rows=rows,
        kinds=list(_KINDS),
        destinations=[address.name for address in visit.device.addresses],
        used=visit.device.store.on("forwarding.enabled"),
        problem=problem,
    )


def add_rule(visit: Visit) -> Response:
    """Register a forwarding rule."""
    form = visit.form
    rule = ForwardingRule(
        form.text("name").strip()[:64],
        form.text("destination"),
        _KINDS.get(form.text("kind"), ""),
        form.text("sender").strip()[:120] or "*",
    )
    try:
        put_rule(visit.device, rule, visit.actor)
    except SettingRefused as fault:
        return forwarding(visit, f"Not registered: {fault}.")
    return redirect("/rps/forwarding", f"{rule.name} has been registered.", visit)


def delete_rule(visit: Visit) -> Response:
    """Delete a forwarding rule."""
    try:
        remove_rule(visit.device, visit.form.text("name"), visit.actor)
    except SettingRefused as fault:
        return forwarding(visit, f"Not deleted: {fault}.")
    return redirect("/rps/forwarding", "The rule has been deleted.", visit)


ROUTES = (
    Route("GET", "/rps/authorities", authorities),
    Route("POST", "/rps/authorities", register),
    Route("POST", "/rps/authorities/delete", unregister),
    Route("GET", "/rps/forwarding", forwarding),
    Route("POST", "/rps/forwarding", add_rule),
    Route("POST", "/rps/forwarding/delete", delete_rule),
)
