"""Views of the device list, each one person's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, func, select

from frisket.errors import UsageError
from frisket.store.database import Database
from frisket.store.tables.view import VIEW

MOST: Final = 50  # of one person
_LONG: Final = 4000  # characters of an address


@dataclass(frozen=True, slots=True)
class View:
    """A name, and the address's part after the question mark."""

    name: str
    query: str


@dataclass(frozen=True, slots=True)
class Views:
    """The repository of saved views."""

    database: Database

    def save(self, account_id: int, name: str, query: str) -> None:
        """Keep a view, in the place of the one of that name. Raises `UsageError`: too many."""
        if len(query) > _LONG:
            raise UsageError("this view is too long to be kept")
        mine = VIEW.c.account_id == account_id
        row = self.database.insert(VIEW).values(account_id=account_id, name=name, query=query)
        with self.database.write() as connection:
            asked = select(func.count()).where(mine, VIEW.c.name != name)
            if int(connection.scalar(asked) or 0) >= MOST:
                raise UsageError(f"nobody keeps more than {MOST} views", hint="forget one first")
            connection.execute(
                row.on_conflict_do_update(
                    index_elements=["account_id", "name"], set_={"query": query}
                )
            )

    def of(self, account_id: int) -> Sequence[View]:
        """Return a person's views by name."""
        asked = select(VIEW).where(VIEW.c.account_id == account_id).order_by(VIEW.c.name)
        with self.database.read() as connection:
            return [View(row.name, row.query) for row in connection.execute(asked)]

    def drop(self, account_id: int, name: str) -> None:
        """Forget a view."""
        mine = (VIEW.c.account_id == account_id, VIEW.c.name == name)
        with self.database.write() as connection:
            connection.execute(delete(VIEW).where(*mine))
