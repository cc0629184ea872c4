"""What audits found: the newest result of each device, what changed, and figures by day."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Date,
    Float,
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

# `findings` and `readings` are compressed JSON; `verdicts` maps rule to verdict, for differences.
RESULT = Table(
    "audit_result",
    METADATA,
    Column("device_id", BIG_ID, ForeignKey("device.id", ondelete="CASCADE"), primary_key=True),
    Column("baseline", String(100), primary_key=True),
    Column("at", Moment, nullable=False),
    Column("compliance", Float),
    Column("coverage", Float),
    Column("worst", String(10), nullable=False, server_default=""),
    Column("verdicts", DOCUMENT, nullable=False),
    Column("findings", LargeBinary, nullable=False),
    Column("readings", LargeBinary, nullable=False),
    Index("ix_audit_result_worst", "baseline", "compliance", "device_id"),
)

# What fails or is disputed now: which devices, by consideration and by rule.
FAILING = Table(
    "audit_failing",
    METADATA,
    Column("device_id", BIG_ID, ForeignKey("device.id", ondelete="CASCADE"), primary_key=True),
    Column("baseline", String(100), primary_key=True),
    Column("consideration", String(40), primary_key=True),
    Column("rule", String(100), primary_key=True),
    Index("ix_audit_failing_rule", "baseline", "consideration", "rule"),
)

# How many devices of a site fail each rule: kept in step with the list above.
RULE_SCORE = Table(
    "audit_rule_score",
    METADATA,
    Column("site_id", BIG_ID, ForeignKey("site.id", ondelete="CASCADE"), primary_key=True),
    Column("baseline", String(100), primary_key=True),
    Column("consideration", String(40), primary_key=True),
    Column("rule", String(100), primary_key=True),
    Column("failing", Integer, nullable=False),
)

# A verdict that is another than the time before; kept for the history of a device.
CHANGE = Table(
    "audit_change",
    METADATA,
    Column("id", BIG_ID, primary_key=True),
    Column("device_id", BIG_ID, ForeignKey("device.id", ondelete="CASCADE"), nullable=False),
    Column("baseline", String(100), nullable=False),
    Column("at", Moment, nullable=False),
    Column("consideration", String(40), nullable=False),
    Column("rule", String(100), nullable=False),
    Column("was", String(20), nullable=False),
    Column("now", String(20), nullable=False),
    Column("because", Text, nullable=False, server_default=""),
    Index("ix_audit_change_device", "device_id", "id"),
)

# Sums by site, baseline, day and consideration ("" is all of them): what dashboards read.
SCORE = Table(
    "audit_score",
    METADATA,
    Column("site_id", BIG_ID, ForeignKey("site.id", ondelete="CASCADE"), primary_key=True),
    Column("baseline", String(100), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("consideration", String(40), primary_key=True),
    *(
        Column(name, Integer, nullable=False, server_default="0")
        for name in (
            "devices",
            "passed",
            "failed",
            "disputed",
            "unknown",
            "manual",
            "not_applicable",
            "waived",
        )
    ),
)

# The state that a person accepted: what later readings are compared with.
ACCEPTED = Table(
    "accepted_state",
    METADATA,
    Column("device_id", BIG_ID, ForeignKey("device.id", ondelete="CASCADE"), primary_key=True),
    Column("at", Moment, nullable=False),
    Column("accepted_by", String(100), nullable=False),
    Column("values", LargeBinary, nullable=False),
)

# One setting that is not as accepted. `cause` is ours, firmware, restart or unknown; `state` is
# open, accepted, re-applied, waived or gone; `flips` counts how often it went to and fro.
DRIFT = Table(
    "drift",
    METADATA,
    Column("id", BIG_ID, primary_key=True),
    Column("device_id", BIG_ID, ForeignKey("device.id", ondelete="CASCADE"), nullable=False),
    Column("key", String(100), nullable=False),
    Column("was", Text, nullable=False),
    Column("now", Text, nullable=False),
    Column("since", Moment, nullable=False),
    Column("seen", Moment, nullable=False),
    Column("cause", String(20), nullable=False),
    Column("explained", Text, nullable=False, server_default=""),
    Column("state", String(20), nullable=False),
    Column("flips", Integer, nullable=False, server_default="0"),
    Column("settled_by", String(100), nullable=False, server_default=""),
    Index("ix_drift_device", "device_id", "state"),
    Index("ix_drift_state", "state", "seen"),
)
