"""The mail route over Postfix and Dovecot: reports arrive once, receipts come back, junk goes."""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from itertools import count
from pathlib import Path

import pytest
from tests.lab import running_device
from tests.loop.test_collector_chaos import until
from tests.loop.test_collector_gateway import real
from tests.peers.pki import authority
from tests.peers.serving import open_folder, serving
from tests.peers.test_outside_mail import configure
from tests.peers.test_outside_pop import configuration
from tests.unit.probe.lan import HOST, closed_port
from tests.unit.telemetry.collector.gateways import Gateway
from tests.unit.telemetry.collector.test_uplink import Line
from tests.unit.telemetry.collector.test_uplink import count as news

from frisket.errors import TlsFailed
from frisket.net.post import MailRefused, MailServer, Security, send_mail
from frisket.telemetry.batch import Kind as Told
from frisket.telemetry.collector.backoff import Backoff
from frisket.telemetry.collector.mail import MailUplink
from frisket.telemetry.collector.orders import Orders
from frisket.telemetry.collector.outbox import Outbox
from frisket.telemetry.envelope import Kind, open_envelope
from frisket.telemetry.gateway_mail import Mailbox, Reply, visit_mailbox
from frisket.telemetry.mail_settings import MailPlan, read_mailbox, read_plan
from frisket.telemetry.mailing import envelope_mail

pytestmark = [
    pytest.mark.peer("postfix"),
    pytest.mark.peer("dovecot-pop3d"),
    pytest.mark.skipif(os.geteuid() != 0, reason="Postfix starts as root only"),
    pytest.mark.xdist_group("postfix"),
]
_users = count(1)
_PATHS = {Kind.BATCH: "batches", Kind.RENEW: "renew", Kind.ORDERS: "orders"}


@dataclass(frozen=True)
class Post:
    """A Postfix that delivers to a Dovecot; every user has the password `poppass1`."""

    folder: Path
    smtp: int
    pop: int
    ca: bytes

    def user(self) -> str:
        """Return a user whose mailbox is empty."""
        return f"user{next(_users)}"

    def server(self, port: int, user: str = "", ca: bytes = b"") -> MailServer:
        password = "poppass1" if user else ""
        pem = (ca or self.ca).decode()
        return MailServer("localhost", port, Security.STARTTLS, user, password, pem)

    def count(self, user: str) -> int:
        box = self.folder / "mail" / user
        return sum(1 for name in ("new", "cur") for _ in (box / name).glob("*"))

    async def arrived(self, user: str, number: int) -> None:
        async with asyncio.timeout(20):
            while self.count(user) < number:
                await asyncio.sleep(0.05)


@pytest.fixture(scope="module")
def post() -> Iterator[Post]:
    with open_folder() as folder, open_folder() as other:
        ca = authority("The CA of the post office")
        key, certificate = ca.issue(folder, "localhost")
        smtp, pop = closed_port(), closed_port()
        configure(folder, smtp, key, certificate)
        (folder / "boxes").write_text(
            "".join(f"user{n}@lab.test user{n}/\n" for n in range(1, 100))
        )
        with (folder / "etc" / "main.cf").open("a") as file:
            file.write(f"virtual_mailbox_maps = texthash:{folder}/boxes\n")
            file.write("smtpd_tls_auth_only = yes\n")
        (other / "run").mkdir()
        settings = configuration(other, pop, key, certificate)
        settings = settings.replace(f"{other}/mail", f"{folder}/mail")
        settings = settings.replace("disable_plaintext_auth = no", "disable_plaintext_auth = yes")
        (other / "dovecot.conf").write_text(settings)
        with (
            serving(["postfix", "-c", str(folder / "etc"), "start-fg"], smtp, folder=folder),
            serving(["dovecot", "-F", "-c", str(other / "dovecot.conf")], pop, folder=other),
        ):
            yield Post(folder, smtp, pop, ca.pem)


class Route:
    """A collector and a gateway that see each other by mail only."""

    def __init__(self, post: Post, folder: Path) -> None:
        self.post = post
        self.ours, self.theirs = post.user(), post.user()
        self.gateway = Gateway()
        self.line = Line(folder, self.gateway)
        plan = MailPlan(
            post.server(post.smtp),
            post.server(post.pop, self.ours),
            f"{self.ours}@lab.test",
            f"{self.theirs}@lab.test",
        )
        self.orders: list[Orders] = []
        self.uplink = MailUplink(
            *(self.line.keeper, self.line.exchange, plan, Outbox(folder), folder / "aside"),
            Backoff(random.Random(1)),
            self.line.want,
            self.take,
            self.line.said.append,
        )
        sender = f"{self.theirs}@lab.test"
        pop = post.server(post.pop, self.theirs)
        self.mailbox = Mailbox(pop, folder / "junk", post.server(post.smtp), sender)
        self.away = False

    async def take(self, orders: Orders) -> None:
        self.orders.append(orders)

    async def receive(self, octets: bytes) -> Reply:
        if self.away:
            return Reply(503)
        path = _PATHS[open_envelope(octets).kind]
        answer = self.gateway.handle(path, octets)
        return Reply(answer.status, answer.body, answer.headers.get("frisket-signature", ""))

    async def visit(self) -> tuple[int, int, int]:
        """Let the gateway read its mailbox: how many it took, put aside and left."""
        visited = await visit_mailbox(self.mailbox, self.receive, lambda: 1_800_000_000.0)
        return visited.taken, visited.junk, visited.left

    def values(self) -> list[int]:
        return self.line.arrived()


