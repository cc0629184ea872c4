"""`frisket lab send`, `fetch`, `lookup`, `clock` and `trust`, as a user types them."""

from __future__ import annotations

import asyncio
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path

import pikepdf
import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from tests.peers.pki import authority

from frisket.net.listen import listen_tcp, listen_udp
from frisket.proto.sntp.wire import SERVER, Packet, decode, encode

pytestmark = pytest.mark.xdist_group("lab")
HOST = "127.0.0.1"
ADDRESS = "127.0.1.1"


def run(lab: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "NO_COLOR": "1", "PYTHONWARNINGS": "error", "FRISKET_LAB": str(lab)}
    command = [sys.executable, "-m", "frisket.cli", "lab", *words]
    return subprocess.run(command, capture_output=True, text=True, env=env, timeout=60, check=False)


async def frisket(lab: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(run, lab, *words)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("o") / "lab"
    up = run(folder, "up", "--devices", "1", "--state", "factory")
    assert up.returncode == 0, up.stderr
    yield folder
    assert run(folder, "down").returncode == 0


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


async def test_a_scan_is_sent_encrypted(lab: Path) -> None:
    keeper = Keeper()
    server = await listen_tcp(HOST, 0, lambda: SMTP(keeper, hostname="lab.test", ident="x"))
    async with server:
        port = server.sockets[0].getsockname()[1]
        pairs = (f"smtp.send.server={HOST}:{port}", "send.encrypted-pdf.level=AES-128")
        assert (await frisket(lab, "set", ADDRESS, *pairs)).returncode == 0
        words = ("--to", "mailto:someone@lab.test", "--pages", "2", "--encrypt", "open sesame")
        done = await frisket(lab, "send", ADDRESS, *words)
    assert done.returncode == 0, done.stderr
    assert "2 pages sent" in done.stderr
    (mail,) = keeper.mails
    parts = message_from_bytes(mail).walk()
    pdf = next(p for p in parts if p.get_content_type() == "application/pdf")
    octets = pdf.get_payload(decode=True)
    assert isinstance(octets, bytes)
    assert octets.startswith(b"%PDF-1.6")
    with pikepdf.open(io.BytesIO(octets), password="open sesame") as document:
        assert len(document.pages) == 2
        assert not document.allow.extract


async def test_the_clock_is_set(lab: Path) -> None:
    def answer(data: bytes, _: tuple[str, int]) -> bytes:
        asked = decode(data).transmit
        later = asked + (90 << 32)
        good = Packet(SERVER, stratum=2, originate=asked, receive=later, transmit=later)
        return encode(good)

    server = listen_udp(HOST, 0, answer)
    pairs = (f"sntp.server={HOST}:{server.port}", "sntp.enabled=on")
    assert (await frisket(lab, "set", ADDRESS, *pairs)).returncode == 0
    done = await frisket(lab, "clock", ADDRESS)
    server.close()
    assert done.returncode == 0, done.stderr
    assert "clock moved by +9" in done.stderr or "clock moved by +8" in done.stderr


async def test_a_ca_is_registered(lab: Path, tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_bytes(authority("Our own CA").pem)
    done = await frisket(lab, "trust", ADDRESS, str(path))
    assert done.returncode == 0, done.stderr
    assert "CN=Our own CA" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("fetch", ADDRESS),
        ("lookup", ADDRESS, "alice"),
        ("clock", "127.9.9.9"),
        ("send", ADDRESS, "--to", "nobody"),
        ("send", ADDRESS, "--to", "smb://127.0.0.1:1/x"),
        ("send", ADDRESS, "--to", "mailto:a@b.test", "--pages", "0"),
        ("trust", ADDRESS, "/nonexistent"),
        ("trust", ADDRESS, __file__),
    ],
)
async def test_what_cannot_be_done_is_said_in_one_breath(lab: Path, words: tuple[str, ...]) -> None:
    done = await frisket(lab, *words)
    assert done.returncode == 2
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr
