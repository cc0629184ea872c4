"""Decisions whose work was never begun, or came to nothing: nothing decided is left lying.

A decision and the start of its work are two writes, to two databases with SQLite. Who is killed in
between has decided, and nobody does it; so each minute, and at each start, the work of everything
that is under way is started once more: under its fixed id, which is one flow however often.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from frisket.fleet.chain import Act
from frisket.fleet.changes import PLANNED, PLANNING
from frisket.fleet.crew import Crew
from frisket.fleet.log import AuditLog
from frisket.fleet.rollout import RolloutState
from frisket.jobs.port import FlowInfo, FlowState, Jobs
from frisket.store.changes import find_change, put_change
from frisket.store.madereports import MadeReports
from frisket.store.underway import changes_in

NAME: Final = "frisket"  # who did it, in the audit log, where no person did
STUCK: Final = timedelta(hours=2)  # without the end of a step
_OVER: Final = frozenset({FlowState.DONE, FlowState.FAILED, FlowState.CANCELLED})
_GOING: Final = (RolloutState.RUNNING, RolloutState.UNDOING)


@dataclass(slots=True)
class Unbegun:
    """Looks after decided work; safe to be called by several processes at once."""

    crew: Crew
    jobs: Jobs
    log: AuditLog | None
    _told: set[str] = field(default_factory=set)

    def begin(self) -> None:
        """Start what is decided and not begun; halt what has no work any more. `FrisketError`."""
        for change in changes_in(self.crew.database, (PLANNING, *_GOING)):
            planning = change.state == PLANNING
            flow = f"plan:{change.id}" if planning else f"change:{change.id}:run:{change.runs}"
            info = self.jobs.info(flow)
            if info.state in _OVER:
                self._end(change, info)
            elif info.state is FlowState.ABSENT:
                self.jobs.start("plan" if planning else "change", flow, change.id)
        reports = MadeReports(self.crew.database)
        for row in reports.newest():
            if row.made is None:
                self._report(reports, row.id)

    def _report(self, reports: MadeReports, number: int) -> None:
        info = self.jobs.info(f"report:{number}")
        if info.state is FlowState.ABSENT:
            self.jobs.start("report", info.id, number)
        elif info.state in _OVER:
            row = reports.one(number)
            if row is not None and row.made is None:
                reports.fail(number, info.error, self.crew.now())

    def _end(self, change: Any, info: FlowInfo) -> None:
        """Say of a change that nothing works on it any more; a person decides."""
        why = f"the work on it ended: {info.error or info.state.value}"
        with self.crew.database.write() as connection:
            now = find_change(connection, change.id, lock=True)
            if now is None or (now.state, now.runs) != (change.state, change.runs):
                return
            state = PLANNED if change.state == PLANNING else RolloutState.HALTED.value
            put_change(connection, change.id, {"state": state, "why": why[:2000]})
            if self.log is not None:
                act = Act(NAME, "change.halt", f"change {change.id}", details={"why": why[:300]})
                self.log.record_within(connection, act)
        self.crew.told("change", {"change": change.id, "event": "halted"})

    def stuck(self, now: datetime) -> Sequence[str]:
        """Tell the audit log, once, of flows in which nothing has ended for long; return them."""
        found = [one.id for one in self.jobs.stuck((now - STUCK).timestamp())]
        for flow in found:
            if flow not in self._told and self.log is not None:
                details = {"seconds": int(STUCK.total_seconds())}
                self.log.record(Act(NAME, "job.stuck", flow[:200], "unknown", details))
            self._told.add(flow)
        return found


def jump_told(log: AuditLog | None, where: str, told: Callable[[str], None], jump: float) -> None:
    """Tell that a clock was set, or its machine slept: by how many seconds."""
    told(f"the clock of {where} went {'on' if jump > 0 else 'back'} by {abs(jump):.0f} seconds")
    if log is not None:
        log.record(Act(NAME, "clock.jump", where, details={"seconds": round(jump)}))
