"""Who is at work: processes, leases on devices, and every action on one."""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Table, Text

from frisket.store.metadata import METADATA
from frisket.store.types import BIG_ID, Moment

WORKER = Table(
    "worker",
    METADATA,
    Column("name", String(100), primary_key=True),
    Column("seen", Moment, nullable=False),
)

# `fence` only rises: whoever holds an older one has lost the lease, even where it does not know.
LEASE = Table(
    "lease",
    METADATA,
    Column("name", String(200), primary_key=True),
    Column("holder", String(100), nullable=False),
    Column("fence", BIG_ID, nullable=False),
    Column("until", Moment, nullable=False),
)

# One row an action, by its fixed key: `state` is intended, done, failed or unknown.
ACTION = Table(
    "action",
    METADATA,
    Column("id", BIG_ID, primary_key=True),
    Column("key", String(200), nullable=False, unique=True),
    Column("subject", String(200), nullable=False),
    Column("fence", BIG_ID, nullable=False),
    Column("state", String(20), nullable=False),
    Column("detail", Text, nullable=False, server_default=""),
    Column("at", Moment, nullable=False),
    Index("ix_action_subject", "subject", "id"),
)
