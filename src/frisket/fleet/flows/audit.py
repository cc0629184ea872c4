"""Audit the devices of a condition, a group at a time."""

from __future__ import annotations

from typing import Any

from frisket.fleet.crew import Crew
from frisket.jobs.port import Flow, Json, Steps


def flow(crew: Crew) -> Flow:
    """Return the flow `audit`: given a baseline and a condition."""

    def body(steps: Steps, baseline: str, condition: dict[str, Any]) -> Json:
        groups = steps.step("choose", crew.chosen, condition)
        done = [
            steps.step(f"audit {number}", crew.audit, baseline, ids)
            for number, ids in enumerate(groups, 1)
        ]
        return {
            "judged": sum(one["judged"] for one in done),
            "changed": sum(one["changed"] for one in done),
            "missed": [miss for one in done for miss in one["missed"]][:1000],
        }

    return Flow("audit", "fleet", body)
