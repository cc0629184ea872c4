"""Listening, for the virtual MFD and receivers: TCP, TLS and UDP on one address."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import Final

from frisket.errors import LinkError

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def _explain(fault: OSError, address: str, port: int, kind: str) -> LinkError:
    where = f"{address} port {port}/{kind}"
    if fault.errno == errno.EADDRINUSE:
        return LinkError(f"{where} is already in use", hint="stop what uses it, or take another")
    if fault.errno in {errno.EACCES, errno.EPERM}:
        return LinkError(f"{where} needs rights that this user lacks", hint="ports are shifted")
    if fault.errno == errno.EMFILE:
        return LinkError("no more sockets: the open-file limit is reached", hint="ulimit -n")
    return LinkError(f"{where} cannot be opened: {fault.strerror or fault}")


def is_address(text: str) -> bool:
    """Say whether `text` is an IPv4 or IPv6 address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def is_loopback(address: str) -> bool:
    """Say whether an address stays on this machine."""
    return address == "::1" or address.startswith("127.")


MAY_SHARE: Final = hasattr(socket, "SO_REUSEPORT")


def bound_tcp(address: str, port: int, *, shared: bool = False) -> socket.socket:
    """Return a socket bound to a port, for a library that listens itself. Raises `LinkError`.

    A `shared` port is heard by several processes of one user; the system deals out connections.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    # Named in full: only then does asyncio send small parts at once. Without, the second part of
    # every answer waits 40 ms for the client's delayed acknowledgement.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.setblocking(False)
        sock.bind((address, port))
        sock.listen(100)
    except OSError as fault:
        sock.close()
        raise _explain(fault, address, port, "tcp") from fault
    return sock


async def listen_tcp(
    address: str,
    port: int,
    factory: Callable[[], asyncio.BaseProtocol],
    context: ssl.SSLContext | None = None,
) -> asyncio.Server:
    """Accept TCP (or TLS) connections, one protocol each. Raises `LinkError` naming the port."""
    try:
        return await asyncio.get_running_loop().create_server(
            factory, address, port, ssl=context, backlog=128, reuse_address=True
        )
    except OSError as fault:
        raise _explain(fault, address, port, "tcp") from fault


async def listen_streams(
    address: str, port: int, handler: Handler, context: ssl.SSLContext | None = None
) -> asyncio.Server:
    """Accept connections and run `handler(reader, writer)` for each. Raises `LinkError`."""
    loop = asyncio.get_running_loop()

    def factory() -> asyncio.StreamReaderProtocol:
        reader = asyncio.StreamReader(limit=1 << 16, loop=loop)
        return asyncio.StreamReaderProtocol(reader, handler, loop=loop)

    return await listen_tcp(address, port, factory, context)


class UdpServer:
    """A UDP socket that answers through one function; light enough for thousands."""

    __slots__ = ("_answer", "_loop", "_sock", "port")

    def __init__(
        self, sock: socket.socket, answer: Callable[[bytes, tuple[str, int]], bytes | None]
    ) -> None:
        self._sock = sock
        self._answer = answer
        self._loop = asyncio.get_running_loop()
        self.port: int = sock.getsockname()[1]
        self._loop.add_reader(sock.fileno(), self._ready)

    def _ready(self) -> None:
        # A burst is drained in one turn, but never so long that other devices starve.
        for _ in range(32):
            try:
                data, peer = self._sock.recvfrom(65535)
            except OSError:
                # Nothing left, or an ICMP error of an earlier answer: neither concerns this one.
                return
            reply = self._answer(data, (peer[0], peer[1]))
            if reply is not None:
                self.send(reply, (peer[0], peer[1]))

    def send(self, data: bytes, peer: tuple[str, int]) -> None:
        """Send a datagram to `peer`; one that cannot be sent is dropped, as UDP does."""
        try:
            self._sock.sendto(data, peer)
        except OSError:
            return

    def close(self) -> None:
        """Stop listening; may be called twice."""
        if self._sock.fileno() >= 0:
            self._loop.remove_reader(self._sock.fileno())
            self._sock.close()


def listen_udp(
    address: str, port: int, answer: Callable[[bytes, tuple[str, int]], bytes | None]
) -> UdpServer:
    """Answer datagrams with `answer(data, peer)`; None stays silent. Raises `LinkError`."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.bind((address, port))
    except OSError as fault:
        sock.close()
        raise _explain(fault, address, port, "udp") from fault
    return UdpServer(sock, answer)


def udp_is_free(address: str, port: int) -> bool:
    """Say whether a UDP port can be bound; used before promising a device its ports."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.bind((address, port))
        except OSError:
            return False
    return True


def may_bind_low_ports() -> bool:
    """Say whether this process may listen on ports below 1024."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
        try:
            sock.bind(("127.0.0.1", 1))
        except PermissionError:
            return False
        except OSError:
            return True
    return True
