"""Samba judges both sides: its server answers our questions, its client hears our answers."""

from __future__ import annotations

import secrets
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from frisket.proto.smb import names, wire
from frisket.proto.smb.names import Dialect, Status
from frisket.proto.smb.wire import Declined, Negotiated

MODERN = (
    Dialect.SMB_2_0_2,
    Dialect.SMB_2_1,
    Dialect.SMB_3_0,
    Dialect.SMB_3_0_2,
    Dialect.SMB_3_1_1,
)
ALL = {names.dialect_name(dialect) for dialect in MODERN}


@contextmanager
def samba(folder: Path, *settings: str) -> Iterator[int]:
    """Run smbd on a loopback port from a scratch folder until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    lines = ["[global]", "interfaces = 127.0.0.1", "bind interfaces only = yes"]
    lines += [f"smb ports = {port}", "disable netbios = yes", "netbios name = LAB", *settings]
    for option in ("private dir", "lock directory", "state directory", "cache directory"):
        lines.append(f"{option} = {folder}")
    lines += [f"pid directory = {folder}", f"ncalrpc dir = {folder / 'rpc'}"]
    lines += [f"log file = {folder / 'log'}", "load printers = no", "disable spoolss = yes"]
    (folder / "smb.conf").write_text("\n".join(lines) + "\n")
    program = shutil.which("smbd", path="/usr/sbin:/usr/bin") or "smbd"
    command = [program, "-F", "--no-process-group", "-s", str(folder / "smb.conf")]
    quiet = subprocess.DEVNULL
    # smbd ends its whole process group with itself, so it gets one of its own.
    with subprocess.Popen(
        command, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True
    ) as server:
        try:
            wait_for(port, server)
            yield port
        finally:
            server.terminate()


def wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert server.poll() is None, "smbd ended"
            assert time.monotonic() < deadline, "smbd does not listen"
            time.sleep(0.05)
        else:
            return


def ask(port: int, question: bytes) -> Negotiated | Declined | None:
    """Send one question; None when the server hangs up instead of answering."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(question)
        received = b""
        while True:
            try:
                more = line.recv(4096)
            except ConnectionResetError:
                more = b""
            received += more
            reply = wire.read_reply(received)
            if reply is not None or not more:
                return reply


def ask_2(port: int, *dialects: int) -> Negotiated | Declined | None:
    return ask(
        port,
        wire.ask_2(dialects, guid=secrets.token_bytes(16), salt=secrets.token_bytes(32)),
    )


def accepted(port: int) -> set[str]:
    """Ask for each dialect by itself."""
    found = set()
    for dialect in MODERN:
        reply = ask_2(port, dialect)
        if isinstance(reply, Negotiated):
            assert reply.dialect == dialect
            found.add(names.dialect_name(dialect))
        else:
            assert reply in (None, Declined(Status.NOT_SUPPORTED))
    if isinstance(ask(port, wire.ask_1([names.NT_LM])), Negotiated):
        found.add("SMB1")
    return found


@pytest.mark.peer("samba")
def test_a_strict_server(tmp_path: Path) -> None:
    with samba(tmp_path, "server signing = mandatory", "server min protocol = SMB2_02") as port:
        assert accepted(port) == ALL
        best = ask_2(port, *MODERN)
        hinted = ask(port, wire.ask_1())
        old = ask(port, wire.ask_1([names.NT_LM, names.SMB_2_002]))
    assert isinstance(best, Negotiated)
    assert best.dialect == Dialect.SMB_3_1_1
    assert best.signing_enabled
    assert best.signing_required
    assert best.encryption
    assert len(best.guid) == 16
    assert names.NTLM_HINT[-12:] in best.security
    assert isinstance(hinted, Negotiated)
    assert hinted.dialect == Dialect.ANY_SMB_2
    assert isinstance(old, Negotiated)
    assert old.dialect == Dialect.SMB_2_0_2
    assert old.guid == best.guid


@pytest.mark.peer("samba")
def test_a_lax_server(tmp_path: Path) -> None:
    with samba(tmp_path, "server signing = disabled", "server min protocol = NT1") as port:
        assert accepted(port) == {"SMB1", *ALL}
        one, two = ask(port, wire.ask_1([names.NT_LM])), ask_2(port, *MODERN)
    assert isinstance(one, Negotiated)
    assert one.dialect == Dialect.SMB_1
    assert not one.signing_required
    assert names.NTLM_HINT[-12:] in one.security
    assert isinstance(two, Negotiated)
    assert not two.signing_required


