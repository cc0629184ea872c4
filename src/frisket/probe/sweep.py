"""Looks at many TCP ports one after the other, and gives up where a firewall swallows them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

from frisket.errors import Filtered, LinkError, Refused
from frisket.probe.base import Visit

# So many silent ports before the first that answers: the rest would cost a timeout each.
MAX_FILTERED = 3


async def sweep(visit: Visit, ports: Iterable[int]) -> AsyncIterator[tuple[int, LinkError | None]]:
    """Yield each port with None where it accepts connections, else what was met instead.

    Connects and closes without a byte. Ends early where nothing but silence comes back.
    """
    silent = 0
    answered = False
    for port in ports:
        fault = await visit.closed(port)
        yield port, fault
        silent += isinstance(fault, Filtered)
        answered = answered or fault is None or isinstance(fault, Refused)
        if silent >= MAX_FILTERED and not answered:
            return
