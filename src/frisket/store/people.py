"""Waivers and attestations as they are kept, with the evidence that was handed in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, insert, or_, select, update

from frisket.store.database import Database
from frisket.store.tables.people import ATTESTATION, EVIDENCE, WAIVER


@dataclass(frozen=True, slots=True)
class WaiverRow:
    """One approved waiver; `ended` is when somebody took it back."""

    id: int
    rule: str
    consideration: str
    scope: Mapping[str, Any]
    site_id: int | None
    owner: str
    reason: str
    expires: date
    proposed_by: str
    approved_by: str
    approved: datetime
    ended: datetime | None
    ended_by: str


@dataclass(frozen=True, slots=True)
class AttestationRow:
    """One thing that a person said of devices. `questionnaire_id` is where it was asked."""

    id: int
    key: str
    consideration: str
    answer: Any
    scope: Mapping[str, Any]
    site_id: int | None
    who: str
    looked: date
    evidence: str
    expires: date
    made_by: str
    made: datetime
    questionnaire_id: int | None
    ended: datetime | None
    ended_by: str


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """A file that was handed in, without its bytes."""

    id: int
    attestation_id: int
    name: str
    type: str
    size: int
    digest: str


def _in_reach(table: Table, sites: Sequence[int] | None) -> list[ColumnElement[bool]]:
    """Return what narrows a list: what lies at these sites, and what holds over sites."""
    if sites is None:
        return []
    return [or_(table.c.site_id.is_(None), table.c.site_id.in_(list(sites)))]


def add_waiver(connection: Connection, values: Mapping[str, Any]) -> int:
    """Keep an approved waiver within a transaction; returns its id."""
    made = connection.execute(insert(WAIVER).values(dict(values)).returning(WAIVER.c.id))
    return int(made.scalar_one())


def add_attestation(connection: Connection, values: Mapping[str, Any]) -> int:
    """Keep an attestation within a transaction; returns its id."""
    made = connection.execute(insert(ATTESTATION).values(dict(values)).returning(ATTESTATION.c.id))
    return int(made.scalar_one())


def add_evidence(connection: Connection, attestation: int, values: Mapping[str, Any]) -> None:
    """Keep a file of an attestation within a transaction."""
    row = {"attestation_id": attestation, **values}
    connection.execute(insert(EVIDENCE).values(row))


@dataclass(frozen=True, slots=True)
class People:
    """The repository of what people said."""

    database: Database

    def waivers(
        self, sites: Sequence[int] | None = None, *, ended: bool = False
    ) -> Sequence[WaiverRow]:
        """Return the waivers that were not taken back (or those that were), the next to end first.

        Expired ones are among them.
        """
        state = WAIVER.c.ended.is_not(None) if ended else WAIVER.c.ended.is_(None)
        asked = select(WAIVER).where(state, *_in_reach(WAIVER, sites))
        with self.database.read() as connection:
            rows = connection.execute(asked.order_by(WAIVER.c.expires, WAIVER.c.id))
            return [WaiverRow(**row._mapping) for row in rows]  # noqa: SLF001 - its public name

    def waiver(self, number: int) -> WaiverRow | None:
        """Return a waiver."""
        with self.database.read() as connection:
            row = connection.execute(select(WAIVER).where(WAIVER.c.id == number)).one_or_none()
            return None if row is None else WaiverRow(**row._mapping)  # noqa: SLF001

    def end_waiver(self, number: int, who: str, now: datetime) -> bool:
        """Take a waiver back; say whether it held."""
        return self._end(WAIVER, number, who, now)

    def attestations(
        self, sites: Sequence[int] | None = None, *, limit: int = 1 << 30
    ) -> Sequence[AttestationRow]:
        """Return the attestations that were not taken back, the newest first."""
        asked = select(ATTESTATION).where(
            ATTESTATION.c.ended.is_(None), *_in_reach(ATTESTATION, sites)
        )
        with self.database.read() as connection:
            rows = connection.execute(asked.order_by(ATTESTATION.c.id.desc()).limit(limit))
            return [AttestationRow(**row._mapping) for row in rows]  # noqa: SLF001

    def attestation(self, number: int) -> AttestationRow | None:
        """Return an attestation."""
        asked = select(ATTESTATION).where(ATTESTATION.c.id == number)
        with self.database.read() as connection:
            row = connection.execute(asked).one_or_none()
            return None if row is None else AttestationRow(**row._mapping)  # noqa: SLF001

    def end_attestation(self, number: int, who: str, now: datetime) -> bool:
        """Take an attestation back; say whether it held."""
        return self._end(ATTESTATION, number, who, now)

    def _end(self, table: Table, number: int, who: str, now: datetime) -> bool:
        asked = update(table).where(table.c.id == number, table.c.ended.is_(None))
        with self.database.write() as connection:
            return connection.execute(asked.values(ended=now, ended_by=who)).rowcount == 1

    def evidence(self, attestations: Sequence[int]) -> Sequence[EvidenceRow]:
        """Return the files of attestations, without their bytes."""
        columns = [EVIDENCE.c[name] for name in EvidenceRow.__slots__]
        found: list[EvidenceRow] = []
        with self.database.read() as connection:
            for start in range(0, len(attestations), 500):
                some = list(attestations[start : start + 500])
                asked = select(*columns).where(EVIDENCE.c.attestation_id.in_(some))
                rows = connection.execute(asked.order_by(EVIDENCE.c.id))
                found += [EvidenceRow(**row._mapping) for row in rows]  # noqa: SLF001
        return found

    def file(self, number: int) -> tuple[EvidenceRow, bytes] | None:
        """Return a file with its bytes."""
        asked = select(EVIDENCE).where(EVIDENCE.c.id == number)
        with self.database.read() as connection:
            row = connection.execute(asked).one_or_none()
        if row is None:
            return None
        known = {name: getattr(row, name) for name in EvidenceRow.__slots__}
        return EvidenceRow(**known), bytes(row.body)
