"""`/attestations`: what only a person can say, with name, day and evidence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from starlette.responses import Response

from frisket.audit.attest import read_attestation
from frisket.audit.entries import Entry
from frisket.audit.questionnaire import ask, hint
from frisket.console.faults import Forbidden, NotFound
from frisket.console.page import Menu, Page, Visit
from frisket.console.pages.devices import sites_of
from frisket.console.scoping import allow, choices, chosen, of_device, words
from frisket.errors import UsageError
from frisket.fleet.asking import kept
from frisket.fleet.evidence import LARGEST, MOST, Evidence, evidence_of
from frisket.fleet.roles import Permission
from frisket.fleet.scope import Scope
from frisket.fleet.waiving import standing
from frisket.fleet.words import fits
from frisket.store.people import (
    AttestationRow,
    EvidenceRow,
    People,
    add_attestation,
    add_evidence,
)

_ATTEST = Permission.ATTEST
_YES = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def show(visit: Visit) -> Response:
    """List what people said, with the files they handed in."""
    people = People(visit.services.database)
    content = visit.services.crew.content
    rows = people.attestations(sites_of(visit.reach(Permission.SEE_FLEET)), limit=500)
    device, mine = of_device(visit, {row.id: row.scope for row in rows})
    rows = [row for row in rows if row.id in mine]
    files: dict[int, list[EvidenceRow]] = {}
    for one in people.evidence([row.id for row in rows]):
        files.setdefault(one.attestation_id, []).append(one)
    today, where = visit.now.date(), visit.reach(_ATTEST)
    return visit.page(
        "attestations.html",
        device=device,
        rows=rows,
        files=files,
        stands={row.id: standing(row.expires, today) for row in rows},
        faults={row.id: fits(row, content) for row in rows},
        meant=words(visit, {row.id: row.scope for row in rows}),
        labels={
            row.key: content.catalog[row.key].label for row in rows if row.key in content.catalog
        },
        may_end={
            row.id: where.everywhere if row.site_id is None else row.site_id in where
            for row in rows
        },
    )


def new(visit: Visit) -> Response:
    """Show the form, filled with what a finding's link says."""
    content = visit.services.crew.content
    asked: dict[str, Any] = {}
    for rule in content.rules.values():
        setting = content.catalog[rule.key]
        if not setting.secret and rule.key not in asked:
            asked[rule.key] = {"ask": ask(rule, setting), "hint": hint(setting)}
    named = content.rules.get(visit.form.one("rule"))
    return visit.page(
        "attestation_new.html",
        asked=dict(sorted(asked.items(), key=lambda pair: str(pair[1]["ask"]))),
        baselines=content.baselines,
        key=visit.form.one("key") or (named.key if named else ""),
        scopes=choices(visit, _ATTEST),
        chosen=visit.form.one("for"),
        today=visit.now.date().isoformat(),
        files=range(1, MOST + 1),
        largest=LARGEST >> 20,
    )


def add(visit: Visit) -> Response:
    """Keep what a person says, with its evidence."""
    form = visit.form
    scope, site = chosen(visit, _ATTEST)
    kind, _, name = form.one("what").partition(":")
    answer: object = form.one("answer")
    if kind == "consideration":
        answer = _YES.get(str(answer).casefold(), answer)
    fields = {
        "key": name if kind == "key" else "",
        "consideration": name if kind == "consideration" else "",
        "answer": answer,
        "who": form.one("who"),
        "when": form.one("when"),
        "evidence": " ".join(form.one("evidence").split()),
    } | ({"expires": form.one("expires")} if form.one("expires") else {})
    attested(visit, fields, scope, site, _files(visit))
    return visit.go("/attestations", visit.text("It counts from the next audit on."))


def attested(
    visit: Visit, fields: Mapping[str, Any], scope: Scope, site: int | None, files: list[Evidence]
) -> int:
    """Keep what a person says, and return its number. Raises `UsageError`."""
    services = visit.services
    said = kept(read_attestation(Entry("the attestation", fields), services.crew.content))
    if date.fromisoformat(said["looked"]) > visit.now.date():
        raise UsageError("the day on which it was looked at lies ahead")
    about = said["key"] or said["consideration"]
    evidence = [one.digest for one in files]
    act = visit.act(
        "attestation.add", about, site_id=site, answer=said["answer"], evidence=evidence
    )
    values = said | {
        "looked": date.fromisoformat(said["looked"]),
        "expires": date.fromisoformat(said["expires"]),
        "scope": scope.table(),
        "site_id": site,
        "made_by": visit.person.name,
        "made": visit.now,
    }
    with services.database.write() as connection:
        services.log.record_within(connection, act)
        number = add_attestation(connection, values)
        for one in files:
            add_evidence(connection, number, row_of(one))
    return number


