"""What to say of a service whose port would not even be reached."""

from __future__ import annotations

from collections.abc import Iterable

from frisket.errors import FrisketError, Refused
from frisket.model.reading import Reading, Readings, Unread, Why
from frisket.probe.base import Sighting, Visit, unread


def absent(
    visit: Visit, fault: FrisketError, via: str, enabled: Iterable[str], rest: Iterable[str] = ()
) -> Sighting:
    """Return `enabled` off where the port was refused, else a reason; `rest` is never read.

    A refusal is an answer (RST, ICMP port unreachable). Silence is none, and says nothing.
    """
    reason = unread(fault, via)
    off: Reading = reason
    if isinstance(fault, Refused):
        off = visit.known(False, via, f"{fault}: nothing listens there")
        reason = Unread(Why.REFUSED, via, str(fault))
    readings: dict[str, Reading] = dict.fromkeys(sorted(enabled), off)
    return Sighting(Readings.single(readings | dict.fromkeys(sorted(rest), reason)))
