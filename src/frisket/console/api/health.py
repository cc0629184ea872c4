"""Whether the console lives, for programs; see also the pages `/healthz` and `/readyz`."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

from fastapi import Depends

from frisket.console.api.access import Needs, interface
from frisket.console.page import Visit
from frisket.fleet.roles import Permission

ROUTER = interface("status")


@ROUTER.get("")
def status(visit: Annotated[Visit, Depends(Needs(Permission.SEE_FLEET))]) -> dict[str, str]:
    """Say which version answers, and to whom."""
    return {"version": version("frisket"), "account": visit.person.name}
