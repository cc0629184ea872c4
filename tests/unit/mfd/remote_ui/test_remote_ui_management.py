"""Users, address book, certificate, audit log, applications, jobs."""

from __future__ import annotations

import csv
import io

import pytest
from tests.lab import make_device
from tests.remote_ui import Visitor, header, text_of, visitor

from frisket.mfd.auditlog import LogKind
from frisket.mfd.device import Device


def operations(device: Device) -> list[tuple[str, str]]:
    return [(entry.operation, entry.result) for entry in device.log]


def test_users_come_change_and_go() -> None:
    device = make_device(settings={"password.minimum-length": 8})
    browser = visitor(device)
    fields = {"name": "ann", "role": "GeneralUser", "password": "short", "again": "short"}
    assert "at least 8" in text_of(browser.post("/rps/users", fields))
    fields |= {"password": "longer-one", "again": "longer-two"}
    assert "repeated" in text_of(browser.post("/rps/users", fields))
    fields |= {"again": "longer-one"}
    assert browser.post("/rps/users", {**fields, "role": "Emperor"}).status == 422
    assert browser.post("/rps/users", {**fields, "name": "<b>"}).status == 422
    browser.post("/rps/users", fields)
    ann = Visitor(device)
    ann.log_in("ann", "longer-one")
    assert ann.get("/rps/").status == 200
    assert ann.get("/rps/users").status == 403
    browser.post("/rps/users", {**fields, "role": "Administrator"})
    assert ann.get("/rps/").status == 302, "a changed user logs in again"
    browser.post("/rps/users/delete", {"name": "ann"})
    assert device.users.names() == ["Administrator"]
    assert browser.post("/rps/users/delete", {"name": "Administrator"}).status == 422


def test_addresses_and_their_export() -> None:
    device = make_device()
    browser = visitor(device)
    mail = {"name": "Jürgen", "kind": "E-Mail", "destination": "j@example.org"}
    assert browser.post("/rps/addresses", {**mail, "destination": "nobody"}).status == 422
    browser.post("/rps/addresses", mail)
    share = {"name": "scans", "kind": "File", "destination": "\\\\server\\scans"}
    browser.post("/rps/addresses", {**share, "user": "scan", "password": "CanarySecret"})
    assert "CanarySecret" not in text_of(browser.get("/rps/addresses"))
    answer = browser.post("/rps/addresses/export", {})
    assert "abook.ldif" in header(answer, "content-disposition")
    assert b"\\\\server\\scans" in answer.body
    assert b"cn:: SsO8cmdlbg==" in answer.body
    assert b"CanarySecret" not in answer.body
    device.store.set("address-book.export-passwords", True, "test", "lab")
    assert b"CanarySecret" in browser.post("/rps/addresses/export", {}).body
    browser.post("/rps/addresses/delete", {"name": "scans"})
    assert len(device.addresses) == 1
    assert browser.post("/rps/addresses/delete", {"name": "scans"}).status == 422


def test_the_address_book_pin() -> None:
    device = make_device(settings={"address-book.pin": "1234"})
    browser = visitor(device)
    fields = {"name": "a", "kind": "Fax", "destination": "123"}
    for path in ("/rps/addresses", "/rps/addresses/delete", "/rps/addresses/export"):
        answer = browser.post(path, {**fields, "pin": "4321"})
        assert "PIN is wrong" in text_of(answer)
    assert device.journal.counts["failed_logins"] == 3
    browser.post("/rps/addresses", {**fields, "pin": "1234"})
    assert "a" in device.addresses


def test_a_new_key_takes_the_place_of_the_old_one() -> None:
    device = make_device()
    browser = visitor(device)
    before = text_of(browser.get("/rps/certificate"))
    assert text_of(browser.get("/rps/certificate")) == before
    browser.post("/rps/certificate/new", {})
    browser.get("/rps/certificate")
    assert text_of(browser.get("/rps/certificate")) != before


def test_the_audit_log_is_exported_over_tls_only() -> None:
    device = make_device()
    for tls in (False, True):
        answer = visitor(device, tls=tls).post("/rps/audit-log/export", {})
        assert (answer.status == 200) is tls
    rows = list(csv.reader(io.StringIO(answer.body.decode())))
    assert rows[-1][3:] == ["Export Audit Log", "no TLS", "NG"]


