"""The collector's spool: what was polled stays on disk until the gateway has acknowledged it.

A folder of append-only segments. A record is on disk before `append` returns. Numbers rise by one
and are never given twice once they may have left the house; a damaged record is put aside, and a
gap takes its number. When there is no room, what is there is kept and the loss is counted.
"""

from __future__ import annotations

import secrets
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from frisket.errors import FrisketError
from frisket.telemetry.collector import disk
from frisket.telemetry.collector.moments import Moments
from frisket.telemetry.collector.segment import Contents, Hole, Kept, contents, frame
from frisket.telemetry.collector.slots import Slots


class Loss(StrEnum):
    """Why a stretch of time or of records is missing."""

    DOWN = "the collector was not running"
    FULL = "the collector had no room"
    DAMAGED = "the collector's disk damaged it"
    EXPIRED = "too old before the gateway took it"


@dataclass(frozen=True, slots=True)
class Gap:
    """What is missing, from when to when (milliseconds since 1970), and how many records."""

    why: Loss
    since: int
    until: int
    count: int = 0


class SpoolFull(FrisketError):
    """There is no room for new records; what is there is kept."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How large and how old a spool may become. `age` is milliseconds of running."""

    octets: int = 512 << 20
    segment: int = 256 << 10
    age: int = 400 * 24 * 3600 * 1000


@dataclass(slots=True)
class _Segment:
    path: Path
    first: int
    last: int  # `first - 1` while empty
    octets: int = 0
    oldest: int = 0  # `at` of its first record
    newest: int = 0  # `moment` of its last record
    latest: int = 0  # `at` of its last record

    def count(self, records: Sequence[Kept]) -> None:
        """Take in records that were written to it."""
        if records:
            self.oldest = self.oldest or records[0].at
            self.newest, self.latest = records[-1].moment, records[-1].at
            self.last = max(self.last, records[-1].number)


Maker = Callable[[int, int], bytes]  # of a record's number and its time in milliseconds
GapMaker = Callable[[int, Gap], bytes]


def _number(kept: Kept) -> int:
    return kept.number


