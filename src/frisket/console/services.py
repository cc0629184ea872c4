"""What the pages work with: handed in once, so that nothing is global."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from starlette.responses import Response

from frisket.console.auth.doors import Doors
from frisket.console.auth.passwords import Passwords
from frisket.console.auth.providers import Provider
from frisket.console.auth.sealed import Sealer
from frisket.console.auth.totp import Codes
from frisket.console.events import Bus
from frisket.console.pace import Pace
from frisket.console.settings import Settings
from frisket.fleet.crew import Crew
from frisket.fleet.log import AuditLog
from frisket.jobs.port import Jobs
from frisket.store.accounts import AccountStore
from frisket.store.database import Database
from frisket.store.sessions import SessionStore
from frisket.telemetry.gateway.service import Gateway


class Renders(Protocol):
    """Templates to pages (`render.Renderer`)."""

    def page(self, visit: Any, template: str, status: int, values: dict[str, Any]) -> Response:
        """Return a template with the layout's values and these."""

    def translated(self, visit: Any, message: str) -> str:
        """Return a message in the visitor's language."""


class Notices(Protocol):
    """One line that the next page shows (`notice.Notices`)."""

    def put(self, response: Response, text: str) -> None:
        """Let the page after this answer show a text."""


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that a page may use. `clock` gives UTC.

    `reports` are the last complaints of browsers about the pages' content policy. `gateway` takes
    in what collectors and devices report, and signs billing statements. `pace` is how much one
    account may ask.
    """

    settings: Settings
    database: Database
    clock: Callable[[], datetime]
    log: AuditLog
    accounts: AccountStore
    sessions: SessionStore
    passwords: Passwords
    sealer: Sealer
    codes: Codes
    doors: Doors
    bus: Bus
    jobs: Jobs
    crew: Crew
    renderer: Renders
    notices: Notices
    reports: deque[str]
    providers: Mapping[str, Provider]
    gateway: Gateway
    pace: Pace
