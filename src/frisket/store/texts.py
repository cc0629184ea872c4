"""Own baselines and policies as they are kept: every version's text, and which one holds."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from frisket.store.database import Database, StoreConflict
from frisket.store.tables.text import OWN_TEXT


@dataclass(frozen=True, slots=True)
class TextVersion:
    """One version. `approved` is None until two persons agreed to it."""

    kind: str
    name: str
    version: int
    text: str
    digest: str
    author: str
    note: str
    made: datetime
    approved_by: str
    approved: datetime | None


def digest_of(text: str) -> str:
    """Return the digest by which a text is approved."""
    return hashlib.sha256(text.encode()).hexdigest()


def version_of(connection: Connection, kind: str, name: str, version: int) -> TextVersion | None:
    """Return one version, within a transaction."""
    asked = select(OWN_TEXT).where(
        OWN_TEXT.c.kind == kind, OWN_TEXT.c.name == name, OWN_TEXT.c.version == version
    )
    row = connection.execute(asked).one_or_none()
    return None if row is None else TextVersion(**row._mapping)  # noqa: SLF001 - its public name


def holding(connection: Connection, kind: str, name: str) -> TextVersion | None:
    """Return the version of a text that holds, within a transaction."""
    asked = select(OWN_TEXT).where(
        OWN_TEXT.c.kind == kind, OWN_TEXT.c.name == name, OWN_TEXT.c.approved.is_not(None)
    )
    row = connection.execute(asked.order_by(OWN_TEXT.c.version.desc()).limit(1)).one_or_none()
    return None if row is None else TextVersion(**row._mapping)  # noqa: SLF001


def approve_version(connection: Connection, one: TextVersion, who: str, now: datetime) -> bool:
    """Let a version hold; say whether it did not yet."""
    asked = update(OWN_TEXT).where(
        OWN_TEXT.c.kind == one.kind,
        OWN_TEXT.c.name == one.name,
        OWN_TEXT.c.version == one.version,
        OWN_TEXT.c.approved.is_(None),
    )
    return connection.execute(asked.values(approved=now, approved_by=who)).rowcount == 1


@dataclass(frozen=True, slots=True)
class Texts:
    """The repository of own texts of one kind: `baseline` or `policy`."""

    database: Database
    kind: str

    def save(
        self,
        name: str,
        text: str,
        author: str,
        note: str,
        now: datetime,
        *,
        after: int | None = None,
    ) -> int:
        """Keep a text as the next version of a name; returns its number.

        Raises `StoreConflict` where `after` (0: none) is given and not the newest version.
        """
        mine = (OWN_TEXT.c.kind == self.kind, OWN_TEXT.c.name == name)
        with self.database.write() as connection:
            last = connection.scalar(select(func.max(OWN_TEXT.c.version)).where(*mine))
            if after is not None and after != int(last or 0):
                raise StoreConflict("there is a newer version", hint="look again")
            row = {
                "kind": self.kind,
                "name": name,
                "version": int(last or 0) + 1,
                "text": text,
                "digest": digest_of(text),
                "author": author,
                "note": note[:500],
                "made": now,
            }
            connection.execute(insert(OWN_TEXT).values(row))
            return int(last or 0) + 1

    def newest(self) -> Sequence[TextVersion]:
        """Return each name's newest version, by name."""
        last = (
            select(OWN_TEXT.c.name, func.max(OWN_TEXT.c.version).label("version"))
            .where(OWN_TEXT.c.kind == self.kind)
            .group_by(OWN_TEXT.c.name)
            .subquery()
        )
        asked = select(OWN_TEXT).join(
            last, (OWN_TEXT.c.name == last.c.name) & (OWN_TEXT.c.version == last.c.version)
        )
        with self.database.read() as connection:
            rows = connection.execute(
                asked.where(OWN_TEXT.c.kind == self.kind).order_by(OWN_TEXT.c.name)
            )
            return [TextVersion(**row._mapping) for row in rows]  # noqa: SLF001

    def versions(self, name: str) -> Sequence[TextVersion]:
        """Return all versions of a name, the newest first."""
        asked = select(OWN_TEXT).where(OWN_TEXT.c.kind == self.kind, OWN_TEXT.c.name == name)
        with self.database.read() as connection:
            rows = connection.execute(asked.order_by(OWN_TEXT.c.version.desc()))
            return [TextVersion(**row._mapping) for row in rows]  # noqa: SLF001

    def holding(self) -> dict[str, str]:
        """Return the digest of the version that holds, by name: quick, without the texts."""
        asked = select(OWN_TEXT.c.name, OWN_TEXT.c.digest).where(
            OWN_TEXT.c.kind == self.kind, OWN_TEXT.c.approved.is_not(None)
        )
        with self.database.read() as connection:
            return {
                row.name: row.digest
                for row in connection.execute(asked.order_by(OWN_TEXT.c.name, OWN_TEXT.c.version))
            }

    def text(self, name: str, digest: str) -> str | None:
        """Return a version's text."""
        asked = select(OWN_TEXT.c.text).where(
            OWN_TEXT.c.kind == self.kind, OWN_TEXT.c.name == name, OWN_TEXT.c.digest == digest
        )
        with self.database.read() as connection:
            return connection.scalar(asked.limit(1))
