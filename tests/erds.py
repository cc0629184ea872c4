"""A device that reports, and an eRDS gateway: our reception behind Python's own HTTPS server.

Devices, codes and reports are kept in memory by the contract of `Devices`.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.lab import running_device
from tests.peers.pki import Authority

from frisket.mfd.device import Device
from frisket.mfd.erds.talk import communication_test
from frisket.mfd.host import Host
from frisket.mfd.outside.trust import trust
from frisket.model.reading import Value
from frisket.proto.erds import seal
from frisket.proto.erds.message import PATH, SIGNATURE, AlertKind, Operation, Report, Schedule
from frisket.telemetry.erds_reception import Accepted, Enrolled, Reception, Wishes, busy

CODE = seal.registration_code(bytes(range(10)))


@dataclass
class Shelf:
    """What a gateway keeps."""

    codes: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    keys: dict[str, bytes] = field(default_factory=dict)
    kept: dict[tuple[str, str, int], Accepted] = field(default_factory=dict)
    schedule: Schedule = field(default_factory=Schedule)
    muted: tuple[AlertKind, ...] = ()
    operations: tuple[Operation, ...] = tuple(Operation)

    def enrolled(self, serial: str) -> Enrolled | None:
        if serial not in self.keys:
            return None
        name = seal.key_name(self.keys[serial])
        numbers = [n for s, k, n in self.kept if (s, k) == (serial, name)]
        return Enrolled(self.keys[serial], max(numbers, default=0))

    def redeem(self, digest: str, serial: str, key: bytes, at: datetime) -> bool:
        meant, until = self.codes.get(digest, ("", at))
        if digest not in self.codes or meant not in {"", serial} or at > until:
            return False
        del self.codes[digest]
        self.keys[serial] = key
        return True

    def keep(self, accepted: Accepted) -> bool:
        place = (accepted.report.serial, accepted.key, accepted.report.sequence)
        if place in self.kept:
            return False
        self.kept[place] = accepted
        return True

    def wishes(self, _: str) -> Wishes:
        return Wishes(self.schedule, self.muted, self.operations)

    @property
    def reports(self) -> list[Report]:
        return [accepted.report for accepted in self.kept.values()]

    def of(self, operation: Operation) -> list[Report]:
        return [report for report in self.reports if report.operation is operation]


@dataclass
class Gateway:
    """A running gateway. `mood`: "" answers, "cut" hangs up, "lost" takes it and hangs up,
    "busy" sends away. `tries` counts requests, `bodies` keeps all of their octets.
    """

    shelf: Shelf
    now: Callable[[], datetime]
    port: int = 0
    mood: str = ""
    tries: int = 0
    bodies: list[bytes] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def until(self, right: Callable[[], bool]) -> None:
        """Wait until something about it is so."""
        async with self.changed, asyncio.timeout(20):
            await self.changed.wait_for(right)

    def code(self, serial: str = "") -> str:
        """Give out the registration code."""
        self.shelf.codes[seal.code_digest(CODE)] = (serial, self.now() + timedelta(days=7))
        return CODE


def _handler(
    gateway: Gateway, reception: Reception, tell: Callable[[], None]
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            head = "\n".join(f"{key}: {value}" for key, value in self.headers.items())
            gateway.bodies.append(head.encode() + b"\n\n" + body)
            gateway.tries += 1
            if self.path != PATH or gateway.mood == "cut":
                tell()
                return
            reply = busy(600)
            if gateway.mood != "busy":
                reply = reception.accept(body, self.headers.get(SIGNATURE, ""), gateway.now())
            tell()
            if gateway.mood == "lost":
                return
            self.send_response(reply.status)
            self.send_header("content-length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            return

    return Handler


class _Quiet(ThreadingHTTPServer):
    """A client that does not like the certificate hangs up: that is no news."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        return


@asynccontextmanager
async def running_gateway(
    key: Path, certificate: Path, now: Callable[[], datetime], shelf: Shelf | None = None
) -> AsyncIterator[Gateway]:
    """Run a gateway on 127.0.0.1 with this key and certificate."""
    gateway = Gateway(shelf or Shelf(), now)
    loop = asyncio.get_running_loop()

    async def notify() -> None:
        async with gateway.changed:
            gateway.changed.notify_all()

    def tell() -> None:
        asyncio.run_coroutine_threadsafe(notify(), loop)

    handler = _handler(gateway, Reception(gateway.shelf), tell)
    server = _Quiet(("127.0.0.1", 0), handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    gateway.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield gateway
    finally:
        await asyncio.to_thread(server.shutdown)
        server.server_close()
        await asyncio.to_thread(thread.join)


ON = "remote-service.enabled"
STARTED = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOURS = timedelta(hours=1)
COUNTERS = {101: 1234, 108: 1000, 301: 1200}


class Clock:
    """A clock that the test owns."""

    def __init__(self) -> None:
        self.now = STARTED

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True)
class Scene:
    """A device, its gateway and the time."""

    device: Device
    host: Host
    gateway: Gateway
    clock: Clock

    @property
    def waiting(self) -> list[Operation]:
        """Return what waits at the device."""
        return [parcel.operation for parcel in self.device.erds.state.waiting]

    async def pass_by(self, time: timedelta) -> None:
        """Let time pass, as the device notices when its timer ends."""
        self.clock.now += time
        self.device.erds.wake()

    async def got(self, operation: Operation, count: int) -> None:
        """Wait until so many reports of an operation were accepted and are done with."""
        await self.gateway.until(lambda: len(self.gateway.shelf.of(operation)) >= count)
        await self.when(lambda: not self.device.erds.state.waiting)

    async def when(self, right: Callable[[], bool]) -> None:
        """Wait until something about the device is so."""
        async with asyncio.timeout(20):
            while not right():
                await asyncio.sleep(0.005)

    async def registered(self) -> None:
        """Register and take in the first reports."""
        await communication_test(self.device, "service")
        await self.got(Operation.FIRMWARE, 1)

    async def failed(self, times: int) -> None:
        """Wait until so many rounds failed in a row."""
        await self.when(lambda: self.device.erds.state.failures == times)


@asynccontextmanager
async def scene(
    ca: Authority,
    pair: tuple[Path, Path],
    folder: Path,
    *,
    trusted: bool = True,
    clock: Clock | None = None,
    gateway: Gateway | None = None,
    settings: Mapping[str, Value] | None = None,
) -> AsyncIterator[Scene]:
    clock = clock or Clock()
    async with running_gateway(*pair, clock, gateway.shelf if gateway else None) as live:
        own: dict[str, Value] = {
            ON: True,
            "remote-service.gateway": "127.0.0.1",
            "remote-service.port": live.port,
            "remote-service.registration-code": live.code(),
            "audit-log.save": True,
        }
        async with running_device(
            settings=own | dict(settings or {}),
            services=["erds"],
            folder=folder / "device",
            counters=COUNTERS,
            now=clock,
            serial="VMF70001",
        ) as (device, host):
            if trusted:
                trust(device, ca.pem, "test")
            yield Scene(device, host, live, clock)
