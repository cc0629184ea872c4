"""Every minute: judge the alert rules, deliver what is to be told; what fails is tried again."""

from __future__ import annotations

from collections import Counter

from frisket.fleet.alert_sending import Alarming
from frisket.fleet.crew import Crew
from frisket.jobs.port import Flow, Json, Steps


def flow(crew: Crew) -> Flow:
    """Return the flow `alerts`: given the minute as text."""
    alarming = Alarming(crew)

    def body(steps: Steps, minute: str) -> Json:
        waiting = steps.step("look", alarming.look, minute)
        done = [steps.step(f"deliver {number}", alarming.deliver, number) for number in waiting]
        return dict(Counter(done))

    return Flow("alerts", "fleet", body)
