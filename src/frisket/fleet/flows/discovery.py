"""Look through a site's written scope for printers."""

from __future__ import annotations

from frisket.fleet.crew import Crew
from frisket.jobs.port import Flow, Json, Steps


def flow(crew: Crew) -> Flow:
    """Return the flow `discovery`: given a site's name."""

    def body(steps: Steps, site: str) -> Json:
        sweeps = steps.step("scope", crew.sweeps, site)
        done = [
            steps.step(f"sweep {number}", crew.sweep, site, addresses)
            for number, addresses in enumerate(sweeps, 1)
        ]
        return {name: sum(one[name] for one in done) for name in ("asked", "found", "new")}

    return Flow("discovery", "fleet", body)
