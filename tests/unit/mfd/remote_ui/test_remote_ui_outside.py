"""CA certificates and forwarding rules, as an administrator sets them in a browser."""

from __future__ import annotations

from pathlib import Path

from tests.lab import make_device
from tests.peers.pki import authority
from tests.remote_ui import text_of, visitor

from frisket.mfd.address_book import Address, AddressKind
from frisket.mfd.outside.forward import ForwardingRule, forwarding_rules
from frisket.mfd.outside.trust import trusted
from frisket.mfd.users import Role


def test_ca_certificates_are_registered_listed_and_deleted(tmp_path: Path) -> None:
    device = make_device(settings={"audit-log.save": True}, folder=tmp_path)
    browser = visitor(device)
    assert "No CA certificate" in text_of(browser.get("/rps/authorities"))
    assert browser.upload("/rps/authorities", {}, authority("Our CA").pem).status == 302
    assert "CN=Our CA" in text_of(browser.get("/rps/authorities"))
    assert browser.upload("/rps/authorities", {}, b"nonsense").status == 422
    assert browser.post("/rps/authorities/delete", {"name": "../tls"}).status == 422
    (name,) = trusted(device)
    assert browser.post("/rps/authorities/delete", {"name": name}).status == 302
    assert not trusted(device)
    said = [entry.operation for entry in device.log]
    assert said[-2:] == ["Register CA Certificate", "Delete CA Certificate"]


def test_forwarding_rules_are_registered_listed_and_deleted(tmp_path: Path) -> None:
    device = make_device(folder=tmp_path)
    browser = visitor(device)
    assert "address book" in text_of(browser.get("/rps/forwarding"))
    device.addresses.put(Address("Archive", AddressKind.EMAIL, "archive@lab.test"))
    rule = {"name": "all", "kind": "I-Fax", "sender": "*@lab.test", "destination": "Archive"}
    assert browser.post("/rps/forwarding", rule).status == 302
    assert forwarding_rules(device) == (ForwardingRule("all", "Archive", "ifax", "*@lab.test"),)
    assert "*@lab.test" in text_of(browser.get("/rps/forwarding"))
    assert browser.post("/rps/forwarding", {**rule, "destination": "spy"}).status == 422
    assert browser.post("/rps/forwarding/delete", {"name": "other"}).status == 422
    assert browser.post("/rps/forwarding/delete", {"name": "all"}).status == 302
    assert not forwarding_rules(device)


def test_nobody_else_may_see_or_set_them(tmp_path: Path) -> None:
    device = make_device(folder=tmp_path)
    browser = visitor(device, Role.GENERAL)
    for path in ("/rps/authorities", "/rps/forwarding"):
        assert browser.get(path).status == 403
        assert browser.post(path, {"name": "x"}).status == 403


def test_initializing_forgets_both(tmp_path: Path) -> None:
    device = make_device(folder=tmp_path)
    browser = visitor(device)
    device.addresses.put(Address("Archive", AddressKind.EMAIL, "archive@lab.test"))
    browser.get("/rps/forwarding")
    browser.post("/rps/forwarding", {"name": "all", "destination": "Archive"})
    browser.upload("/rps/authorities", {}, authority("Our CA").pem)
    assert forwarding_rules(device)
    browser.post("/rps/data/initialize", {"sure": "on"})
    assert not forwarding_rules(device)
    assert not trusted(device)
