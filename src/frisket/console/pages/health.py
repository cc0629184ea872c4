"""`/healthz` and `/readyz`: open to everyone, and saying nothing else."""

from __future__ import annotations

from starlette.responses import PlainTextResponse, Response

from frisket.console.page import ANYONE, Page, Visit


def alive(visit: Visit) -> Response:
    """Say that the process answers."""
    del visit
    return PlainTextResponse("alive\n")


def ready(visit: Visit) -> Response:
    """Say whether the database answers too; 503 where it does not."""
    if visit.services.database.answers():
        return PlainTextResponse("ready\n")
    return PlainTextResponse("the database does not answer\n", 503)


PAGES = (
    Page("GET", "/healthz", alive, ANYONE),
    Page("GET", "/readyz", ready, ANYONE),
)
