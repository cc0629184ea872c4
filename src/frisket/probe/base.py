"""What a probe is, what it is handed, and what it answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from frisket.errors import (
    BudgetSpent,
    Filtered,
    FrisketError,
    Guarded,
    LinkError,
    Refused,
    Reset,
    Silent,
    TlsFailed,
    Unreachable,
    WireError,
)
from frisket.model.reading import Known, Reading, Readings, Unread, Value, Why, Witness
from frisket.model.target import Identity
from frisket.net.dial import Dialer, Stream

# Evidence is words for a person: what a device says is cut here, and escaped where it is shown.
DETAIL_LENGTH = 300

# Seconds for a connection attempt once another port of the device has answered: enough for one
# lost packet and its repetition. A firewall that drops thirty ports must not cost thirty patiences.
AWAKE_PATIENCE = 2.0

_WHY: tuple[tuple[type[FrisketError], Why], ...] = (
    (Refused, Why.REFUSED),
    (Filtered, Why.FILTERED),
    (Unreachable, Why.UNREACHABLE),
    (Reset, Why.RESET),
    (Silent, Why.SILENT),
    (TlsFailed, Why.TLS),
    (BudgetSpent, Why.BUDGET),
    (Guarded, Why.GUARDED),
    (WireError, Why.GARBLED),
)


@dataclass(frozen=True, slots=True)
class Options:
    """What the user allowed beyond the safe minimum; all off unless asked for."""

    anonymous_ftp: bool = False
    patience: float = 5.0  # seconds to wait for one answer


@dataclass(slots=True)
class Visit:
    """One visit to one device: the dialer, the clock, and what is known of its TCP ports."""

    dialer: Dialer
    now: Callable[[], datetime]
    options: Options = field(default_factory=Options)
    _ports: dict[int, asyncio.Task[LinkError | None]] = field(default_factory=dict)
    _awake: bool = False

    async def closed(self, port: int) -> LinkError | None:
        """Return None where TCP `port` accepts connections, else what was met instead.

        Connects and closes without a byte, once a visit and port.
        """
        if port not in self._ports:
            self._ports[port] = asyncio.create_task(self._touch(port))
        return await asyncio.shield(self._ports[port])

    async def _touch(self, port: int) -> LinkError | None:
        patience = self.options.patience
        if self._awake:
            patience = min(patience, AWAKE_PATIENCE)
        try:
            (await self.dialer.tcp(port, patience)).close()
        except LinkError as fault:
            self._awake = self._awake or isinstance(fault, Refused)
            return fault
        self._awake = True
        return None

    async def close(self) -> None:
        """End what is still being connected to; for a visit that is broken off."""
        for task in self._ports.values():
            task.cancel()
        await asyncio.gather(*self._ports.values(), return_exceptions=True)

    def found_open(self) -> bool:
        """Say whether any TCP port that was tried so far accepts connections."""
        return any(
            touch.done() and not touch.cancelled() and touch.result() is None
            for touch in self._ports.values()
        )

    async def connect(self, port: int) -> Stream:
        """Connect to TCP `port`. Raises `LinkError`."""
        return await self.dialer.tcp(port, self.options.patience)

    def known(self, value: Value, via: str, detail: str = "") -> Known:
        """Return a reading by the network witness, now."""
        return Known(value, Witness.NETWORK, self.now(), via, detail[:DETAIL_LENGTH])


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one probe saw: readings, and who the device said it is. `|` joins two."""

    readings: Readings = field(default_factory=Readings)
    identity: Identity = field(default_factory=Identity)
    printer: str = ""  # why this is a printer; empty where the probe cannot tell
    facts: Mapping[str, str] = field(default_factory=dict)  # for `discover`: service -> in words

    def __or__(self, other: Sighting) -> Sighting:
        """Join; what the left one knows of identity wins."""
        return Sighting(
            self.readings | other.readings,
            self.identity | other.identity,
            self.printer or other.printer,
            {**self.facts, **other.facts},
        )


@dataclass(frozen=True, slots=True)
class Probe:
    """One protocol's probe. `reads` lists every key it may speak of; `run` raises FrisketError.

    Keys of `reads` that `run` leaves out, or all of them where it raises, become `Unread`.
    `identifies` marks the probes that discovery runs.
    """

    name: str
    reads: frozenset[str]
    run: Callable[[Visit], Awaitable[Sighting]]
    identifies: bool = False


def unread(fault: FrisketError, via: str) -> Unread:
    """Return why nothing was learnt, from what was met."""
    why = next((why for kind, why in _WHY if isinstance(fault, kind)), Why.UNREACHABLE)
    return Unread(why, via, str(fault)[:DETAIL_LENGTH])


def port_reading(visit: Visit, fault: LinkError | None, port: int, via: str) -> Reading:
    """Return on for an open TCP port, off for a refused one, and a reason for anything else."""
    if fault is None:
        return visit.known(True, via, f"port {port}/tcp accepts connections")
    if isinstance(fault, Refused):
        return visit.known(False, via, f"port {port}/tcp refuses connections")
    return unread(fault, via)
