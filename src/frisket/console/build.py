"""Opens a data folder: database, keys, and everything that the pages work with."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp

from frisket.console.app import guarded, make_app
from frisket.console.auth.breached import FILE, Breached
from frisket.console.auth.doors import Doors
from frisket.console.auth.passwords import Passwords
from frisket.console.auth.providers import load_providers
from frisket.console.auth.sealed import log_key, sealer
from frisket.console.auth.totp import Codes
from frisket.console.events import Bus, Event
from frisket.console.gateway_door import beside_gateway
from frisket.console.language import Catalogues, load_catalogues
from frisket.console.notice import Notices
from frisket.console.pace import Pace
from frisket.console.page import Page
from frisket.console.registry import find_pages
from frisket.console.render import Renderer
from frisket.console.services import Services
from frisket.console.settings import Settings
from frisket.console.static_files import StaticFiles, load_static
from frisket.errors import UsageError
from frisket.fleet.cosigning import Cosigning
from frisket.fleet.engine import Engine, open_engine
from frisket.fleet.log import AuditLog
from frisket.store.accounts import AccountStore
from frisket.store.auditlog import LogStore
from frisket.store.database import Database, open_database, quiet_migrations
from frisket.store.sessions import SessionStore
from frisket.telemetry.authority import open_authority
from frisket.telemetry.gateway.applying import Limits
from frisket.telemetry.gateway.service import open_gateway
from frisket.telemetry.gateway.web import Door


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def open_data(folder: Path, url: str = "") -> Database:
    """Open (and bring up to date) the database of a data folder, or the one at `url`.

    Raises `UsageError` for a folder that cannot be made, `StoreFault`.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as fault:
        raise UsageError(f"{folder} cannot be made: {fault.strerror}") from fault
    quiet_migrations()
    database = open_database(url or f"sqlite:///{folder / 'frisket.db'}", connections=10)
    database.upgrade()
    return database


def open_log(folder: Path, database: Database, clock: Callable[[], datetime] = utc_now) -> AuditLog:
    """Return the audit log of a data folder, signed by its key."""
    return AuditLog(LogStore(database), log_key(folder), clock)


def witnesses_of(
    folder: Path, database: Database, clock: Callable[[], datetime] = utc_now
) -> Cosigning:
    """Return the audit log of a data folder with its witnesses."""
    log = open_log(folder, database, clock)
    return Cosigning(log, database, open_authority(folder / "gateway", clock()))


@dataclass(frozen=True, slots=True)
class Console:
    """A console that is ready to be served."""

    services: Services
    app: ASGIApp
    pages: tuple[Page, ...]
    engine: Engine
    door: Door

    def close(self) -> None:
        """Stop the work and close the database; what is under way goes on at the next start."""
        self.engine.close()
        self.door.close()
        self.services.database.close()


def build_services(
    folder: Path,
    database: Database,
    settings: Settings,
    pages: Sequence[Page],
    static: StaticFiles,
    *,
    bus: Bus,
    engine: Engine,
    clock: Callable[[], datetime] = utc_now,
    passwords: Passwords | None = None,
    catalogues: Catalogues | None = None,
) -> Services:
    """Return what the pages work with."""
    keys = sealer(folder)
    log = open_log(folder, database, clock)
    accounts, sessions = AccountStore(database), SessionStore(database)
    hasher = passwords or Passwords(breached=Breached(folder / FILE))
    notices = Notices(keys.key)
    codes = Codes(database, accounts, keys)
    authority = open_authority(folder / "gateway", clock())
    return Services(
        settings=settings,
        database=database,
        clock=clock,
        log=log,
        accounts=accounts,
        sessions=sessions,
        passwords=hasher,
        sealer=keys,
        codes=codes,
        doors=Doors(accounts, sessions, hasher, codes, log, settings, clock),
        bus=bus,
        jobs=engine.jobs,
        crew=engine.crew,
        renderer=Renderer(pages, static, notices, catalogues or load_catalogues()),
        notices=notices,
        reports=deque(maxlen=100),
        providers=load_providers(folder),
        gateway=open_gateway(
            *(database, authority, Limits()), heads=Cosigning(log, database, authority)
        ),
        pace=Pace(),
    )


def open_console(
    folder: Path,
    settings: Settings,
    *,
    url: str = "",
    works: bool = True,
    clock: Callable[[], datetime] = utc_now,
    passwords: Passwords | None = None,
    catalogues: Catalogues | None = None,
) -> Console:
    """Open a data folder and put the console together; with `works` it does the fleet's work too.

    Raises `UsageError`, `StoreFault`, `JobFault`.
    """
    database = open_data(folder, url)
    pages, static, bus = find_pages(), load_static(), Bus()
    messages = catalogues or load_catalogues()

    def told(topic: str, what: dict[str, Any]) -> None:
        bus.tell(
            Event(topic, {k: v for k, v in what.items() if k != "site_id"}, what.get("site_id"))
        )

    log = open_log(folder, database, clock)
    engine = open_engine(
        *(folder, database, clock, told), works=works, log=log, catalogues=messages
    )
    services = build_services(
        folder,
        database,
        settings,
        pages,
        static,
        bus=bus,
        engine=engine,
        clock=clock,
        passwords=passwords,
        catalogues=messages,
    )
    app = guarded(make_app(services, pages, static), services, pages)
    door = Door(services.gateway, clock=clock)
    return Console(
        services, beside_gateway(app, services.gateway, door, clock), pages, engine, door
    )
