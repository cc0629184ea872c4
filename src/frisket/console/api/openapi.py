"""The interface described for programs: OpenAPI 3.1, made from the routes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute

from frisket.console.api.access import Needs
from frisket.console.api.resource import Problem
from frisket.console.page import Visit
from frisket.console.registry import access_of
from frisket.fleet.roles import Permission

ROUTER = APIRouter(prefix="/api")
_METHODS: Final = ("get", "post", "put", "patch", "delete")
_ABOUT: Final = """What the console knows and does, for programs (docs/reference/api.md).

Lists come in pages: ask again with `cursor` set to `next`. Times are UTC. Shares are 0 to 1, but
filters take percent, as in the console's addresses. Faults are problem documents (RFC 9457)."""
# Status -> when it is answered; of each operation, those that can happen.
_ALWAYS: Final = {
    "401": "No token, or one that is over",
    "403": "The token's scopes, or your roles, do not allow it",
    "422": "The request is malformed",
    "429": "Your account asks too fast; ask again a little later",
    "503": "The database does not answer, or the audit log cannot be written; nothing was done",
}
_SOMETIMES: Final = {
    "400": "What is asked for cannot be meant",
    "404": "There is no such thing, or you may not see it",
    "409": "It is not as it would have to be",
    "412": "It was changed meanwhile",
    "413": "More was sent than is taken",
}


def document(routes: Iterable[BaseRoute]) -> dict[str, Any]:
    """Return the description of the routes below `/api/v1`, and of those for Prometheus."""
    found = [route for route in routes if isinstance(route, APIRoute) and route.include_in_schema]
    described = get_openapi(
        title="Frisket", version=version("frisket"), description=_ABOUT, routes=found
    )
    described["security"] = [{"token": []}]
    parts = described.setdefault("components", {})
    parts["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "frk_…, made in your profile"}
    }
    schemas = parts.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas["Problem"] = Problem.model_json_schema()
    access = {(m.lower(), r.path): access_of(r) for r in found for m in r.methods or ()}
    for method, path, operation in operations(described):
        _tell_faults(method, path, operation)
        permission = access[method, path]
        if isinstance(permission, Permission):
            operation["x-permission"] = permission.value
    return described


def operations(described: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield method, path and operation of a description."""
    for path, item in described["paths"].items():
        for method in _METHODS:
            if method in item:
                yield method, path, item[method]


def _tell_faults(method: str, path: str, operation: dict[str, Any]) -> None:
    told = dict(_ALWAYS)
    if "{" in path or path == "/probe":
        told["404"] = _SOMETIMES["404"]
    if method in {"post", "put", "patch"}:
        told |= {status: _SOMETIMES[status] for status in ("400", "404", "409", "413")}
    if method == "get":
        told["400"] = _SOMETIMES["400"]
    if any(one["name"] in {"If-Match", "If-None-Match"} for one in operation.get("parameters", ())):
        told["412"] = _SOMETIMES["412"]
    body = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status, why in sorted(told.items()):
        operation["responses"][status] = {"description": why, "content": body}
    operation["responses"] = dict(sorted(operation["responses"].items()))


@ROUTER.get("/openapi.json", include_in_schema=False)
def describe(
    request: Request, _: Annotated[Visit, Depends(Needs(Permission.SEE_FLEET))]
) -> JSONResponse:
    """Return the description of this interface."""
    assert isinstance(request.app, FastAPI)
    return JSONResponse(document(request.app.routes))
