"""Wrap the logins to devices for a new key; the old one is forgotten."""

from __future__ import annotations

from frisket.errors import UsageError
from frisket.fleet.crew import Crew
from frisket.jobs.port import Flow, Json, Steps


def flow(crew: Crew) -> Flow:
    """Return the flow `rotate`; it is given nothing."""

    def rotate() -> Json:
        if crew.equipment is None:
            raise UsageError("this process has no keys")
        return crew.equipment.rotate()

    def body(steps: Steps) -> Json:
        return {"logins": steps.step("rotate", rotate)}

    return Flow("rotate", "fleet", body)
