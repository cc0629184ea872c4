"""Alert rules, where alerts go, how things stand by them, and what was told to whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import delete, func, insert, select, update

from frisket.store.database import Database
from frisket.store.tables.audit import DRIFT, RESULT
from frisket.store.tables.device import ALARM, DEVICE, SITE
from frisket.store.tables.sample import EVENT, LATEST
from frisket.store.tables.service import ALERT_CHANNEL, ALERT_NOTICE, ALERT_RULE, ALERT_STATE


class Channel(NamedTuple):
    """Where alerts go. `secret` is sealed, empty where there is none."""

    id: int
    name: str
    kind: str
    document: Mapping[str, Any]
    secret: str


class StoredRule(NamedTuple):
    """A rule as it is kept."""

    id: int
    name: str
    document: Mapping[str, Any]
    active: bool


class StoredState(NamedTuple):
    """How one subject stands by a rule."""

    subject: str
    site_id: int
    device_id: int | None
    crossed: datetime | None
    raised: datetime | None
    number: int
    value: float | None
    about: str


class Notice(NamedTuple):
    """One thing to tell one channel, once."""

    rule_id: int
    channel_id: int
    subject: str
    number: int
    change: str
    site_id: int
    at: datetime
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Alerting:
    """The repository of alerts that people are told of."""

    database: Database

    def channels(self) -> Sequence[Channel]:
        """Return all channels by name."""
        columns = [ALERT_CHANNEL.c[name] for name in Channel._fields]
        with self.database.read() as connection:
            rows = connection.execute(select(*columns).order_by(ALERT_CHANNEL.c.name))
            return [Channel(*row) for row in rows]

    def add_channel(
        self, name: str, kind: str, document: Mapping[str, Any], secret: str, now: datetime
    ) -> int:
        """Add a channel. Raises `StoreFault` where the name is taken."""
        row = {"name": name, "kind": kind, "document": dict(document), "secret": secret}
        with self.database.write() as connection:
            made = insert(ALERT_CHANNEL).values(**row, made=now)
            return int(connection.execute(made.returning(ALERT_CHANNEL.c.id)).scalar_one())

    def change_secret(self, number: int, secret: str) -> None:
        """Put another sealed secret in a channel's place of one."""
        changed = update(ALERT_CHANNEL).where(ALERT_CHANNEL.c.id == number)
        with self.database.write() as connection:
            connection.execute(changed.values(secret=secret))

    def drop_channel(self, number: int) -> None:
        """Forget a channel; what still waits for it is told to nobody."""
        with self.database.write() as connection:
            waits = (ALERT_NOTICE.c.channel_id == number, ALERT_NOTICE.c.delivered.is_(None))
            connection.execute(delete(ALERT_NOTICE).where(*waits))
            connection.execute(delete(ALERT_CHANNEL).where(ALERT_CHANNEL.c.id == number))

    def rules(self, *, active: bool = False) -> Sequence[StoredRule]:
        """Return rules by name: all, or those that are in force."""
        columns = [ALERT_RULE.c[name] for name in StoredRule._fields]
        asked = select(*columns).order_by(ALERT_RULE.c.name)
        if active:
            asked = asked.where(ALERT_RULE.c.active)
        with self.database.read() as connection:
            return [StoredRule(*row) for row in connection.execute(asked)]

    def add_rule(self, name: str, document: Mapping[str, Any], by: str, now: datetime) -> int:
        """Add a rule, in force. Raises `StoreFault` where the name is taken."""
        row = {"name": name, "document": dict(document), "active": True, "made_by": by}
        with self.database.write() as connection:
            made = insert(ALERT_RULE).values(**row, made=now)
            return int(connection.execute(made.returning(ALERT_RULE.c.id)).scalar_one())

    def switch_rule(self, number: int, *, active: bool) -> None:
        """Put a rule in force, or out of it."""
        changed = update(ALERT_RULE).where(ALERT_RULE.c.id == number).values(active=active)
        with self.database.write() as connection:
            connection.execute(changed)

    def drop_rule(self, number: int) -> None:
        """Forget a rule and how things stand by it."""
        with self.database.write() as connection:
            connection.execute(delete(ALERT_STATE).where(ALERT_STATE.c.rule_id == number))
            connection.execute(delete(ALERT_RULE).where(ALERT_RULE.c.id == number))

    def states(self, rule_id: int) -> Sequence[StoredState]:
        """Return how subjects stand by a rule."""
        columns = [ALERT_STATE.c[name] for name in StoredState._fields]
        asked = select(*columns).where(ALERT_STATE.c.rule_id == rule_id)
        with self.database.read() as connection:
            return [StoredState(*row) for row in connection.execute(asked)]

    def raised(self) -> Mapping[int, int]:
        """Return how many subjects are raised by each rule."""
        asked = select(ALERT_STATE.c.rule_id, func.count()).where(ALERT_STATE.c.raised.is_not(None))
        with self.database.read() as connection:
            rows = connection.execute(asked.group_by(ALERT_STATE.c.rule_id))
            return {row[0]: row[1] for row in rows}

    def keep(self, rule_id: int, states: Sequence[StoredState], notices: Sequence[Notice]) -> None:
        """Keep how things stand now, and with it what is to be told; told twice it stays once."""
        with self.database.write() as connection:
            if states:
                put = self.database.insert(ALERT_STATE)
                names = [name for name in StoredState._fields if name != "subject"]
                put = put.on_conflict_do_update(
                    index_elements=["rule_id", "subject"],
                    set_={name: put.excluded[name] for name in names},
                )
                rows = [{"rule_id": rule_id, **state._asdict()} for state in states]
                connection.execute(put, rows)
            if notices:
                told = self.database.insert(ALERT_NOTICE).on_conflict_do_nothing()
                connection.execute(told, [notice._asdict() for notice in notices])

    def forget_gone(self) -> None:
        """Forget how devices stand that were retired or are gone: nobody is told of them."""
        there = select(DEVICE.c.id).where(DEVICE.c.state != "retired")
        gone = ALERT_STATE.c.device_id.is_not(None) & ALERT_STATE.c.device_id.not_in(there)
        with self.database.write() as connection:
            connection.execute(delete(ALERT_STATE).where(gone))

    # What is told ------------------------------------------------------------------------------

    def waiting(self, most_tries: int, limit: int = 200) -> Sequence[int]:
        """Return the notices that are still to be delivered, the oldest first."""
        asked = select(ALERT_NOTICE.c.id).where(
            ALERT_NOTICE.c.delivered.is_(None), ALERT_NOTICE.c.tries < most_tries
        )
        with self.database.read() as connection:
            return list(connection.scalars(asked.order_by(ALERT_NOTICE.c.id).limit(limit)))

    def notice(self, number: int) -> Any | None:
        """Return a notice."""
        with self.database.read() as connection:
            asked = select(ALERT_NOTICE).where(ALERT_NOTICE.c.id == number)
            return connection.execute(asked).one_or_none()

    def delivered(self, number: int, now: datetime) -> None:
        """Note that a notice was taken."""
        self._change(number, {"delivered": now, "fault": ""})

    def failed(self, number: int, fault: str) -> None:
        """Note that a notice was not taken, and why."""
        self._change(number, {"tries": ALERT_NOTICE.c.tries + 1, "fault": fault[:300]})

    def _change(self, number: int, values: Mapping[str, Any]) -> None:
        changed = update(ALERT_NOTICE).where(ALERT_NOTICE.c.id == number).values(dict(values))
        with self.database.write() as connection:
            connection.execute(changed)

    def told(self, sites: Sequence[int] | None, limit: int = 100) -> Sequence[Any]:
        """Return what was told, the newest first."""
        asked = select(ALERT_NOTICE, ALERT_CHANNEL.c.name.label("channel")).join(
            ALERT_CHANNEL, ALERT_CHANNEL.c.id == ALERT_NOTICE.c.channel_id, isouter=True
        )
        if sites is not None:
            asked = asked.where(ALERT_NOTICE.c.site_id.in_(list(sites)))
        with self.database.read() as connection:
            rows = connection.execute(asked.order_by(ALERT_NOTICE.c.id.desc()).limit(limit))
            return rows.all()

    # What is measured --------------------------------------------------------------------------

    def devices(self) -> Sequence[Any]:
        """Return the devices that are not retired, with when each was heard of last (seconds)."""
        names = ("id", "site_id", "key", "serial", "model", "name", "compliance", "address")
        asked = (
            select(*(DEVICE.c[n] for n in names), SITE.c.name.label("site"), LATEST.c.seen)
            .join(SITE, SITE.c.id == DEVICE.c.site_id)
            .join(LATEST, LATEST.c.device_id == DEVICE.c.id, isouter=True)
            .where(DEVICE.c.state != "retired")
        )
        with self.database.read() as connection:
            return connection.execute(asked).all()

    def drifted(self) -> Mapping[int, int]:
        """Return how many settings of each device have moved and nobody has decided on."""
        return self._counts(DRIFT.c.device_id, DRIFT.c.state == "open")

    def alarms(self) -> Mapping[int, int]:
        """Return how many alarms stand about each device."""
        return self._counts(ALARM.c.device_id, ALARM.c.cleared.is_(None))

    def critical(self) -> Mapping[int, int]:
        """Return how many critical alerts each device reports now."""
        lasts = EVENT.c.ended.is_(None) & (EVENT.c.severity == "critical")
        return self._counts(EVENT.c.device_id, lasts)

    def _counts(self, column: Any, where: Any) -> Mapping[int, int]:
        with self.database.read() as connection:
            asked = select(column, func.count()).where(where).group_by(column)
            return {row[0]: row[1] for row in connection.execute(asked)}

    def readings(self) -> Iterable[tuple[int, datetime, bytes]]:
        """Yield each device's newest packed readings, with when they were taken."""
        newest = (
            select(RESULT.c.device_id, func.max(RESULT.c.at).label("at"))
            .group_by(RESULT.c.device_id)
            .subquery()
        )
        same = (RESULT.c.device_id == newest.c.device_id) & (RESULT.c.at == newest.c.at)
        asked = select(RESULT.c.device_id, RESULT.c.at, RESULT.c.readings).join(newest, same)
        with self.database.read() as connection:
            for row in connection.execute(asked):
                yield row.device_id, row.at, row.readings
