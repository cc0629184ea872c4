"""What the syslog sender does while the server is away."""

from __future__ import annotations

import asyncio
import contextlib

from tests.lab import make_device
from tests.unit.probe.lan import HOST, closed_port

from frisket.mfd.auditlog import LogKind
from frisket.mfd.device import Device
from frisket.mfd.outside.syslog import Sender
from frisket.model.reading import Value
from frisket.proto.cursor import Incomplete
from frisket.proto.syslog.wire import decode, unframe


def told(port: int, transport: str = "tcp") -> Device:
    settings: dict[str, Value] = {
        "syslog.enabled": True,
        "syslog.server": HOST,
        "syslog.port": port,
        "syslog.transport": transport,
        "audit-log.save": True,
    }
    return make_device(settings=settings)


class Collector:
    """A server that keeps framed messages and hangs up after so many."""

    def __init__(self, hangs_up_after: int) -> None:
        self.texts: list[str] = []
        self.more = asyncio.Event()
        self._left = hangs_up_after
        self._open = 0
        self._idle = asyncio.Event()

    async def idle(self) -> None:
        """Wait until every connection has ended."""
        async with asyncio.timeout(10):
            await self._idle.wait()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        self._idle.clear()
        with contextlib.suppress(OSError):
            await self._take(reader)
        self._left = 1000
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        self._open -= 1
        if not self._open:
            self._idle.set()

    async def _take(self, reader: asyncio.StreamReader) -> None:
        data = b""
        while self._left and (chunk := await reader.read(4096)):
            data += chunk
            while self._left:
                try:
                    message, used = unframe(data)
                except Incomplete:
                    break
                data = data[used:]
                self.texts.append(decode(message).data["log@32473"]["detail"])
                self._left -= 1
                self.more.set()

    async def until(self, count: int) -> None:
        async with asyncio.timeout(10):
            while len(self.texts) < count:
                self.more.clear()
                await self.more.wait()


async def test_entries_wait_for_a_server_that_comes_back() -> None:
    port = closed_port()
    device = told(port)
    sender = Sender(device, retry=0.02)
    try:
        for number in range(5):
            device.log.add(LogKind.JOB, "alice", "Print", f"job {number}")
        async with asyncio.timeout(10):
            while not device.journal.counts["outside_failures"]:
                await asyncio.sleep(0.01)
        collector = Collector(hangs_up_after=1000)
        async with await asyncio.start_server(collector.serve, HOST, port):
            await collector.until(6)
            sender.close()
            await collector.idle()
        assert collector.texts[:5] == [f"job {n}" for n in range(5)]
        assert "refused" in collector.texts[5], "the failure itself is logged, once"
        assert device.journal.counts["outside_failures"] == 1
    finally:
        sender.close()


async def test_the_oldest_are_dropped_when_too_many_wait() -> None:
    device = told(closed_port())
    sender = Sender(device, retry=60)
    try:
        for number in range(1300):
            device.log.add(LogKind.JOB, "alice", "Print", f"job {number}")
        assert sender.dropped == 300
    finally:
        sender.close()


async def test_a_server_that_hangs_up_is_called_again() -> None:
    collector = Collector(hangs_up_after=2)
    async with await asyncio.start_server(collector.serve, HOST, 0) as server:
        device = told(server.sockets[0].getsockname()[1])
        sender = Sender(device, retry=0.02)
        try:
            for number in range(2):
                device.log.add(LogKind.JOB, "alice", "Print", f"job {number}")
            await collector.until(2)
            async with asyncio.timeout(10):
                while not device.journal.counts["outside_failures"]:
                    await asyncio.sleep(0.01)
            device.log.add(LogKind.JOB, "alice", "Print", "after")
            await collector.until(4)
        finally:
            sender.close()
        await collector.idle()
    assert collector.texts[-1] == "after"


async def test_what_is_closed_listens_no_more() -> None:
    device = told(closed_port(), "udp")
    sender = Sender(device)
    assert device.log.listeners
    sender.close()
    assert not device.log.listeners