class Spool:
    """One collector's records on disk. Synchronous; used by one thread at a time."""

    def __init__(
        self, folder: Path, moments: Moments, gap: GapMaker, limits: Limits | None = None
    ) -> None:
        """Open or make the spool, and mark what is missing since it was last open.

        `gap` makes a record's octets of a number and a gap. Raises `SlotsFault`, `OSError` where
        the folder cannot be used at all.
        """
        self._folder = folder / "spool"
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._aside = folder / "quarantine"
        self._gap, self._limits, self._moments = gap, limits or Limits(), moments
        self._slots = Slots(folder / "spool.state")
        self._segments: list[_Segment] = []
        self._writer: _Segment | None = None
        self._gaps: list[Gap] = []
        self.damages = 0  # records found damaged since it was opened
        self._at_hand: tuple[Path, int, tuple[Kept, ...]] = (folder, 0, ())
        kept = self._slots.values
        self.acknowledged = int(kept.get("acknowledged", 0))
        self.name = str(kept.get("name", ""))
        self._next = int(kept.get("next", 1))
        self._load(known=self._next if "next" in kept else 0)
        self.name = self.name or secrets.token_hex(8)
        alive = self._last_sign(int(kept.get("running", 0)), int(kept.get("beat", 0)))
        if alive:
            self._gaps.append(Gap(Loss.DOWN, alive, moments.at()))
        self.beat()
        self.report()

    def _load(self, known: int) -> None:
        """Read every segment: what it holds, and what of it is damaged."""
        paths = disk.list_segments(self._folder)
        if paths and not self.name:
            # Both slots of the state are lost: the segments still say whose they are.
            self.name = paths[-1][0]
        mine = [(first, path) for name, first, path in paths if name == self.name]
        for index, (first, path) in enumerate(mine):
            following = mine[index + 1][0] if index + 1 < len(mine) else max(known, first)
            data = disk.read(path)
            found = contents(data, first, following)
            segment = _Segment(path, first, found.last, len(data))
            segment.count(found.records)
            self._segments.append(segment)
            self._next = max(self._next, found.last + 1)
            if found.last > self.acknowledged:
                self._mend(segment, found)
        self._sweep()
        for segment in [each for each in self._segments if each.last < each.first]:
            self._drop(segment)

    def _last_sign(self, running: int, beat: int) -> int:
        """Resume the running time, and return when the collector is last known to have run."""
        if self._segments and self._segments[-1].newest > running:
            running, beat = self._segments[-1].newest, self._segments[-1].latest
        self._moments.resume(running, beat)
        return beat

    # What is there -----------------------------------------------------------------------------

    @property
    def depth(self) -> int:
        """Return how many records wait for an acknowledgement."""
        begins = self.first
        return sum(max(0, s.last + 1 - max(s.first, begins)) for s in self._segments)

    @property
    def octets(self) -> int:
        """Return how much room the records take."""
        return sum(segment.octets for segment in self._segments)

    @property
    def first(self) -> int:
        """Return the number of the first record that is still there, or will be."""
        begins = self._segments[0].first if self._segments else self._next
        return max(begins, self.acknowledged + 1)

    @property
    def next(self) -> int:
        """Return the number that the next record will have."""
        return self._next

    @property
    def notes(self) -> dict[str, Any]:
        """Return what was kept by `note`."""
        found = self._slots.values.get("notes", {})
        return dict(found) if isinstance(found, dict) else {}

    def clock(self) -> int:
        """Return the collector's clock, in milliseconds since 1970."""
        return self._moments.at()

    def oldest(self) -> int:
        """Return the clock of the oldest record that waits, in milliseconds; 0 where none does."""
        waiting = self.read(self.acknowledged, 1)
        return waiting[0].at if waiting else 0

    # Writing -----------------------------------------------------------------------------------

    def append(self, makers: Sequence[Maker]) -> list[int]:
        """Keep records, made of the numbers and times they get; return the numbers once on disk.

        Raises `SpoolFull`: none was kept, and they are counted in the gap that will be marked.
        """
        gaps, loss = list(self._gaps), self._lost()
        if loss is not None:
            gaps.append(loss)
        if not makers and not gaps:
            return []
        begins, moment, at = self._next + len(gaps), self._moments.running(), self._moments.at()
        bodies = [self._gap(self._next + offset, gap) for offset, gap in enumerate(gaps)]
        bodies += [make(begins + offset, at) for offset, make in enumerate(makers)]
        records = [Kept(number, moment, at, body) for number, body in enumerate(bodies, self._next)]
        data = b"".join(map(frame, records))
        try:
            segment = self._room(len(data))
            disk.append(segment.path, segment.octets, data)
        except (OSError, SpoolFull) as fault:
            self._count_loss(len(makers), at)
            said = fault.strerror if isinstance(fault, OSError) else str(fault)
            raise SpoolFull(f"{len(makers)} records cannot be kept: {said}") from fault
        if segment is not self._writer:
            self._segments.append(segment)
            self._writer = segment
        segment.count(records)
        segment.octets += len(data)
        self._next += len(records)
        self._gaps = []
        if loss is not None:
            self._slots.write(loss=None, **self._now())
        return [one.number for one in records[len(gaps) :]]

    def _room(self, octets: int) -> _Segment:
        """Return the segment to write to: a new one after each start and once one is large."""
        if self.octets + octets > self._limits.octets:
            raise SpoolFull(f"the spool has the {self._limits.octets >> 20} MB it may have")
        current = self._writer
        if current is None or current.octets + octets > self._limits.segment:
            path = disk.segment_path(self._folder, self.name, self._next)
            return _Segment(path, self._next, self._next - 1)
        return current

    def _lost(self) -> Gap | None:
        match self._slots.values.get("loss"):
            case [int(since), int(until), int(count)]:
                return Gap(Loss.FULL, since, until, count)
        return None

    def _count_loss(self, count: int, at: int) -> None:
        """Remember what could not be kept; the place on disk of this is taken already."""
        lost = self._lost() or Gap(Loss.FULL, at, at)
        if count:
            self._slots.write(loss=[lost.since, at, lost.count + count], **self._now())

    def report(self) -> None:
        """Mark the gaps that were found; where there is no room, later."""
        if not self._gaps and self._lost() is None:
            return
        try:
            self.append([])
        except SpoolFull:
            return

    def beat(self) -> None:
        """Say that the collector runs now: a later start marks the gap from here."""
        self._slots.write(beat=self._moments.at(), **self._now())

    def note(self, **values: Any) -> None:
        """Keep small values beside the records (which batch is on its way, …)."""
        self._slots.write(notes={**self.notes, **values}, **self._now())

    def _now(self) -> dict[str, Any]:
        return {"name": self.name, "next": self._next, "running": self._moments.running()}

    # Reading -----------------------------------------------------------------------------------

    def read(self, after: int, most: int, octets: int = 1 << 20) -> list[Kept]:
        """Return up to `most` records above the number `after`, in order and without a hole.

        A damaged one is put aside, and a gap stands in its place.
        """
        found: list[Kept] = []
        for segment in [each for each in self._segments if each.last > after]:
            records = self._take(segment)
            for one in records[bisect_right(records, after, key=_number) :]:
                if len(found) == most or (found and octets < len(one.body)):
                    return found
                if found and one.number != found[-1].number + 1:
                    return found
                found.append(one)
                octets -= len(one.body)
        return found

    def _take(self, segment: _Segment) -> tuple[Kept, ...]:
        """Return a segment's records; the one read last is at hand, as batches are many to one."""
        path, octets, records = self._at_hand
        if path == segment.path and octets == segment.octets:
            return records
        found = contents(disk.read(segment.path), segment.first, segment.last + 1)
        records = self._mend(segment, found) if found.missing else found.records
        self._at_hand = (segment.path, segment.octets, records)
        return records

    def acknowledge(self, through: int, **notes: Any) -> None:
        """Remove the records up to the number `through`: the gateway has them on disk."""
        self.acknowledged = min(max(self.acknowledged, through), self._next - 1)
        self._slots.write(
            acknowledged=self.acknowledged, notes={**self.notes, **notes}, **self._now()
        )
        self._sweep()

    def expire(self) -> None:
        """Remove segments that are older than the limit, and mark the gap."""
        before = self._moments.running() - self._limits.age
        for segment in [s for s in self._segments if s.newest < before and s.last >= s.first]:
            lost = segment.last + 1 - max(segment.first, self.acknowledged + 1)
            self._gaps.append(Gap(Loss.EXPIRED, segment.oldest, self._moments.at(), lost))
            self._drop(segment)
        self.report()

    def close(self) -> None:
        """Close; may be called twice."""
        self._slots.close()

    # Mending -----------------------------------------------------------------------------------

    def _sweep(self) -> None:
        for segment in [each for each in self._segments if each.last <= self.acknowledged]:
            self._drop(segment)

    def _drop(self, segment: _Segment) -> None:
        segment.path.unlink(missing_ok=True)
        self._segments.remove(segment)
        if segment is self._writer:
            self._writer = None

    def _mend(self, segment: _Segment, found: Contents) -> tuple[Kept, ...]:
        """Put what is damaged aside and gaps in its place; return the segment's records then."""
        for number, octets in enumerate(found.residue):
            disk.put_aside(self._aside, f"{segment.path.stem}-{number}", octets)
        if not found.missing:
            return found.records
        filled = [one for hole in found.missing for one in self._fill(hole)]
        self.damages += len(filled)
        records = sorted((*found.records, *filled), key=lambda one: one.number)
        data = b"".join(map(frame, records))
        if segment is self._writer:
            self._writer = None
        try:
            disk.replace(segment.path, data)
        except OSError:
            # A full disk: the same gaps are put in the same places at the next look.
            return tuple(records)
        segment.octets = len(data)
        segment.count(records)
        return tuple(records)

    def _fill(self, hole: Hole) -> list[Kept]:
        since, until = hole.since or hole.until, hole.until or hole.since or self._moments.at()
        gap = Gap(Loss.DAMAGED, since, until, hole.last - hole.first + 1)
        numbers = range(hole.first, hole.last + 1)
        return [Kept(n, hole.moment, until, self._gap(n, gap)) for n in numbers]
