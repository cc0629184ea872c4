"""The remote service at the console: local polls, alert rules and what was told, reports made."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
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
from frisket.store.types import BIG_ID, DOCUMENT, Moment

# What polls from here taught of an address (`telemetry.acquaintance`), and what stands there.
LOCAL_POLL = Table(
    "local_poll",
    METADATA,
    Column("site_id", BIG_ID, ForeignKey("site.id", ondelete="CASCADE"), primary_key=True),
    Column("address", String(100), primary_key=True),
    Column("device", String(200), nullable=False),
    Column("met", DOCUMENT, nullable=False),
    Column("alarms", DOCUMENT, nullable=False),
    Column("at", Moment, nullable=False),
)

# Who has seen something that is wrong, and takes care of it.
ACKNOWLEDGED = Table(
    "event_acknowledged",
    METADATA,
    Column("event_id", BIG_ID, primary_key=True, autoincrement=False),
    Column("by", String(100), nullable=False),
    Column("at", Moment, nullable=False),
    Column("note", String(300), nullable=False, server_default=""),
)

# Where alerts go. `secret` is sealed: the web tier writes it and never shows it again.
ALERT_CHANNEL = Table(
    "alert_channel",
    METADATA,
    Column("id", BIG_ID, primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    Column("kind", String(20), nullable=False),
    Column("document", DOCUMENT, nullable=False),
    Column("secret", Text, nullable=False, server_default=""),
    Column("made", Moment, nullable=False),
)

# When to tell (`fleet.alerting`), as a document; `channels` within it are numbers.
ALERT_RULE = Table(
    "alert_rule",
    METADATA,
    Column("id", BIG_ID, primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    Column("document", DOCUMENT, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("made_by", String(100), nullable=False, server_default=""),
    Column("made", Moment, nullable=False),
)

# How one thing stands by one rule: crossed since, raised since; `number` counts how often.
ALERT_STATE = Table(
    "alert_state",
    METADATA,
    Column("rule_id", BIG_ID, ForeignKey("alert_rule.id", ondelete="CASCADE"), primary_key=True),
    Column("subject", String(300), primary_key=True),
    Column("site_id", BIG_ID, nullable=False),
    Column("device_id", BIG_ID),
    Column("crossed", Moment),
    Column("raised", Moment),
    Column("number", Integer, nullable=False),
    Column("value", Float),
    Column("about", Text, nullable=False),
    Index("ix_alert_state_raised", "raised"),
)

# One thing to tell one channel, once: the unique key is what keeps it from being told twice.
ALERT_NOTICE = Table(
    "alert_notice",
    METADATA,
    Column("id", BIG_ID, primary_key=True),
    Column("rule_id", BIG_ID, nullable=False),
    Column("channel_id", BIG_ID, nullable=False),
    Column("subject", String(300), nullable=False),
    Column("number", Integer, nullable=False),
    Column("change", String(10), nullable=False),
    Column("site_id", BIG_ID, nullable=False),
    Column("at", Moment, nullable=False),
    Column("document", DOCUMENT, nullable=False),
    Column("delivered", Moment),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("fault", String(300), nullable=False, server_default=""),
    UniqueConstraint("rule_id", "channel_id", "subject", "number", "change"),
    Index("ix_alert_notice_at", "at"),
)

# A report that was made aside; `sites` are those it tells of (none: all). Its file, of `size`
# octets, lies in parts; `octets` holds files of before there were parts.
REPORT = Table(
    "made_report",
    METADATA,
    Column("id", BIG_ID, primary_key=True),
    Column("kind", String(30), nullable=False),
    Column("form", String(10), nullable=False),
    Column("title", String(200), nullable=False),
    Column("wanted", DOCUMENT, nullable=False),
    Column("sites", DOCUMENT),
    Column("made_by", String(100), nullable=False),
    Column("asked", Moment, nullable=False),
    Column("made", Moment),
    Column("fault", String(300), nullable=False, server_default=""),
    Column("octets", LargeBinary),
    Column("size", BigInteger),
)

# A report's file in order, each part compressed: big ones never lie in memory as a whole.
REPORT_PART = Table(
    "made_report_part",
    METADATA,
    Column("report_id", BIG_ID, ForeignKey("made_report.id", ondelete="CASCADE"), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("octets", LargeBinary, nullable=False),
)
