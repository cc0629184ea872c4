"""Dialers: how a visit opens TCP, TLS and UDP to its one target."""

from __future__ import annotations

import asyncio
import errno
import random
import socket
import ssl
from collections.abc import Callable
from typing import Protocol

from frisket.errors import Filtered, LinkError, Refused, Reset, Silent, Unreachable
from frisket.model.target import Target
from frisket.net.budget import Budget
from frisket.net.guard import PrintGuard
from frisket.net.tls import TlsSession

_NO_ROUTE = frozenset({errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.EADDRNOTAVAIL})
_CHUNK = 65536
_HEADERS = 28  # of IP and UDP: empty datagrams are not free


def as_link_error(fault: OSError, where: str) -> LinkError:
    """Name an operating-system error: refused, cut, no route are different answers."""
    if isinstance(fault, ConnectionRefusedError):
        return Refused(f"{where} refused")
    if isinstance(fault, ConnectionResetError | BrokenPipeError | ConnectionAbortedError):
        return Reset(f"{where} cut the connection")
    if fault.errno in _NO_ROUTE:
        return Unreachable(f"{where} cannot be reached: {fault.strerror}")
    if fault.errno in {errno.EACCES, errno.EPERM}:
        return Unreachable(f"{where} may not be reached from here: {fault.strerror}")
    return LinkError(f"{where}: {fault.strerror or fault}")


class Stream(Protocol):
    """One open connection."""

    async def read(self, timeout: float) -> bytes:
        """Return what comes next, b"" at the end. Raises `Silent`, `Reset`, `BudgetSpent`."""

    async def write(self, data: bytes, timeout: float = 10.0) -> None:
        """Send all of it. Raises `Guarded` on a print port, `Reset`, `BudgetSpent`."""

    def close(self) -> None:
        """Close; may be called twice."""


class Datagrams(Protocol):
    """A UDP socket connected to the target: only its answers arrive."""

    async def send(self, data: bytes) -> None:
        """Send one datagram at the visit's pace. Raises `Refused`, `Guarded`, `BudgetSpent`."""

    async def receive(self, timeout: float) -> bytes:
        """Return the next datagram. Raises `Silent`, `Refused`, `BudgetSpent`."""

    def close(self) -> None:
        """Close; may be called twice."""


class Dialer(Protocol):
    """What a probe is handed: the only way to its target. `random` makes replays repeatable."""

    target: Target
    budget: Budget
    guard: PrintGuard
    random: random.Random

    async def tcp(self, port: int, timeout: float = 5.0) -> Stream:
        """Connect to the standard `port`. Raises `Refused`, `Filtered`, `Unreachable`."""

    async def udp(self, port: int) -> Datagrams:
        """Open a UDP socket to the standard `port`. Raises `Guarded`, `Unreachable`."""

    async def tls(
        self, stream: Stream, context: ssl.SSLContext, timeout: float = 10.0
    ) -> TlsSession:
        """Run a TLS handshake over an open stream. Raises `TlsFailed`, `Silent`, `Reset`."""


class SocketStream:
    """A TCP connection over a non-blocking socket, counted by the visit's budget."""

    __slots__ = ("_budget", "_guarded", "_loop", "_sock", "_where")

    def __init__(
        self, sock: socket.socket, budget: Budget, where: str, guarded: Callable[[bytes], None]
    ) -> None:
        self._sock: socket.socket | None = sock
        self._budget = budget
        self._where = where
        self._guarded = guarded
        self._loop = asyncio.get_running_loop()

    def _open(self) -> socket.socket:
        if self._sock is None:
            raise Reset(f"{self._where} is closed")
        return self._sock

    async def read(self, timeout: float) -> bytes:
        """Return what comes next, b"" at the end."""
        try:
            async with asyncio.timeout(self._budget.cap(timeout)):
                data = await self._loop.sock_recv(self._open(), _CHUNK)
        except TimeoutError:
            raise Silent(f"{self._where} sent nothing in {timeout:.0f} s") from None
        except OSError as fault:
            raise as_link_error(fault, self._where) from fault
        self._budget.take(len(data))
        return data

    async def write(self, data: bytes, timeout: float = 10.0) -> None:
        """Send all of it, after asking the print-port guard."""
        self._guarded(data)
        await self._budget.packet()
        try:
            async with asyncio.timeout(self._budget.cap(timeout)):
                await self._loop.sock_sendall(self._open(), data)
        except TimeoutError:
            raise Silent(f"{self._where} took nothing in {timeout:.0f} s") from None
        except OSError as fault:
            raise as_link_error(fault, self._where) from fault

    def close(self) -> None:
        """Close and give the connection back to the budget."""
        if self._sock is not None:
            self._sock.close()
            self._sock = None
            self._budget.disconnect()


