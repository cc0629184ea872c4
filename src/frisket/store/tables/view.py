"""What people keep of the device list for themselves."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, String, Table, Text

from frisket.store.metadata import METADATA
from frisket.store.types import BIG_ID

# `query` is the address's part after the question mark: filter, order and columns.
VIEW = Table(
    "saved_view",
    METADATA,
    Column("account_id", BIG_ID, ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(100), primary_key=True),
    Column("query", Text, nullable=False),
)
