"""Make a change wave by wave, or put it back, until nothing is to be done or a person stops it."""

from __future__ import annotations

from frisket.fleet.change_crew import ChangeCrew
from frisket.fleet.crew import Crew
from frisket.jobs.port import Flow, FlowFailed, Json, Steps


def flow(crew: Crew) -> Flow:
    """Return the flow `change`: given a change's number."""
    hands = ChangeCrew(crew)

    def body(steps: Steps, change_id: int) -> Json:
        turns = 0
        while True:
            turns += 1
            told = steps.step(f"next {turns}", hands.next, change_id)
            if told.get("look"):
                given = (change_id, told["look"], told["after"])
                steps.step(f"look {turns}", hands.looking.look, *given)
                continue
            if not told["devices"]:
                return {"turns": turns}
            undoing = bool(told["undoing"])
            word = "undo" if undoing else "do"
            named = [
                (device, f"change:{change_id}:{device}:{word}:{attempt}")
                for device, attempt in told["devices"]
            ]
            for device, child in named:
                steps.child("change-device", child, change_id, device, undoing, key=str(device))
            for device, child in named:
                try:
                    steps.wait(child)
                except FlowFailed as fault:
                    lost = (change_id, device, undoing, str(fault)[:300])
                    steps.step(f"lost {child}", hands.lost, *lost)

    return Flow("change", "fleet", body)
