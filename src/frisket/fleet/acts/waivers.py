"""A waiver: proposed by one person, approved by another."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection

from frisket.errors import UsageError
from frisket.fleet.act import Body, Carrying, ProposedAct, Told
from frisket.fleet.meant import in_words
from frisket.fleet.roles import Permission
from frisket.fleet.scope import read_scope
from frisket.store.people import add_waiver


def describe(connection: Connection, body: Body) -> tuple[tuple[str, str, str], ...]:
    """Say what would be accepted, where, for whom, why and until when."""
    return (
        ("Waived", "", str(body["consideration"] or body["rule"])),
        ("For", "", in_words(connection, read_scope(body["scope"]))),
        ("Owner", "", str(body["owner"])),
        ("Reason", "", str(body["reason"])),
        ("Holds through", "", str(body["expires"])),
    )


def make(carrying: Carrying, body: Body) -> Told:
    """Let the waiver hold."""
    expires = date.fromisoformat(body["expires"])
    if expires < carrying.now.date():
        raise UsageError("its last day is over by now")
    values = {
        "rule": body["rule"],
        "consideration": body["consideration"],
        "scope": read_scope(body["scope"]).table(),
        "site_id": body["site_id"],
        "owner": body["owner"],
        "reason": body["reason"],
        "expires": expires,
        "proposed_by": body["proposed_by"],
        "approved_by": carrying.name,
        "approved": carrying.now,
    }
    add_waiver(carrying.connection, values)
    return {}


def where(body: Body) -> int | None:
    """Return the one site that it holds at."""
    site = body["site_id"]
    return None if site is None else int(site)


ACTS = (
    ProposedAct(
        "waiver.new",
        "Waiver",
        Permission.PROPOSE_WAIVER,
        Permission.APPROVE_WAIVER,
        describe,
        make,
        where,
    ),
)
