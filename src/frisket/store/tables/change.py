"""Changes of many devices, what was done by them in order, and the logins that they need."""

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
)

from frisket.store.metadata import METADATA
from frisket.store.types import BIG_ID, DOCUMENT, Moment

# A change: `source` says what devices are to be made like, `condition` which ones were meant.
# `state` is planning, planned, failed (to plan), or as of `fleet.rollout`; `runs` counts how often
# it was set going, `forgiven` the failures that a person let pass. `accepted` lists the addresses
# for which a person typed that no way to manage or to print may be left. `judged` counts the waves
# that the network was asked about afresh after they had ended.
FLEET_CHANGE = Table(
    "fleet_change",
    METADATA,
    Column("id", BIG_ID, primary_key=True),
    Column("title", String(300), nullable=False),
    Column("source", DOCUMENT, nullable=False),
    Column("condition", DOCUMENT, nullable=False),
    Column("sites", DOCUMENT, nullable=False),
    Column("state", String(20), nullable=False),
    Column("why", Text, nullable=False, server_default=""),
    Column("made", Moment, nullable=False),
    Column("made_by", String(100), nullable=False),
    Column("content", String(32), nullable=False, server_default=""),
    Column("accepted", DOCUMENT, nullable=False),
    Column("proposal_id", BIG_ID, ForeignKey("proposal.id")),
    Column("forgiven", Integer, nullable=False, server_default="0"),
    Column("judged", Integer, nullable=False, server_default="0"),
    Column("runs", Integer, nullable=False, server_default="0"),
    Column("began", Moment),
    Column("ended", Moment),
    Index("ix_fleet_change_state", "state", "id"),
)

# One device of a change. `plan` is packed JSON; `step` is as of `fleet.rollout`, `attempt` counts
# how often it was begun, `outcome` is as of `drivers.record`. `wave` -1 is not part of the rollout.
# `seen` is what the network showed before its wave, rule by rule (`fleet.health`); `health` what it
# showed after: "" not looked at, "good", or what got worse.
FLEET_CHANGE_DEVICE = Table(
    "fleet_change_device",
    METADATA,
    Column(
        "change_id", BIG_ID, ForeignKey("fleet_change.id", ondelete="CASCADE"), primary_key=True
    ),
    Column("device_id", BIG_ID, ForeignKey("device.id", ondelete="CASCADE"), primary_key=True),
    Column("address", String(100), nullable=False),
    Column("model", String(200), nullable=False, server_default=""),
    Column("wave", Integer, nullable=False, server_default="-1"),
    Column("plan", LargeBinary),
    Column("settings", Integer, nullable=False, server_default="0"),
    Column("step", String(20), nullable=False, server_default="waiting"),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("outcome", String(40), nullable=False, server_default=""),
    Column("why", Text, nullable=False, server_default=""),
    Column("seen", DOCUMENT),
    Column("health", Text, nullable=False, server_default=""),
    Column("at", Moment),
    Index("ix_fleet_change_device_device", "device_id", "change_id"),
)

# What was meant before each write, and what came of it (`drivers.record`), in order.
FLEET_CHANGE_RECORD = Table(
    "fleet_change_record",
    METADATA,
    Column("id", BIG_ID, primary_key=True),
    Column("change_id", BIG_ID, ForeignKey("fleet_change.id", ondelete="CASCADE"), nullable=False),
    Column("device_id", BIG_ID, ForeignKey("device.id", ondelete="CASCADE"), nullable=False),
    Column("undoing", Boolean, nullable=False),
    Column("at", Moment, nullable=False),
    Column("row", DOCUMENT, nullable=False),
    Index("ix_fleet_change_record_device", "device_id", "change_id", "id"),
)

# Who was met as each device: no login is ever sent to another one.
DEVICE_PIN = Table(
    "device_pin",
    METADATA,
    Column("device_id", BIG_ID, ForeignKey("device.id", ondelete="CASCADE"), primary_key=True),
    Column("engine", String(100), nullable=False, server_default=""),
    Column("serial", String(100), nullable=False, server_default=""),
    Column("tls", String(64), nullable=False, server_default=""),
    Column("uuid", String(100), nullable=False, server_default=""),
    Column("at", Moment, nullable=False),
)

# Keys that data keys are wrapped for: only the public half. The newest one is used.
WRAPPING_KEY = Table(
    "wrapping_key",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("public", LargeBinary, nullable=False),
    Column("made", Moment, nullable=False),
)

# Logins to devices, sealed. `scope` is "", "site:ID" or "group:NAME"; `ways` names what is in it.
DEVICE_LOGIN = Table(
    "device_login",
    METADATA,
    Column("id", BIG_ID, primary_key=True),
    Column("scope", String(200), nullable=False, unique=True),
    Column("ways", DOCUMENT, nullable=False),
    Column("wrapped_for", String(32), ForeignKey("wrapping_key.id"), nullable=False),
    Column("data_key", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("changed", Moment, nullable=False),
    Column("changed_by", String(100), nullable=False),
)
