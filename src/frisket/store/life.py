"""Devices change their state of life: what is retired leaves the sums, and comes back to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select, update

from frisket.model.finding import Verdict
from frisket.store.audits import ALL, COLUMNS, Audits
from frisket.store.database import Database
from frisket.store.tables.audit import FAILING, RESULT, RULE_SCORE, SCORE
from frisket.store.tables.device import DEVICE
from frisket.store.work import clock

RETIRED: Final = "retired"
_SOME: Final = 500  # devices of one statement
_BAD: Final = frozenset({Verdict.FAIL, Verdict.DISPUTED})
_KEYS: Final = ("site_id", "baseline", "consideration", "rule")


def change_states(database: Database, device_ids: Iterable[int], state: str) -> None:
    """Put devices into a state; all of them or none. Raises `StoreFault`."""
    listed = sorted(set(device_ids))
    with database.write() as connection:
        for start in range(0, len(listed), _SOME):
            change_state(database, connection, listed[start : start + _SOME], state)


def change_state(
    database: Database, connection: Connection, device_ids: Sequence[int], state: str
) -> None:
    """Put some devices into a state within a transaction, and keep the sums in step."""
    mine = DEVICE.c.id.in_(device_ids)
    asked = select(DEVICE.c.id, DEVICE.c.site_id, DEVICE.c.state).where(mine)
    moved = [
        row
        for row in connection.execute(asked.with_for_update())
        if (row.state == RETIRED) != (state == RETIRED)
    ]
    if moved:
        sites = {row.id: row.site_id for row in moved}
        _count(database, connection, sites, -1 if state == RETIRED else 1)
    connection.execute(update(DEVICE).where(mine).values(state=state))


def _count(database: Database, connection: Connection, sites: dict[int, int], step: int) -> None:
    """Take what is known of devices out of the sums of today, or put it back."""
    asked = select(RESULT.c.device_id, RESULT.c.baseline, RESULT.c.verdicts)
    today = clock(connection).date()
    sums: dict[tuple[int, str], dict[str, Counter[str]]] = {}
    failing: list[dict[str, Any]] = []
    for row in connection.execute(asked.where(RESULT.c.device_id.in_(sites))):
        here = sums.setdefault((sites[row.device_id], row.baseline), {})
        spoken = {name.partition("/")[0] for name in row.verdicts} | {ALL}
        for consideration in spoken:
            here.setdefault(consideration, Counter())["devices"] += step
        for name, verdict in row.verdicts.items():
            consideration, _, rule = name.partition("/")
            for each in (consideration, ALL):
                here[each][COLUMNS[verdict]] += step
            if verdict in _BAD:
                values = {"device_id": row.device_id, "baseline": row.baseline}
                failing.append({**values, "consideration": consideration, "rule": rule})
    for (site, baseline), counts in sums.items():
        days = select(SCORE.c.day).distinct()
        later = (SCORE.c.site_id == site, SCORE.c.baseline == baseline, SCORE.c.day > today)
        for day in (today, *connection.scalars(days.where(*later))):
            Audits(database).add_to_day(connection, site, baseline, day, counts)
    _fail(database, connection, sites, failing, step)


def _fail(
    database: Database,
    connection: Connection,
    sites: dict[int, int],
    failing: list[dict[str, Any]],
    step: int,
) -> None:
    connection.execute(delete(FAILING).where(FAILING.c.device_id.in_(sites)))
    if step > 0 and failing:
        connection.execute(insert(FAILING), failing)
    moved: Counter[tuple[int, str, str, str]] = Counter()
    for row in failing:
        place = (sites[row["device_id"]], row["baseline"], row["consideration"], row["rule"])
        moved[place] += step
    if moved:
        made = database.insert(RULE_SCORE)
        total = RULE_SCORE.c.failing + made.excluded.failing
        made = made.on_conflict_do_update(index_elements=list(_KEYS), set_={"failing": total})
        rows = [
            {**dict(zip(_KEYS, place, strict=True)), "failing": count}
            for place, count in sorted(moved.items())
        ]
        connection.execute(made, rows)
