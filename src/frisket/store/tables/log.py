"""The console's own audit log: a chain of entries, and the signed heads of it."""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Table, Text

from frisket.store.metadata import METADATA
from frisket.store.types import BIG_ID, Moment

# `body` is the exact text that `digest` covers, together with the digest of the entry before.
LOG_ENTRY = Table(
    "log_entry",
    METADATA,
    Column("number", BIG_ID, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("actor", String(100), nullable=False),
    Column("action", String(60), nullable=False),
    Column("about", String(200), nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("body", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Index("ix_log_entry_at", "at"),
    Index("ix_log_entry_actor", "actor"),
    Index("ix_log_entry_action", "action"),
    Index("ix_log_entry_about", "about"),
)

LOG_CHECKPOINT = Table(
    "log_checkpoint",
    METADATA,
    Column("size", BIG_ID, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("key", String(64), nullable=False),
    Column("signature", String(128), nullable=False),
)
