"""`/api/v1/questionnaires`: questions sent to a person who needs no account, and the answers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Depends, Query
from pydantic import BaseModel, Field, StringConstraints

from frisket.console.api.access import Needs
from frisket.console.api.models import Shown
from frisket.console.api.resource import (
    NUMBER,
    Asked,
    Listed,
    Number,
    Paged,
    Sees,
    Words,
    below,
    listing,
    resources,
)
from frisket.console.api.scopes import ScopeIn
from frisket.console.page import Visit
from frisket.console.pages.devices import sites_of
from frisket.console.pages.questionnaires import MOST_DAYS, decided, seen, sent
from frisket.fleet.roles import Permission
from frisket.store.questionnaires import questionnaires

ROUTER = resources("questionnaires")
Attests = Annotated[Visit, Depends(Needs(Permission.ATTEST))]


class QuestionnaireOut(Shown):
    """One questionnaire. `state`: open, answered, accepted, rejected or withdrawn."""

    id: int
    person: str
    baseline: str
    site_id: int | None
    state: str
    made_by: str
    made: datetime
    expires: datetime
    answered_by: str
    answered: datetime | None
    decided_by: str
    decided: datetime | None


class QuestionnaireDetail(QuestionnaireOut):
    """One questionnaire with what is asked and what was answered."""

    questions: list[dict[str, Any]]
    answers: list[dict[str, Any]]


class SentOut(BaseModel):
    """A questionnaire that was made. `link` is told now and never again."""

    id: int
    link: str
    expires: datetime
    questions: int


class QuestionnaireOrder(Asked):
    """Whom to ask about the questions that audits by a baseline left open."""

    baseline: Words = "small-office"
    person: Annotated[
        str, StringConstraints(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]+$")
    ]
    scope: ScopeIn
    days: Annotated[int, Field(ge=1, le=MOST_DAYS), NUMBER] = 14


class Decision(Asked):
    """What becomes of it: its answers count or do not, or its questions are withdrawn."""

    what: Literal["accept", "reject", "withdraw"]


@ROUTER.get("")
def listed(visit: Sees, asked: Annotated[Paged, Query()]) -> Listed[QuestionnaireOut]:
    """List the questionnaires about the sites that you may see, the newest first."""
    sites = sites_of(visit.reach(Permission.SEE_FLEET))
    rows = questionnaires(visit.services.database, sites, asked.limit, below(asked))
    shown = [QuestionnaireOut.model_validate(row) for row in rows]
    return listing(shown, asked.limit, lambda: rows[-1].id)


@ROUTER.post("", status_code=201)
def send(visit: Attests, order: QuestionnaireOrder) -> SentOut:
    """Make a questionnaire; its link works once, for whoever has it."""
    scope, site = order.scope.where(visit, Permission.ATTEST)
    made = sent(visit, order.baseline, order.person, scope, site, days=order.days)
    return SentOut(
        id=made.number, link=made.link, expires=made.expires, questions=len(made.questions)
    )


@ROUTER.get("/{id}")
def one(visit: Sees, id: Number) -> QuestionnaireDetail:  # noqa: A002
    """Return a questionnaire with its questions and answers."""
    return QuestionnaireDetail.model_validate(seen(visit, id))


@ROUTER.post("/{id}/decision")
def decide(visit: Sees, id: Number, decision: Decision) -> QuestionnaireDetail:  # noqa: A002
    """Accept or reject answers (whoever sees evidence, but not who asked), or withdraw."""
    decided(visit, seen(visit, id), decision.what)
    return QuestionnaireDetail.model_validate(seen(visit, id))
