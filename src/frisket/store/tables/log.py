"""The console's own audit log: a chain of entries, and the signed heads of it."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from frisket.store.metadata import METADATA
from frisket.store.types import BIG_ID, Moment

# `site_id` is the one site that an entry is about, in its text too; none where it is about more.
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
    Column("site_id", BIG_ID),
    Index("ix_log_entry_site", "site_id", "number"),
    Index("ix_log_entry_at", "at"),
    Index("ix_log_entry_actor", "actor"),
    Index("ix_log_entry_action", "action"),
    Index("ix_log_entry_about", "about"),
)

# `root` is that of the tree over the entries; those of the first version have none.
LOG_CHECKPOINT = Table(
    "log_checkpoint",
    METADATA,
    Column("size", BIG_ID, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("key", String(64), nullable=False),
    Column("signature", String(128), nullable=False),
    Column("root", String(64)),
)

# What collectors signed: the newest of each day of each. The note holds by itself, also where the
# log lost what it is about. `at` is the collector's own time, `received` ours.
LOG_COSIGNATURE = Table(
    "log_cosignature",
    METADATA,
    Column("collector_id", BIG_ID, ForeignKey("collector.id"), primary_key=True),
    Column("day", Integer, primary_key=True),
    Column("size", BIG_ID, nullable=False),
    Column("at", BIG_ID, nullable=False),
    Column("received", Moment, nullable=False),
    Column("key", String(64), nullable=False),
    Column("note", Text, nullable=False),
    Column("certificate", LargeBinary, nullable=False),
)

# What collectors hold against this log: a head that they saw and that is not (or no more) its own.
# `proven` says that this log's key has signed it.
LOG_DISPUTE = Table(
    "log_dispute",
    METADATA,
    Column("collector_id", BIG_ID, ForeignKey("collector.id"), primary_key=True),
    Column("size", BIG_ID, primary_key=True),
    Column("why", String(20), primary_key=True),
    Column("proven", Boolean, nullable=False),
    Column("note", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("settled", Moment),
)

# Syslog servers that get every checkpoint: up to which size, and what stands in the way.
LOG_RECEIVER = Table(
    "log_receiver",
    METADATA,
    Column("id", BIG_ID, primary_key=True),
    Column("host", String(255), nullable=False),
    Column("port", Integer, nullable=False),
    Column("ca", Text, nullable=False),
    Column("made", Moment, nullable=False),
    Column("made_by", String(100), nullable=False),
    Column("sent", BIG_ID, nullable=False, server_default="0"),
    Column("delivered", Moment),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("again", Moment),
    Column("fault", String(300), nullable=False, server_default=""),
    UniqueConstraint("host", "port"),
)
