"""A console for tests without a browser: visitors that speak HTTP to it, and a clock of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import httpx
from argon2 import PasswordHasher
from sqlalchemy import insert
from starlette.types import ASGIApp

from frisket.console.auth.doors import Knock
from frisket.console.auth.passwords import Passwords
from frisket.console.build import Console, open_console
from frisket.console.endpoint import COOKIE
from frisket.console.language import Catalogues
from frisket.console.settings import Settings
from frisket.fleet.roles import Grant, Role
from frisket.store.accounts import Account, Fresh, GrantRow, add_account
from frisket.store.tables.device import SITE

PASSWORD = "five odd words for tests"
ORIGIN = "https://localhost"


@dataclass
class Clock:
    """A clock that tests move."""

    now: datetime = datetime(2026, 3, 2, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **time: float) -> None:
        """Let time pass: minutes=5."""
        self.now += timedelta(**time)


class Client:
    """A visitor: keeps cookies, follows nothing, and says that it is a page of the console."""

    def __init__(self, app: ASGIApp) -> None:
        self._transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self.cookies: dict[str, str] = {}
        self.headers = {"sec-fetch-site": "same-origin"}

    def request(self, method: str, path: str, **how: Any) -> httpx.Response:
        """Ask once; `how` is what httpx takes."""

        async def ask() -> httpx.Response:
            jar = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            kept = self.headers | ({"cookie": jar} if jar else {})
            async with httpx.AsyncClient(
                transport=self._transport, base_url=ORIGIN, headers=kept
            ) as client:
                answer = await client.request(method, path, **how)
            for text in answer.headers.get_list("set-cookie"):
                for name, morsel in SimpleCookie(text).items():
                    self.cookies[name] = morsel.value
                    if morsel["max-age"] == "0":
                        del self.cookies[name]
            return answer

        return asyncio.run(ask())

    def get(self, path: str, **how: Any) -> httpx.Response:
        """Ask for a page."""
        return self.request("GET", path, **how)

    def post(self, path: str, **how: Any) -> httpx.Response:
        """Send a form."""
        return self.request("POST", path, **how)


@dataclass
class Web:
    """One console and its clock."""

    console: Console
    clock: Clock
    folder: Path

    def account(self, name: str, grants: Sequence[Grant | Role] = ()) -> Account:
        """Return an account, made where it is missing, seasoned by two days."""
        services = self.console.services
        found = services.accounts.by_name(name)
        if found is None:
            rows = [
                GrantRow(g.value, None) if isinstance(g, Role) else GrantRow(g.role.value, g.site)
                for g in grants
            ]
            fresh = Fresh(name, password=services.passwords.hash(PASSWORD))
            before = self.clock() - timedelta(days=2)
            with services.database.write() as connection:
                add_account(connection, fresh, rows, "test", before)
            found = services.accounts.by_name(name)
        assert found is not None
        return found

    def site(self, name: str) -> int:
        """Return the number of a new site."""
        row = {"name": name, "scope": [], "limits": {}, "created": self.clock()}
        with self.console.services.database.write() as connection:
            return int(
                connection.execute(insert(SITE).values(row).returning(SITE.c.id)).scalar_one()
            )

    def nobody(self) -> Client:
        """Return a visitor who has not logged in."""
        return Client(self.console.app)

    def visitor(self, name: str, *grants: Grant | Role) -> Client:
        """Return a visitor who has logged in."""
        client = self.nobody()
        opened = self.console.services.doors.open(
            self.account(name, grants), "test", Knock("127.0.0.1", "test")
        )
        client.cookies[COOKIE] = opened.secret
        return client


@contextmanager
def web_console(folder: Path, catalogues: Catalogues | None = None) -> Iterator[Web]:
    """Put a console together from a fresh folder."""
    clock = Clock()
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    console = open_console(
        folder,
        Settings(origin=ORIGIN),
        clock=clock,
        passwords=Passwords(hasher),
        works=False,
        catalogues=catalogues,
    )
    try:
        yield Web(console, clock, folder)
    finally:
        console.close()
