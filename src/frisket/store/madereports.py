"""Reports that were made aside, as they are kept: what was asked, by whom, and the file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import zstandard
from sqlalchemy import delete, insert, select, update

from frisket.store.database import Database
from frisket.store.tables.service import REPORT, REPORT_PART

_PART: Final = 1 << 20  # octets of a part, before they are packed
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

    def keep(self, number: int, octets: Iterable[bytes], now: datetime) -> int:
        """Keep the file as it comes, a part at a time; return its size. Once more replaces it."""
        with self.database.write() as connection:
            connection.execute(delete(REPORT_PART).where(REPORT_PART.c.report_id == number))
        packer, size = zstandard.ZstdCompressor(level=3), 0
        for place, part in enumerate(_in_parts(octets)):
            size += len(part)
            row = {"report_id": number, "place": place, "octets": packer.compress(part)}
            with self.database.write() as connection:
                connection.execute(insert(REPORT_PART).values(row))
        self._change(number, {"size": size, "made": now, "fault": ""})
        return size

    def fail(self, number: int, fault: str, now: datetime) -> None:
        """Note why there is no file."""
        with self.database.write() as connection:
            connection.execute(delete(REPORT_PART).where(REPORT_PART.c.report_id == number))
        self._change(number, {"made": now, "fault": fault[:300] or "it could not be made"})

    def _change(self, number: int, values: Mapping[str, Any]) -> None:
        changed = update(REPORT).where(REPORT.c.id == number).values(dict(values))
        with self.database.write() as connection:
            connection.execute(changed)

    def one(self, number: int) -> Any | None:
        """Return a report, without its file."""
        with self.database.read() as connection:
            return connection.execute(select(*_LISTED).where(REPORT.c.id == number)).one_or_none()

    def octets(self, number: int) -> Iterator[bytes]:
        """Yield a report's file, a part at a time."""
        with self.database.read() as connection:
            whole = connection.scalar(select(REPORT.c.octets).where(REPORT.c.id == number))
        if whole is not None:
            yield bytes(whole)
            return
        opener, place = zstandard.ZstdDecompressor(), 0
        while True:
            asked = select(REPORT_PART.c.octets).where(
                REPORT_PART.c.report_id == number, REPORT_PART.c.place == place
            )
            with self.database.read() as connection:
                part = connection.scalar(asked)
            if part is None:
                return
            yield opener.decompress(part, max_output_size=2 * _PART)
            place += 1

    def newest(self, limit: int = 200) -> Sequence[Any]:
        """Return reports without their files, the newest first."""
        with self.database.read() as connection:
            asked = select(*_LISTED).order_by(REPORT.c.id.desc()).limit(limit)
            return connection.execute(asked).all()

    def drop(self, number: int) -> None:
        """Forget a report."""
        with self.database.write() as connection:
            connection.execute(delete(REPORT_PART).where(REPORT_PART.c.report_id == number))
            connection.execute(delete(REPORT).where(REPORT.c.id == number))

    def forget(self, before: datetime) -> int:
        """Forget reports that were asked for before a time; return how many."""
        old = select(REPORT.c.id).where(REPORT.c.asked < before)
        with self.database.write() as connection:
            connection.execute(delete(REPORT_PART).where(REPORT_PART.c.report_id.in_(old)))
            return connection.execute(delete(REPORT).where(REPORT.c.asked < before)).rowcount


def _in_parts(octets: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same octets in parts of one size, but for the last."""
    waiting = bytearray()
    for piece in octets:
        waiting += piece
        while len(waiting) >= _PART:
            yield bytes(waiting[:_PART])
            del waiting[:_PART]
    if waiting:
        yield bytes(waiting)
