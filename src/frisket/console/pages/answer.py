"""`/answer/…`: a questionnaire for the person who holds its link: once, without an account."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from starlette.responses import Response

from frisket.console.auth.doors import wait_after
from frisket.console.faults import NotFound, TooMany
from frisket.console.page import ANYONE, Page, Visit
from frisket.console.pages.login import knock_of
from frisket.console.pages.questionnaires import PURPOSE
from frisket.errors import UsageError
from frisket.fleet.asking import answers_of
from frisket.fleet.chain import Act
from frisket.store.onetime import look, take
from frisket.store.questionnaires import QuestionnaireRow, find_questionnaire, move_questionnaire

_OVER = "This link is over: it works once, and for a while. Ask for a new one."
_FREE: Final = 30  # wrong links of one address that cost no waiting
_FORGOTTEN: Final = timedelta(hours=24)


def _found(visit: Visit) -> QuestionnaireRow:
    """Return what the link is about. Raises `NotFound`, and `TooMany` for who tries links."""
    services, secret = visit.services, visit.path["secret"]
    key = f"answer:{knock_of(visit).address}"
    count, last = services.sessions.failures(key)
    if last is not None and visit.now - last < wait_after(count, _FREE):
        raise TooMany
    with services.database.read() as connection:
        kept = look(connection, secret, PURPOSE, visit.now)
        row = None if kept is None else find_questionnaire(connection, kept.body["questionnaire"])
    if row is None or row.state != "open":
        services.sessions.note_failure(key, visit.now, forget_before=visit.now - _FORGOTTEN)
        raise NotFound(_OVER)
    return row


def show(visit: Visit) -> Response:
    """Show the questions while the link works."""
    return _form(visit, _found(visit), "")


def _form(visit: Visit, row: QuestionnaireRow, fault: str) -> Response:
    return visit.page(
        "answer.html",
        status=422 if fault else 200,
        row=row,
        secret=visit.path["secret"],
        given=_given(visit, row),
        name=visit.form.one("who") or row.person,
        when=visit.form.one("when") or visit.now.date().isoformat(),
        today=visit.now.date().isoformat(),
        fault=fault,
    )


def _given(visit: Visit, row: QuestionnaireRow) -> Mapping[int, tuple[str, str]]:
    form = visit.form
    return {
        place: (form.one(f"a-{place}"), " ".join(form.one(f"e-{place}").split()))
        for place in range(len(row.questions))
    }


def answer(visit: Visit) -> Response:
    """Keep the answers; the link dies with it. An auditor decides about them."""
    row, services = _found(visit), visit.services
    who = visit.form.one("who")
    try:
        when = _day(visit)
        given = _given(visit, row)
        answers = answers_of(row.questions, given, who, when, services.crew.content)
    except UsageError as fault:
        return _form(visit, row, str(fault))
    details = {"address": knock_of(visit).address, "answers": len(answers)}
    with services.database.write() as connection:
        if take(connection, visit.path["secret"], PURPOSE, visit.now) is None:
            raise NotFound(_OVER)
        act = Act("-", "questionnaire.answer", who[:120], "done", details)
        services.log.record_within(connection, act)
        said = {"answers": answers, "answered_by": who[:200], "answered": visit.now}
        if not move_questionnaire(connection, row.id, "open", state="answered", **said):
            raise NotFound(_OVER)
    return visit.page("answered.html")


def _day(visit: Visit) -> date:
    try:
        when = date.fromisoformat(visit.form.one("when"))
    except ValueError:
        raise UsageError("say on which day you looked") from None
    if when > visit.now.date() + timedelta(days=1):
        raise UsageError("the day on which you looked lies ahead")
    return when


PAGES = (
    Page("GET", "/answer/{secret}", show, ANYONE),
    Page("POST", "/answer/{secret}", answer, ANYONE),
)
