"""Sites and devices: what every other area refers to."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

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

_COUNTED: Final = ("site_id", "state", "status", "worst")
_FILTERED: Final = (
    *("compliance", "coverage", "toner", "last_seen", "audited"),
    *("vendor", "model", "firmware"),
)

# `ports` maps a standard port to where an unprivileged lab serves it.
# `key` is who the device is whatever its address: serial number, else hardware address, else the
# SNMP engine or the TLS key. `state` is new, managed or retired. The last columns repeat what is
# newest elsewhere, so that a list of 100,000 is sorted and counted without looking there; `toner`
# is the lowest supply in percent, `worst` the highest severity that fails, `search` all marks in
# small letters (migration 0006 keeps an index of three-letter pieces beside it).
DEVICE = Table(
    "device",
    METADATA,
    Column("id", BIG_ID, primary_key=True),
    Column("site_id", BIG_ID, ForeignKey("site.id"), nullable=False),
    Column("key", String(200), nullable=False),
    Column("address", String(100), nullable=False, server_default=""),
    Column("ports", DOCUMENT, nullable=False, server_default="{}"),
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
    Column("status", String(40), nullable=False, server_default=""),
    Column("toner", Integer),
    Column("pages", BIG_ID),
    Column("compliance", Float),
    Column("coverage", Float),
    Column("worst", String(10), nullable=False, server_default=""),
    Column("audited", Moment),
    Column("polled", Moment),
    Column("search", Text, nullable=False, server_default=""),
    UniqueConstraint("site_id", "key"),
    Index("ix_device_site_state", "site_id", "state"),
    Index("ix_device_serial", "serial"),
    Index("ix_device_address", "address"),
    Index("ix_device_mac", "mac"),
    Index("ix_device_engine", "engine"),
    Index("ix_device_tls", "tls"),
    Index("ix_device_model", "model", "site_id"),
    Index("ix_device_name", "name", "id"),
    Index("ix_device_location", "location", "id"),
    Index("ix_device_last_seen", "last_seen"),
    Index("ix_device_toner", "toner"),
    Index("ix_device_compliance", "compliance"),
    # What every filter's values are counted from, without looking at the devices themselves.
    Index("ix_device_facets", *_COUNTED, *_FILTERED),
)

# What is done at a site by schedule (`fleet.schedule`), and the tick that was begun last.
SCHEDULE = Table(
    "site_schedule",
    METADATA,
    Column("site_id", BIG_ID, ForeignKey("site.id", ondelete="CASCADE"), primary_key=True),
    Column("task", String(20), primary_key=True),
    Column("document", DOCUMENT, nullable=False),
    Column("last", Moment),
)

TAG = Table(
    "device_tag",
    METADATA,
    Column("device_id", BIG_ID, ForeignKey("device.id", ondelete="CASCADE"), primary_key=True),
    Column("tag", String(60), primary_key=True),
    Index("ix_device_tag_tag", "tag"),
)

# Where a device was met, from when to when.
ADDRESS = Table(
    "device_address",
    METADATA,
    Column("id", BIG_ID, primary_key=True),
    Column("device_id", BIG_ID, ForeignKey("device.id", ondelete="CASCADE"), nullable=False),
    Column("address", String(100), nullable=False),
    Column("first", Moment, nullable=False),
    Column("last", Moment, nullable=False),
    Index("ix_device_address_device", "device_id"),
)

# What a person should look at; `cleared` is empty while it stands.
ALARM = Table(
    "device_alarm",
    METADATA,
    Column("id", BIG_ID, primary_key=True),
    Column("device_id", BIG_ID, ForeignKey("device.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(60), nullable=False),
    Column("text", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("cleared", Moment),
    Column("cleared_by", String(100), nullable=False, server_default=""),
    Index("ix_device_alarm_device", "device_id", "cleared"),
)

# A group is a condition on devices (`fleet.condition`), never a list that goes stale.
GROUP = Table(
    "device_group",
    METADATA,
    Column("id", BIG_ID, primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    Column("condition", DOCUMENT, nullable=False),
    Column("made_by", String(100), nullable=False, server_default=""),
    Column("made", Moment, nullable=False),
)
