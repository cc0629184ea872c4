"""Questionnaires as they are kept: sent, answered once, accepted or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, or_, select, update

from frisket.store.database import Database
from frisket.store.tables.people import QUESTIONNAIRE


@dataclass(frozen=True, slots=True)
class QuestionnaireRow:
    """One questionnaire. `state` is open, answered, accepted, rejected or withdrawn."""

    id: int
    person: str
    baseline: str
    site_id: int | None
    questions: Sequence[Mapping[str, Any]]
    answers: Sequence[Mapping[str, Any]]
    state: str
    made_by: str
    made: datetime
    expires: datetime
    answered_by: str
    answered: datetime | None
    decided_by: str
    decided: datetime | None


def add_questionnaire(connection: Connection, values: Mapping[str, Any]) -> int:
    """Keep a questionnaire within a transaction; returns its id."""
    row = {"state": "open", "answers": [], **values}
    made = connection.execute(insert(QUESTIONNAIRE).values(row).returning(QUESTIONNAIRE.c.id))
    return int(made.scalar_one())


def find_questionnaire(connection: Connection, number: int) -> QuestionnaireRow | None:
    """Return a questionnaire, within a transaction."""
    asked = select(QUESTIONNAIRE).where(QUESTIONNAIRE.c.id == number)
    row = connection.execute(asked).one_or_none()
    return None if row is None else QuestionnaireRow(**row._mapping)  # noqa: SLF001 - public name


def move_questionnaire(connection: Connection, number: int, before: str, **values: object) -> bool:
    """Change a questionnaire that is still in the state `before`; say whether it was."""
    asked = update(QUESTIONNAIRE).where(
        QUESTIONNAIRE.c.id == number, QUESTIONNAIRE.c.state == before
    )
    return connection.execute(asked.values(**values)).rowcount == 1


def questionnaires(
    database: Database,
    sites: Sequence[int] | None = None,
    limit: int = 200,
    below: int | None = None,
) -> Sequence[QuestionnaireRow]:
    """Return questionnaires, the newest first; of some sites, and below an id, where given."""
    asked = select(QUESTIONNAIRE).order_by(QUESTIONNAIRE.c.id.desc()).limit(limit)
    if sites is not None:
        column = QUESTIONNAIRE.c.site_id
        asked = asked.where(or_(column.is_(None), column.in_(list(sites))))
    if below is not None:
        asked = asked.where(QUESTIONNAIRE.c.id < below)
    with database.read() as connection:
        return [QuestionnaireRow(**row._mapping) for row in connection.execute(asked)]  # noqa: SLF001
