"""Runs the migrations over the connection that `Database.upgrade` hands in."""

from __future__ import annotations

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from frisket.store import types
from frisket.store.tables import all_tables

connection = context.config.attributes["connection"]


def as_written(kind: str, item: object, _: AutogenContext) -> str | Literal[False]:
    """Write our own column types by name, so that a migration reads like the table."""
    if kind != "type":
        return False
    if isinstance(item, types.Moment):
        return "types.Moment()"
    named = {repr(types.BIG_ID): "types.BIG_ID", repr(types.DOCUMENT): "types.DOCUMENT"}
    return named.get(repr(item), False)


context.configure(
    connection=connection,
    target_metadata=all_tables(),
    render_as_batch=connection.dialect.name == "sqlite",
    render_item=as_written,
    compare_type=True,
    # A migration is kept whole or not at all: both databases can roll tables back.
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
