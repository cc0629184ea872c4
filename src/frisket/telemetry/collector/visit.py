"""How the collector reads one device: with its login, at its pace, never outside the scope."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, Protocol

from frisket.drivers.credential import Login
from frisket.model.target import Target
from frisket.net.budget import Budget
from frisket.net.shared import SharedDialer, SharedSockets
from frisket.telemetry.acquaintance import Acquaintance
from frisket.telemetry.collector.moments import Moments
from frisket.telemetry.contact import Access
from frisket.telemetry.poll import LIMITS, Polled, poll_device
from frisket.telemetry.table import PollTable
from frisket.telemetry.wake import Quiet

_SWEPT: Final = 5.0  # seconds for an address that nobody named


class Visit(Protocol):
    """Reads one device: its target, what is known of it, and when not to wake it."""

    async def __call__(self, target: Target, met: Acquaintance, quiet: Quiet | None) -> Polled:
        """Return what the device reports, or why it does not."""


@dataclass(frozen=True, slots=True)
class SnmpVisit:
    """Reads a device by SNMP. `login` gives the login for a target, if there is one.

    All devices are asked from `shared`: thousands of devices, two sockets.
    """

    community: str
    login: Callable[[Target], Login | None]
    tables: Sequence[PollTable]
    moments: Moments
    shared: SharedSockets
    patience: float = 30.0
    pace: float = 10.0

    async def __call__(self, target: Target, met: Acquaintance, quiet: Quiet | None) -> Polled:
        """Return what the device reports, or why it does not."""
        patience = self.patience if target.named or met.met else min(self.patience, _SWEPT)
        access = Access(self.community, self.login(target), patience=patience, quiet=quiet)
        budget = Budget(replace(LIMITS, packets_per_second=self.pace))
        return await poll_device(
            SharedDialer(target, budget, self.shared), access, self.tables, self.now, met
        )

    def now(self) -> datetime:
        """Return the collector's time, which does not jump."""
        return datetime.fromtimestamp(self.moments.at() / 1000, UTC)
