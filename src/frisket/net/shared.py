"""One UDP socket for visits to many targets: a collector of thousands needs no thousand sockets.

An answer reaches the visit whose target sent it; what strangers send is dropped. Unlike a connected
socket this one does not learn that a port is closed: such a target is silent.
"""

from __future__ import annotations

import asyncio
import random
import socket
from collections import deque
from functools import lru_cache
from ipaddress import ip_address
from typing import Final, Self

from frisket.errors import LinkError, Silent
from frisket.model.target import Target
from frisket.net.budget import Budget
from frisket.net.dial import Datagrams, SocketDialer, as_link_error
from frisket.net.guard import PrintGuard

_CHUNK: Final = 65536
_AT_ONCE: Final = 64  # datagrams taken before others may run
_WAITING: Final = 16  # datagrams that wait for one visit; a flood is cut
_ROOM: Final = 4 << 20  # octets the kernel may keep for us
_HEADERS: Final = 28  # of IP and UDP: empty datagrams are not free

_Peer = tuple[str, int]


@lru_cache(maxsize=8192)
def _canonical(address: str) -> str:
    """Return an address as the operating system writes it."""
    return str(ip_address(address))


class SharedSockets:
    """The two sockets, of IPv4 and IPv6, opened as they are needed. Use as a context manager."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._sockets: dict[socket.AddressFamily, socket.socket] = {}
        self._visits: dict[_Peer, list[SharedDatagrams]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def count(self) -> int:
        """How many sockets are open."""
        return len(self._sockets)

    @property
    def port(self) -> int:
        """Our port, 0 before the first visit."""
        return next((int(sock.getsockname()[1]) for sock in self._sockets.values()), 0)

    def close(self) -> None:
        """Close; visits under way hear nothing more."""
        for sock in self._sockets.values():
            self._loop.remove_reader(sock)
            sock.close()
        self._sockets.clear()

    def open(self, address: str, port: int, budget: Budget) -> SharedDatagrams:
        """Return a visit's way to a target. Raises `LinkError`."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        sock = self._sockets.get(family)
        if sock is None:
            sock = self._sockets[family] = self._socket(family)
        peer = (_canonical(address), port)
        visit = SharedDatagrams(self, sock, peer, budget)
        self._visits.setdefault(peer, []).append(visit)
        return visit

    def _socket(self, family: socket.AddressFamily) -> socket.socket:
        try:
            sock = socket.socket(family, socket.SOCK_DGRAM)
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _ROOM)
            sock.bind(("::" if family is socket.AF_INET6 else "0.0.0.0", 0))  # noqa: S104
        except OSError as fault:
            raise LinkError(f"no socket could be opened: {fault.strerror}") from fault
        self._loop.add_reader(sock, self._arrived, sock)
        return sock

    def _arrived(self, sock: socket.socket) -> None:
        for _ in range(_AT_ONCE):
            try:
                data, peer = sock.recvfrom(_CHUNK)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                continue  # of a datagram sent earlier; nobody knows whose
            for visit in self._visits.get(peer[:2], ()):
                visit.take(data)

    def forget(self, visit: SharedDatagrams) -> None:
        """Let no more datagrams reach a visit."""
        visits = self._visits.get(visit.peer, [])
        if visit in visits:
            visits.remove(visit)
            if not visits:
                del self._visits[visit.peer]


class SharedDatagrams:
    """One visit's share of the socket; behaves as a socket connected to its target."""

    __slots__ = ("_arrived", "_budget", "_shared", "_sock", "_waiter", "_where", "peer")

    def __init__(
        self, shared: SharedSockets, sock: socket.socket, peer: _Peer, budget: Budget
    ) -> None:
        self.peer = peer
        self._shared = shared
        self._sock = sock
        self._budget = budget
        self._where = f"port {peer[1]}/udp"
        self._arrived: deque[bytes] = deque()
        self._waiter: asyncio.Future[None] | None = None

    def take(self, data: bytes) -> None:
        """Take a datagram of the target; too many that nobody fetches are dropped."""
        if len(self._arrived) < _WAITING:
            self._arrived.append(data)
        _wake(self._waiter)

    async def send(self, data: bytes) -> None:
        """Send one datagram at the visit's pace."""
        await self._budget.packet()
        try:
            self._sock.sendto(data, self.peer)
        except (BlockingIOError, InterruptedError):
            await asyncio.get_running_loop().sock_sendto(self._sock, data, self.peer)
        except OSError as fault:
            raise as_link_error(fault, self._where) from fault

    async def receive(self, timeout: float) -> bytes:
        """Return the target's next datagram."""
        if self._arrived:
            await asyncio.sleep(0)  # what waits already is handed over at once: let others run
        else:
            loop = asyncio.get_running_loop()
            waiter = self._waiter = loop.create_future()
            timer = loop.call_later(self._budget.cap(timeout), _wake, waiter)
            try:
                await waiter
            finally:
                timer.cancel()
                self._waiter = None
            if not self._arrived:
                raise Silent(f"{self._where} sent nothing in {timeout:.1f} s")
        data = self._arrived.popleft()
        self._budget.take(len(data) + _HEADERS)
        return data

    def close(self) -> None:
        """Give the share back; may be called twice."""
        self._shared.forget(self)
        _wake(self._waiter)


def _wake(waiter: asyncio.Future[None] | None) -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)


class SharedDialer(SocketDialer):
    """Opens sockets to one target as `SocketDialer` does, but for UDP takes its share of one."""

    def __init__(
        self,
        target: Target,
        budget: Budget,
        shared: SharedSockets,
        guard: PrintGuard | None = None,
        source: random.Random | None = None,
    ) -> None:
        super().__init__(target, budget, guard, source)
        self._shared = shared

    async def udp(self, port: int) -> Datagrams:
        """Take a share of the socket, for the standard `port` of the target."""
        actual = self.target.port(port)
        self.guard.check(port, actual)
        return self._shared.open(self.target.address, actual, self.budget)
