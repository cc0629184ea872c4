"""Canon's dedicated ports, open or closed, and nothing more: what they speak is not public.

A connection is accepted, nothing is ever said, whatever comes is dropped, and after a while the
device hangs up. Most devices open the few ports that management software is known to use; with
the quirk `dedicated_stand_in` a personality opens the whole family of the guide's SP-17. Sockets
are what a large fleet runs out of first, hence the difference.
"""

from __future__ import annotations

import asyncio

from frisket.mfd.device import Device
from frisket.mfd.listening import Listening
from frisket.mfd.service import Open, Port, Service
from frisket.net.listen import listen_tcp

# Device facts 3.1: 9007 and the 4754x ports are named by Canon's own software documents.
KNOWN = (9007, 9013, 47545, 47546, 47547)
FAMILY = (
    *KNOWN,
    *(9002, 9006, 9011, 9012, 9014, 9015, 9017, 9018, 9019, 9022, 9023, 9025, 20317),
)
PATIENCE = 30.0
_MOST_BYTES = 64 << 10


def numbers(device: Device) -> tuple[int, ...]:
    """Return the ports that the device opens."""
    if not device.store.on("dedicated-port.enabled"):
        return ()
    return FAMILY if device.quirks.dedicated_stand_in else KNOWN


class _Silence(asyncio.Protocol):
    """One connection: it listens, says nothing, and ends."""

    __slots__ = ("_device", "_heard", "_open_now", "_timer", "_transport")

    def __init__(self, device: Device, open_now: set[_Silence]) -> None:
        self._device = device
        self._open_now = open_now
        self._heard = 0
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wake the device and start the clock."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._open_now.add(self)
        self._device.power.wake("dedicated")
        self._timer = asyncio.get_running_loop().call_later(PATIENCE, transport.abort)

    def data_received(self, data: bytes) -> None:
        """Drop what came; hang up on who sends a lot."""
        self._heard += len(data)
        if self._heard > _MOST_BYTES:
            self.cut()

    def cut(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's name
        """Stop the clock."""
        self._open_now.discard(self)
        if self._timer is not None:
            self._timer.cancel()


def ports(device: Device) -> tuple[Port, ...]:
    """Return the ports while <Dedicated Port Settings> is on."""
    return tuple(Port(number) for number in numbers(device))


async def open_port(device: Device, port: Port) -> Open:
    """Accept connections on one of the ports."""
    open_now: set[_Silence] = set()
    where = device.port(port.number)
    server = await listen_tcp(device.address, where, lambda: _Silence(device, open_now))
    return Listening(server, open_now)


SERVICE = Service(name="dedicated", ports=ports, open_port=open_port)
