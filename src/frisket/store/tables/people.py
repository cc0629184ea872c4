"""What people say of devices: waivers, attestations with their evidence, questionnaires."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Date,
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

# `scope` says which devices are meant (`fleet.scope`); `site_id` is the one site it lies within,
# None where it reaches over sites. Either `rule` or `consideration` is filled.
WAIVER = Table(
    "waiver",
    METADATA,
    Column("id", BIG_ID, primary_key=True),
    Column("rule", String(100), nullable=False, server_default=""),
    Column("consideration", String(40), nullable=False, server_default=""),
    Column("scope", DOCUMENT, nullable=False),
    Column("site_id", BIG_ID, ForeignKey("site.id", ondelete="CASCADE")),
    Column("owner", String(500), nullable=False),
    Column("reason", Text, nullable=False),
    Column("expires", Date, nullable=False),
    Column("proposed_by", String(100), nullable=False),
    Column("approved_by", String(100), nullable=False),
    Column("approved", Moment, nullable=False),
    Column("ended", Moment),
    Column("ended_by", String(100), nullable=False, server_default=""),
    Index("ix_waiver_ended", "ended", "expires"),
)

# Questions sent to a person who needs no account. `questions` and `answers` are lists; `state` is
# open, answered, accepted, rejected or withdrawn. The link's secret is kept as a digest only.
QUESTIONNAIRE = Table(
    "questionnaire",
    METADATA,
    Column("id", BIG_ID, primary_key=True),
    Column("person", String(200), nullable=False),
    Column("baseline", String(100), nullable=False),
    Column("site_id", BIG_ID, ForeignKey("site.id", ondelete="CASCADE")),
    Column("questions", DOCUMENT, nullable=False),
    Column("answers", DOCUMENT, nullable=False),
    Column("state", String(20), nullable=False),
    Column("made_by", String(100), nullable=False),
    Column("made", Moment, nullable=False),
    Column("expires", Moment, nullable=False),
    Column("answered_by", String(200), nullable=False, server_default=""),
    Column("answered", Moment),
    Column("decided_by", String(100), nullable=False, server_default=""),
    Column("decided", Moment),
    Index("ix_questionnaire_state", "state", "id"),
)

# Either `key` or `consideration` is filled; `looked` is the day on which somebody looked.
ATTESTATION = Table(
    "attestation",
    METADATA,
    Column("id", BIG_ID, primary_key=True),
    Column("key", String(100), nullable=False, server_default=""),
    Column("consideration", String(40), nullable=False, server_default=""),
    Column("answer", DOCUMENT, nullable=False),
    Column("scope", DOCUMENT, nullable=False),
    Column("site_id", BIG_ID, ForeignKey("site.id", ondelete="CASCADE")),
    Column("who", String(120), nullable=False),
    Column("looked", Date, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("expires", Date, nullable=False),
    Column("made_by", String(100), nullable=False),
    Column("made", Moment, nullable=False),
    Column("questionnaire_id", BIG_ID, ForeignKey("questionnaire.id")),
    Column("ended", Moment),
    Column("ended_by", String(100), nullable=False, server_default=""),
    Index("ix_attestation_ended", "ended", "expires"),
)

# `type` is what the bytes are, not what the sender called them; `digest` is SHA-256, in hex.
EVIDENCE = Table(
    "evidence",
    METADATA,
    Column("id", BIG_ID, primary_key=True),
    Column(
        "attestation_id",
        BIG_ID,
        ForeignKey("attestation.id", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("name", String(200), nullable=False),
    Column("type", String(100), nullable=False),
    Column("size", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("ix_evidence_attestation", "attestation_id"),
)
