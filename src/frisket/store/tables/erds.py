"""Devices that report by themselves (eRDS): their codes, their keys, and what they signed."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, String, Table

from frisket.store.metadata import METADATA
from frisket.store.types import BIG_ID, Moment

# A one-time registration code, by its digest; for one serial number, or for any where it is empty.
ERDS_CODE = Table(
    "erds_code",
    METADATA,
    Column("digest", String(64), primary_key=True),
    Column("site_id", BIG_ID, ForeignKey("site.id"), nullable=False),
    Column("serial", String(100), nullable=False, server_default=""),
    Column("made", Moment, nullable=False),
    Column("expires", Moment, nullable=False),
    Column("used", Moment),
)

# `last` is the highest number kept under this key.
ERDS_DEVICE = Table(
    "erds_device",
    METADATA,
    Column("serial", String(100), primary_key=True),
    Column("site_id", BIG_ID, ForeignKey("site.id"), nullable=False),
    Column("key", LargeBinary, nullable=False),
    Column("last", BIG_ID, nullable=False, server_default="0"),
    Column("registered", Moment, nullable=False),
)

# What was reported, as it was signed: the proof behind a statement. `body` is compressed (zstd).
ERDS_REPORT = Table(
    "erds_report",
    METADATA,
    Column("serial", String(100), primary_key=True),
    Column("key", String(64), primary_key=True),
    Column("sequence", BIG_ID, primary_key=True, autoincrement=False),
    Column("received", Moment, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("signature", String(100), nullable=False),
    Index("ix_erds_report_received", "received"),
)
