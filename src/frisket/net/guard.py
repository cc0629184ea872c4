"""The print-port guard: ports on which every byte may become a sheet of paper."""

from __future__ import annotations

from collections.abc import Iterable

from frisket.errors import Guarded

# LPD and its source range, RAW and its vendor variants; the list that scanners learnt to leave
# alone after printing on them (nmap's Exclude directive, and 9112-9116 and 9999 reported since).
PRINT_PORTS = frozenset(
    {515, 9999, *range(721, 732), *range(9100, 9108), *range(9112, 9117)},
)


class PrintGuard:
    """Knows which ports print; a device's own channel table can add to them, nothing removes."""

    __slots__ = ("_ports",)

    def __init__(self, more: Iterable[int] = ()) -> None:
        self._ports = PRINT_PORTS | set(more)

    def forbids(self, *ports: int) -> bool:
        """Say whether any of the ports is one that prints."""
        return any(port in self._ports for port in ports)

    def add(self, ports: Iterable[int]) -> None:
        """Guard further ports, as learnt from a device's channel table."""
        self._ports |= set(ports)

    def check(self, *ports: int) -> None:
        """Raise `Guarded` where a byte to any of the ports could print."""
        if self.forbids(*ports):
            raise Guarded(f"port {ports[0]} prints what it receives; nothing was sent")
