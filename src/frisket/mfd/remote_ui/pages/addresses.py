"""Address Book: destinations, and their export as LDIF behind PIN and password rules."""

from __future__ import annotations

import hmac

from frisket.errors import SettingRefused
from frisket.mfd.address_book import Address, AddressKind, read_ldif
from frisket.mfd.auditlog import LogKind
from frisket.mfd.remote_ui.visit import Needs, Route, Visit, download, draw, redirect
from frisket.proto.http.wire import Response


def _pin(visit: Visit) -> str:
    return str(visit.device.store.effective("address-book.pin"))


def _pin_is_right(visit: Visit) -> bool:
    wanted, given = _pin(visit), visit.form.text("pin")
    if not wanted or hmac.compare_digest(wanted.encode(), given.encode("utf-8", "replace")):
        return True
    visit.device.journal.add("failed_logins", f"{visit.actor} via Remote UI: address book PIN")
    return False


def book(visit: Visit, problem: str = "") -> Response:
    """List the destinations."""
    return draw(
        visit,
        "addresses.html.j2",
        422 if problem else 200,
        rows=list(visit.device.addresses),
        kinds=[kind.value for kind in AddressKind],
        pin=bool(_pin(visit)),
        passwords=visit.device.store.on("address-book.export-passwords"),
        problem=problem,
    )


def put(visit: Visit) -> Response:
    """Register or change a destination."""
    form = visit.form
    if not _pin_is_right(visit):
        return book(visit, "The address book PIN is wrong.")
    if form.text("kind") not in {kind.value for kind in AddressKind}:
        return book(visit, "Choose a type.")
    address = Address(
        form.text("name").strip(),
        AddressKind(form.text("kind")),
        form.text("destination").strip(),
        form.text("user"),
        form.text("password"),
    )
    try:
        visit.device.addresses.put(address)
    except SettingRefused as fault:
        return book(visit, f"Not registered: {fault}.")
    kind = LogKind.MACHINE_MANAGEMENT
    visit.device.log.add(kind, visit.actor, "Register Destination", address.name)
    return redirect("/rps/addresses", f"{address.name} has been registered.", visit)


def remove(visit: Visit) -> Response:
    """Delete a destination."""
    if not _pin_is_right(visit):
        return book(visit, "The address book PIN is wrong.")
    name = visit.form.text("name")
    try:
        visit.device.addresses.remove(name)
    except SettingRefused as fault:
        return book(visit, f"Not deleted: {fault}.")
    visit.device.log.add(LogKind.MACHINE_MANAGEMENT, visit.actor, "Delete Destination", name)
    return redirect("/rps/addresses", f"{name} has been deleted.", visit)


def export(visit: Visit) -> Response:
    """Hand out the address book; its passwords only where <Allow Exporting Password> is on."""
    device = visit.device
    if not _pin_is_right(visit):
        device.log.add(LogKind.EXPORT_IMPORT, visit.actor, "Export Address Book", "PIN", ok=False)
        return book(visit, "The address book PIN is wrong.")
    passwords = device.store.on("address-book.export-passwords")
    detail = "with passwords" if passwords else "without passwords"
    device.log.add(LogKind.EXPORT_IMPORT, visit.actor, "Export Address Book", detail)
    data = device.addresses.ldif(passwords=passwords).encode()
    return download("abook.ldif", "text/plain; charset=utf-8", data)


def take(visit: Visit) -> Response:
    """Register the destinations of an LDIF file, all of them or none."""
    device = visit.device
    if not _pin_is_right(visit):
        device.log.add(LogKind.EXPORT_IMPORT, visit.actor, "Import Address Book", "PIN", ok=False)
        return book(visit, "The address book PIN is wrong.")
    try:
        text = visit.form.files.get("file", b"").decode()
        count = device.addresses.take(read_ldif(text))
    except (SettingRefused, UnicodeDecodeError) as fault:
        why = str(fault) if isinstance(fault, SettingRefused) else "the file is no text"
        device.log.add(LogKind.EXPORT_IMPORT, visit.actor, "Import Address Book", why, ok=False)
        return book(visit, f"Not imported: {why}.")
    detail = f"{count} destinations"
    device.log.add(LogKind.EXPORT_IMPORT, visit.actor, "Import Address Book", detail)
    return redirect("/rps/addresses", f"{detail} have been imported.", visit)


ROUTES = (
    Route("GET", "/rps/addresses", book, Needs.USER),
    Route("GET", "/rps/asublist.cgi", book, Needs.USER),
    Route("POST", "/rps/addresses", put),
    Route("POST", "/rps/addresses/delete", remove),
    Route("POST", "/rps/addresses/export", export),
    Route("POST", "/rps/addresses/import", take),
)
