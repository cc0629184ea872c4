"""`/api/v1/attestations`: what only a person can say, with the files that prove it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import Body, Depends, Query
from pydantic import Field, StringConstraints
from starlette.responses import Response

from frisket.console.api.access import Needs
from frisket.console.api.models import Shown
from frisket.console.api.resource import (
    Asked,
    Day,
    FileBody,
    Listed,
    Number,
    OrderKey,
    Paged,
    Sees,
    Text,
    Words,
    below,
    listing,
    once,
    resources,
)
from frisket.console.api.scopes import ScopeIn
from frisket.console.page import Visit
from frisket.console.pages.attestations import attested, evidence_added, file_sent, seen, taken_back
from frisket.console.pages.devices import sites_of
from frisket.fleet.roles import Permission
from frisket.fleet.waiving import standing
from frisket.store.people import AttestationRow, EvidenceRow, People

ROUTER = resources("attestations", FileBody)
Attests = Annotated[Visit, Depends(Needs(Permission.ATTEST))]
Reads = Annotated[Visit, Depends(Needs(Permission.SEE_EVIDENCE))]
FileName = Annotated[
    str, Query(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]*$")
]
Said = bool | Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00-\x1f]*$")]


class EvidenceOut(Shown):
    """A file that was handed in; `type` is what its bytes are, `digest` SHA-256 in hex."""

    id: int
    name: str
    type: str
    size: int
    digest: str


class AttestationOut(Shown):
    """What a person said of devices. `site_id` is null where it reaches over sites."""

    id: int
    key: str
    consideration: str
    answer: Any
    scope: dict[str, Any]
    site_id: int | None
    who: str
    looked: date
    evidence: str
    expires: date
    standing: str
    made_by: str
    made: datetime
    questionnaire_id: int | None
    ended: datetime | None
    ended_by: str
    files: list[EvidenceOut]


class AttestationOrder(Asked):
    """What a person looked at and found: of a key, or of a whole consideration (true or false)."""

    key: Words = ""
    consideration: Words = ""
    answer: Annotated[Said, Field(description="As a rule reads it: true, false or a text")]
    scope: ScopeIn
    who: Words
    when: Day
    evidence: Text
    expires: Day | None = None


def _shown(visit: Visit, rows: list[AttestationRow]) -> list[AttestationOut]:
    files: dict[int, list[EvidenceRow]] = {}
    for one in People(visit.services.database).evidence([row.id for row in rows]):
        files.setdefault(one.attestation_id, []).append(one)
    return [
        AttestationOut(
            **{name: getattr(row, name) for name in AttestationRow.__slots__},
            standing=standing(row.expires, visit.now.date()).value,
            files=[EvidenceOut.model_validate(one) for one in files.get(row.id, [])],
        )
        for row in rows
    ]


@ROUTER.get("")
def attestations(visit: Sees, asked: Annotated[Paged, Query()]) -> Listed[AttestationOut]:
    """List what people said of the sites that you may see, the newest first."""
    sites = sites_of(visit.reach(Permission.SEE_FLEET))
    last = below(asked)
    rows = People(visit.services.database).attestations(sites)
    page = [row for row in rows if last is None or row.id < last][: asked.limit]
    return listing(_shown(visit, page), asked.limit, lambda: page[-1].id)


@ROUTER.get("/{id}")
def attestation(visit: Sees, id: Number) -> AttestationOut:  # noqa: A002
    """Return one attestation with its files."""
    return _shown(visit, [seen(visit, id)])[0]


@ROUTER.post("", status_code=201)
def attest(visit: Attests, order: AttestationOrder, key: OrderKey = None) -> AttestationOut:
    """Keep what a person says; it counts from the next audit on. Files are put to it then."""
    scope, site = order.scope.where(visit, Permission.ATTEST)
    fields = order.model_dump(exclude={"scope"}, exclude_none=True)
    fields["evidence"] = " ".join(order.evidence.split())
    number = once(
        visit, key, order, "attestations", lambda: attested(visit, fields, scope, site, [])
    )
    return _shown(visit, [seen(visit, number)])[0]


@ROUTER.post("/{id}/end", status_code=204)
def end(visit: Attests, id: Number) -> None:  # noqa: A002
    """Take an attestation back: it counts no more, from the next audit on."""
    taken_back(visit, id)


@ROUTER.post("/{id}/evidence", status_code=201)
def put_evidence(
    visit: Attests,
    id: Number,  # noqa: A002
    name: FileName,
    body: Annotated[bytes, Body(media_type="application/octet-stream", min_length=1)],
) -> EvidenceOut:
    """Put a file to an attestation of your own: up to five of 10 MiB; the same twice is one."""
    kept = evidence_added(visit, id, name, body)
    return EvidenceOut.model_validate(kept)


@ROUTER.get(
    "/{id}/evidence/{file}",
    response_class=Response,
    responses={200: {"content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}},
)
def get_evidence(visit: Reads, id: Number, file: Number) -> Response:  # noqa: A002
    """Send a file by its number, as a download and nothing else; it is written to the log."""
    return file_sent(visit, file, of=id)
