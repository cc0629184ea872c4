"""The same tables in both databases, forth and back."""

from __future__ import annotations

from alembic import command

from frisket.store.database import Database, alembic_config


def test_migrations_and_tables_agree_and_go_both_ways(both: Database) -> None:
    with both.engine.connect() as connection:
        config = alembic_config(connection)
        command.check(config)
        command.downgrade(config, "base")
        command.upgrade(config, "head")
        command.check(config)
