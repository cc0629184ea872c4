"""Runs the migrations over the connection that `Database.upgrade` hands in."""

from __future__ import annotations

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import BigInteger

from frisket.store import types
from frisket.store.tables import all_tables

connection = context.config.attributes["connection"]


def as_written(kind: str, item: object, _: AutogenContext) -> str | Literal[False]:
    """Write our own column types by name, so that a migration reads like the table."""
    if kind != "type":
        return False
    if isinstance(item, types.Moment):
        return "types.Moment()"
    # A plain BigInteger looks the same in words, and is another type in SQLite.
    if isinstance(item, BigInteger) and item._variant_mapping:  # noqa: SLF001 - no public way
        return "types.BIG_ID"
    return "types.DOCUMENT" if repr(item) == repr(types.DOCUMENT) else False


def is_ours(_: object, name: str | None, kind: str, *__: object) -> bool:
    """Leave out what only a migration knows: search indexes, and partitions by month."""
    return not (kind in {"table", "index"} and (name or "").startswith(types.BY_HAND))


context.configure(
    connection=connection,
    target_metadata=all_tables(),
    render_as_batch=connection.dialect.name == "sqlite",
    render_item=as_written,
    include_object=is_ours,
    compare_type=True,
    # A migration is kept whole or not at all: both databases can roll tables back.
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
