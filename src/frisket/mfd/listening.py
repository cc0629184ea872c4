"""An open TCP port that knows its connections, so that closing it cuts them."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol


class Connection(Protocol):
    """One connection through an open port."""

    def cut(self) -> None:
        """Hang up."""


@dataclass(frozen=True, slots=True)
class Listening:
    """A listening server and the connections it has open now."""

    server: asyncio.Server
    open_now: Collection[Connection]

    def close(self) -> None:
        """Stop listening and cut every connection."""
        self.server.close()
        for connection in list(self.open_now):
            connection.cut()
