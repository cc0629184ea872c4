"""What waits for a second person: the exact content, who proposed it, who decided."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, String, Table

from frisket.store.metadata import METADATA
from frisket.store.types import BIG_ID, DOCUMENT, Moment

# `digest` is of `body`: an approval holds for these bytes and no others.
PROPOSAL = Table(
    "proposal",
    METADATA,
    Column("id", BIG_ID, primary_key=True),
    Column("kind", String(40), nullable=False),
    Column("title", String(300), nullable=False),
    Column("body", DOCUMENT, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("state", String(20), nullable=False),
    Column("proposer_id", BIG_ID, ForeignKey("account.id"), nullable=False),
    Column("proposed", Moment, nullable=False),
    Column("decider_id", BIG_ID, ForeignKey("account.id")),
    Column("decided", Moment),
    Column("ready", Moment),
    Column("expires", Moment, nullable=False),
    Column("reason", String(1000), nullable=False, server_default=""),
    Index("ix_proposal_state", "state", "expires"),
)
