"""Hellos that OpenSSL and GnuTLS servers judge: what each accepts is what it was set to accept."""

from __future__ import annotations

import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from frisket.proto.tls import ciphers, wire
from frisket.proto.tls.ciphers import WeakClass
from frisket.proto.tls.wire import Accepted, Alert, Version

Answer = Accepted | Alert | None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def ask(port: int, version: int, suites: Sequence[int], name: str = "", *, chain: bool) -> Answer:
    """Send one hello and read until the answer is known; None when the server just hangs up."""
    hello = wire.client_hello(
        version, suites, entropy=secrets.token_bytes(wire.ENTROPY), server_name=name
    )
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(hello)
        received = b""
        while True:
            try:
                more = line.recv(4096)
            except ConnectionResetError:
                more = b""
            received += more
            outcome = wire.read_flight(received, certificates=chain)
            if outcome is not None or not more:
                return outcome


def versions(port: int) -> set[str]:
    """Ask for each version by itself."""
    found = set()
    for version in Version:
        answer = ask(port, version, ciphers.suites_for(version), "printer.example", chain=False)
        if isinstance(answer, Accepted) and answer.version == version:
            found.add(wire.version_name(version))
    return found


def classes(port: int) -> set[str]:
    """Ask for each weak class by itself."""
    found = set()
    for weak in WeakClass:
        offered = ciphers.suites_of(weak)
        answer = ask(port, Version.TLS_1_2, offered, chain=False)
        if isinstance(answer, Accepted):
            assert answer.suite in offered
            found.add(weak.value)
    return found


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("identity")
    command = [
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-subj",
        "/CN=printer.example",
        "-days",
        "9",
    ]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run(["openssl", *command, *files], check=True, capture_output=True)
    return folder


@contextmanager
def running(command: Sequence[str], port: int) -> Iterator[int]:
    """Run a server until the block ends; it is up once it takes a connection."""
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            wait_for(port)
            yield port
        finally:
            server.terminate()


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def openssl(identity: Path, *options: str) -> tuple[list[str], int]:
    port = free_port()
    files = ["-key", str(identity / "key.pem"), "-cert", str(identity / "cert.pem")]
    return ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-quiet", *files, *options], port


def gnutls(identity: Path, priority: str) -> tuple[list[str], int]:
    port = free_port()
    program = shutil.which("gnutls-serv") or "gnutls-serv"
    files = [
        f"--x509keyfile={identity / 'key.pem'}",
        f"--x509certfile={identity / 'cert.pem'}",
    ]
    return [program, f"--port={port}", "--quiet", f"--priority={priority}", *files], port


LOOSE = "ALL:COMPLEMENTOFALL:@SECLEVEL=0"


@pytest.mark.peer("openssl")
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["-tls1_3"], {"TLSv1.3"}),
        (["-tls1_2"], {"TLSv1.2"}),
        (["-tls1_1", "-cipher", LOOSE], {"TLSv1.1"}),
        (["-tls1", "-cipher", LOOSE], {"TLSv1.0"}),
        (["-cipher", LOOSE], {"TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"}),
        (["-tls1_3", "-groups", "P-384"], {"TLSv1.3"}),
        (["-tls1_2", "-cipher", "AECDH-AES128-SHA:@SECLEVEL=0"], {"TLSv1.2"}),
    ],
)
def test_openssl_versions(identity: Path, options: list[str], expected: set[str]) -> None:
    # OpenSSL 3 only speaks the old versions when told so for its smallest version too.
    least = ["-min_protocol", "TLSv1"] if options[0] == "-cipher" else []
    with running(*openssl(identity, *options, *least)) as port:
        assert versions(port) == expected