@pytest.fixture
def route(post: Post, tmp_path: Path) -> Route:
    return Route(post, tmp_path)


async def test_reports_arrive_and_receipts_come_back(route: Route) -> None:
    await route.line.keep(*(news(0, n) for n in range(1200)))
    route.gateway.full, route.gateway.orders = ["device-0"], {"version": 4, "devices": ["10.0.0.9"]}
    assert await route.uplink.send_all() == 3, "the question for orders, and two batches"
    await route.post.arrived(route.theirs, 3)
    assert route.line.spool.depth == 1200, "nothing goes before the receipt"
    assert await route.visit() == (3, 0, 0)
    assert route.values() == list(range(1200))
    assert route.post.count(route.theirs) == 0
    await route.post.arrived(route.ours, 3)
    assert await route.uplink.send_all() == 0
    assert route.line.spool.depth == 0
    assert route.line.wanted[0] == "device-0"
    assert route.orders[0].devices == ["10.0.0.9"]
    assert (route.post.count(route.ours), route.uplink.outbox.posted()) == (0, [])


async def test_junk_goes_aside_and_keeps_no_report_out(route: Route) -> None:
    await route.line.keep(news(0, 1))
    await route.uplink.send_all()
    spam = EmailMessage()
    spam["From"], spam["To"], spam["Subject"] = "a@b.test", f"{route.theirs}@lab.test", "Win"
    spam.set_content("free toner " * 1000)
    stranger = Line(route.line.folder / "stranger", Gateway())
    envelope = stranger.exchange.sealed(Kind.BATCH, b"whatever")
    forged = envelope_mail(envelope, sender="a@b.test", to=f"{route.theirs}@lab.test", at=1.8e9)
    for mail in (spam, forged):
        await send_mail(route.post.server(route.post.smtp), mail)
    await route.post.arrived(route.theirs, 4)
    assert await route.visit() == (2, 2, 0)
    assert route.values() == [1]
    assert route.post.count(route.theirs) == 0
    assert len(list(route.mailbox.aside.iterdir())) == 2


async def test_a_mail_stays_while_the_gateway_cannot_take_it(route: Route) -> None:
    await route.line.keep(news(0, 1), news(0, 2))
    await route.uplink.send_all()
    await route.post.arrived(route.theirs, 2)
    route.away = True
    assert await route.visit() == (0, 0, 2)
    assert route.post.count(route.theirs) == 2
    route.away = False
    assert await route.visit() == (2, 0, 0)
    assert route.values() == [1, 2]


async def test_without_a_receipt_it_is_mailed_again_and_kept_once(route: Route) -> None:
    await route.line.keep(news(0, 1))
    await route.uplink.send_all()
    await route.post.arrived(route.theirs, 2)
    assert await route.visit() == (2, 0, 0)
    await route.post.arrived(route.ours, 2)
    shutil.rmtree(route.post.folder / "mail" / route.ours)  # the receipts are lost
    await route.line.keep(news(0, 2))
    assert await route.uplink.send_all() == 1
    route.line.clock.pass_by(86_500)
    assert await route.uplink.send_all() == 2, "both records in one batch, and the orders"
    await route.post.arrived(route.theirs, 3)
    await route.visit()
    assert route.values() == [1, 2]
    await route.post.arrived(route.ours, 3)
    await route.uplink.send_all()
    assert route.line.spool.depth == 0
    assert [one.seq for one in route.gateway.told(Told.CHANGE)] == [1, 2]


async def test_a_certificate_is_renewed_by_mail(route: Route) -> None:
    before = route.line.exchange.identity.certificate
    route.line.clock.pass_by(500_000)
    await route.uplink.send_all()
    await route.post.arrived(route.theirs, 2)
    await route.visit()
    await route.post.arrived(route.ours, 2)
    await route.uplink.send_all()
    assert route.line.exchange.identity.certificate != before
    assert not route.line.exchange.renewal_due


async def test_a_forged_receipt_empties_nothing(route: Route) -> None:
    await route.line.keep(news(0, 1))
    await route.uplink.send_all()
    await route.post.arrived(route.theirs, 2)
    impostor = Gateway()
    honest, route.gateway.authority = route.gateway.authority, impostor.authority
    taken = route.gateway._said

    def believed(path: str, body: bytes) -> object:
        route.gateway.authority = honest
        try:
            return taken(path, body)
        finally:
            route.gateway.authority = impostor.authority

    route.gateway._said = believed  # type: ignore[method-assign,assignment]
    await route.visit()
    await route.post.arrived(route.ours, 2)
    await route.uplink.send_all()
    assert route.line.spool.depth == 1
    assert any("not the gateway's" in said for said in route.line.said)


