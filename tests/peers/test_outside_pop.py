"""Mail that the virtual MFD fetches from Dovecot, or refuses to, by its certificate."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from itertools import count
from pathlib import Path

import pytest
from tests.lab import make_device, running_device
from tests.peers.pki import authority
from tests.peers.serving import open_folder, serving
from tests.unit.probe.lan import HOST, closed_port

from frisket.errors import TlsFailed
from frisket.mfd.auditlog import LogKind
from frisket.mfd.device import Device
from frisket.mfd.outside.attempt import OutsideFault
from frisket.mfd.outside.mailbox import log_in_first
from frisket.mfd.outside.pop import Fetched, fetch
from frisket.mfd.outside.scan import make_pdf, scan_pages
from frisket.mfd.outside.trust import trust
from frisket.model.reading import Value

pytestmark = [
    pytest.mark.peer("dovecot-pop3d"),
    pytest.mark.skipif(os.geteuid() != 0, reason="Dovecot gives up rights it must have"),
    pytest.mark.xdist_group("dovecot"),
]
_users = count(1)


@dataclass(frozen=True, slots=True)
class Post:
    """A running Dovecot: every user has the password `poppass1` and a mailbox here."""

    folder: Path
    port: int
    ca: bytes

    def put(self, user: str, *mails: EmailMessage) -> Path:
        box = self.folder / "mail" / user
        for name in ("cur", "new", "tmp"):
            (box / name).mkdir(parents=True, exist_ok=True)
        for number, mail in enumerate(mails):
            (box / "new" / f"{number}.mail").write_bytes(mail.as_bytes())
        for path in (box, *box.rglob("*")):
            shutil.chown(path, "mail", "mail")
        return box

    def left(self, user: str) -> int:
        box = self.folder / "mail" / user
        return sum(1 for name in ("new", "cur") for _ in (box / name).glob("*"))


def configuration(folder: Path, port: int, key: Path, certificate: Path) -> str:
    return f"""
base_dir = {folder}/run
instance_name = pop
log_path = {folder}/log
protocols = pop3
listen = {HOST}
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
disable_plaintext_auth = no
auth_mechanisms = plain apop
first_valid_uid = 1
mail_location = maildir:{folder}/mail/%u
passdb {{
  driver = static
  args = password=poppass1
}}
userdb {{
  driver = static
  args = uid=mail gid=mail home={folder}/mail/%u
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {port}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
auth_failure_delay = 0
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""


@pytest.fixture(scope="module")
def post() -> Iterator[Post]:
    with open_folder() as folder:
        ca = authority("The CA of the mailbox")
        key, certificate = ca.issue(folder, "localhost")
        port = closed_port()
        (folder / "run").mkdir()
        (folder / "mail").mkdir()
        shutil.chown(folder / "mail", "mail", "mail")
        path = folder / "dovecot.conf"
        path.write_text(configuration(folder, port, key, certificate))
        with serving(["dovecot", "-F", "-c", str(path)], port, folder=folder):
            yield Post(folder, port, ca.pem)


def settings_for(post: Post, user: str, more: Mapping[str, Value]) -> dict[str, Value]:
    own: dict[str, Value] = {"pop.enabled": True, "pop.server": f"localhost:{post.port}"}
    own |= {"pop.user": user, "pop.password": "poppass1", "audit-log.save": True}
    return {**own, **more}


def fax(device: Device, sheets: int) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "sender@lab.test", "mfd@lab.test", "a fax"
    mail.set_content("see the attachment")
    pdf = make_pdf(scan_pages(device, sheets))
    mail.add_attachment(pdf, maintype="application", subtype="pdf", filename="fax.pdf")
    return mail


def note() -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "sender@lab.test", "only words"
    mail.set_content("words\n" * 5)
    return mail


TLS: Mapping[str, Value] = {"pop.tls": True, "pop.verify": True, "pop.verify-cn": True}


@pytest.mark.parametrize(
    "settings",
    [
        {"pop.authentication": "standard"},
        {"pop.authentication": "APOP"},
        {"pop.authentication": "POP AUTH"},
        TLS,
    ],
    ids=["standard", "APOP", "POP AUTH", "TLS"],
)
async def test_mails_are_printed_and_deleted(
    post: Post, tmp_path: Path, settings: dict[str, Value]
) -> None:
    user = f"user{next(_users)}"
    device = make_device(settings=settings_for(post, user, settings), folder=tmp_path)
    trust(device, post.ca, "test")
    post.put(user, fax(device, 3), note())
    before = device.counters.values[101]
    assert await fetch(device, "test") == Fetched(2, 2)
    await device.jobs.settled()
    assert post.left(user) == 0
    assert device.counters.values[101] == before + 4
    assert device.journal.counts["sheets"] == 4
    assert await fetch(device, "test") == Fetched(0, 0)
    device.jobs.close()


@pytest.mark.parametrize("registered", [False, True])
async def test_a_refused_certificate_leaves_the_mail_and_is_logged(
    post: Post, tmp_path: Path, *, registered: bool
) -> None:
    user = f"user{next(_users)}"
    values = settings_for(post, user, TLS)
    device = make_device(settings=values, folder=tmp_path)
    if registered:
        trust(device, authority("Somebody else's CA").pem, "test")
    post.put(user, note())
    with pytest.raises(TlsFailed, match="certificate"):
        await fetch(device, "test")
    entry = list(device.log)[-1]
    assert (entry.kind, entry.result) == (LogKind.TRANSMISSION, "NG")
    assert "certificate is refused" in entry.detail
    assert post.left(user) == 1


async def test_a_wrong_password_is_said_once_and_logged(post: Post, tmp_path: Path) -> None:
    values = settings_for(post, "someone", {"pop.password": "wrong"})
    device = make_device(settings=values, folder=tmp_path)
    with pytest.raises(OutsideFault, match="login"):
        await fetch(device, "test")
    assert list(device.log)[-1].result == "NG"


async def test_logging_in_before_sending(post: Post, tmp_path: Path) -> None:
    device = make_device(settings=settings_for(post, "someone", TLS), folder=tmp_path)
    trust(device, post.ca, "test")
    await log_in_first(device)


async def test_memory_lock_keeps_what_was_fetched(post: Post, tmp_path: Path) -> None:
    user = f"user{next(_users)}"
    values = settings_for(post, user, {"ifax.memory-lock": True})
    device = make_device(settings=values, folder=tmp_path)
    post.put(user, fax(device, 1))
    assert await fetch(device, "test") == Fetched(1, 1)
    await device.jobs.settled()
    assert device.journal.counts["sheets"] == 0
    assert sum(device.jobs.boxes.counts().values()) == 1


async def test_mail_is_fetched_by_itself_while_an_interval_is_set(
    post: Post, tmp_path: Path
) -> None:
    user = f"user{next(_users)}"
    post.put(user, note())
    values = settings_for(post, user, {"pop.interval": 5})
    async with running_device(settings=values, services=["pop"], folder=tmp_path) as (device, host):
        assert host.ports() == {}
        async with asyncio.timeout(20):
            while post.left(user):
                await asyncio.sleep(0.05)
        await device.jobs.settled()
