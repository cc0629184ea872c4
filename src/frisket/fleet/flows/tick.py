"""Every minute: start what is due at each site, once, whoever asks and however often."""

from __future__ import annotations

from datetime import datetime

from frisket.fleet.crew import Crew
from frisket.fleet.dispatch import ahead_of, plan_minute
from frisket.jobs.minutes import AFTER
from frisket.jobs.port import Flow, Json, Steps
from frisket.store.schedules import Schedules


def flow(crew: Crew) -> Flow:
    """Return the flow `tick`: given the minute as text."""
    schedules = Schedules(crew.database)

    def look(minute: str, mark: str = "") -> Json:
        return plan_minute(schedules, datetime.fromisoformat(minute), mark)

    def note(site_id: int, task: str, tick: str, mark: str = "") -> Json:
        return schedules.begun(site_id, task, datetime.fromisoformat(tick), ahead_of(mark))

    def body(steps: Steps, minute: str) -> Json:
        # A minute that came once more, for the clock was set back, means other work.
        mark = steps.id.partition(AFTER)[2]
        orders = steps.step("look", look, minute, mark)
        for site_id, task, tick, name, flow_id, given in orders:
            # Started first: were the note made first and we killed, nobody would start it.
            steps.child(name, flow_id, *given)
            steps.step(f"note {flow_id}", note, site_id, task, tick, mark)
        return [order[4] for order in orders]

    return Flow("tick", "fleet", body)
