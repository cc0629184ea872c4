"""Data Management: export and import of all settings, initialization, restart."""

from __future__ import annotations

import os

from frisket.errors import SettingRefused
from frisket.mfd.auditlog import LogKind
from frisket.mfd.outside.forward import clear_rules
from frisket.mfd.outside.trust import distrust_all
from frisket.mfd.remote_ui.pages.policy import allow, has_password
from frisket.mfd.remote_ui.visit import Route, Visit, download, draw, redirect
from frisket.mfd.settings_file import SUFFIX, export_settings, import_settings, parse_settings
from frisket.proto.http.wire import Response


def show_data(visit: Visit, problem: str = "") -> Response:
    """Show what can be exported, imported and initialized."""
    return draw(
        visit,
        "data.html.j2",
        422 if problem else 200,
        policy_password=has_password(visit.device),
        suffix=SUFFIX,
        problem=problem,
    )


def export_all(visit: Visit) -> Response:
    """Hand out all settings, encrypted under the password that was entered."""
    device, password = visit.device, visit.form.text("password")
    if password != visit.form.text("again"):
        return show_data(visit, "The decryption password was not repeated correctly.")
    try:
        data = export_settings(device, password, os.urandom)
    except SettingRefused as fault:
        return show_data(visit, f"Not exported: {fault}.")
    device.log.add(LogKind.EXPORT_IMPORT, visit.actor, "Export All")
    name = f"{device.plan.serial}-{device.now():%Y%m%d-%H%M%S}{SUFFIX}"
    return download(name, "application/octet-stream", data)


def import_all(visit: Visit) -> Response:
    """Take over a file's settings; the device restarts by itself afterwards."""
    device = visit.device
    if visit.form.text("settings") != "on":
        return show_data(visit, "Tick what is to be imported.")
    try:
        data = visit.form.files.get("file", b"")
        file = parse_settings(data, visit.form.text("password"), device.content.catalog)
    except SettingRefused as fault:
        device.log.add(LogKind.EXPORT_IMPORT, visit.actor, "Import All", str(fault), ok=False)
        return show_data(visit, f"Not imported: {fault}.")
    try:
        done = import_settings(device, file, visit.actor)
    except SettingRefused as fault:
        return show_data(visit, f"Not imported: {fault}.")
    device.actions.restart(visit.actor)
    return draw(visit, "restarting.html.j2", imported=done)


def initialize(visit: Visit) -> Response:
    """Go back to the factory settings; asks for the policy password where one is set."""
    device = visit.device
    if visit.form.text("sure") != "on":
        return show_data(visit, "Confirm that everything is to be initialized.")
    if not allow(visit, visit.form.text("policy-password")[:128]):
        return show_data(visit, "The security policy password is wrong. Nothing was initialized.")
    for job in device.jobs.active():
        device.jobs.cancel(job.id, visit.actor, "job-canceled-at-device")
    for stored in list(device.jobs.boxes):
        device.jobs.boxes.set_pin(stored.box, "", visit.actor)
        device.jobs.boxes.delete(stored.id, "", visit.actor)
    device.policy.clear(visit.actor)
    device.addresses.clear()
    clear_rules(device)
    distrust_all(device)
    device.erds.initialize(b"")
    device.users.clear(visit.actor)
    device.store.reset(visit.actor)
    device.actions.restart(visit.actor)
    return draw(visit, "restarting.html.j2", imported=None)


def restart(visit: Visit) -> Response:
    """Restart the device, unless it is busy."""
    if visit.device.power.busy:
        return redirect("/rps/management", "The device is busy; it was not restarted.", visit)
    visit.device.actions.restart(visit.actor)
    return draw(visit, "restarting.html.j2", imported=None)


ROUTES = (
    Route("GET", "/rps/data", show_data),
    Route("POST", "/rps/data/export", export_all),
    Route("POST", "/rps/data/import", import_all),
    Route("POST", "/rps/data/initialize", initialize),
    Route("POST", "/rps/restart", restart),
)
