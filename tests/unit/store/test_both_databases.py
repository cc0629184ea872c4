"""The same tables in both databases, forth and back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from alembic import command

from frisket.store.database import Database, StoreConflict, alembic_config
from frisket.store.inventory import Inventory


def test_migrations_and_tables_agree_and_go_both_ways(both: Database) -> None:
    with both.engine.connect() as connection:
        config = alembic_config(connection)
        command.check(config)
        command.downgrade(config, "base")
        command.upgrade(config, "head")
        command.check(config)


def test_what_is_there_already_is_told_from_what_fails(both: Database) -> None:
    inventory, now = Inventory(both), datetime(2026, 3, 2, tzinfo=UTC)
    inventory.add_site("HQ", (), now)
    with pytest.raises(StoreConflict):
        inventory.add_site("HQ", (), now)
