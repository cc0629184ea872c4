"""Change one device, or put it back: once, by one worker, under a lease."""

from __future__ import annotations

from typing import Final

from frisket.fleet.change_crew import ChangeCrew
from frisket.fleet.crew import Crew
from frisket.jobs.port import Flow, FlowFailed, Json, Steps

_TRIES: Final = 40
_PAUSE: Final = 10.0  # seconds; together longer than any lease


def flow(crew: Crew) -> Flow:
    """Return the flow `change-device`: given a change, a device, and whether to put it back."""
    hands = ChangeCrew(crew)

    def body(steps: Steps, change_id: int, device_id: int, undoing: bool) -> Json:  # noqa: FBT001
        given = (change_id, device_id, undoing)
        for number in range(1, _TRIES + 1):
            done = steps.step(f"carry out {number}", hands.carry_out, *given)
            if not done["busy"]:
                return done
            steps.sleep(_PAUSE)
        raise FlowFailed("another worker kept the device")

    return Flow("change-device", "device", body)
