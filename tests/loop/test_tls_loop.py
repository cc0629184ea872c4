"""The TLS probe against OpenSSL servers that were told what to accept."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.loop.bench import bench
from tests.loop.identity import server_context, write_identity
from tests.unit.probe.visits import value, why

from frisket.model.reading import Why
from frisket.probe.tls import HANDSHAKES, PROBE

pytestmark = pytest.mark.peer("openssl")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def openssl(folder: Path, *options: str) -> Iterator[int]:
    """Run `openssl s_server` with the identity in `folder` until the block ends."""
    port = free_port()
    files = ["-key", str(folder / "key.pem"), "-cert", str(folder / "cert.pem")]
    command = ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-quiet", *files, *options]
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
            time.sleep(0.02)
        else:
            return


EVERYTHING = ("-cipher", "ALL:COMPLEMENTOFALL:@SECLEVEL=0", "-no_ssl3")
CASES: dict[str, tuple[Sequence[str], tuple[str, ...], tuple[str, ...]]] = {
    "modern": (("-tls1_3",), ("TLSv1.3",), ()),
    "good": (
        ("-no_tls1", "-no_tls1_1", "-cipher", "ECDHE+AESGCM:ECDHE+CHACHA20"),
        ("TLSv1.2", "TLSv1.3"),
        (),
    ),
    "dated": (
        ("-no_tls1_3", "-no_tls1", "-no_tls1_1", "-cipher", "AES128-SHA:ECDHE-RSA-AES128-SHA"),
        ("TLSv1.2",),
        ("RSA key exchange", "CBC-SHA1"),
    ),
    "old": (
        ("-tls1", "-cipher", "AES128-SHA:@SECLEVEL=0"),
        ("TLSv1.0",),
        ("RSA key exchange", "CBC-SHA1"),
    ),
}


@pytest.fixture(scope="module")
def rsa_identity(tmp_path_factory: pytest.TempPathFactory) -> Path:
    key = rsa.generate_private_key(65537, 2048)
    return write_identity(tmp_path_factory.mktemp("rsa"), key, days=90)


@pytest.mark.parametrize("case", CASES)
async def test_versions_and_ciphers(case: str, rsa_identity: Path) -> None:
    options, versions, weak = CASES[case]
    with openssl(rsa_identity, *options) as actual:
        async with bench() as device:
            device.ports[443] = actual
            found = await PROBE.run(device.visit())
    assert value(found, "tls.versions") == versions
    assert value(found, "tls.weak-ciphers") == weak
    assert value(found, "certificate.days-left") == 90
    assert value(found, "certificate.expired") is False
    assert value(found, "certificate.self-signed") is True
    assert value(found, "certificate.key-bits") == 2048
    assert value(found, "certificate.weak-key") == ""
    assert value(found, "certificate.signature-hash") == "SHA2"
    assert len(found.facts["certificate-key"]) == 64


async def test_everything_that_openssl_still_has(rsa_identity: Path) -> None:
    with openssl(rsa_identity, *EVERYTHING) as actual:
        async with bench() as device:
            device.ports[8443] = actual
            found = await PROBE.run(device.visit())
    assert value(found, "tls.versions") == ("TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3")
    classes = value(found, "tls.weak-ciphers")
    assert isinstance(classes, tuple)
    assert {"NULL", "anonymous"} <= set(classes)


@pytest.mark.peer("gnutls-bin")
async def test_ciphers_that_only_another_library_still_has(rsa_identity: Path) -> None:
    port = free_port()
    files = [f"--x509{kind}file={rsa_identity / kind}.pem" for kind in ("key", "cert")]
    priority = "NORMAL:-VERS-ALL:+VERS-TLS1.0:+VERS-TLS1.2:+ARCFOUR-128:+3DES-CBC:+RSA"
    command = ["gnutls-serv", f"--port={port}", "--quiet", f"--priority={priority}", *files]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            wait_for(port)
            async with bench() as device:
                device.ports[443] = port
                found = await PROBE.run(device.visit())
        finally:
            server.terminate()
    assert value(found, "tls.versions") == ("TLSv1.0", "TLSv1.2")
    classes = value(found, "tls.weak-ciphers")
    assert isinstance(classes, tuple)
    assert {"RC4", "3DES"} <= set(classes)


async def test_a_small_old_certificate(tmp_path: Path) -> None:
    files = ["-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem")]
    kind = ["-newkey", "rsa:1024", "-sha1", "-nodes", "-days", "9", "-subj", "/CN=old"]
    command = ["openssl", "req", "-x509", *kind, *files]
    subprocess.run(command, check=True, capture_output=True)
    with openssl(tmp_path, "-cipher", "ALL:@SECLEVEL=0") as actual:
        async with bench() as device:
            device.ports[443] = actual
            found = await PROBE.run(device.visit())
    assert value(found, "certificate.key-bits") == 1024
    assert value(found, "certificate.signature-hash") == "SHA1"


async def test_two_ports_of_one_stack_cost_one_examination(tmp_path: Path) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)

    context = server_context(tmp_path)
    async with bench() as device:
        for port in (443, 8443):
            await device.listen(port, handle, context)
        visit = device.visit()
        found = await PROBE.run(visit)
    assert value(found, "tls.weak-ciphers") in {(), ("CBC-SHA1",)}
    # Every connection sends one hello, but for the first look at each port.
    assert visit.dialer.budget.packets <= 2 + 2 * HANDSHAKES
    assert "port 8443" in found.facts["tls"]


async def test_no_tls_port() -> None:
    async with bench() as device:
        found = await PROBE.run(device.visit())
    assert why(found, "tls.versions") is Why.REFUSED
    assert why(found, "certificate.key-bits") is Why.REFUSED


async def test_a_port_that_is_not_tls() -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()

    async with bench() as device:
        await device.listen(443, greet)
        found = await PROBE.run(device.visit())
    assert why(found, "tls.versions") is Why.GARBLED