async def test_another_authority_at_the_mail_server_stops_the_report(route: Route) -> None:
    other = authority("Somebody else's CA").pem
    await route.line.keep(news(0, 1))
    for server in (route.post.server(route.post.smtp, ca=other),):
        with pytest.raises(TlsFailed, match="certificate"):
            await send_mail(server, EmailMessage())
    wrong = route.post.server(route.post.pop, "nobody", ca=other)
    with pytest.raises(TlsFailed, match="certificate"):
        await visit_mailbox(Mailbox(wrong, route.line.folder), route.receive, lambda: 0.0)


async def test_a_wrong_password_is_told_and_deletes_nothing(route: Route) -> None:
    await route.line.keep(news(0, 1))
    await route.uplink.send_all()
    await route.post.arrived(route.theirs, 2)
    pop = MailServer(
        "localhost",
        route.post.pop,
        Security.STARTTLS,
        route.theirs,
        "wrong",
        route.post.ca.decode(),
    )
    with pytest.raises(MailRefused, match="login"):
        await visit_mailbox(Mailbox(pop, route.line.folder), route.receive, lambda: 0.0)
    assert route.post.count(route.theirs) == 2


async def run(*words: str | Path) -> tuple[int, str]:
    """Run a verb to its end."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "frisket.cli", *map(str, words)),
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


def settings(post: Post, folder: Path, user: str, to: str = "") -> Path:
    (folder / "ca.pem").write_bytes(post.ca)
    path = folder / f"{user}.toml"
    path.write_text(
        f'from = "{user}@lab.test"\n' + f'to = "{to}@lab.test"\n' * bool(to) +
        f'[smtp]\nhost = "localhost"\nport = {post.smtp}\nca = "ca.pem"\n'
        f'[pop]\nhost = "localhost"\nport = {post.pop}\nca = "ca.pem"\n'
        f'user = "{user}"\npassword = "poppass1"\n'
    )  # fmt: skip
    path.chmod(0o600)
    return path


@pytest.mark.timeout(240)
async def test_the_two_programs_by_mail_alone(post: Post, tmp_path: Path) -> None:
    """`frisket collect --mail` and `frisket gateway --mailbox`, enrolled by HTTPS once."""
    ours, theirs, data = post.user(), post.user(), tmp_path / "data"
    async with (
        running_device(services=["snmp"], serial="MAIL0001") as (device, _),
        real(tmp_path / "gateway", {"devices": [device.address]}) as made,
    ):
        await made.start_gateway()
        url = f"https://localhost:{made.port}"
        token = ("--token-file", made.folder / "token")
        enrolment = ("collect", "--gateway", url, "--site", "here", *token, "--data", data)
        code, said = await run(*enrolment, "--once", "--scope", tmp_path / "scope")
        assert code == 2, "no scope: nothing was polled, but it is enrolled"
        assert (data / "collector.json").exists()
        await made.kill_gateway()  # from here on there is no HTTPS
        plan = settings(post, tmp_path, ours, theirs)
        once = ("collect", "--data", data, "--once", "--mail", plan, "--pace", "0", device.address)
        code, said = await run(*once)
        assert code == 0, said
        await post.arrived(theirs, 2)
        made.mailbox = settings(post, tmp_path, theirs)
        await made.start_gateway()
        await until(lambda: made.latest() == [device.counters.values[102]])
        await post.arrived(ours, 2)
        code, said = await run(*once)
        assert code == 0, said
        code, said = await run("collect", "status", "--data", data, "--format", "json")
        found = json.loads(said)
        assert found["last acknowledgement"]
        assert not post.count(ours)
        known = json.loads((data / "orders.json").read_text())
        assert known["devices"] == [device.address], "orders came by mail, too"


def test_settings_with_passwords_are_for_one_persons_eyes(tmp_path: Path) -> None:
    path = tmp_path / "mail.toml"
    path.write_text(
        'from = "site@example.com"\nto = "gateway@example.com"\n'
        '[smtp]\nhost = "smtp.example.com"\nuser = "u"\npassword = "p"\n'
        '[pop]\nhost = "pop.example.com"\nsecurity = "tls"\n'
    )
    path.chmod(0o644)
    with pytest.raises(Exception, match="others may read"):
        read_plan(path)
    path.chmod(0o600)
    plan = read_plan(path)
    assert (plan.smtp.port, plan.pop.port, plan.smtp.password) == (587, 995, "p")
    assert "p)" not in repr(plan.smtp)
    path.write_text(f'from = "g@example.com"\n[pop]\nhost = "{HOST}"\n')
    assert read_mailbox(path, tmp_path).pop.port == 110
