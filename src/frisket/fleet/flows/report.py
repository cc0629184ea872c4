"""Make a report aside: a big one takes longer than a page may."""

from __future__ import annotations

from frisket.fleet.crew import Crew
from frisket.fleet.reporting import Reporting
from frisket.jobs.port import Flow, Json, Steps


def flow(crew: Crew) -> Flow:
    """Return the flow `report`: given the report's number."""
    reporting = Reporting(crew)

    def body(steps: Steps, number: int) -> Json:
        return steps.step("make", reporting.make, number)

    return Flow("report", "fleet", body)
