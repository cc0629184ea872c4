"""What was decided is begun, whoever was killed in between; what failed is told and waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.peers.postgres import both, postgres

from frisket.audit.load import load_content
from frisket.fleet.crew import Crew
from frisket.fleet.log import AuditLog
from frisket.fleet.unbegun import Unbegun, jump_told
from frisket.jobs.port import FlowInfo, FlowState, Json
from frisket.store.auditlog import LogStore
from frisket.store.changes import Changes
from frisket.store.database import Database
from frisket.store.madereports import MadeReports

__all__ = ["both", "postgres"]
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@dataclass
class Flows:
    """The job port, with flows that only stand as a test says."""

    known: dict[str, FlowInfo] = field(default_factory=dict)
    begun: list[tuple[str, str, tuple[Json, ...]]] = field(default_factory=list)
    still: list[FlowInfo] = field(default_factory=list)

    def start(
        self, flow: str, flow_id: str, *given: Json, key: str = "", delay: float = 0.0
    ) -> None:
        assert (key, delay) == ("", 0.0)
        self.begun.append((flow, flow_id, given))
        self.known[flow_id] = FlowInfo(flow_id, flow, FlowState.WAITING)

    def info(self, flow_id: str) -> FlowInfo:
        return self.known.get(flow_id, FlowInfo(flow_id, "", FlowState.ABSENT))

    def stuck(self, before: float) -> Sequence[FlowInfo]:
        return [one for one in self.still if one.changed < before]


def unbegun(database: Database, flows: Any) -> Unbegun:
    log = AuditLog(LogStore(database), Ed25519PrivateKey.generate(), lambda: NOW)
    crew = Crew(database, load_content(), lambda: NOW, lambda topic, what: None, log=log)
    return Unbegun(crew, flows, log)


def change(database: Database, state: str, runs: int = 0) -> int:
    row = {"title": "t", "source": {}, "condition": {}, "sites": [], "accepted": {}}
    made = {"state": state, "runs": runs, "made": NOW, "made_by": "ann"}
    return Changes(database).add(row | made)


def told(database: Database) -> list[tuple[str, str]]:
    return [(row.action, row.about) for row in LogStore(database).whole()]


def test_what_was_decided_and_not_begun_is_begun_once(both: Database) -> None:
    planning, running = change(both, "planning"), change(both, "running", 2)
    undoing = change(both, "undoing", 3)
    for over in ("planned", "paused", "halted", "done", "undone", "cancelled"):
        change(both, over, 1)
    asked = MadeReports(both).ask("fleet", "pdf", "All", {}, None, by="ann", now=NOW)
    flows = Flows()
    for _ in range(2):
        unbegun(both, flows).begin()
    assert flows.begun == [
        ("plan", f"plan:{planning}", (planning,)),
        ("change", f"change:{running}:run:2", (running,)),
        ("change", f"change:{undoing}:run:3", (undoing,)),
        ("report", f"report:{asked}", (asked,)),
    ]
    assert told(both) == []


def test_what_came_to_nothing_says_so_and_waits_for_a_person(both: Database) -> None:
    ids = [change(both, "planning"), change(both, "running", 1), change(both, "undoing", 2)]
    names = [f"plan:{ids[0]}", f"change:{ids[1]}:run:1", f"change:{ids[2]}:run:2"]
    report = MadeReports(both).ask("fleet", "pdf", "All", {}, None, by="ann", now=NOW)
    flows = Flows()
    for name in (*names, f"report:{report}"):
        flows.known[name] = FlowInfo(name, "", FlowState.FAILED, error="the sky fell")
    unbegun(both, flows).begin()
    rows = [Changes(both).find(one) for one in ids]
    states = [row.state for row in rows if row is not None]
    assert states == ["planned", "halted", "halted"]
    assert all("the sky fell" in row.why for row in rows if row is not None)
    assert told(both) == [("change.halt", f"change {one}") for one in ids]
    made = MadeReports(both).one(report)
    assert made is not None
    assert (made.fault, made.made) == ("the sky fell", NOW)
    unbegun(both, flows).begin()
    assert len(told(both)) == 3
    assert flows.begun == []


def test_a_flow_that_stands_still_is_told_once(both: Database) -> None:
    hour = 3600.0
    old = FlowInfo("audit:1", "audit", FlowState.RUNNING, changed=NOW.timestamp() - 3 * hour)
    new = FlowInfo("audit:2", "audit", FlowState.RUNNING, changed=NOW.timestamp() - hour)
    watching = unbegun(both, Flows(still=[old, new]))
    assert [list(watching.stuck(NOW)) for _ in range(2)] == [["audit:1"]] * 2
    assert told(both) == [("job.stuck", "audit:1")]


def test_a_clock_that_was_set_is_told(both: Database) -> None:
    said: list[str] = []
    jump_told(unbegun(both, Flows()).log, "here", said.append, -3600.4)
    assert said == ["the clock of here went back by 3600 seconds"]
    assert told(both) == [("clock.jump", "here")]