@pytest.mark.peer("samba")
@pytest.mark.parametrize(
    ("least", "most", "expected"),
    [
        ("SMB3_11", "SMB3_11", {"SMB3.1.1"}),
        ("SMB2_02", "SMB2_10", {"SMB2.0.2", "SMB2.1"}),
        ("NT1", "NT1", {"SMB1"}),
    ],
)
def test_a_server_of_few_dialects(
    tmp_path: Path, least: str, most: str, expected: set[str]
) -> None:
    settings = [f"server min protocol = {least}", f"server max protocol = {most}"]
    with samba(tmp_path, "server signing = mandatory", *settings) as port:
        assert accepted(port) == expected
        if expected == {"SMB1"}:
            reply = ask(port, wire.ask_1([names.NT_LM]))
            assert isinstance(reply, Negotiated)
            assert reply.signing_required


class Responder(threading.Thread):
    """A server that agrees to one dialect and refuses whatever comes after."""

    def __init__(self, dialect: int) -> None:
        super().__init__(daemon=True)
        self.dialect = dialect
        self.seen: list[object] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def run(self) -> None:
        while True:
            try:
                line, _ = self.listener.accept()
            except OSError:
                return
            with line:
                self.serve(line)

    def serve(self, line: socket.socket) -> None:
        received = b""
        while more := line.recv(4096):
            received += more
            while (packet := wire.unframe(received)) is not None:
                received = received[packet.end :]
                request = wire.read_request(packet.payload)
                self.seen.append(request)
                line.sendall(self.answer(request))

    def answer(self, request: wire.NegotiateOne | wire.NegotiateTwo | wire.Other) -> bytes:
        if isinstance(request, wire.Other):
            return wire.answer_error(request, Status.ACCESS_DENIED)
        guid, hint = bytes(range(16)), names.NTLM_HINT
        if isinstance(request, wire.NegotiateOne) and self.dialect == Dialect.SMB_1:
            index = request.dialects.index(names.NT_LM)
            return wire.answer_1(request, index, guid=guid, security=hint)
        dialect = self.dialect
        if isinstance(request, wire.NegotiateOne) and dialect != Dialect.SMB_2_0_2:
            dialect = Dialect.ANY_SMB_2
        return wire.answer_2(
            request, dialect, guid=guid, salt=bytes(32), security=hint, encryption=True
        )


@pytest.mark.peer("smbclient")
@pytest.mark.parametrize(
    ("least", "most", "dialect"),
    [
        ("NT1", "NT1", Dialect.SMB_1),
        ("NT1", "SMB2_02", Dialect.SMB_2_0_2),
        ("NT1", "SMB2_10", Dialect.SMB_2_1),
        ("NT1", "SMB3_11", Dialect.SMB_3_1_1),
        ("SMB2_02", "SMB2_02", Dialect.SMB_2_0_2),
        ("SMB2_10", "SMB2_10", Dialect.SMB_2_1),
        ("SMB3_00", "SMB3_00", Dialect.SMB_3_0),
        ("SMB3_11", "SMB3_11", Dialect.SMB_3_1_1),
    ],
)
def test_a_client_hears_the_refusal(
    tmp_path: Path, least: str, most: str, dialect: Dialect
) -> None:
    (tmp_path / "smb.conf").write_text("[global]\n")
    responder = Responder(dialect)
    responder.start()
    limits = [f"--option=client min protocol={least}"]
    limits += [f"--option=client max protocol={most}"]
    where = ["-p", str(responder.port), "-s", str(tmp_path / "smb.conf")]
    result = subprocess.run(
        ["smbclient", "-L", "//127.0.0.1", "-U", "user%secret", "-d", "5", *where, *limits],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    responder.listener.close()
    heard = result.stdout + result.stderr
    assert "NT_STATUS_ACCESS_DENIED" in heard, heard[-3000:]
    assert "INVALID_NETWORK_RESPONSE" not in heard
    after = [request for request in responder.seen if isinstance(request, wire.Other)]
    assert {request.command for request in after} == {0x73 if most == "NT1" else 1}
    assert result.returncode == 1
