"""Every hour: apply reports that have waited too long, forget readings that are too old."""

from __future__ import annotations

from frisket.fleet.crew import Crew
from frisket.jobs.port import Flow, Json, Steps
from frisket.telemetry.gateway.intake import Intake
from frisket.telemetry.gateway.metrics import Metrics
from frisket.telemetry.gateway.service import tidy


def flow(crew: Crew) -> Flow:
    """Return the flow `tidy`: given the hour as text."""

    def clean() -> Json:
        metrics = Metrics(crew.database)
        metrics.load()
        return tidy(Intake(crew.database, metrics), crew.now())

    def body(steps: Steps, hour: str) -> Json:
        del hour
        return steps.step("tidy", clean)

    return Flow("tidy", "fleet", body)
