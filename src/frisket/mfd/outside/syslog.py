"""Sending the audit log to a syslog server as it is written (RFC 5424; UDP, TCP, TLS).

The device's own message format is not published. Ours is one structured-data element a record,
`log@32473`, with kind, user, operation, detail and result; 32473 is the enterprise number that
RFC 5612 keeps for documentation.
"""

from __future__ import annotations

import asyncio
from collections import deque

from frisket.errors import FrisketError, UsageError
from frisket.mfd.auditlog import LogEntry, LogKind
from frisket.mfd.device import Device
from frisket.mfd.outside.server import read_server
from frisket.mfd.outside.trust import client_context
from frisket.net.call import call, udp_line
from frisket.proto.syslog.wire import Message, encode, frame

_FACILITY = 13  # log audit
_NOTICE, _WARNING = 5, 4
_MOST = 1000  # entries that wait; the oldest are dropped, as the device's memory is small
_PATIENCE = 10.0
_RETRY = 30.0
ELEMENT = "log@32473"


def message_of(device: Device, entry: LogEntry) -> bytes:
    """Return an audit log entry as a syslog message."""
    values = {
        "kind": entry.kind.value,
        "user": entry.user,
        "operation": entry.operation,
        "detail": entry.detail,
        "result": entry.result,
    }
    return encode(
        Message(
            _FACILITY,
            _NOTICE if entry.result == "OK" else _WARNING,
            entry.at,
            device.name,
            "audit",
            device.plan.serial,
            entry.kind.name[:32],
            {ELEMENT: values},
            f"{entry.operation}: {entry.detail} ({entry.result})",
        )
    )


class Sender:
    """Sends what the audit log gets, in order; keeps trying, keeps at most 1,000 entries.

    `dropped` counts those that were too many. `retry` is the pause in seconds after a failure,
    which is logged once until it works again.
    """

    __slots__ = ("_device", "_queue", "_retry", "_task", "_wake", "dropped")

    def __init__(self, device: Device, retry: float = _RETRY) -> None:
        self._device = device
        self._queue: deque[LogEntry] = deque()
        self._wake = asyncio.Event()
        self._retry = retry
        self.dropped = 0
        device.log.listeners.append(self._take)
        self._task = asyncio.get_running_loop().create_task(self._run())

    def _take(self, entry: LogEntry) -> None:
        if len(self._queue) >= _MOST:
            self._queue.popleft()
            self.dropped += 1
        self._queue.append(entry)
        self._wake.set()

    def close(self) -> None:
        """Stop; what waits is lost, as it is when the device is switched off."""
        if self._take in self._device.log.listeners:
            self._device.log.listeners.remove(self._take)
        self._task.cancel()

    async def _run(self) -> None:
        failing = False
        while True:
            await self._something()
            try:
                await self._connected()
            except FrisketError as fault:
                if not failing:
                    failing = True
                    kind, server = LogKind.NETWORK_CONNECTION, self._device.store["syslog.server"]
                    detail = f"{fault}; {server}"
                    self._device.log.add(kind, "-", "Syslog", detail, ok=False)
                    self._device.journal.add("outside_failures", f"Syslog: {fault}")
                await asyncio.sleep(self._retry)
            else:
                failing = False

    async def _something(self) -> None:
        while not self._queue:
            self._wake.clear()
            await self._wake.wait()

    async def _connected(self) -> None:
        """Send until the connection breaks (raises), or ends in order (returns)."""
        store = self._device.store
        text = store.text("syslog.server")
        server = read_server(text, store.number("syslog.port"), "syslog server")
        transport = store.text("syslog.transport")
        if transport == "udp":
            async with udp_line(server.host, server.port) as line:
                while True:
                    await self._something()
                    entry = self._queue[0]
                    await line.send(message_of(self._device, entry))
                    self._sent(entry)
        # The device has no setting to go without: a log that anybody may receive is no log.
        context = client_context(self._device, verify=True, verify_name=True)
        tls = context if transport == "tls" else None
        async with call(server.host, server.port, tls, _PATIENCE) as (reader, writer):
            ended = asyncio.create_task(reader.read(1))
            try:
                await self._stream(writer, ended)
            finally:
                if not ended.cancel() and not ended.cancelled():
                    ended.exception()

    async def _stream(self, writer: asyncio.StreamWriter, ended: asyncio.Task[bytes]) -> None:
        while True:
            waiting = asyncio.create_task(self._something())
            try:
                await asyncio.wait({waiting, ended}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                waiting.cancel()
            if ended.done():
                # A server never speaks: it has gone, or it is none.
                ended.result()
                raise UsageError("the syslog server ended the connection")
            entry = self._queue[0]
            writer.write(frame(message_of(self._device, entry)))
            async with asyncio.timeout(_PATIENCE):
                await writer.drain()
            self._sent(entry)

    def _sent(self, entry: LogEntry) -> None:
        # The oldest may have been dropped meanwhile.
        if self._queue and self._queue[0] is entry:
            self._queue.popleft()