def test_the_audit_log_is_cleared_and_its_collection_stopped() -> None:
    device = make_device()
    browser = visitor(device)
    browser.post("/rps/audit-log/export", {"delete": "on"})
    assert operations(device) == [("Clear Audit Log", "OK")]
    browser.post("/rps/audit-log/collect", {"collect": "stop"})
    device.log.add(LogKind.AUDIT_LOG, "test", "Lost")
    browser.post("/rps/audit-log/collect", {"collect": "start"})
    names = [operation for operation, _ in operations(device)]
    assert names[1:] == ["Stop Audit Log Collection", "Start Audit Log Collection"]
    browser.post("/rps/audit-log/clear", {})
    assert operations(device) == [("Clear Audit Log", "OK")]


def test_the_service_has_one_visitor_and_its_own_password() -> None:
    clock = [0.0]
    device = make_device(clock=lambda: clock[-1], settings={"auth.auto-logout.time": 540})
    first, second = visitor(device), visitor(device)
    assert "wrong" in text_of(first.post("/sms/login", {"sms-password": "meapsmslogin"}))
    assert device.journal.counts["failed_logins"] == 1
    first.post("/sms/login", {"sms-password": "MeapSmsLogin"})
    assert "Practice Portal Service" in text_of(first.get("/sms/"))
    answer = second.post("/sms/login", {"sms-password": "MeapSmsLogin"})
    assert "Another user is logged in" in text_of(answer)
    assert "Practice Portal" not in text_of(second.get("/sms/"))
    clock.append(301.0)
    assert "Practice Portal" not in text_of(first.get("/sms/")), "five minutes idle"
    second.post("/sms/login", {"sms-password": "MeapSmsLogin"})
    assert "Practice Portal Service" in text_of(second.get("/sms/"))


def test_the_service_stops_and_starts_applications() -> None:
    device = make_device()
    browser = visitor(device)
    number = next(iter(device.applications)).id
    browser.post("/sms/applications", {"id": number, "status": "Stopped"})
    assert next(iter(device.applications)).status == "Started", "not logged in to the service"
    browser.post("/sms/login", {"sms-password": "MeapSmsLogin"})
    browser.post("/sms/applications", {"id": number, "status": "Stopped"})
    assert next(iter(device.applications)).status == "Stopped"
    expired = next(entry for entry in device.applications if entry.licence == "Invalid")
    answer = browser.post("/sms/applications", {"id": expired.id, "status": "Started"})
    assert "has expired" in text_of(answer)
    assert browser.post("/sms/applications", {"id": "?", "status": "Started"}).status == 422


@pytest.mark.parametrize(("new", "good"), [("short12", False), ("x" * 33, False), ("x" * 8, True)])
def test_the_services_password_has_8_to_32_characters(new: str, good: bool) -> None:
    device = make_device()
    browser = visitor(device)
    browser.post("/sms/login", {"sms-password": "MeapSmsLogin"})
    browser.post("/sms/password", {"new": new, "again": new})
    assert (device.store["sms.password"] == new) is good


def test_hostile_names_are_shown_as_text() -> None:
    device = make_device(settings={"device.name": "<script>x</script>", "device.location": "<i>"})
    device.log.add(LogKind.SECURITY_POLICY, "<img src=x>", "<b>", "<u>")
    browser = visitor(device)
    for path in ("/rps/", "/rps/audit-log", "/"):
        page = browser.get(path).body
        assert b"<script" not in page
        assert b"<img" not in page


def test_tools_of_the_real_device_find_their_pages() -> None:
    device = make_device(counters={101: 4711})
    browser = visitor(device)
    assert "iR=" in header(browser.get("/rps/nativetop.cgi?CorePGTAG=1"), "set-cookie")
    assert b'write_value("101",4711)' in browser.get("/rps/dcounter.cgi?CorePGTAG=14").body
    for name in ("jstatpri", "jlp", "jls", "jlf", "jlr", "jlsv", "bpbl", "asublist", "dstatus"):
        assert browser.get(f"/rps/{name}.cgi").status == 200


def test_a_restart_is_refused_while_busy() -> None:
    device = make_device()
    restarts: list[str] = []
    device.actions.restart = restarts.append
    browser = visitor(device)
    device.power.busy = True
    browser.post("/rps/restart", {})
    assert not restarts
    assert "busy" in text_of(browser.get("/rps/management"))
    device.power.busy = False
    browser.post("/rps/restart", {})
    assert restarts == ["Administrator"]
