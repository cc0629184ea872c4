"""The closed network and the markers of tests/conftest.py do what they say."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from tests.project.tree import ROOT

# RFC 5737: addresses that belong to nobody.
NOBODY = ("192.0.2.1", 9)


@pytest.mark.parametrize("name", ["connect", "connect_ex"])
def test_a_connection_that_leaves_this_machine_fails_the_test(name: str) -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock,
        pytest.raises(pytest.fail.Exception, match="loopback"),
    ):
        getattr(sock, name)(NOBODY)


def test_a_datagram_that_leaves_this_machine_fails_the_test() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for address in (NOBODY, ("224.0.0.251", 5353), ("printer.example", 161)):
            with pytest.raises(pytest.fail.Exception, match="loopback"):
                sock.sendto(b"", address)


async def test_asyncio_is_guarded_too() -> None:
    with pytest.raises(pytest.fail.Exception, match="loopback"):
        await asyncio.open_connection(*NOBODY)


def test_loopback_is_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        with socket.create_connection(server.getsockname(), timeout=5) as client:
            assert client.getpeername() == server.getsockname()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setsockopt(
                socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1")
            )
            assert sock.sendto(b"x", ("127.0.0.2", 9)) == 1


SAMPLE = """
import pytest

@pytest.mark.peer("no-such-program-anywhere")
def test_peer():
    pass

@pytest.mark.peer("sh")
def test_present():
    pass

@pytest.mark.shared
def test_shared():
    pass

def test_fixture(shared_data):
    pass

@pytest.mark.nightly
def test_long():
    pass
"""


@pytest.mark.parametrize(
    ("policy", "option", "outcome"),
    [
        ("", "-q", "1 passed, 4 skipped"),
        ("require", "-q", "1 passed, 3 skipped, 1 error"),
        ("", "--nightly", "2 passed, 3 skipped"),
    ],
)
def test_markers(tmp_path: Path, policy: str, option: str, outcome: str) -> None:
    """In a tree that has no recordings beside it, in every mode."""
    tests = tmp_path / "tree" / "tests"
    tests.mkdir(parents=True)
    shutil.copy(ROOT / "tests" / "conftest.py", tests)
    (tests / "test_sample.py").write_text(SAMPLE, encoding="utf-8")
    (tests / "pytest.ini").write_text("[pytest]\nmarkers =\n  peer\n  shared\n  nightly\n")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", option, str(tests)],
        cwd=tests,
        env={**os.environ, "FRISKET_PEERS": policy},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert outcome in run.stdout, run.stdout + run.stderr


@pytest.mark.shared
def test_recordings_stand_beside_the_repository(shared_data: Path) -> None:
    assert shared_data == ROOT.parent / "shared" / "data"
