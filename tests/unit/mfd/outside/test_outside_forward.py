"""Received documents that go on to a destination, are kept, or printed."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from tests.lab import make_device
from tests.unit.probe.lan import HOST, closed_port

from frisket.errors import SettingRefused
from frisket.mfd.address_book import Address, AddressKind
from frisket.mfd.auditlog import LogKind
from frisket.mfd.device import Device
from frisket.mfd.outside.forward import (
    ForwardingRule,
    forwarding_rules,
    put_rule,
    remove_rule,
    rule_for,
)
from frisket.mfd.outside.received import take_mail
from frisket.mfd.outside.scan import make_pdf, scan_pages
from frisket.mfd.ticket import Ticket
from frisket.model.reading import Value
from frisket.net.listen import listen_tcp


class Keeper:
    """Keeps the mails it is handed by aiosmtpd."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _: SMTP, __: Session, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes)
        self.mails.append(envelope.content)
        return "250 OK"


def device_with_rule(folder: Path, port: int, **settings: Value) -> Device:
    own: dict[str, Value] = {"smtp.send.server": f"{HOST}:{port}", "audit-log.save": True}
    device = make_device(settings={**own, **settings}, folder=folder)
    device.addresses.put(Address("Archive", AddressKind.EMAIL, "archive@lab.test"))
    put_rule(device, ForwardingRule("all", "Archive", sender="*@lab.test"), "test")
    return device


def fax(device: Device, sender: str = "sender@lab.test") -> bytes:
    mail = EmailMessage()
    mail["From"], mail["Subject"] = sender, "a fax"
    mail.set_content("see the attachment")
    pdf = make_pdf(scan_pages(device, 2))
    mail.add_attachment(pdf, maintype="application", subtype="pdf", filename="fax.pdf")
    return mail.as_bytes()


async def take(device: Device, mail: bytes) -> None:
    assert await take_mail(device, mail) == 1
    await device.jobs.settled()


@pytest.mark.parametrize(
    ("settings", "sender", "forwarded", "sheets", "kept"),
    [
        ({}, "sender@lab.test", 1, 0, 0),
        ({"forwarding.enabled": False}, "sender@lab.test", 0, 2, 0),
        ({"ifax.memory-lock": True}, "sender@lab.test", 0, 0, 1),
        ({}, "sender@elsewhere.test", 0, 2, 0),
    ],
)
async def test_a_rule_forwards_what_the_settings_let_it(
    tmp_path: Path,
    settings: dict[str, Value],
    sender: str,
    forwarded: int,
    sheets: int,
    kept: int,
) -> None:
    keeper = Keeper()
    server = await listen_tcp(HOST, 0, lambda: SMTP(keeper, hostname="lab.test", ident="x"))
    async with server:
        port = server.sockets[0].getsockname()[1]
        device = device_with_rule(tmp_path, port, **settings)
        await take(device, fax(device, sender))
    assert len(keeper.mails) == forwarded
    assert device.journal.counts["sheets"] == sheets
    assert sum(device.jobs.boxes.counts().values()) == kept
    sent = [e for e in device.log if e.operation == "Forward" and e.kind is LogKind.TRANSMISSION]
    assert bool(sent) is bool(forwarded)
    assert all(e.result == "OK" for e in sent)


@pytest.mark.parametrize(("handled", "sheets", "kept"), [(True, 0, 1), (False, 2, 0)])
async def test_what_cannot_be_forwarded_is_kept_or_printed(
    tmp_path: Path, *, handled: bool, sheets: int, kept: int
) -> None:
    settings: dict[str, Value] = {"fax.handle-forwarding-errors": handled}
    device = device_with_rule(tmp_path, closed_port(), **settings)
    await take(device, fax(device))
    assert device.journal.counts["sheets"] == sheets
    assert sum(device.jobs.boxes.counts().values()) == kept
    assert "NG" in {e.result for e in device.log if e.operation == "Forward"}


def test_rules_are_remembered_and_go_to_registered_destinations_only(tmp_path: Path) -> None:
    device = device_with_rule(tmp_path, 1)
    put_rule(device, ForwardingRule("fax", "Archive", via="fax"), "test")
    with pytest.raises(SettingRefused):
        put_rule(device, ForwardingRule("leak", "spy@elsewhere.invalid"), "test")
    with pytest.raises(SettingRefused):
        remove_rule(device, "leak", "test")
    remove_rule(device, "all", "test")
    assert [rule.name for rule in forwarding_rules(device)] == ["fax"]
    assert rule_for(device, Ticket(via="ifax", user="sender@lab.test")) is None
    assert rule_for(device, Ticket(via="fax", user="5551234")) is not None


@pytest.mark.parametrize(
    "mail",
    [
        b"",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + b"--x\r\n" * 500,
        b"Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!",
        b"Content-Type: application/pdf\r\n\r\nMZ is no PDF",
        b"From: =?utf-8?b?////?=\r\nSubject: =?x?q?=ff?=\r\nContent-Type: text/plain\r\n\r\n  ",
    ],
)
async def test_odd_mails_hold_nothing(mail: bytes) -> None:
    device = make_device(settings={"audit-log.save": True})
    assert await take_mail(device, mail, texts=True) == 0
    assert list(device.log)[-1].result == "NG"


async def test_a_mail_of_words_is_printed_only_where_that_is_asked(tmp_path: Path) -> None:
    device = make_device(folder=tmp_path)
    mail = b"From: a@b.test\r\n\r\nonly words\r\n"
    assert await take_mail(device, mail) == 0
    assert await take_mail(device, mail, texts=True) == 1
    await device.jobs.settled()
    assert device.journal.counts["sheets"] == 1
