"""Sites and devices: what every other area refers to."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, String, Table, Text, UniqueConstraint

from frisket.store.metadata import METADATA
from frisket.store.types import BIG_ID, DOCUMENT, Moment

# `scope` lists the networks that may be scanned there: nothing outside it ever is.
SITE = Table(
    "site",
    METADATA,
    Column("id", BIG_ID, primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    Column("scope", DOCUMENT, nullable=False),
    Column("zone", String(64), nullable=False, server_default="UTC"),
    Column("limits", DOCUMENT, nullable=False),
    Column("created", Moment, nullable=False),
)

# `key` is who the device is whatever its address: serial number, else hardware address, else the
# SNMP engine or the TLS key. `state` is new, managed or retired.
DEVICE = Table(
    "device",
    METADATA,
    Column("id", BIG_ID, primary_key=True),
    Column("site_id", BIG_ID, ForeignKey("site.id"), nullable=False),
    Column("key", String(200), nullable=False),
    Column("address", String(100), nullable=False, server_default=""),
    Column("serial", String(100), nullable=False, server_default=""),
    Column("mac", String(20), nullable=False, server_default=""),
    Column("engine", String(100), nullable=False, server_default=""),
    Column("tls", String(64), nullable=False, server_default=""),
    Column("vendor", String(100), nullable=False, server_default=""),
    Column("model", String(200), nullable=False, server_default=""),
    Column("name", String(200), nullable=False, server_default=""),
    Column("location", String(300), nullable=False, server_default=""),
    Column("firmware", String(200), nullable=False, server_default=""),
    Column("state", String(20), nullable=False, server_default="new"),
    Column("notes", Text, nullable=False, server_default=""),
    Column("first_seen", Moment, nullable=False),
    Column("last_seen", Moment, nullable=False),
    UniqueConstraint("site_id", "key"),
    Index("ix_device_site_state", "site_id", "state"),
    Index("ix_device_serial", "serial"),
    Index("ix_device_address", "address"),
)
