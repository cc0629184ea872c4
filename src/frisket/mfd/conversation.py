"""TCP services that talk freely (LPD, RAW): one task a connection, each bounded and accounted."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from frisket.errors import LinkError, WireError
from frisket.mfd.device import Device
from frisket.mfd.service import Port
from frisket.net.listen import listen_streams

MOST_CONNECTIONS = 32
PIECE = 1 << 16
# The peer left, fell silent or spoke something else.
_EXPECTED = (OSError, TimeoutError, WireError, LinkError)
IDLE = 60.0  # seconds without an octet after which a sender has gone


@dataclass(slots=True)
class Line:
    """One connection. To a print port (`metered`), every octet read is counted in the journal.

    The first octets are written down at once, the rest when the connection ends: a witness that
    looks early must not find nothing.
    """

    device: Device
    service: str
    peer: str
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    metered: bool = True
    idle: float = IDLE
    _seen: bool = False
    _uncounted: int = 0

    async def read(self, most: int = PIECE) -> bytes:
        """Return what comes next, b"" at the end. Raises `TimeoutError`, `OSError`."""
        data = await asyncio.wait_for(self.reader.read(most), self.idle)
        if data and not self._seen:
            self._seen = True
            self._count(len(data))
            await asyncio.sleep(self.device.power.wake(self.service))
        else:
            self._uncounted += len(data)
        return data

    async def write(self, data: bytes) -> None:
        """Send an answer. Raises `TimeoutError`, `OSError`."""
        self.writer.write(data)
        await asyncio.wait_for(self.writer.drain(), self.idle)

    def _count(self, octets: int) -> None:
        if not self.metered:
            return
        self.device.journal.add("print_port_bytes", f"{self.service} from {self.peer}", octets)

    def close(self) -> None:
        """Count what is left and hang up."""
        if self._uncounted:
            self._count(self._uncounted)
            self._uncounted = 0
        self.writer.close()


Talk = Callable[[Line], Awaitable[None]]


@dataclass(slots=True)
class Listener:
    """An open port and the conversations through it; closing it cuts them."""

    device: Device
    service: str
    talk: Talk
    metered: bool = True
    server: asyncio.Server | None = None
    tasks: set[asyncio.Future[None]] = field(default_factory=set)

    async def welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hold one conversation. Whatever the peer sends, the device stays up."""
        if len(self.tasks) >= MOST_CONNECTIONS:
            writer.close()
            return
        peer = str((writer.get_extra_info("peername") or ("?",))[0])
        line = Line(self.device, self.service, peer, reader, writer, self.metered)
        task = asyncio.ensure_future(self.talk(line))
        self.tasks.add(task)
        try:
            # Cancelled only as the whole loop ends, which needs no report.
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait({task})
            fault = task.exception() if task.done() and not task.cancelled() else None
            if fault is not None and not isinstance(fault, _EXPECTED):
                self.device.journal.add("bugs", f"{self.service}: {fault!r}")
        finally:
            task.cancel()
            self.tasks.discard(task)
            line.close()

    def close(self) -> None:
        """Stop listening and cut every connection."""
        if self.server is not None:
            self.server.close()
        for task in self.tasks:
            task.cancel()


async def open_conversations(
    device: Device, service: str, port: Port, talk: Talk, *, metered: bool = True
) -> Listener:
    """Listen on one port and `talk` to whoever comes. Raises `LinkError`."""
    listener = Listener(device, service, talk, metered)
    number = device.port(port.number)
    listener.server = await listen_streams(device.address, number, listener.welcome)
    return listener
