"""A control socket: one JSON line in, one out, for the owner of a folder only."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

from frisket.errors import LinkError

# The longest line either way: the truth of one device is about 10 kB, a list of 1,000 about 1 MB.
_LONGEST = 64 << 20
_PATH_LIMIT = 100


async def serve_control(
    path: Path, reply: Callable[[bytes], Awaitable[bytes]]
) -> asyncio.AbstractServer:
    """Answer each line on the socket at `path` with `reply(line)`. Raises `LinkError`."""
    if len(str(path)) > _PATH_LIMIT:
        raise LinkError(f"the path of the control socket is too long: {path}")

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                writer.write(await reply(line) + b"\n")
                await writer.drain()
        except (OSError, ValueError):
            # The other side left, or sent a line without end: nobody is waiting for an answer.
            return
        finally:
            writer.close()

    path.unlink(missing_ok=True)
    try:
        server = await asyncio.start_unix_server(handle, path, limit=_LONGEST)
    except OSError as fault:
        raise LinkError(f"the control socket cannot be opened: {fault.strerror}") from fault
    path.chmod(0o600)
    return server


def ask_control(path: Path, line: bytes, timeout: float = 60.0) -> bytes:
    """Send one line to the control socket and return the answer. Raises `LinkError`."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
            sock.settimeout(timeout)
            sock.connect(str(path))
            sock.sendall(line + b"\n")
            with sock.makefile("rb") as file:
                return file.readline(_LONGEST)
    except OSError as fault:
        raise LinkError(f"the lab does not answer: {fault.strerror or fault}") from fault
