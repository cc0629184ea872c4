"""What devices reported. Times are seconds since 1970, UTC; values are MessagePack maps.

A map's keys are numbers of `metric`, or names where that table is full. Changes are stored, not
polls: docs/adr/0013 has the sizes.
"""

from __future__ import annotations

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
)

from frisket.store.metadata import METADATA
from frisket.store.types import BIG_ID

METRIC = Table(
    "metric",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("name", String(120), nullable=False, unique=True),
)

# Under which keys collectors report a device: its key in the inventory may change, as may theirs.
REPORTED = Table(
    "reported_device",
    METADATA,
    Column("site_id", BIG_ID, ForeignKey("site.id"), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("device_id", BIG_ID, ForeignKey("device.id", ondelete="CASCADE"), nullable=False),
    Index("ix_reported_device_device", "device_id"),
)

# One row a device: `seen` when it last answered, `changed` when it last said something new,
# `number` how many changes it has. `events` counts those of day `day`, in the site's zone.
LATEST = Table(
    "latest",
    METADATA,
    Column("device_id", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, nullable=False),
    Column("seen", BIG_ID, nullable=False),
    Column("changed", BIG_ID, nullable=False),
    Column("received", BIG_ID, nullable=False),
    Column("day", Integer, nullable=False),
    Column("events", SmallInteger, nullable=False),
    Column("whole", SmallInteger, nullable=False),
    Column("values", LargeBinary, nullable=False),
    postgresql_with={"fillfactor": 70},
)

# Changes, in each device's order. `skew` is how far ahead the collector's clock was taken to be,
# `delay` how long the record was on its way. In PostgreSQL a partition a month.
READING = Table(
    "reading",
    METADATA,
    Column("device_id", Integer, primary_key=True, autoincrement=False),
    Column("at", BIG_ID, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("skew", Integer, nullable=False),
    Column("delay", Integer, nullable=False),
    Column("values", LargeBinary, nullable=False),
    postgresql_partition_by="RANGE (at)",
    sqlite_with_rowid=False,
)

# The meters and levels at the end of a day in the site's zone (days since 1970). Kept for ever;
# a day without a row ended as the one before. `seen` is when the device answered last on that day.
READING_DAY = Table(
    "reading_day",
    METADATA,
    Column("device_id", Integer, primary_key=True, autoincrement=False),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("seen", BIG_ID, nullable=False),
    Column("values", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

# What was wrong, and where (`name`); `ended` is empty while it lasts. What happens in a moment has
# ended when it began.
EVENT = Table(
    "device_event",
    METADATA,
    Column("id", BIG_ID, primary_key=True),
    Column("device_id", Integer, nullable=False),
    Column("name", String(120), nullable=False),
    Column("began", BIG_ID, nullable=False),
    Column("ended", BIG_ID),
    Column("severity", String(20), nullable=False),
    Column("code", String(60), nullable=False),
    Column("text", Text, nullable=False),
    Index("ix_device_event_device", "device_id", "began"),
    Index("ix_device_event_began", "began"),
)

# Nobody looked, from `began` to `ended`: at a device, or at all of a collector's.
GAP = Table(
    "reading_gap",
    METADATA,
    Column("id", BIG_ID, primary_key=True),
    Column("collector_id", BIG_ID, ForeignKey("collector.id"), nullable=False),
    Column("device_id", Integer),
    Column("began", BIG_ID, nullable=False),
    Column("ended", BIG_ID, nullable=False),
    Column("why", String(200), nullable=False),
    Index("ix_reading_gap_device", "device_id", "began"),
    Index("ix_reading_gap_collector", "collector_id", "began"),
)
