"""The record of a change: what was meant, who decided, what was done to each device, and proofs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import groupby
from typing import Any, Final

from frisket.audit.load import Content
from frisket.drivers.plan import DevicePlan
from frisket.errors import UsageError
from frisket.fleet.changes import digest_of_plans, digest_of_record, unpacked_plan
from frisket.fleet.changing import takes_part
from frisket.fleet.rollout import Step
from frisket.store.changerecord import KeptChange, LoggedEntry
from frisket.store.changes import AGAIN, Changes
from frisket.store.database import Database
from frisket.store.inventory import Inventory
from frisket.store.proposals import ProposalRow

_AT_ONCE: Final = 200  # devices whose plans are in memory together
_BAD: Final = (Step.FAILED.value, Step.UNKNOWN.value)


@dataclass(frozen=True, slots=True)
class Wave:
    """One wave: how many devices, how they stand, and when the first and the last were noted."""

    number: int
    devices: int
    steps: Mapping[str, int]
    first: datetime | None
    last: datetime | None

    @property
    def bad(self) -> int:
        """Return how many failed, or are not known."""
        return sum(self.steps.get(step, 0) for step in _BAD)


@dataclass(frozen=True, slots=True)
class Written:
    """One row of the record of one device, in order. `undoing`: while it was put back."""

    at: datetime
    undoing: bool
    row: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Changed:
    """One device of a change: its row, its plan where it has one, and what is on its record."""

    row: Any
    plan: DevicePlan | None
    written: tuple[Written, ...]

    def turns(self, *, undoing: bool) -> tuple[tuple[Written, ...], ...]:
        """Return what is on record of each of its turns: what failed may have got another one."""
        found: list[list[Written]] = [[]]
        for one in self.written:
            if one.undoing is not undoing:
                continue
            if one.row.get("what") == AGAIN:
                found.append([])
            else:
                found[-1].append(one)
        return tuple(tuple(turn) for turn in found if turn)

    @property
    def serial(self) -> str:
        """Return the serial number of the device that was planned."""
        return self.plan.identity.serial if self.plan is not None else ""


def digest_of_turn(turn: Sequence[Written]) -> str:
    """Return the digest of one turn's record, as the audit log has it."""
    return digest_of_record(one.row for one in turn)


class ChangeRecord:
    """Reads a change. Raises `UsageError` where there is none, `StoreFault`."""

    def __init__(self, database: Database, content: Content, change_id: int) -> None:
        self._database = database
        self._content = content
        found = Changes(database).find(change_id)
        if found is None:
            raise UsageError(f"there is no change {change_id}")
        self.change: Any = found
        self._kept = KeptChange(database, change_id)

    @cached_property
    def rows(self) -> Sequence[Any]:
        """Return its devices without plans: by wave, those that are no part of it first."""
        return Changes(self._database).devices(self.change.id)

    @cached_property
    def part(self) -> Sequence[Any]:
        """Return the devices that it changes."""
        return [row for row in self.rows if takes_part(row)]

    @cached_property
    def steps(self) -> Counter[str]:
        """Return how many of the devices that it changes stand how."""
        return Counter(row.step for row in self.part)

    @cached_property
    def proposals(self) -> Sequence[ProposalRow]:
        """Return every proposal to make it, the oldest first."""
        return self._kept.proposals()

    @cached_property
    def sites(self) -> str:
        """Return the names of its sites."""
        names = {site.id: site.name for site in Inventory(self._database).sites()}
        return ", ".join(names.get(site, f"site {site}") for site in self.change.sites)

    @cached_property
    def plans_digest(self) -> str:
        """Return the digest over all of its plans: what was approved has the same."""
        ids = [row.device_id for row in self.part]
        plans: list[tuple[int, bytes]] = []
        changes = Changes(self._database)
        for start in range(0, len(ids), _AT_ONCE):
            some = ids[start : start + _AT_ONCE]
            plans += [(row.device_id, row.plan) for row in changes.plans(self.change.id, some)]
        return digest_of_plans(plans, self.change.accepted)

    @cached_property
    def waves(self) -> Sequence[Wave]:
        """Return its waves in order; none before it has begun."""
        begun = sorted((row for row in self.rows if row.wave >= 0), key=lambda row: row.wave)
        found = []
        for number, group in groupby(begun, key=lambda row: int(row.wave)):
            mine = list(group)
            times = sorted(row.at for row in mine if row.at is not None)
            steps = Counter(str(row.step) for row in mine)
            first, last = (times[0], times[-1]) if times else (None, None)
            found.append(Wave(number + 1, len(mine), steps, first, last))
        return found

    def log(self) -> Iterator[LoggedEntry]:
        """Yield what the audit log says of it, the oldest first."""
        return self._kept.log([row.id for row in self.proposals])

    def devices(self) -> Iterator[Changed]:
        """Yield every device with its plan and its record, some at a time."""
        changes, catalog = Changes(self._database), self._content.catalog
        for start in range(0, len(self.rows), _AT_ONCE):
            some = self.rows[start : start + _AT_ONCE]
            ids = [row.device_id for row in some]
            plans = {row.device_id: row.plan for row in changes.plans(self.change.id, ids)}
            written: dict[int, list[Written]] = {}
            for one in self._kept.records(ids):
                mine = written.setdefault(one.device_id, [])
                mine.append(Written(one.at, bool(one.undoing), one.row))
            for row in some:
                kept = plans.get(row.device_id)
                plan = unpacked_plan(kept, catalog).devices[0] if kept else None
                yield Changed(row, plan, tuple(written.get(row.device_id, ())))
