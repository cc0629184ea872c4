"""Alerts reach real receivers, once each: rsyslog over TLS, Postfix, webhooks, apprise."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.browser.reports import reported
from tests.peers.pki import authority
from tests.peers.serving import open_folder, serving
from tests.peers.test_outside_mail import configure
from tests.peers.test_outside_syslog import Collector, collector
from tests.unit.probe.lan import closed_port

from frisket.audit.load import load_content
from frisket.fleet.alert_secrets import rewrap_secrets, seal_secret
from frisket.fleet.alert_sending import Alarming, check_channel
from frisket.fleet.crew import Crew
from frisket.fleet.equipped import Equipment
from frisket.fleet.keys import open_keys
from frisket.store.alerting import Alerting
from frisket.store.database import Database, open_database

__all__ = ["collector"]
HOSTILE = "x\n<0>1 - evil | act=none =2+2\x1b[31m"
SECRET = "a secret of some length"
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Alarm:
    """A store with devices whose toner is low, and the crew that tells of it."""

    def __init__(self, folder: Path) -> None:
        self.now = NOW
        self.database: Database = open_database(f"sqlite:///{folder / 'alerts.db'}")
        self.database.upgrade()
        reported(self.database, NOW, days=2, count=1, hostile=HOSTILE)
        keys = open_keys(folder, {})
        self.equipment = Equipment(self.database, keys, lambda: self.now)
        self.equipment.ready()
        self.crew = Crew(
            self.database,
            load_content(),
            lambda: self.now,
            lambda topic, what: None,
            equipment=self.equipment,
        )
        self.store = Alerting(self.database)
        self.alarming = Alarming(self.crew)

    def channel(self, kind: str, document: dict[str, Any], secret: str = "") -> int:
        kept = check_channel(kind, document, secret)
        sealed = seal_secret(self.database, kind, secret)
        return self.store.add_channel(kind, kind, kept, sealed, NOW)

    def rule(self, *channels: int) -> None:
        table = {"signal": "supply", "limit": 99, "back": 99, "channels": list(channels)}
        self.store.add_rule("Toner is low", {**table, "severity": "critical"}, "ann", NOW)

    def deliver(self) -> list[str]:
        waiting = self.alarming.look(NOW.isoformat())
        return [self.alarming.deliver(number) for number in waiting]


@pytest.fixture
def alarm(tmp_path: Path) -> Iterator[Alarm]:
    made = Alarm(tmp_path)
    yield made
    made.database.close()


@contextmanager
def receiver(folder: Path, status: list[int], *, tls: bool) -> Iterator[tuple[int, str, list[Any]]]:
    """Serve HTTP on a free port; give the port, the authority and what was posted."""
    heard: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            heard.append((self.path, dict(self.headers), body))
            self.send_response(status.pop(0) if status else 200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    ca = authority("The CA of the receiver")
    if tls:
        key, certificate = ca.issue(folder, "localhost")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1], ca.pem.decode(), heard
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_webhook_is_signed_tried_again_and_told_once(alarm: Alarm, tmp_path: Path) -> None:
    with receiver(tmp_path, [503], tls=True) as (port, ca, heard):
        url = f"https://localhost:{port}/hook?x=1"
        alarm.rule(alarm.channel("webhook", {"url": url, "ca": ca}, SECRET))
        assert alarm.deliver() == ["failed"]
        assert alarm.deliver() == ["waits"]
        alarm.now += timedelta(minutes=3)
        rewrap_secrets(alarm.database, alarm.equipment.keys.add())
        assert alarm.deliver() == ["delivered"]
        assert alarm.deliver() == []
    assert [path for path, _, _ in heard] == ["/hook?x=1"] * 2
    _, headers, body = heard[-1]
    stamp = headers["x-frisket-timestamp"].encode()
    wanted = hmac.new(SECRET.encode(), stamp + b"." + body, hashlib.sha256).hexdigest()
    assert headers["x-frisket-signature"] == f"sha256={wanted}"
    assert heard[0][1]["x-frisket-delivery"] == headers["x-frisket-delivery"]
    told = json.loads(body)
    assert (told["rule"], told["change"], told["severity"]) == (
        "Toner is low",
        "raised",
        "critical",
    )
    [notice] = alarm.store.told(None)
    assert SECRET not in repr(notice)
    assert SECRET not in repr(alarm.store.channels())


def test_a_webhook_of_another_authority_is_told_nothing(alarm: Alarm, tmp_path: Path) -> None:
    with receiver(tmp_path, [], tls=True) as (port, _, heard):
        other = authority("Another").pem.decode()
        url = f"https://localhost:{port}/hook"
        alarm.rule(alarm.channel("webhook", {"url": url, "ca": other}, SECRET))
        assert alarm.deliver() == ["failed"]
    assert heard == []
    [notice] = alarm.store.told(None)
    assert "certificate" in notice.fault


# The library still tries a module that Python 3.13 has no more.
@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
def test_a_service_is_told_by_its_url(alarm: Alarm, tmp_path: Path) -> None:
    with receiver(tmp_path, [], tls=False) as (port, _, heard):
        alarm.rule(alarm.channel("apprise", {}, f"json://127.0.0.1:{port}/alerts"))
        assert alarm.deliver() == ["delivered"]
    [(_, _, body)] = heard
    told = json.loads(body)
    assert told["title"].startswith("Critical: Toner is low: Black toner")
    assert "\x1b" not in told["message"]


@pytest.mark.peer("rsyslog")
@pytest.mark.peer("rsyslog-gnutls")
@pytest.mark.xdist_group("rsyslog")
async def test_rsyslog_reads_what_is_told(alarm: Alarm, collector: Collector) -> None:
    place = {"host": "localhost", "port": str(collector.secure), "ca": collector.ca.decode()}
    alarm.rule(alarm.channel("syslog", place), alarm.channel("cef", place))
    assert await asyncio.to_thread(alarm.deliver) == ["delivered", "delivered"]
    plain = await collector.about("Critical: Toner is low")
    assert (plain["app"], plain["msgid"], plain["pri"]) == ("frisket", "ALERT", "130")
    assert plain["sd"].startswith('[frisket@32473 id="1" rule="Toner is low" signal="supply"')
    cef = await collector.about("CEF:0|Frisket|Frisket|1|supply|Toner is low raised|9|")
    assert "act\\=none" in cef["msg"]
    assert cef["msg"].endswith("act=raised")
    # The device's name holds a line break and a message of its own: it has become no message.
    assert not [m for m in collector.messages() if m["app"] != "frisket"]


@pytest.mark.peer("postfix")
@pytest.mark.skipif(os.geteuid() != 0, reason="Postfix starts as root only")
@pytest.mark.xdist_group("postfix")
def test_postfix_takes_one_mail(alarm: Alarm) -> None:
    with open_folder() as folder:
        ca = authority("The CA of the post office")
        key, certificate = ca.issue(folder, "localhost")
        port = closed_port()
        configure(folder, port, key, certificate)
        (folder / "boxes").write_text("ann@lab.test ann/\n")
        with (folder / "etc" / "main.cf").open("a") as file:
            file.write(f"virtual_mailbox_maps = texthash:{folder}/boxes\n")
        with serving(["postfix", "-c", str(folder / "etc"), "start-fg"], port, folder=folder):
            place = {"host": "localhost", "port": str(port), "ca": ca.pem.decode()}
            people = {"to": "ann@lab.test", "sender": "frisket@lab.test"}
            alarm.rule(alarm.channel("mail", {**place, **people}))
            assert alarm.deliver() == ["delivered"]
            assert alarm.deliver() == []
            box = folder / "mail" / "ann" / "new"
            with asyncio.Runner() as runner:
                runner.run(_arrived(box))
            [mail] = [
                message_from_bytes(f.read_bytes(), policy=policy.default) for f in box.iterdir()
            ]
    assert mail["Subject"].startswith("Critical: Toner is low: Black toner")
    assert "\x1b" not in mail.get_content()
    assert mail["Auto-Submitted"] == "auto-generated"


async def _arrived(box: Path) -> None:
    async with asyncio.timeout(20):
        while not (box.is_dir() and any(box.iterdir())):
            await asyncio.sleep(0.05)
