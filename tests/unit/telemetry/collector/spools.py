"""What the collector's tests share: clocks that stand still, and records that are told apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from frisket.telemetry.collector.moments import Moments
from frisket.telemetry.collector.spool import Gap, Limits, Loss, Maker, Spool


@dataclass
class Clock:
    """Wall and monotonic seconds that move when told."""

    wall: float = 1_800_000_000.0
    ticks: float = 500.0

    def pass_by(self, seconds: float) -> None:
        self.wall += seconds
        self.ticks += seconds

    def moments(self) -> Moments:
        return Moments(lambda: self.wall, lambda: self.ticks)


def gap_body(number: int, gap: Gap) -> bytes:
    return f"gap {number} {gap.why.name} {gap.since} {gap.until} {gap.count}".encode()


def record(text: str) -> Maker:
    return lambda number, _: f"record {number} {text}".encode()


@dataclass
class Bench:
    """A spool that is opened, left without a goodbye, and opened again."""

    folder: Path
    limits: Limits = field(default_factory=Limits)
    clock: Clock = field(default_factory=Clock)

    def open(self) -> Spool:
        return Spool(self.folder, self.clock.moments(), gap_body, self.limits)

    def segments(self) -> list[Path]:
        return sorted((self.folder / "spool").glob("*.segment"))


def bodies(spool: Spool, after: int = 0) -> list[str]:
    """Return everything that waits, as the gateway would get it, batch by batch."""
    found: list[str] = []
    expected = None
    while batch := spool.read(after, 300):
        for one in batch:
            assert expected is None or one.number == expected
            expected = one.number + 1
            found.append(one.body.decode())
        after = batch[-1].number
    return found


def gaps(spool: Spool, why: Loss) -> list[str]:
    return [body for body in bodies(spool) if body.startswith("gap ") and why.name in body]


Opener = Callable[[], Spool]
