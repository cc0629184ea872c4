"""What may be waived, and how a waiver stands on a day. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final

from frisket.audit.entries import Entry
from frisket.audit.load import Content
from frisket.audit.waive import read_waiver
from frisket.errors import UsageError
from frisket.fleet.scope import Scope
from frisket.fleet.words import considerations

LONGEST: Final = timedelta(days=366)
SOON: Final = timedelta(days=30)


class Standing(StrEnum):
    """How long something still holds."""

    HOLDS = "holds"
    SOON = "ends soon"
    EXPIRED = "expired"


def standing(expires: date, today: date) -> Standing:
    """Say how a waiver or an attestation stands; it holds through its last day."""
    if expires < today:
        return Standing.EXPIRED
    return Standing.SOON if expires - today <= SOON else Standing.HOLDS


def waiver_body(
    fields: Mapping[str, Any], scope: Scope, content: Content, today: date
) -> dict[str, Any]:
    """Return what is proposed: exactly what would hold. Raises `UsageError`.

    `fields` are rule or consideration, owner, reason and expires; it ends within a year.
    """
    consideration = str(fields.get("consideration", ""))
    known = considerations(content)
    if bool(fields.get("rule")) is bool(consideration):
        raise UsageError("waive either one rule or a whole consideration")
    if consideration and consideration not in known:
        raise UsageError(f"unknown consideration {consideration[:40]!r}")
    rule = fields.get("rule") or known[consideration].needs[0].rules[0]
    asked = {name: fields.get(name, "") for name in ("owner", "reason", "expires")}
    waiver = read_waiver(Entry("the waiver", {"rule": rule, "scope": "*", **asked}), content)
    if waiver.expires < today:
        raise UsageError("the last day lies in the past")
    if waiver.expires - today > LONGEST:
        raise UsageError("a waiver holds for a year at most", hint="propose it again then")
    return {
        "rule": "" if consideration else waiver.rule,
        "consideration": consideration,
        "scope": scope.table(),
        "owner": waiver.owner,
        "reason": waiver.reason,
        "expires": waiver.expires.isoformat(),
    }