class SocketDatagrams:
    """A connected UDP socket; the kernel drops what other senders send."""

    __slots__ = ("_budget", "_loop", "_sock", "_where")

    def __init__(self, sock: socket.socket, budget: Budget, where: str) -> None:
        self._sock = sock
        self._budget = budget
        self._where = where
        self._loop = asyncio.get_running_loop()

    async def send(self, data: bytes) -> None:
        """Send one datagram at the visit's pace."""
        await self._budget.packet()
        try:
            await self._loop.sock_sendall(self._sock, data)
        except OSError as fault:
            raise as_link_error(fault, self._where) from fault

    async def receive(self, timeout: float) -> bytes:
        """Return the next datagram."""
        try:
            async with asyncio.timeout(self._budget.cap(timeout)):
                data = await self._loop.sock_recv(self._sock, _CHUNK)
        except TimeoutError:
            raise Silent(f"{self._where} sent nothing in {timeout:.1f} s") from None
        except OSError as fault:
            raise as_link_error(fault, self._where) from fault
        self._budget.take(len(data) + _HEADERS)
        await asyncio.sleep(0)  # what waits already is handed over at once: let others run too
        return data

    def close(self) -> None:
        """Close."""
        self._sock.close()


class SocketDialer:
    """Opens real sockets to one target, within one budget, never writing to a print port."""

    def __init__(
        self,
        target: Target,
        budget: Budget,
        guard: PrintGuard | None = None,
        source: random.Random | None = None,
    ) -> None:
        self.target = target
        self.budget = budget
        self.guard = guard or PrintGuard()
        self.random = source or random.SystemRandom()
        self._family = socket.AF_INET6 if ":" in target.address else socket.AF_INET

    def _socket(self, kind: socket.SocketKind) -> socket.socket:
        try:
            sock = socket.socket(self._family, kind)
        except OSError as fault:  # too many open files
            raise LinkError(f"no socket could be opened: {fault.strerror}") from fault
        sock.setblocking(False)
        return sock

    async def tcp(self, port: int, timeout: float = 5.0) -> Stream:
        """Connect to the standard `port`, wherever the target serves it."""
        actual = self.target.port(port)
        where = f"port {port}/tcp"
        await self.budget.connect()
        try:
            sock = self._socket(socket.SOCK_STREAM)
        except LinkError:
            self.budget.disconnect()
            raise
        try:
            async with asyncio.timeout(self.budget.cap(timeout)):
                await asyncio.get_running_loop().sock_connect(sock, (self.target.address, actual))
        except TimeoutError:
            self._give_up(sock)
            raise Filtered(f"{where} did not answer in {timeout:.0f} s") from None
        except OSError as fault:
            self._give_up(sock)
            raise as_link_error(fault, where) from fault
        except BaseException:
            self._give_up(sock)
            raise
        check = self.guard.check_bytes
        return SocketStream(sock, self.budget, where, lambda data: check(data, port, actual))

    def _give_up(self, sock: socket.socket) -> None:
        sock.close()
        self.budget.disconnect()

    async def udp(self, port: int) -> Datagrams:
        """Open a UDP socket to the standard `port`, wherever the target serves it."""
        actual = self.target.port(port)
        self.guard.check(port, actual)
        sock = self._socket(socket.SOCK_DGRAM)
        where = f"port {port}/udp"
        try:
            sock.connect((self.target.address, actual))
        except OSError as fault:
            sock.close()
            raise as_link_error(fault, where) from fault
        return SocketDatagrams(sock, self.budget, where)

    async def tls(
        self, stream: Stream, context: ssl.SSLContext, timeout: float = 10.0
    ) -> TlsSession:
        """Run a TLS handshake over an open stream."""
        session = TlsSession(stream, context)
        await session.handshake(timeout)
        return session


def source_of(address: str) -> str:
    """Return which of our addresses a device at `address` sees, "" where there is no route.

    Nothing is sent.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.connect((address, 9))
            return str(sock.getsockname()[0])
    except OSError:
        return ""
