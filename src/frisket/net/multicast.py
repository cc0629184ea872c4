"""A UDP port that multicast questions also reach, where the address is not on loopback."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable

from frisket.errors import LinkError
from frisket.net.listen import UdpServer, is_loopback

Answer = Callable[[bytes, tuple[str, int]], bytes | None]


class GroupServer:
    """A unicast socket, and one in the multicast group; every answer leaves from the first."""

    __slots__ = ("_group", "_spot", "_unicast")

    def __init__(self, unicast: UdpServer, group: UdpServer | None, spot: tuple[str, int]) -> None:
        self._unicast = unicast
        self._group = group
        self._spot = spot

    @property
    def heard(self) -> bool:
        """Say whether the group can be spoken to."""
        return self._group is not None

    def announce(self, data: bytes) -> None:
        """Send a datagram to the group; nothing where the port is unicast only."""
        if self._group is not None:
            self._unicast.send(data, self._spot)

    def close(self) -> None:
        """Stop listening; may be called twice."""
        self._unicast.close()
        if self._group is not None:
            self._group.close()


def _bound(address: str, port: int, where: str) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        # Discovery ports are shared by design: a responder of the machine itself may be there.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((where, port))
    except OSError as fault:
        sock.close()
        raise LinkError(f"{address} port {port}/udp cannot be opened: {fault.strerror}") from fault
    return sock


def listen_group(
    address: str,
    port: int,
    group: str,
    answer: Answer,
    *,
    asked: Answer | None = None,
    hops: int = 1,
) -> GroupServer:
    """Answer datagrams to `address` with `answer`, those to `group` with `asked` (default: same).

    On loopback the group is left out: a thousand devices there would answer one question at once.
    Raises `LinkError`.
    """
    unicast = _bound(address, port, address)
    if is_loopback(address):
        return GroupServer(UdpServer(unicast, answer), None, (group, port))
    try:
        member = _bound(address, port, group)
        joining = struct.pack("4s4s", socket.inet_aton(group), socket.inet_aton(address))
        try:
            member.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, joining)
            for name, value in (
                (socket.IP_MULTICAST_IF, socket.inet_aton(address)),
                (socket.IP_MULTICAST_TTL, bytes((hops,))),
            ):
                unicast.setsockopt(socket.IPPROTO_IP, name, value)
        except OSError as fault:
            member.close()
            raise LinkError(f"{address} cannot join {group}: {fault.strerror}") from fault
    except LinkError:
        unicast.close()
        raise
    server = UdpServer(unicast, answer)
    heard = asked or answer

    def reply(data: bytes, peer: tuple[str, int]) -> None:
        said = heard(data, peer)
        if said is not None:
            server.send(said, peer)

    return GroupServer(server, UdpServer(member, reply), (group, port))
