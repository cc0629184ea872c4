"""How the console is served by TLS, judged by handshakes of OpenSSL."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.peers.pki import authority

from frisket.errors import UsageError
from frisket.net.serve_asgi import Serving, check_pair, free_port, serve_asgi


async def hello(
    scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
) -> None:
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": scope["method"].encode()})


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder: Path = tmp_path_factory.mktemp("tls")
    key, certificate = authority("a test").issue(folder, "localhost")
    check_pair(certificate, key)
    found, running, up = free_port("127.0.0.1"), list[Serving](), threading.Event()

    def ready(serving: Serving) -> None:
        running.append(serving)
        up.set()

    def serve() -> None:
        serve_asgi(
            hello,
            "127.0.0.1",
            found,
            certificate=certificate,
            key=key,
            ready=ready,
            stopping=lambda: None,
        )

    thread = threading.Thread(target=serve)
    thread.start()
    assert up.wait(20)
    yield found
    running[0].stop()
    thread.join()


def context(version: ssl.TLSVersion, suites: str = "ALL:@SECLEVEL=0") -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    made.set_ciphers(suites)
    made.minimum_version = made.maximum_version = version
    return made


@contextlib.contextmanager
def shaken(port: int, by: ssl.SSLContext) -> Iterator[ssl.SSLSocket]:
    with (
        socket.create_connection(("127.0.0.1", port), timeout=20) as plain,
        by.wrap_socket(plain, server_hostname="localhost") as found,
    ):
        yield found


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_versions_are_refused(port: int, version: ssl.TLSVersion) -> None:
    with pytest.raises(ssl.SSLError), shaken(port, context(version)):
        pass


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_new_versions_are_forward_secret_and_authenticated(
    port: int, version: ssl.TLSVersion
) -> None:
    with shaken(port, context(version)) as found:
        cipher = found.cipher()
    assert cipher is not None
    name, told, bits = cipher
    assert told == ("TLSv1.2" if version is ssl.TLSVersion.TLSv1_2 else "TLSv1.3")
    assert "GCM" in name or "CHACHA20" in name
    assert bits >= 128


@pytest.mark.parametrize(
    "suites", ["AES128-SHA", "ECDHE-RSA-AES128-SHA", "ECDHE-RSA-AES256-SHA384", "AES256-GCM-SHA384"]
)
def test_weak_suites_are_refused(port: int, suites: str) -> None:
    by = context(ssl.TLSVersion.TLSv1_2, f"{suites}:@SECLEVEL=0")
    with pytest.raises(ssl.SSLError), shaken(port, by):
        pass


def test_the_newest_version_is_preferred(port: int) -> None:
    by = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    by.check_hostname = False
    by.verify_mode = ssl.CERT_NONE
    with shaken(port, by) as found:
        assert found.version() == "TLSv1.3"


def test_no_word_is_said_in_the_clear(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            assert not plain.recv(100).startswith(b"HTTP")


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\nGET ",
        b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost : x\r\n\r\n",
    ],
)
def test_a_message_whose_end_is_in_doubt_is_refused(port: int, request_bytes: bytes) -> None:
    with shaken(port, context(ssl.TLSVersion.TLSv1_3)) as found:
        found.sendall(request_bytes)
        answer = found.recv(1000)
    assert b"200" not in answer.split(b"\r\n")[0]


def test_where_both_lengths_are_told_the_second_request_is_no_one_elses(port: int) -> None:
    """With chunks and a length the chunks count, and the connection ends: nothing is smuggled."""
    sent = (
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n"
        b"0\r\n\r\nTRACE / HTTP/1.1\r\nhost: x\r\n\r\n"
    )
    with shaken(port, context(ssl.TLSVersion.TLSv1_3)) as found:
        found.sendall(sent)
        found.settimeout(20)
        heard = b""
        with contextlib.suppress(OSError):
            while part := found.recv(1000):
                heard += part
                if heard.count(b"HTTP/1.1") > 1:
                    break
                found.settimeout(1)
    assert heard.count(b"HTTP/1.1 200") <= 1
    assert b"TRACE" not in heard


def test_a_key_that_is_none_is_said(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("no key")
    with pytest.raises(UsageError, match="cannot be used"):
        check_pair(tmp_path / "key", tmp_path / "key")
