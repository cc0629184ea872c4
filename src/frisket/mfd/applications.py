"""The applications that the Service Management Service lists: made up, for practice."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace

from frisket.errors import SettingRefused
from frisket.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Application:
    """One MEAP application. `memory` in kilobytes; `licence` and `status` in the device's words."""

    name: str
    version: str
    status: str = "Started"
    vendor: str = "Example Software"
    licence: str = "Unnecessary"
    expires: str = "-"
    memory: int = 2048

    @property
    def id(self) -> str:
        """Return a stable application ID."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"frisket:application:{self.name}"))


_FACTORY: tuple[Application, ...] = (
    Application("Practice Portal Service", "2.0.1", memory=5120),
    Application("Practice Login Service", "4.1.0", memory=8192),
    Application("Scan Folder Helper", "1.3.2", "Stopped", licence="Installed", memory=1536),
    Application(
        "Quota Sample", "0.9.0", "Stopped", licence="Invalid", expires="2020-12-31", memory=3072
    ),
)


class Applications:
    """Which applications run; kept in a ledger."""

    __slots__ = ("_entries", "_ledger")

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._entries: tuple[Application, ...] = _FACTORY
        for record in ledger.read():
            self._put(record["id"], record["status"])

    def __iter__(self) -> Iterator[Application]:
        return iter(self._entries)

    def _put(self, number: str, status: str) -> None:
        self._entries = tuple(
            replace(entry, status=status) if entry.id == number else entry
            for entry in self._entries
        )

    def set_status(self, number: str, status: str) -> Application:
        """Start or stop an application; return it. Raises `SettingRefused`."""
        entry = next((entry for entry in self._entries if entry.id == number), None)
        if entry is None or status not in {"Started", "Stopped"}:
            raise SettingRefused("no such application")
        if status == "Started" and entry.licence == "Invalid":
            raise SettingRefused(f"the licence of {entry.name} has expired")
        self._ledger.append({"id": number, "status": status})
        self._put(number, status)
        return entry
