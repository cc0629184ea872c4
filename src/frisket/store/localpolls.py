"""What polls from the console's own process taught of a site's addresses, as it is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, insert, select

from frisket.store.collectors import Collector, Collectors
from frisket.store.database import Database
from frisket.store.tables.collector import COLLECTOR
from frisket.store.tables.service import LOCAL_POLL

LOCAL: Final = "local"  # the state of a row that stands for this process: nobody can log in as it
_FOREVER: Final = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class KeptPoll:
    """What is kept of one address: the device last met there, its acquaintance, what stands."""

    address: str
    device: str
    met: Mapping[str, Any]
    alarms: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LocalPolls:
    """The repository of local polls."""

    database: Database

    def reporter(self, site_id: int, now: datetime) -> Collector:
        """Return the row that stands for this process at a site, made where it is missing."""
        name = f"local-{site_id}"
        store = Collectors(self.database)
        if found := store.find(name):
            return found
        row = {
            "name": name,
            "site_id": site_id,
            "key": b"",
            "state": LOCAL,
            "enrolled": now,
            "certified_until": _FOREVER,
        }
        with self.database.write() as connection:
            there = select(COLLECTOR.c.id).where(COLLECTOR.c.name == name)
            if connection.execute(there).one_or_none() is None:
                connection.execute(insert(COLLECTOR).values(row))
        made = store.find(name)
        if made is None:
            raise LookupError(f"site {site_id} is gone")
        return made

    def kept(self, site_id: int) -> dict[str, KeptPoll]:
        """Return what is kept of a site's addresses."""
        asked = select(LOCAL_POLL).where(LOCAL_POLL.c.site_id == site_id)
        with self.database.read() as connection:
            return {
                row.address: KeptPoll(row.address, row.device, row.met, row.alarms)
                for row in connection.execute(asked)
            }

    def keep(
        self, connection: Connection, site_id: int, rows: Sequence[KeptPoll], now: datetime
    ) -> None:
        """Keep what a round of polls taught, within the transaction that takes its records in."""
        if not rows:
            return
        row = self.database.insert(LOCAL_POLL)
        names = ("device", "met", "alarms", "at")
        put = row.on_conflict_do_update(
            index_elements=["site_id", "address"], set_={name: row.excluded[name] for name in names}
        )
        values = [
            {
                "site_id": site_id,
                "address": one.address,
                "device": one.device,
                "met": dict(one.met),
                "alarms": dict(one.alarms),
                "at": now,
            }
            for one in rows
        ]
        connection.execute(put, values)
