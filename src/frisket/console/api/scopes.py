"""For which devices a waiver, an attestation or a questionnaire holds, as it is sent."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from frisket.console.api.filters import StrictFilters
from frisket.console.api.resource import Asked, Id
from frisket.console.page import Visit
from frisket.console.scoping import placed
from frisket.errors import UsageError
from frisket.fleet.roles import Permission
from frisket.fleet.scope import MOST, Scope, read_scope


class ScopeIn(Asked):
    """Exactly one of the four. A condition counts as it stood when it was sent."""

    devices: Annotated[list[Id], Field(min_length=1, max_length=MOST)] | None = None
    site: Id | None = None
    condition: StrictFilters | None = None
    fleet: Literal[True] | None = Field(default=None, description="The whole fleet")

    def scope(self) -> Scope:
        """Return what it means. Raises `UsageError`."""
        if len(self.model_dump(exclude_none=True)) != 1:
            raise UsageError("name devices, a site, a condition or the whole fleet")
        if self.devices is not None:
            return read_scope({"devices": self.devices})
        if self.site is not None:
            return read_scope({"site": self.site})
        if self.condition is not None:
            return read_scope({"condition": self.condition.condition().table()})
        return Scope()

    def where(self, visit: Visit, permission: Permission) -> tuple[Scope, int | None]:
        """Return it with the one site it lies in. Raises `UsageError`, `Forbidden`."""
        return placed(visit, self.scope(), permission)