def row_of(one: Evidence) -> dict[str, Any]:
    """Return a file as it is kept."""
    row = {"name": one.name, "type": one.type, "size": len(one.body)}
    return row | {"digest": one.digest, "body": one.body}


def _files(visit: Visit) -> list[Evidence]:
    found = []
    for number in range(1, MOST + 1):
        file = visit.form.files.get(f"file-{number}")
        if file is not None and file.filename:
            found.append(evidence_of(file.filename, file.file.read(LARGEST + 1)))
    return found


def end(visit: Visit) -> Response:
    """Take an attestation back."""
    taken_back(visit, visit.number("id"))
    return visit.go("/attestations", visit.text("It counts no more, from the next audit on."))


def seen(visit: Visit, number: int) -> AttestationRow:
    """Return an attestation. Raises `NotFound`, also where the visitor may not see it."""
    row = People(visit.services.database).attestation(number)
    if row is None or not (row.site_id is None or visit.may(Permission.SEE_FLEET, row.site_id)):
        raise NotFound
    return row


def taken_back(visit: Visit, number: int) -> None:
    """Take an attestation back. Raises `NotFound`, `Forbidden`."""
    row = seen(visit, number)
    allow(visit.reach(_ATTEST), row.site_id)
    visit.record(
        "attestation.end", row.key or row.consideration, site_id=row.site_id, attestation=row.id
    )
    People(visit.services.database).end_attestation(row.id, visit.person.name, visit.now)


def download(visit: Visit) -> Response:
    """Send a file of evidence, as a download and nothing else."""
    return file_sent(visit, visit.number("id"))


def evidence_added(visit: Visit, number: int, name: str, body: bytes) -> EvidenceRow:
    """Put a file to an attestation, by who made it; the same twice is one.

    Raises `NotFound`, `Forbidden`, `UsageError`.
    """
    row, people = seen(visit, number), People(visit.services.database)
    allow(visit.reach(_ATTEST), row.site_id)
    if row.made_by != visit.person.name:
        raise Forbidden("only who said it puts files to it")
    one = evidence_of(name, body)
    there = {file.digest: file for file in people.evidence([number])}
    if one.digest in there:
        return there[one.digest]
    if row.ended is not None or len(there) >= MOST:
        raise UsageError("it was taken back, or has as many files as it can")
    services = visit.services
    act = visit.act(
        "evidence.add", row.key or row.consideration, site_id=row.site_id, digest=one.digest
    )
    with services.database.write() as connection:
        services.log.record_within(connection, act)
        add_evidence(connection, number, row_of(one))
    return next(file for file in people.evidence([number]) if file.digest == one.digest)


def file_sent(visit: Visit, number: int, of: int | None = None) -> Response:
    """Send a file by its number (`of` an attestation). Raises `NotFound`, `Forbidden`."""
    found = People(visit.services.database).file(number)
    if found is None or of not in {None, found[0].attestation_id}:
        raise NotFound
    file, body = found
    allow(visit.reach(Permission.SEE_EVIDENCE), seen(visit, file.attestation_id).site_id)
    visit.record("evidence.download", file.name, digest=file.digest)
    headers = {
        "content-disposition": f'attachment; filename="{file.name}"',
        "content-security-policy": "default-src 'none'; sandbox",
        "x-content-type-options": "nosniff",
    }
    return Response(body, media_type=file.type, headers=headers)


PAGES = (
    Page(
        "GET",
        "/attestations",
        show,
        Permission.SEE_FLEET,
        Menu("Attestations", "user-check", 420, group="Compliance"),
    ),
    Page("GET", "/attestations/new", new, _ATTEST),
    Page("POST", "/attestations", add, _ATTEST, most=MOST * LARGEST + (1 << 20)),
    Page("POST", "/attestations/{id}/end", end, _ATTEST),
    Page("GET", "/evidence/{id}", download, Permission.SEE_EVIDENCE),
)
