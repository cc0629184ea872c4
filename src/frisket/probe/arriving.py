"""Reads one whole message from a stream, however it is cut up, and never for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from frisket.errors import Reset, Silent, WireError
from frisket.net.tls import ByteStream
from frisket.probe.base import Visit
from frisket.proto.cursor import Incomplete

# No message that a probe asks for is as long.
MOST = 64 << 10

Value = TypeVar("Value")


async def read_message(
    visit: Visit, stream: ByteStream, arrived: bytes, read: Callable[[bytes], tuple[Value, int]]
) -> tuple[Value, bytes]:
    """Return what `read` finds at the start of the stream, and the bytes behind it.

    `arrived` is what was received already. The whole message may take four times the patience,
    so that a peer cannot drip. Raises `Silent`, `Reset` (closed before the end), `WireError`.
    """
    patience = visit.options.patience
    end = asyncio.get_running_loop().time() + 4 * patience
    while True:
        try:
            value, used = read(arrived)
        except Incomplete:
            left = end - asyncio.get_running_loop().time()
            if left <= 0:
                raise Silent(f"the answer was not complete after {4 * patience:.0f} s") from None
            if len(arrived) > MOST:
                raise WireError(f"an answer of more than {MOST} octets") from None
            data = await stream.read(min(patience, left))
            if not data:
                raise Reset("the connection was closed before the end of an answer") from None
            arrived += data
        else:
            return value, arrived[used:]
