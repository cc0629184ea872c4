"""Calling a server by name: what the virtual MFD asks of the outside (mail, time, syslog, files).

Visits to devices go through `dial`, which keeps to a target and a budget; these are the other
direction: a device that was told a server's name and calls it.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator

from frisket.errors import LinkError, Silent, TlsFailed, Unreachable
from frisket.net.dial import as_link_error
from frisket.net.guard import PrintGuard

_LONGEST = 1 << 16


def tls_reason(fault: ssl.SSLError) -> str:
    """Return why TLS failed, in OpenSSL's words; what is wrong with a refused certificate."""
    if isinstance(fault, ssl.SSLCertVerificationError):
        return f"the server's certificate is refused: {fault.verify_message}"
    return f"TLS failed: {(fault.reason or str(fault)).replace('_', ' ').lower()}"


@contextlib.asynccontextmanager
async def call(
    host: str, port: int, context: ssl.SSLContext | None = None, timeout: float = 10.0
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Connect, with TLS where a context is given; the connection ends with the block.

    Raises `TlsFailed` with the reason, `Refused`, `Unreachable`, `Silent`, `Guarded`.
    """
    PrintGuard().check(port)
    where = f"{host} port {port}"
    try:
        async with asyncio.timeout(timeout):
            reader, writer = await asyncio.open_connection(
                host,
                port,
                ssl=context,
                server_hostname=host if context else None,
                limit=_LONGEST,
            )
    except TimeoutError:
        raise Silent(f"{where} did not answer in {timeout:.0f} s") from None
    except ssl.SSLError as fault:
        raise TlsFailed(tls_reason(fault)) from fault
    except socket.gaierror as fault:
        raise Unreachable(f"{host} is no name that is known: {fault.strerror}") from fault
    except OSError as fault:
        raise as_link_error(fault, where) from fault
    try:
        yield reader, writer
    except TimeoutError:
        raise Silent(f"{where} did not answer in time") from None
    except ssl.SSLError as fault:
        raise TlsFailed(tls_reason(fault)) from fault
    except OSError as fault:
        raise as_link_error(fault, where) from fault
    finally:
        writer.transport.abort()


class Line:
    """A UDP socket to one server; an answer comes from there or not at all."""

    __slots__ = ("_sock", "_where")

    def __init__(self, sock: socket.socket, where: str) -> None:
        self._sock = sock
        self._where = where

    async def send(self, data: bytes) -> None:
        """Send one datagram. Raises `LinkError` (`Refused` where nobody listens)."""
        try:
            await asyncio.get_running_loop().sock_sendall(self._sock, data)
        except OSError as fault:
            raise as_link_error(fault, self._where) from fault

    async def receive(self, timeout: float) -> bytes:
        """Return the next datagram. Raises `Silent`, `Refused`."""
        try:
            async with asyncio.timeout(timeout):
                return await asyncio.get_running_loop().sock_recv(self._sock, _LONGEST)
        except TimeoutError:
            raise Silent(f"{self._where} sent nothing in {timeout:.0f} s") from None
        except OSError as fault:
            raise as_link_error(fault, self._where) from fault


@contextlib.asynccontextmanager
async def udp_line(host: str, port: int, timeout: float = 10.0) -> AsyncIterator[Line]:
    """Open a UDP socket to a server; it closes with the block. Raises `Unreachable`, `Guarded`."""
    PrintGuard().check(port)
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(timeout):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    except TimeoutError:
        raise Unreachable(f"the name {host} was not resolved in {timeout:.0f} s") from None
    except OSError as fault:
        raise Unreachable(f"{host} is no name that is known: {fault.strerror}") from fault
    if not found:
        raise LinkError(f"{host} has no address")
    family, kind, protocol, _, address = found[0]
    with socket.socket(family, kind, protocol) as sock:
        sock.setblocking(False)
        try:
            sock.connect(address)
        except OSError as fault:
            raise as_link_error(fault, f"{host} port {port}/udp") from fault
        yield Line(sock, f"{host} port {port}/udp")
