"""What people said, as audits of some devices hear it: waivers and attestations by device."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select

from frisket.audit.attest import Attestation
from frisket.audit.baseline import Consideration
from frisket.audit.load import Content
from frisket.audit.waive import Waiver
from frisket.errors import SettingRefused, UsageError
from frisket.fleet.scope import Scope, read_scope
from frisket.model.condition import read_condition
from frisket.model.reading import Value
from frisket.store.database import Database
from frisket.store.devicelist import DeviceList
from frisket.store.people import AttestationRow, People, WaiverRow
from frisket.store.tables.device import DEVICE

_NEAREST: Final = 2


@dataclass(frozen=True, slots=True)
class Words:
    """What holds for one device; every scope in it is `*` or the device's own address."""

    attestations: tuple[Attestation, ...] = ()
    waivers: tuple[Waiver, ...] = ()


@dataclass(frozen=True, slots=True)
class _Place:
    id: int
    site: int
    address: str


def words_of(
    database: Database, content: Content, now: datetime, ids: Sequence[int]
) -> dict[int, Words]:
    """Return what people said of each of some devices. Raises `StoreFault`.

    What no longer fits the catalogue counts for nothing; the pages say so (`fits`).
    """
    people = People(database)
    waivers = [(read_scope(row.scope), row) for row in people.waivers()]
    said = [
        (read_scope(row.scope), row) for row in people.attestations() if fits(row, content) == ""
    ]
    scopes = [scope for scope, _ in waivers] + [scope for scope, _ in said]
    matching = _matching(database, scopes, now)
    every = considerations(content)
    found: dict[int, Words] = {}
    for place in _places(database, ids):
        mine = [
            waiver
            for scope, row in waivers
            if _covers(scope, place, matching)
            for waiver in waivers_of(row, every)
        ]
        heard = [
            _attestation(row, scope, place)
            for scope, row in said
            if _covers(scope, place, matching)
        ]
        found[place.id] = Words(tuple(heard), tuple(mine))
    return found


def about(
    database: Database, now: datetime, device: int, scopes: Mapping[int, Mapping[str, Any]]
) -> set[int]:
    """Return the numbers of those scopes, as they are kept, that mean a device."""
    read = {number: read_scope(table) for number, table in scopes.items()}
    matching = _matching(database, list(read.values()), now)
    places = list(_places(database, [device]))
    return {n for n, scope in read.items() for place in places if _covers(scope, place, matching)}


def _covers(scope: Scope, place: _Place, matching: Mapping[str, Collection[int]]) -> bool:
    return scope.covers(place.id, place.site, matching.get(_name(scope), ()))


def _name(scope: Scope) -> str:
    return repr(sorted(scope.condition.items()))


def _matching(
    database: Database, scopes: Sequence[Scope], now: datetime
) -> dict[str, frozenset[int]]:
    """Return which devices each condition means; the same condition is asked once."""
    listed = DeviceList(database)
    found: dict[str, frozenset[int]] = {}
    for scope in scopes:
        if scope.condition and _name(scope) not in found:
            wanted = read_condition(scope.condition)
            found[_name(scope)] = frozenset(listed.ids(wanted, now))
    return found


def _places(database: Database, ids: Sequence[int]) -> Iterator[_Place]:
    with database.read() as connection:
        for start in range(0, len(ids), 500):
            some = list(ids[start : start + 500])
            asked = select(DEVICE.c.id, DEVICE.c.site_id, DEVICE.c.address)
            for row in connection.execute(asked.where(DEVICE.c.id.in_(some))):
                yield _Place(row.id, row.site_id, row.address)


def considerations(content: Content) -> dict[str, Consideration]:
    """Return every baseline's considerations by id."""
    return {c.id: c for baseline in content.baselines.values() for c in baseline.considerations}


def waivers_of(row: WaiverRow, every: Mapping[str, Consideration]) -> Iterator[Waiver]:
    """Yield a waiver for each rule that is meant: one, or all of a consideration."""
    rules = [row.rule] if row.rule else []
    if row.consideration in every:
        rules = [name for need in every[row.consideration].needs for name in need.rules]
    for rule in dict.fromkeys(rules):
        yield Waiver(rule, "*", row.owner, row.reason, row.expires)


def fits(row: AttestationRow, content: Content) -> str:
    """Say why an attestation counts for nothing with today's content, or nothing."""
    if not row.key:
        known = row.consideration in considerations(content)
        return "" if known else "there is no such consideration any more"
    if row.key not in content.catalog:
        return "there is no such setting any more"
    try:
        content.catalog[row.key].check(plain(row.answer))
    except (SettingRefused, UsageError) as fault:
        return str(fault)
    return ""


def plain(answer: object) -> Value:
    """Return an answer as it was given: lists were tuples before they were kept."""
    if isinstance(answer, list):
        return tuple(str(one) for one in answer)
    return answer if isinstance(answer, bool | int) else str(answer)


def _attestation(row: AttestationRow, scope: Scope, place: _Place) -> Attestation:
    near = scope.nearness == _NEAREST and place.address
    return Attestation(
        answer=plain(row.answer),
        who=row.who,
        when=row.looked,
        evidence=row.evidence,
        expires=row.expires,
        key=row.key,
        consideration=row.consideration,
        devices=(place.address,) if near else ("*",),
    )
