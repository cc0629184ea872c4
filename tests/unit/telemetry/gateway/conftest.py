"""Every test here runs on both databases."""

from __future__ import annotations

from tests.peers.postgres import both, postgres

__all__ = ["both", "postgres"]