@pytest.mark.peer("openssl")
@pytest.mark.parametrize(
    ("cipher", "expected"),
    [
        ("ECDHE-RSA-AES128-GCM-SHA256", set()),
        ("AES128-GCM-SHA256", {"RSA key exchange"}),
        ("AES128-SHA", {"RSA key exchange", "CBC-SHA1"}),
        ("ECDHE-RSA-AES256-SHA", {"CBC-SHA1"}),
        ("ECDHE-RSA-NULL-SHA", {"NULL"}),
        ("NULL-MD5", {"NULL", "RSA key exchange"}),
        ("AECDH-AES128-SHA", {"anonymous", "CBC-SHA1"}),
        ("ADH-AES128-GCM-SHA256", {"anonymous"}),
    ],
)
def test_openssl_weak_classes(identity: Path, cipher: str, expected: set[str]) -> None:
    options = ["-tls1_2", "-cipher", f"{cipher}:@SECLEVEL=0"]
    with running(*openssl(identity, *options)) as port:
        assert classes(port) == expected


@pytest.mark.peer("openssl")
def test_openssl_chain(identity: Path) -> None:
    whole = subprocess.run(
        ["openssl", "x509", "-in", str(identity / "cert.pem"), "-outform", "DER"],
        capture_output=True,
        check=True,
    ).stdout
    # Small records make the certificate span several.
    options = ["-tls1_2", "-max_send_frag", "512"]
    with running(*openssl(identity, *options)) as port:
        answer = ask(port, Version.TLS_1_2, ciphers.suites_for(Version.TLS_1_2), chain=True)
    assert isinstance(answer, Accepted)
    assert answer.certificates == (whole,)


@pytest.mark.peer("openssl")
def test_openssl_answers_after_the_handshake_it_wants(identity: Path) -> None:
    suites = ciphers.suites_for(Version.TLS_1_3)
    with running(*openssl(identity, "-tls1_3", "-groups", "P-256")) as port:
        answer = ask(port, Version.TLS_1_3, suites, chain=True)
        refusal = ask(port, Version.TLS_1_2, [0x002F], chain=True)
    assert isinstance(answer, Accepted)
    assert answer.retry
    assert answer.suite in suites
    assert refusal == Alert(2, wire.Description.PROTOCOL_VERSION)


@pytest.mark.peer("openssl")
def test_every_suite_has_the_number_openssl_gives_it() -> None:
    listed = subprocess.run(
        ["openssl", "ciphers", "-V", "-stdname", LOOSE], capture_output=True, text=True, check=True
    ).stdout
    compared = 0
    for line in listed.splitlines():
        number, _, name, *_ = line.split()
        suite = int(number.replace("0x", "").replace(",", ""), 16)
        if suite in ciphers.SUITES:
            compared += 1
            assert ciphers.SUITES[suite] == name
    assert compared > 60


@pytest.mark.peer("gnutls-bin")
@pytest.mark.parametrize(
    ("priority", "offered", "weak"),
    [
        (
            "NORMAL:+3DES-CBC:+ARCFOUR-128:-VERS-ALL:+VERS-TLS1.0:%COMPAT",
            {"TLSv1.0"},
            {"RC4", "3DES", "RSA key exchange", "CBC-SHA1"},
        ),
        (
            "NONE:+VERS-TLS1.2:+ANON-ECDH:+AES-128-CBC:+SHA1:+SIGN-ALL:+CTYPE-X509:+GROUP-ALL",
            {"TLSv1.2"},
            {"anonymous", "CBC-SHA1"},
        ),
        (
            "NONE:+VERS-TLS1.2:+RSA:+NULL:+SHA1:+SIGN-ALL:+CTYPE-X509",
            {"TLSv1.2"},
            {"NULL", "RSA key exchange"},
        ),
        ("SECURE256:-VERS-ALL:+VERS-TLS1.3:-RSA", {"TLSv1.3"}, set()),
    ],
)
def test_gnutls(identity: Path, priority: str, offered: set[str], weak: set[str]) -> None:
    with running(*gnutls(identity, priority)) as port:
        assert versions(port) == offered
        assert classes(port) == weak
