"""The print-port guard: ports on which every byte may become a sheet of paper."""

from __future__ import annotations

import re
from collections.abc import Iterable

from frisket.errors import Guarded

# LPD and its source range, RAW and its vendor variants; the list that scanners learnt to leave
# alone after printing on them (nmap's Exclude directive, and 9112-9116 and 9999 reported since).
PRINT_PORTS = frozenset(
    {515, 9999, *range(721, 732), *range(9100, 9108), *range(9112, 9117)},
)


# What alone may go to a print port that somebody opted in: whole PJL commands between two universal
# exits, which ask or set a default. No language is entered, so there is nothing to print.
_PJL = re.compile(
    rb"\x1b%-12345X"
    rb"(?:@PJL(?:[ ](?:INFO|INQUIRE|DINQUIRE|DEFAULT|ECHO)[ ][\x20-\x7e]{1,200})?\r\n){1,200}"
    rb"\x1b%-12345X"
)


class PrintGuard:
    """Knows which ports print; a device's own channel table can add to them, nothing removes.

    `pjl` are ports for which a person has typed the opt-in: there questions and settings of PJL
    pass, and nothing else does.
    """

    __slots__ = ("_pjl", "_ports")

    def __init__(self, more: Iterable[int] = (), *, pjl: Iterable[int] = ()) -> None:
        self._ports = PRINT_PORTS | set(more)
        self._pjl = frozenset(pjl)

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

    def check_bytes(self, data: bytes, *ports: int) -> None:
        """Raise `Guarded` where `data` could print on any of the ports.

        The first port is the standard one, which the opt-in names.
        """
        if self.forbids(*ports) and not (ports[0] in self._pjl and _PJL.fullmatch(data)):
            raise Guarded(f"port {ports[0]} prints what it receives; nothing was sent")
