"""Baselines and security policies of the house's own: the text of every version."""

from __future__ import annotations

from sqlalchemy import Column, Integer, String, Table, Text

from frisket.store.metadata import METADATA
from frisket.store.types import Moment

# `kind` is baseline or policy. The newest approved version is the one that holds.
OWN_TEXT = Table(
    "own_text",
    METADATA,
    Column("kind", String(20), primary_key=True),
    Column("name", String(60), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("author", String(100), nullable=False),
    Column("note", String(500), nullable=False, server_default=""),
    Column("made", Moment, nullable=False),
    Column("approved_by", String(100), nullable=False, server_default=""),
    Column("approved", Moment),
)
