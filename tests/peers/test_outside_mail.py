"""Mail that the virtual MFD sends, as Postfix takes it or its certificate is refused."""

from __future__ import annotations

import asyncio
import grp
import io
import os
import pwd
from collections.abc import Iterator, Mapping
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pikepdf
import pytest
from tests.lab import make_device
from tests.peers.pki import authority
from tests.peers.serving import open_folder, serving
from tests.unit.probe.lan import HOST, closed_port

from frisket.errors import Refused, TlsFailed
from frisket.mfd.address_book import Address, AddressKind
from frisket.mfd.auditlog import LogKind
from frisket.mfd.device import Device
from frisket.mfd.outside.attempt import OutsideFault
from frisket.mfd.outside.scan import Encryption, scan_and_send
from frisket.mfd.outside.trust import trust
from frisket.model.reading import Value

pytestmark = [
    pytest.mark.peer("postfix"),
    pytest.mark.skipif(os.geteuid() != 0, reason="Postfix starts as root only"),
    pytest.mark.xdist_group("postfix"),
]
TO = "mailto:someone@lab.test"


class Post:
    """A running Postfix that keeps what it gets for lab.test."""

    def __init__(self, folder: Path, port: int, ca: bytes) -> None:
        self.folder, self.port, self.ca = folder, port, ca

    def mails(self) -> list[Message]:
        files = (self.folder / "mail" / "box" / "new").glob("*")
        return [message_from_bytes(path.read_bytes()) for path in sorted(files)]

    async def next_mail(self, known: int) -> Message:

        async with asyncio.timeout(20):
            while len(self.mails()) <= known:
                await asyncio.sleep(0.05)
        return self.mails()[-1]


def configure(folder: Path, port: int, key: Path, certificate: Path) -> None:
    for name in ("etc", "queue", "data", "mail"):
        (folder / name).mkdir()
    os.chown(folder / "data", pwd.getpwnam("postfix").pw_uid, grp.getgrnam("postfix").gr_gid)
    os.chown(folder / "mail", 8, 8)
    settings = {
        "compatibility_level": "3.6",
        "queue_directory": folder / "queue",
        "data_directory": folder / "data",
        "inet_interfaces": HOST,
        "inet_protocols": "ipv4",
        "myhostname": "mail.lab.test",
        "mydestination": "",
        "virtual_mailbox_domains": "lab.test",
        "virtual_mailbox_base": folder / "mail",
        "virtual_mailbox_maps": "static:box/",
        "virtual_minimum_uid": 1,
        "virtual_uid_maps": "static:8",
        "virtual_gid_maps": "static:8",
        "smtpd_tls_cert_file": certificate,
        "smtpd_tls_key_file": key,
        "smtpd_tls_security_level": "may",
        "smtpd_relay_restrictions": "reject_unauth_destination",
        "smtpd_peername_lookup": "no",
        "maillog_file": "/dev/stdout",
    }
    lines = [f"{name} = {value}" for name, value in settings.items()]
    (folder / "etc" / "main.cf").write_text("\n".join(lines) + "\n")
    services = [
        f"{port} inet n - n - - smtpd",
        "pickup unix n - n 60 1 pickup",
        "cleanup unix n - n - 0 cleanup",
        "qmgr unix n - n 300 1 qmgr",
        "rewrite unix - - n - - trivial-rewrite",
        "bounce unix - - n - 0 bounce",
        "defer unix - - n - 0 bounce",
        "trace unix - - n - 0 bounce",
        "virtual unix - n n - - virtual",
        "proxymap unix - - n - - proxymap",
        "anvil unix - - n - 1 anvil",
        "tlsmgr unix - - n 1000? 1 tlsmgr",
        "postlog unix-dgram n - n - 1 postlogd",
    ]
    (folder / "etc" / "master.cf").write_text("\n".join(services) + "\n")


@pytest.fixture(scope="module")
def post() -> Iterator[Post]:
    with open_folder() as folder:
        ca = authority("The CA of the mail server")
        key, certificate = ca.issue(folder, "localhost")
        port = closed_port()
        configure(folder, port, key, certificate)
        command = ["postfix", "-c", str(folder / "etc"), "start-fg"]
        with serving(command, port, folder=folder):
            yield Post(folder, port, ca.pem)


def sender(
    post: Post, folder: Path, settings: Mapping[str, Value], host: str = "localhost"
) -> Device:
    values: dict[str, Value] = {
        "smtp.send.server": f"{host}:{post.port}",
        "smtp.send.sender": "mfd@lab.test",
    }
    return make_device(settings={**values, "audit-log.save": True, **settings}, folder=folder)


TLS = {"smtp.send.tls": True, "smtp.send.verify": True, "smtp.send.verify-cn": True}


def last(device: Device) -> tuple[LogKind, str, str]:
    entry = list(device.log)[-1]
    return entry.kind, entry.result, entry.detail


