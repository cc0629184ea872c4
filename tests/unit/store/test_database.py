"""One database: migrations both ways, transactions, time and refusals."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import OperationalError
from tests.peers.postgres import cluster, fresh

from frisket.errors import UsageError
from frisket.fleet.patience import TRIES, Patience
from frisket.store.database import (
    Database,
    StoreAway,
    StoreConflict,
    StoreFault,
    alembic_config,
    open_database,
)
from frisket.store.tables.device import SITE

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    found = open_database(f"sqlite:///{tmp_path / 'fleet.db'}")
    found.upgrade()
    yield found
    found.close()


def site(name: str) -> dict[str, object]:
    return {"name": name, "scope": ["10.0.0.0/24"], "limits": {}, "created": NOON}


def test_migrations_and_tables_agree_and_go_both_ways(database: Database) -> None:
    with database.engine.connect() as connection:
        config = alembic_config(connection)
        command.check(config)
        command.downgrade(config, "base")
        command.upgrade(config, "head")
        command.check(config)


def test_a_failed_transaction_keeps_nothing(database: Database) -> None:
    def half_way() -> None:
        with database.write() as connection:
            connection.execute(insert(SITE), site("a"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half_way()
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(SITE)) == 0


def test_a_time_comes_back_with_its_zone(database: Database) -> None:
    with database.write() as connection:
        connection.execute(insert(SITE), site("a"))
    with database.read() as connection:
        assert connection.scalar(select(SITE.c.created)) == NOON


def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    bad = site("a") | {"created": NOON.replace(tzinfo=None)}
    with pytest.raises(StoreFault), database.write() as connection:
        connection.execute(insert(SITE), bad)


def test_a_broken_rule_is_told_in_words(database: Database) -> None:
    with pytest.raises(StoreConflict, match="like it already"), database.write() as connection:
        connection.execute(insert(SITE), [site("a"), site("a")])


def test_a_newer_database_is_left_alone(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'f001'"))
    with pytest.raises(StoreFault, match="newer"):
        database.upgrade()


@pytest.mark.parametrize("url", ["mysql://x/y", "no address", ""])
def test_another_kind_of_database_is_refused(url: str) -> None:
    with pytest.raises(UsageError):
        open_database(url)


def test_a_database_that_does_not_answer_is_told_from_one_that_refuses(database: Database) -> None:
    """Only the first is worth another try."""
    with database.write() as connection:
        connection.execute(insert(SITE), site("a"))
    with pytest.raises(StoreFault) as refused, database.write() as connection:
        connection.execute(insert(SITE), site("a"))
    assert not isinstance(refused.value, StoreAway)
    with database.read() as connection, pytest.raises(OperationalError):
        connection.exec_driver_sql("SELECT * FROM nothing")

    # A file that cannot grow, as where the disk is full.
    def grow() -> None:
        with database.write() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
            connection.execute(insert(SITE), [site(str(n) * 2000) for n in range(200)])

    with pytest.raises(StoreAway, match="full"):
        grow()


@pytest.mark.peer("postgresql")
@pytest.mark.xdist_group("postgres-killed")
def test_a_killed_database_is_away_and_comes_back() -> None:
    with cluster(safe=True) as postgres, fresh(postgres.create()) as database:
        with database.write() as connection:
            connection.execute(insert(SITE), site("a"))
        postgres.kill()
        with pytest.raises(StoreAway), database.write() as connection:
            connection.execute(insert(SITE), site("b"))
        assert not database.answers()
        patience = Patience(database, first=0.05)
        back = threading.Thread(target=postgres.start)
        back.start()
        assert patience.again(StoreAway("away"), 1)
        back.join()
        with database.write() as connection:
            connection.execute(insert(SITE), site("b"))
        assert not patience.again(StoreFault("refused"), 1)
        assert not patience.again(StoreAway("away"), TRIES)
