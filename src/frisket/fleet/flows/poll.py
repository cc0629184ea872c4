"""Poll a site's devices from here, for sites without a collector."""

from __future__ import annotations

from typing import Any

from frisket.fleet.crew import Crew
from frisket.fleet.polling import Polling
from frisket.jobs.port import Flow, Json, Steps


def flow(crew: Crew) -> Flow:
    """Return the flow `poll`: given a site's name."""
    polling = Polling(crew)

    def body(steps: Steps, site: str) -> Json:
        groups = steps.step("choose", polling.groups, site)
        done: list[dict[str, Any]] = [
            steps.step(f"poll {number}", polling.poll, site, ids)
            for number, ids in enumerate(groups, 1)
        ]
        counts = {name: sum(one[name] for one in done) for name in ("polled", "asleep", "refused")}
        return {**counts, "silent": [miss for one in done for miss in one["silent"]][:1000]}

    return Flow("poll", "fleet", body)
