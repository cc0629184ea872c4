"""Setting the device's clock by SNTP (RFC 4330; guide SP-40)."""

from __future__ import annotations

from datetime import timedelta

from frisket.errors import LinkError, Silent, UsageError, WireError
from frisket.mfd.auditlog import LogKind
from frisket.mfd.device import Device
from frisket.mfd.outside.attempt import OutsideFault, attempt
from frisket.mfd.outside.server import read_server
from frisket.net.call import udp_line
from frisket.proto.sntp.wire import Packet, encode, offset_of, to_wire

_PORT = 123
_TRIES = 2
_PATIENCE = 3.0
# The audit log should not be filled by a clock that is right: smaller steps are set, not logged.
_WORTH_LOGGING = 1.0


async def _ask(device: Device, server_text: str) -> float:
    server = read_server(server_text, _PORT, "SNTP server")
    async with udp_line(server.host, server.port) as line:
        for attempts_left in range(_TRIES - 1, -1, -1):
            asked = to_wire(device.now().timestamp())
            await line.send(encode(Packet(transmit=asked)))
            try:
                data = await line.receive(_PATIENCE)
            except Silent:
                if not attempts_left:
                    raise
                continue
            try:
                return offset_of(asked, data, device.now().timestamp())
            except WireError as fault:
                raise OutsideFault(str(fault)) from fault
    raise LinkError("the time server did not answer")


async def set_clock(device: Device, actor: str) -> float:
    """Ask the SNTP server and set the clock; return by how many seconds it was moved.

    Raises `UsageError`, `LinkError`, `OutsideFault` (an answer that RFC 4330 says to discard).
    """
    text = device.store.text("sntp.server")
    with attempt(device, LogKind.NETWORK_CONNECTION, actor, "SNTP", text):
        if not device.store.on("sntp.enabled"):
            raise UsageError("<Use SNTP> is off")
        moved = await _ask(device, text)
    device.drift.move(timedelta(seconds=moved))
    if abs(moved) >= _WORTH_LOGGING:
        detail = f"by SNTP from {text}: {moved:+.1f} s"
        device.log.add(LogKind.MACHINE_MANAGEMENT, actor, "Set Date/Time", detail)
    return moved
