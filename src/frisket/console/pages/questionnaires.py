"""`/questionnaires`: questions sent to a person who needs no account, and their answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from secrets import token_urlsafe
from typing import Any, Final

from starlette.responses import Response

from frisket.console.faults import Forbidden, NotFound, Stale
from frisket.console.page import Page, Visit
from frisket.console.pages.devices import sites_of
from frisket.console.scoping import allow, choices, chosen
from frisket.errors import UsageError
from frisket.fleet.asking import MOST_DEVICES, Question, left_open, questions_of
from frisket.fleet.naming import called
from frisket.fleet.results import unpacked
from frisket.fleet.roles import Permission
from frisket.fleet.scope import Scope
from frisket.model.condition import Condition, read_condition
from frisket.store.audits import Audits
from frisket.store.devicelist import DeviceList
from frisket.store.inventory import Inventory
from frisket.store.onetime import OneTime, keep
from frisket.store.people import add_attestation
from frisket.store.questionnaires import (
    QuestionnaireRow,
    add_questionnaire,
    find_questionnaire,
    move_questionnaire,
    questionnaires,
)

PURPOSE: Final = "questionnaire"
_ATTEST, _ACCEPT = Permission.ATTEST, Permission.SEE_EVIDENCE
MOST_DAYS: Final = 30


def show(visit: Visit) -> Response:
    """List what was sent, and offer to send one."""
    sites = sites_of(visit.reach(Permission.SEE_FLEET))
    rows = questionnaires(visit.services.database, sites)
    return visit.page(
        "questionnaires.html",
        rows=rows,
        now=visit.now,
        baselines=visit.services.crew.content.baselines,
        scopes=choices(visit, _ATTEST) if visit.may(_ATTEST) else {},
        days=14,
        most_days=MOST_DAYS,
    )


def send(visit: Visit) -> Response:
    """Make a questionnaire and show its link, once."""
    form = visit.form
    scope, site = chosen(visit, _ATTEST)
    days = form.number("days", 14, least=1, most=MOST_DAYS)
    made = sent(visit, form.one("baseline"), form.one("person")[:120], scope, site, days=days)
    return visit.page(
        "questionnaire_sent.html",
        link=made.link,
        person=made.person,
        number=made.number,
        questions=made.questions,
        expires=made.expires,
    )


@dataclass(frozen=True, slots=True)
class Sent:
    """A questionnaire that was made. `link` is told once."""

    number: int
    person: str
    link: str
    questions: tuple[Question, ...]
    expires: datetime


def sent(
    visit: Visit, baseline_id: str, person: str, scope: Scope, site: int | None, *, days: int
) -> Sent:
    """Make a questionnaire. Raises `UsageError` where nothing is open, or nobody is named."""
    services = visit.services
    content = services.crew.content
    baseline = content.baseline(baseline_id)
    if not person or not person.isprintable():
        raise UsageError("say whom you ask")
    audits = Audits(services.database)
    findings = {}
    for device in _devices(visit, scope, site):
        result = next((r for r in audits.results(device) if r.baseline == baseline.id), None)
        if result is not None:
            findings[device] = left_open(unpacked(result.findings))
    questions = questions_of(content, baseline, findings)
    expires = visit.now + timedelta(days=days)
    secret = token_urlsafe(24)
    values = {
        "person": person,
        "baseline": baseline.id,
        "site_id": site,
        "questions": [one.table() for one in questions],
        "made_by": visit.person.name,
        "made": visit.now,
        "expires": expires,
    }
    act = visit.act(
        "questionnaire.send", person, site_id=site, questions=len(questions), devices=len(findings)
    )
    with services.database.write() as connection:
        services.log.record_within(connection, act)
        number = add_questionnaire(connection, values)
        what = OneTime(PURPOSE, None, {"questionnaire": number})
        keep(connection, secret, what, expires, visit.now)
    link = f"{services.settings.origin}/answer/{secret}"
    return Sent(number, person, link, tuple(questions), expires)


def _devices(visit: Visit, scope: Scope, site: int | None) -> list[int]:
    """Return the devices that are meant; more than a person can answer for are refused."""
    if scope.devices:
        return list(scope.devices)
    wanted = read_condition(scope.condition) if scope.condition else Condition()
    sites = [site] if site is not None else None
    found = DeviceList(visit.services.database).ids(wanted, visit.now, sites)
    if len(found) > MOST_DEVICES:
        raise UsageError(f"a questionnaire is about {MOST_DEVICES} devices at most")
    return list(found)


def seen(visit: Visit, number: int) -> QuestionnaireRow:
    """Return a questionnaire. Raises `NotFound`, also where the visitor may not see it."""
    with visit.services.database.read() as connection:
        row = find_questionnaire(connection, number)
    where = visit.reach(Permission.SEE_FLEET)
    if row is None or not (row.site_id is None or row.site_id in where):
        raise NotFound
    return row


def show_one(visit: Visit) -> Response:
    """Show questions and answers, and let an auditor decide."""
    row = seen(visit, visit.number("id"))
    named = {}
    inventory = Inventory(visit.services.database)
    for number in {d for question in row.questions for d in question["devices"][:5]}:
        device = inventory.device(number)
        if device is not None:
            named[number] = called(device)
    return visit.page(
        "questionnaire.html",
        row=row,
        answers={answer["place"]: answer for answer in row.answers},
        named=named,
        may_accept=_may(visit, row, _ACCEPT),
        may_withdraw=_may(visit, row, _ATTEST),
        over=row.state == "open" and row.expires <= visit.now,
    )


def _may(visit: Visit, row: QuestionnaireRow, permission: Permission) -> bool:
    where = visit.reach(permission)
    return where.everywhere if row.site_id is None else row.site_id in where


def decide(visit: Visit) -> Response:
    """Accept the answers, which then are attestations; reject them; or withdraw the questions."""
    row = seen(visit, visit.number("id"))
    decided(visit, row, visit.form.one("what"))
    return visit.go(f"/questionnaires/{row.id}", visit.text("Done."))


def decided(visit: Visit, row: QuestionnaireRow, what: str) -> None:
    """Accept, reject or withdraw. Raises `UsageError`, `Forbidden`, `Stale`."""
    after = {"accept": "accepted", "reject": "rejected", "withdraw": "withdrawn"}.get(what)
    if after is None:
        raise UsageError("nothing is chosen to be done")
    allow(visit.reach(_ATTEST if what == "withdraw" else _ACCEPT), row.site_id)
    if what != "withdraw" and visit.person.name == row.made_by:
        raise Forbidden
    before = "open" if what == "withdraw" else "answered"
    services = visit.services
    with services.database.write() as connection:
        services.log.record_within(
            connection, visit.act(f"questionnaire.{what}", row.person, site_id=row.site_id)
        )
        who = {"decided_by": visit.person.name, "decided": visit.now}
        if not move_questionnaire(connection, row.id, before, state=after, **who):
            raise Stale
        if what == "accept":
            for answer in row.answers:
                add_attestation(connection, _attestation(answer, row, visit))


def _attestation(answer: Any, row: QuestionnaireRow, visit: Visit) -> dict[str, Any]:
    return {
        "key": answer["key"],
        "consideration": "",
        "answer": answer["answer"],
        "scope": {"devices": list(answer["devices"])},
        "site_id": row.site_id,
        "who": answer["who"],
        "looked": date.fromisoformat(answer["looked"]),
        "evidence": answer["evidence"],
        "expires": date.fromisoformat(answer["expires"]),
        "made_by": visit.person.name,
        "made": visit.now,
        "questionnaire_id": row.id,
    }


PAGES = (
    Page("GET", "/questionnaires", show, Permission.SEE_FLEET),
    Page("POST", "/questionnaires", send, _ATTEST),
    Page("GET", "/questionnaires/{id}", show_one, Permission.SEE_FLEET),
    Page("POST", "/questionnaires/{id}", decide, Permission.SEE_FLEET),
)
