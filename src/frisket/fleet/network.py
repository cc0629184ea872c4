"""How devices are reached: paced, bounded, and past their print ports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from frisket.catalog.load import load_catalog
from frisket.drivers.access.pjl import opted_in
from frisket.drivers.access.snmp import Around
from frisket.drivers.credential import Login
from frisket.drivers.load import load_drivers
from frisket.model.reading import Readings
from frisket.model.target import Target
from frisket.net.budget import Budget, Limits
from frisket.net.dial import SocketDialer
from frisket.probe.base import Options, Visit
from frisket.probe.engine import find_probes, run_probes
from frisket.proto.snmp.client import PATIENCE

LONG: Final = PATIENCE[-1]
CHANGING_SECONDS = 600.0  # a device that restarts twice


def now() -> datetime:
    """Return the present in UTC."""
    return datetime.now(UTC)


def around(patience: float = LONG, *, awake: bool = False) -> Around:
    """Return what an access to a device is handed.

    `patience`: seconds for the last of three tries. A device that is `awake` answers at once or
    not at all.
    """
    long = tuple(seconds * patience / LONG for seconds in PATIENCE)
    tries = (min(patience, 1.0),) * 2 if awake else long
    return Around(load_catalog(), load_drivers(), now, tries)


@dataclass(frozen=True, slots=True)
class Network:
    """How devices are reached. Virtual ones (`lab`) are not paced.

    `pace`: packets a second to one device, 0 lifts the limit.
    """

    options: Options = field(default_factory=Options)
    pace: float = 10.0
    now: Callable[[], datetime] = now

    @property
    def patience(self) -> float:
        """Return the seconds to wait for an answer."""
        return self.options.patience

    def limits(self, target: Target, seconds: float = 90.0) -> Limits:
        """Return what a visit to this target may cost."""
        virtual = target.address.startswith("127.")
        pace = 0.0 if virtual else self.pace
        return Limits(packets_per_second=pace, seconds=seconds, packets=4000)

    def dialer(self, target: Target, login: Login | None = None) -> SocketDialer:
        """Return a dialer for changing a device.

        Its print ports get nothing, but PJL where the `login` has a person's opt-in for that.
        """
        guard = opted_in() if login is not None and login.pjl else None
        return SocketDialer(target, Budget(self.limits(target, CHANGING_SECONDS)), guard)

    async def look(self, target: Target, keys: frozenset[str]) -> Readings:
        """Return what the network witness says of `keys` now, by the probes that can see them."""
        probes = [probe for probe in find_probes() if probe.reads & keys]
        dialer = SocketDialer(target, Budget(self.limits(target)))
        visit = Visit(dialer, self.now, self.options)
        try:
            return (await run_probes(visit, probes)).readings
        finally:
            await visit.close()
