"""`/metrics` and `/probe`: the fleet in figures, and one device by its poll, for Prometheus."""

from __future__ import annotations

from itertools import chain
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query
from pydantic import StringConstraints
from starlette.responses import PlainTextResponse, Response

from frisket.console.api.access import Needs
from frisket.console.api.resource import Asked, Sees
from frisket.console.faults import NotFound
from frisket.console.metrics import fleet_metrics, page, score_metrics, work_metrics
from frisket.console.page import Visit
from frisket.console.pages.devices import sites_of
from frisket.fleet.asked import site_of_job
from frisket.fleet.roles import Permission
from frisket.fleet.scraping import Scraping
from frisket.report.safe import safe
from frisket.store.audits import Audits
from frisket.store.figures import Figures
from frisket.store.inventory import Inventory
from frisket.telemetry.prometheus import render

ROUTER = APIRouter(
    tags=["prometheus"],
    generate_unique_id_function=lambda route: f"prometheus-{route.name}",
)
Polls = Annotated[Visit, Depends(Needs(Permission.RUN_AUDIT))]
KIND: Final = "text/plain; version=0.0.4; charset=utf-8"
_NEWEST: Final = 1000


class WhichTarget(Asked):
    """Which device is polled: an address, a serial number or a key of the inventory."""

    target: Annotated[
        str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")
    ]


@ROUTER.get("/metrics", response_class=PlainTextResponse)
def metrics(visit: Sees) -> Response:
    """Return figures of the sites that you may see; no series is about one device."""
    where = visit.reach(Permission.SEE_FLEET)
    database, sites = visit.services.database, sites_of(where)
    figures, audits = Figures(database, sites), Audits(database)
    names = {one.id: one.name for one in Inventory(database).sites() if one.id in where}
    scores = {one: audits.by_consideration(one, sites) for one in audits.baselines()}
    listed = [
        one
        for kind in ("audit", "discovery", "poll")
        for one in visit.services.jobs.listed(prefix=f"{kind}:", limit=_NEWEST)
    ]
    mine = [j for j in listed if where.everywhere or (site_of_job(j.id) or 0) in where]
    found = chain(
        fleet_metrics(figures, visit.now), score_metrics(scores, names), work_metrics(mine, figures)
    )
    return Response(page(found), media_type=KIND)


@ROUTER.get("/probe", response_class=PlainTextResponse)
async def probe(visit: Polls, asked: Annotated[WhichTarget, Query()]) -> Response:
    """Poll one device of the inventory now, and return what it reports.

    Only at an address within its site's scope; an answer of the last 15 seconds is given again.
    """
    scraping: Scraping = visit.request.app.state.scraping
    polled = await scraping.poll(asked.target, visit.reach(Permission.RUN_AUDIT))
    if polled is None:
        raise NotFound("no device of the inventory is there, or it is outside its site's scope")
    return Response(render([safe(polled)]), media_type=KIND)
