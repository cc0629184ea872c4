"""The routes of texts in versions: `/api/v1/baselines` and `/api/v1/policies` are the same."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from frisket.console.api.access import Needs
from frisket.console.api.own import (
    Compared,
    DifferenceOut,
    IfMatch,
    IfNoneMatch,
    Name,
    OwnTexts,
    TextDetail,
    TextIn,
    TextOut,
    Version,
    WhichText,
)
from frisket.console.api.resource import Listed, Proposed, Sees, resources
from frisket.console.page import Visit
from frisket.fleet.roles import Permission

_TOML: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"application/toml": {"schema": {"type": "string"}}}}
}
_Proposes = Annotated[Visit, Depends(Needs(Permission.PROPOSE_POLICY))]


def text_routes(area: str, kind: str, reader: str) -> APIRouter:
    """Return the routes of one kind of texts, which the command `reader` reads."""
    router = resources(area)
    _reading(router, area, kind, reader)

    @router.put("/{name}", response_model=TextDetail, responses={201: {"model": TextDetail}})
    def put(
        visit: _Proposes,
        name: Name,
        text: TextIn,
        if_match: IfMatch = None,
        if_none_match: IfNoneMatch = None,
    ) -> Response:
        """Keep the next version.

        If-Match names the one that it follows, `If-None-Match: *` says that there is none.
        """
        return OwnTexts(visit, kind).put(name, text, if_match, if_none_match)

    @router.post("/{name}/versions/{version}/propose", status_code=201, response_model=Proposed)
    def propose(visit: _Proposes, name: Name, version: Version) -> Response:
        """Propose that a version shall hold; it does once a second person has approved it."""
        return OwnTexts(visit, kind).propose(name, version)

    return router


def _reading(router: APIRouter, area: str, kind: str, reader: str) -> None:
    @router.get("", name=area)
    def listed(visit: Sees) -> Listed[TextOut]:
        """List the packaged and the own ones."""
        return OwnTexts(visit, kind).listed()

    @router.get("/{name}", response_model=TextDetail)
    def one(visit: Sees, name: Name, which: Annotated[WhichText, Query()]) -> Response:
        """Return one with its versions; ETag is that of the newest."""
        return OwnTexts(visit, kind).one(name, which)

    about = f"Send a text exactly as it was kept, for `{reader}`."

    @router.get("/{name}/text", response_class=Response, responses=_TOML, description=about)
    def text(visit: Sees, name: Name, which: Annotated[WhichText, Query()]) -> Response:
        return OwnTexts(visit, kind).text(name, which)

    @router.get("/{name}/diff")
    def diff(visit: Sees, name: Name, asked: Annotated[Compared, Query()]) -> Listed[DifferenceOut]:
        """List what differs between this one and another."""
        return OwnTexts(visit, kind).diff(name, asked)
