"""Plan a change: every device of it is asked, and nothing is written."""

from __future__ import annotations

from frisket.errors import FrisketError
from frisket.fleet.change_crew import ChangeCrew
from frisket.fleet.crew import Crew
from frisket.jobs.port import Flow, Json, Steps


def flow(crew: Crew) -> Flow:
    """Return the flow `plan`: given a change's number."""
    planners = ChangeCrew(crew)

    def over(change_id: int, why: str) -> Json:
        planners.changing.planned(change_id, why)
        crew.told("change", {"change": change_id, "event": "planned"})

    def body(steps: Steps, change_id: int) -> Json:
        groups = steps.step("choose", planners.planning.chosen, change_id)
        count, why = 0, ""
        for number, ids in enumerate(groups, 1):
            try:
                found = steps.step(f"plan {number}", planners.planning.plan, change_id, ids)
            except FrisketError as fault:
                why = str(fault)[:300]
                break
            count += found["changing"]
        steps.step("over", over, change_id, why)
        return {"changing": count}

    return Flow("plan", "fleet", body)
