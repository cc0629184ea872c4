"""`/interface`: the programming interface as people read it, made from its own description."""

from __future__ import annotations

from itertools import groupby

from fastapi import FastAPI
from starlette.responses import Response

from frisket.console.described import operations_of, shapes_of, with_inner
from frisket.console.page import Menu, Page, Visit
from frisket.fleet.roles import Permission


def interface(visit: Visit) -> Response:
    """Show every operation with what it takes, answers and needs; of a word, those with it."""
    app = visit.request.app
    assert isinstance(app, FastAPI)
    described = app.state.described(app.routes)
    wanted = visit.form.one("q")[:100]
    everything = operations_of(described)
    found = [one for one in everything if one.means(wanted)]
    named = frozenset[str]().union(*(one.shapes for one in found))
    shapes = shapes_of(described)
    if wanted:
        shapes = with_inner(shapes, named)
    return visit.page(
        "interface.html",
        areas=[(area, list(some)) for area, some in groupby(found, lambda one: one.area)],
        shapes=shapes,
        known={shape.name for shape in shapes},
        wanted=wanted,
        count=len(found),
        total=len(everything),
        version=described["info"]["version"],
        origin=visit.services.settings.origin,
    )


PAGES = (
    Page(
        "GET",
        "/interface",
        interface,
        Permission.SEE_FLEET,
        Menu("Interface", "code", 830, group="Administration"),
    ),
)
