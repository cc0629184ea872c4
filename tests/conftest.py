"""What every test may rely on: markers that skip with a reason, recordings, a closed network."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# A machine that is busy elsewhere is slow, not wrong: bounds are asserted where they matter.
settings.register_profile("frisket", deadline=None)
settings.load_profile("frisket")

RECORDINGS = Path(__file__).resolve().parents[2] / "shared" / "data"
# Debian keeps daemons where an ordinary user's PATH does not look.
_PROGRAMS = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--nightly`."""
    parser.addoption("--nightly", action="store_true", help="also run the long tests")


def pytest_configure(config: pytest.Config) -> None:
    """Name the marker that opens the network guard."""
    config.addinivalue_line("markers", "netns: runs in a network namespace of its own; not guarded")


@cache
def present(peer: str) -> bool:
    """Say whether the program or Debian package `peer` is on this machine."""
    if shutil.which(peer, path=_PROGRAMS):
        return True
    query = shutil.which("dpkg-query")
    if query is None:
        return False
    asked = [query, "-W", "-f", "${Status}", peer]
    answer = subprocess.run(asked, capture_output=True, text=True, check=False)
    return answer.stdout == "install ok installed"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests of an xdist group on one worker, where `--dist loadgroup` asks for it.

    pytest-xdist 3.8 writes the group to an attribute that pytest 9.2 no longer reads.
    """
    if not getattr(config.option, "loadgroup", False):
        return
    for item in items:
        groups = sorted({str(mark.args[0]) for mark in item.iter_markers("xdist_group")})
        name = f"{item.nodeid}@{'_'.join(groups)}"
        if groups and not item.nodeid.endswith(name.rpartition("@")[2]):
            item._id = type(item._id).parse(name)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what this machine or this run has no means for; a required peer fails instead."""
    for marker in item.iter_markers("peer"):
        for name in marker.args:
            if present(name):
                continue
            reason = f"{name} is missing: script/peers installs it"
            if os.environ.get("FRISKET_PEERS") == "require":
                pytest.fail(reason, pytrace=False)
            pytest.skip(reason)
    if item.get_closest_marker("shared") and not RECORDINGS.is_dir():
        pytest.skip("../shared/data is absent")
    if item.get_closest_marker("nightly") and not item.config.getoption("--nightly"):
        pytest.skip("long: run with --nightly")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of recordings of real devices; skips where it is absent."""
    if not RECORDINGS.is_dir():
        pytest.skip("../shared/data is absent")
    return RECORDINGS


def stays_here(sock: socket.socket, address: Any) -> bool:
    """Say whether a datagram or connection of `sock` to `address` stays on this machine."""
    if sock.family not in {socket.AF_INET, socket.AF_INET6}:
        return True
    host = address[0]
    if host in {"", "localhost"}:
        return True
    try:
        there = ip_address(host.partition("%")[0])
    except ValueError:
        return False
    if there.is_multicast and sock.family == socket.AF_INET:
        # A responder under test speaks multicast through the loopback interface only.
        out = sock.getsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, 4)
        return ip_address(out).is_loopback
    return there.is_loopback or there.is_unspecified


def _guarded(name: str) -> Callable[..., Any]:
    original = getattr(socket.socket, name)

    def call(self: socket.socket, *args: Any) -> Any:
        if not stays_here(self, args[-1]):
            # Not an OSError: the code under test must not take this for a silent device.
            pytest.fail(f"{name} to {args[-1]!r}: tests stay on loopback (or are marked netns)")
        return original(self, *args)

    return call


@pytest.fixture(autouse=True)
def _loopback_only(request: pytest.FixtureRequest) -> Iterator[None]:
    """Refuse connections and datagrams that would leave this machine."""
    with pytest.MonkeyPatch.context() as patch:
        if request.node.get_closest_marker("netns") is None:
            for name in ("connect", "connect_ex", "sendto"):
                patch.setattr(socket.socket, name, _guarded(name))
        yield