async def test_a_scan_arrives_over_tls_from_a_server_whose_ca_is_registered(
    post: Post, tmp_path: Path
) -> None:
    device = sender(post, tmp_path, TLS)
    before = device.counters.values[501]
    trust(device, post.ca, "test")
    known = len(post.mails())
    await scan_and_send(device, TO, 2, "alice")
    mail = await post.next_mail(known)
    assert "ESMTPS" in "".join(mail.get_all("Received", []))
    assert mail["From"] == "mfd@lab.test"
    attached = next(part for part in mail.walk() if part.get_content_type() == "application/pdf")
    octets = attached.get_payload(decode=True)
    assert isinstance(octets, bytes)
    with pikepdf.open(io.BytesIO(octets)) as pdf:
        assert len(pdf.pages) == 2
    assert device.counters.values[501] == before + 2
    kind, result, detail = last(device)
    assert (kind, result) == (LogKind.TRANSMISSION, "OK")
    assert "someone@lab.test" in detail


@pytest.mark.parametrize(
    ("host", "registered", "why"),
    [
        ("localhost", "nothing", "self-signed certificate in certificate chain"),
        ("localhost", "another", "certificate"),
        (HOST, "the right one", "IP address mismatch"),
    ],
)
async def test_a_certificate_that_does_not_hold_stops_the_mail_and_is_logged(
    post: Post, tmp_path: Path, host: str, registered: str, why: str
) -> None:
    device = sender(post, tmp_path, TLS, host)
    if registered != "nothing":
        ca = authority("Somebody else's CA").pem if registered == "another" else post.ca
        trust(device, ca, "test")
    known = len(post.mails())
    with pytest.raises(TlsFailed, match=why):
        await scan_and_send(device, TO, 1, "alice")
    kind, result, detail = last(device)
    assert (kind, result) == (LogKind.TRANSMISSION, "NG")
    assert "certificate is refused" in detail
    assert len(post.mails()) == known
    assert "outside_failures" in device.journal.counts


@pytest.mark.parametrize(
    "settings",
    [
        {"smtp.send.tls": True},
        {"smtp.send.tls": True, "smtp.send.verify": True},
        {"smtp.send.tls": False, "smtp.send.verify": True, "smtp.send.verify-cn": True},
    ],
)
async def test_what_is_not_asked_for_is_not_verified(
    post: Post, tmp_path: Path, settings: dict[str, bool]
) -> None:
    device = sender(post, tmp_path, settings, HOST)
    if settings.get("smtp.send.verify"):
        trust(device, post.ca, "test")
    known = len(post.mails())
    await scan_and_send(device, TO, 1, "alice")
    received = "".join((await post.next_mail(known)).get_all("Received", []))
    assert ("ESMTPS" in received) is settings["smtp.send.tls"]


async def test_a_server_without_login_does_not_get_the_mail_of_a_device_that_must_log_in(
    post: Post, tmp_path: Path
) -> None:
    login: dict[str, Value] = {
        "smtp.send.authentication": True,
        "smtp.send.user": "mfd",
        "smtp.send.password": "p",
    }
    device = sender(post, tmp_path, login)
    known = len(post.mails())
    with pytest.raises(OutsideFault, match="AUTH"):
        await scan_and_send(device, TO, 1, "alice")
    assert last(device)[1] == "NG"
    assert len(post.mails()) == known


async def test_what_postfix_will_not_relay_is_a_logged_failure(post: Post, tmp_path: Path) -> None:
    device = sender(post, tmp_path, {})
    with pytest.raises(OutsideFault, match="recipient: 5"):
        await scan_and_send(device, "mailto:someone@elsewhere.invalid", 1, "alice")
    assert last(device)[1] == "NG"


async def test_new_destinations_are_refused_where_they_are_limited(
    post: Post, tmp_path: Path
) -> None:
    device = sender(post, tmp_path, {"send.limit-new.email": True})
    known = len(post.mails())
    before = device.counters.values[501]
    with pytest.raises(OutsideFault, match="restricted"):
        await scan_and_send(device, TO, 1, "alice")
    assert last(device)[1] == "NG"
    assert device.counters.values[501] == before, "nothing was scanned for it"
    device.addresses.put(Address("Someone", AddressKind.EMAIL, "someone@lab.test"))
    await scan_and_send(device, "Someone", 1, "alice")
    await scan_and_send(device, TO, 1, "alice")
    await post.next_mail(known + 1)
    assert len(post.mails()) == known + 2


async def test_an_i_fax_is_a_tiff_and_never_encrypted(post: Post, tmp_path: Path) -> None:
    device = sender(post, tmp_path, {})
    with pytest.raises(OutsideFault, match="I-fax"):
        await scan_and_send(device, "ifax:someone@lab.test", 1, "alice", Encryption("secret"))
    known = len(post.mails())
    await scan_and_send(device, "ifax:someone@lab.test", 2, "alice")
    mail = await post.next_mail(known)
    assert [p.get_content_type() for p in mail.walk() if p.get_filename()] == ["image/tiff"]


async def test_a_silent_pop_server_keeps_the_mail_from_being_sent(
    post: Post, tmp_path: Path
) -> None:
    settings: dict[str, Value] = {
        "smtp.send.pop-before-smtp": True,
        "pop.server": f"{HOST}:{closed_port()}",
    }
    device = sender(post, tmp_path, settings)
    known = len(post.mails())
    with pytest.raises(Refused):
        await scan_and_send(device, TO, 1, "alice")
    assert len(post.mails()) == known
