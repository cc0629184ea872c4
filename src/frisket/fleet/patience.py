"""Waits until the database is back: a flow stands still meanwhile, it does not fail."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Final

from frisket.errors import FrisketError
from frisket.store.database import Database, StoreAway

TRIES: Final = 12  # of one step; devices are looked at again each time
_LONGEST: Final = 60.0  # seconds between tries
_PATIENCE: Final = 2 * 3600.0  # seconds that a database may be away


@dataclass(frozen=True, slots=True)
class Patience:
    """Asked about each fault of a step (`jobs.port.Again`)."""

    database: Database
    first: float = 1.0
    stop: threading.Event = field(default_factory=threading.Event)

    def again(self, fault: FrisketError, tries: int) -> bool:
        """Say whether to run the step again, once the database answers; anything else is told."""
        if not isinstance(fault, StoreAway) or tries >= TRIES:
            return False
        pause = min(self.first * 2 ** (tries - 1), _LONGEST)
        waited = 0.0
        # A full disk answers readers: so there is a pause even where all seems well.
        while not self.stop.wait(pause) and waited < _PATIENCE:
            if self.database.answers():
                return True
            waited += pause
        return False
