"""Where the audit log cannot be written no device is: real changes of real virtual devices."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from tests.living import living
from tests.loop.test_fleet_changes import SOURCE, Fleet, fleet_of, turn, writes
from tests.peers.postgres import both, postgres

from frisket.fleet.chain import Act
from frisket.fleet.change_crew import ChangeCrew
from frisket.fleet.log import LogFault
from frisket.store.changes import Changes
from frisket.store.database import Database, StoreAway, StoreFault, open_database

__all__ = ["both", "postgres"]
pytestmark = pytest.mark.xdist_group("lab")


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
    found = open_database(f"sqlite:///{tmp_path / 'fleet.db'}", connections=10)
    found.upgrade()
    yield found
    found.close()


def begun(fleet: Fleet) -> tuple[ChangeCrew, int]:
    """Return a change of the first device, whose turn it is."""
    hands = ChangeCrew(fleet.crew)
    number = fleet.changing.make(SOURCE, {"ids": fleet.ids}, [fleet.site], "ann")
    hands.planning.plan(number, fleet.ids)
    fleet.changing.planned(number)
    fleet.changing.begin(number, "ann")
    assert turn(hands, number) == [[fleet.ids[0], 1]]
    return hands, number


def break_log(database: Database) -> None:
    """Let the database refuse every further entry of the log, and nothing else."""
    broken = (
        "CREATE TRIGGER broken BEFORE INSERT ON log_entry BEGIN SELECT RAISE(ABORT, 'broken'); END"
        if database.is_sqlite
        else "ALTER TABLE log_entry ADD CONSTRAINT broken CHECK (number < 0) NOT VALID"
    )
    with database.write() as connection:
        connection.execute(text(broken))


def test_with_a_broken_log_a_change_is_refused_by_name(sqlite: Database, tmp_path: Path) -> None:
    is_refused_by_name(sqlite, tmp_path)


@pytest.mark.nightly
def test_with_a_broken_log_in_either_database_it_is(both: Database, tmp_path: Path) -> None:
    is_refused_by_name(both, tmp_path)


def is_refused_by_name(both: Database, tmp_path: Path) -> None:
    with living(1) as lab:
        fleet = fleet_of(both, tmp_path, lab.devices)
        hands, number = begun(fleet)
        size, _ = fleet.changing.log.store.head()
        break_log(both)
        with pytest.raises(StoreFault):
            hands.carry_out(number, fleet.ids[0], False)
        [row] = Changes(both).devices(number)
        assert row.outcome == "refused"
        assert row.why.startswith("the audit log cannot be written")
        assert writes(lab.devices) == [0]
        assert lab.devices[0].journal.counts["failed_logins"] == 0
        # Nothing new is decided either; looking goes on.
        with pytest.raises(StoreFault):
            fleet.changing.make(SOURCE, {"ids": fleet.ids}, [fleet.site], "ann")
        with pytest.raises(LogFault):
            fleet.changing.log.record(Act("ann", "test"))
        assert fleet.changing.log.store.head()[0] == size
        fleet.crew.audit("small-office", fleet.ids)


def test_with_a_full_disk_a_change_waits_and_goes_on_when_there_is_room(
    sqlite: Database, tmp_path: Path
) -> None:
    with living(1) as lab:
        fleet = fleet_of(sqlite, tmp_path, lab.devices)
        hands, number = begun(fleet)
        full = [True]

        def limited(connection: Any) -> None:
            found = connection.exec_driver_sql("PRAGMA page_count").scalar()
            most = found if full[0] else 1 << 30
            connection.exec_driver_sql(f"PRAGMA max_page_count = {most}")

        with sqlite.write() as connection:
            # Free pages of the file would still take something.
            connection.execute(text("CREATE TABLE filler (octets BLOB)"))
            for _ in range(3):
                connection.execute(text("INSERT INTO filler VALUES (zeroblob(4000))"))
        event.listen(sqlite.engine, "begin", limited)
        away = 0
        for _ in range(30):  # the last free octets of pages there are
            try:
                fleet.changing.log.record(Act("ann", "test", details={"filler": "x" * 3000}))
            except LogFault:
                away += 1
        assert away
        with pytest.raises(StoreAway, match="full"):
            hands.carry_out(number, fleet.ids[0], False)
        assert writes(lab.devices) == [0]
        full[0] = False
        done = hands.carry_out(number, fleet.ids[0], False)
        assert done == {"busy": False, "outcome": "done"}
        assert writes(lab.devices) == [1]
