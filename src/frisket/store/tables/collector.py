"""Collectors: who may report for which site, and how far each one's records have come."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from frisket.store.metadata import METADATA
from frisket.store.types import BIG_ID, DOCUMENT, Moment

# `state` is active or revoked. `skew` is how many seconds the collector's clock is ahead of ours.
COLLECTOR = Table(
    "collector",
    METADATA,
    Column("id", BIG_ID, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("site_id", BIG_ID, ForeignKey("site.id"), nullable=False),
    Column("key", LargeBinary, nullable=False),
    Column("state", String(20), nullable=False, server_default="active"),
    Column("enrolled", Moment, nullable=False),
    Column("certified_until", Moment, nullable=False),
    Column("seen", Moment),
    Column("skew", BIG_ID, nullable=False, server_default="0"),
    Index("ix_collector_site", "site_id"),
)

# A one-time token, by the public half of its key.
ENROLMENT = Table(
    "enrolment",
    METADATA,
    Column("token", String(43), primary_key=True),
    Column("site_id", BIG_ID, ForeignKey("site.id"), nullable=False),
    Column("made", Moment, nullable=False),
    Column("expires", Moment, nullable=False),
    Column("used", Moment),
    Column("collector_id", BIG_ID, ForeignKey("collector.id")),
)

# Every record of a spool up to `acknowledged` is kept. `tail` is the checksum of the last one: two
# collectors that share a copied identity give the same numbers to different records.
SPOOL = Table(
    "spool",
    METADATA,
    Column("id", BIG_ID, primary_key=True),
    Column("collector_id", BIG_ID, ForeignKey("collector.id"), nullable=False),
    Column("name", String(64), nullable=False),
    Column("acknowledged", BIG_ID, nullable=False, server_default="0"),
    Column("tail", BIG_ID, nullable=False, server_default="0"),
    Column("seen", Moment, nullable=False),
    UniqueConstraint("collector_id", "name"),
)

# Batches that came before others that they follow, as they came.
HELD = Table(
    "held_batch",
    METADATA,
    Column("spool_id", BIG_ID, ForeignKey("spool.id"), primary_key=True),
    Column("first", BIG_ID, primary_key=True),
    Column("sent", BIG_ID, nullable=False),
    Column("received", BIG_ID, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

# What a site's collectors are to do; `version` only rises. Under WISHES the document says what its
# devices that report by themselves are to do.
WISHES = "erds"
ORDERS = Table(
    "collector_orders",
    METADATA,
    Column("site_id", BIG_ID, ForeignKey("site.id"), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("document", DOCUMENT, nullable=False),
    Column("changed", Moment, nullable=False),
)

# Devices that a collector reported and that were not taken, by day (of 1970).
REFUSED = Table(
    "refused_device",
    METADATA,
    Column("collector_id", BIG_ID, ForeignKey("collector.id"), primary_key=True),
    Column("day", Integer, primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("why", String(200), nullable=False),
)
