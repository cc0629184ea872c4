"""Reports that were made aside, as they are kept: what was asked, by whom, and the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update

from frisket.store.database import Database
from frisket.store.tables.service import REPORT

_LISTED = [column for column in REPORT.c if column.name != "octets"]


@dataclass(frozen=True, slots=True)
class MadeReports:
    """The repository of reports."""

    database: Database

    def ask(
        self,
        kind: str,
        form: str,
        title: str,
        wanted: Mapping[str, Any],
        sites: Sequence[int] | None,
        *,
        by: str,
        now: datetime,
    ) -> int:
        """Note that a report is to be made; return its number."""
        row = {"kind": kind, "form": form, "title": title, "wanted": dict(wanted)}
        told = None if sites is None else list(sites)
        with self.database.write() as connection:
            made = insert(REPORT).values(**row, sites=told, made_by=by, asked=now)
            return int(connection.execute(made.returning(REPORT.c.id)).scalar_one())

    def keep(self, number: int, octets: bytes, now: datetime) -> None:
        """Keep the file."""
        self._change(number, {"octets": octets, "made": now, "fault": ""})

    def fail(self, number: int, fault: str, now: datetime) -> None:
        """Note why there is no file."""
        self._change(number, {"made": now, "fault": fault[:300]})

    def _change(self, number: int, values: Mapping[str, Any]) -> None:
        changed = update(REPORT).where(REPORT.c.id == number).values(dict(values))
        with self.database.write() as connection:
            connection.execute(changed)

    def one(self, number: int) -> Any | None:
        """Return a report, without its file."""
        with self.database.read() as connection:
            return connection.execute(select(*_LISTED).where(REPORT.c.id == number)).one_or_none()

    def octets(self, number: int) -> bytes | None:
        """Return a report's file."""
        with self.database.read() as connection:
            found: bytes | None = connection.scalar(
                select(REPORT.c.octets).where(REPORT.c.id == number)
            )
            return found

    def newest(self, limit: int = 200) -> Sequence[Any]:
        """Return reports without their files, the newest first."""
        with self.database.read() as connection:
            asked = select(*_LISTED).order_by(REPORT.c.id.desc()).limit(limit)
            return connection.execute(asked).all()

    def drop(self, number: int) -> None:
        """Forget a report."""
        with self.database.write() as connection:
            connection.execute(delete(REPORT).where(REPORT.c.id == number))

    def forget(self, before: datetime) -> int:
        """Forget reports that were asked for before a time; return how many."""
        with self.database.write() as connection:
            return connection.execute(delete(REPORT).where(REPORT.c.asked < before)).rowcount
