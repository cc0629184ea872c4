"""What was decided and is not over yet: changes by their state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from frisket.store.database import Database
from frisket.store.tables.change import FLEET_CHANGE


def changes_in(database: Database, states: Sequence[str]) -> Sequence[Any]:
    """Return the changes that stand so, the oldest first."""
    asked = select(FLEET_CHANGE).where(FLEET_CHANGE.c.state.in_(list(states)))
    with database.read() as connection:
        return connection.execute(asked.order_by(FLEET_CHANGE.c.id)).all()
