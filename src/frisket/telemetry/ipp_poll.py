"""One poll over IPP: a Get-Printer-Attributes, by TLS only where it is not answered without."""

from __future__ import annotations

from typing import Final

from frisket.errors import FrisketError, LinkError, Refused, Silent, WireError
from frisket.net.dial import Dialer
from frisket.net.tls import ByteStream, open_context
from frisket.probe.ipp_question import LIMITS, PATHS, PORT, question, read_answer
from frisket.proto.http.client import ask
from frisket.proto.ipp.values import Message
from frisket.telemetry.ipp_read import interpret_ipp
from frisket.telemetry.ipp_table import IppTable
from frisket.telemetry.sample import Sample

_CONNECT: Final = 5.0  # seconds; a port that drops is not worth a sleeper's patience
_DOORS: Final = tuple(f"{scheme}:{path}" for scheme in ("ipp", "ipps") for path in PATHS)


async def read_ipp(
    dialer: Dialer, table: IppTable, patience: float, known: str = ""
) -> tuple[Sample, str]:
    """Return what the printer says of itself, and the door that answered; see `message_of`."""
    message, door = await message_of(dialer, table, patience, known)
    return interpret_ipp(message, table), door


async def message_of(
    dialer: Dialer, table: IppTable, patience: float, known: str = ""
) -> tuple[Message, str]:
    """Return a printer's answer, and the door (`ipps:/ipp/print`) that gave it.

    `known` is the door that answered last time. No job, no login, no address of the answer is
    followed. Raises `LinkError` and `WireError` where no door gives a printer.
    """
    met: FrisketError = Silent("port 631/tcp speaks HTTP, but no IPP printer answers")
    doors = dict.fromkeys([known, *_DOORS] if known in _DOORS else _DOORS)
    for door in doors:
        try:
            message = await _ask(dialer, table, door, patience)
        except Refused:
            raise
        except (LinkError, WireError) as fault:
            met = fault
            continue
        if message is not None and interpret_ipp(message, table):
            return message, door
    raise met


async def _ask(dialer: Dialer, table: IppTable, door: str, patience: float) -> Message | None:
    scheme, _, path = door.partition(":")
    tls = scheme == "ipps"
    stream: ByteStream = await dialer.tcp(PORT, min(patience, _CONNECT))
    try:
        if tls:
            stream = await dialer.tls(stream, open_context(), patience)
        request_id = dialer.random.randrange(1, 1 << 31)
        host = dialer.target.address
        sent = question(host, path, request_id, tls=tls, wanted=table.asked)
        response = await ask(stream, sent, timeout=patience, total=2 * patience, limits=LIMITS)
        return read_answer(response).message
    finally:
        stream.close()
