"""`/api/v1/baselines`: what devices are judged by, in versions that two persons agree to."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query
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
from frisket.fleet.own import BASELINE
from frisket.fleet.roles import Permission

ROUTER = resources("baselines")
Proposes = Annotated[Visit, Depends(Needs(Permission.PROPOSE_POLICY))]


@ROUTER.get("")
def baselines(visit: Sees) -> Listed[TextOut]:
    """List the packaged and the own ones."""
    return OwnTexts(visit, BASELINE).listed()


@ROUTER.get("/{name}", response_model=TextDetail)
def one(visit: Sees, name: Name, which: Annotated[WhichText, Query()]) -> Response:
    """Return one with its versions; ETag is that of the newest."""
    return OwnTexts(visit, BASELINE).one(name, which)


@ROUTER.get(
    "/{name}/text",
    response_class=Response,
    responses={200: {"content": {"application/toml": {"schema": {"type": "string"}}}}},
)
def text(visit: Sees, name: Name, which: Annotated[WhichText, Query()]) -> Response:
    """Send a text exactly as it was kept, for `frisket audit --baseline-file`."""
    return OwnTexts(visit, BASELINE).text(name, which)


@ROUTER.get("/{name}/diff")
def diff(visit: Sees, name: Name, asked: Annotated[Compared, Query()]) -> Listed[DifferenceOut]:
    """List what differs between this one and another."""
    return OwnTexts(visit, BASELINE).diff(name, asked)


@ROUTER.put("/{name}", response_model=TextDetail, responses={201: {"model": TextDetail}})
def put(
    visit: Proposes,
    name: Name,
    text: TextIn,
    if_match: IfMatch = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Keep the next version: If-Match names the one it follows, `If-None-Match: *` says none."""
    return OwnTexts(visit, BASELINE).put(name, text, if_match, if_none_match)


@ROUTER.post("/{name}/versions/{version}/propose", status_code=201, response_model=Proposed)
def propose(visit: Proposes, name: Name, version: Version) -> Response:
    """Propose that a version shall hold; it does once a second person has approved it."""
    return OwnTexts(visit, BASELINE).propose(name, version)
