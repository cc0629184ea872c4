"""The device's own audit log, by kind (facts on the device, section 6)."""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from frisket.ledger import Ledger


class LogKind(StrEnum):
    """The kinds of audit log that the device keeps."""

    USER_AUTHENTICATION = "User Authentication"
    JOB = "Job"
    TRANSMISSION = "Transmission"
    ADVANCED_SPACE = "Advanced Space Operation"
    MAIL_BOX = "Mail Box Operation"
    MAIL_BOX_AUTHENTICATION = "Mail Box Authentication"
    NETWORK_CONNECTION = "Network Connection"
    MACHINE_MANAGEMENT = "Machine Management"
    NETWORK_AUTHENTICATION = "Network Authentication"
    EXPORT_IMPORT = "Export/Import All"
    APPLICATION = "Application/Software Management"
    SECURITY_POLICY = "Security Policy"
    MAINTENANCE = "System Maintenance"
    AUDIT_LOG = "Audit Log Management"


# The older platform's limit, whatever the kind; the oldest is overwritten.
CAPACITY = 20_000

# Written whether or not <Save Audit Log> is on: they existed before that setting did.
ALWAYS = frozenset({LogKind.USER_AUTHENTICATION, LogKind.SECURITY_POLICY, LogKind.AUDIT_LOG})


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One line of the audit log. `result` is OK or NG, as the device prints it."""

    at: str
    kind: LogKind
    user: str
    operation: str
    detail: str
    result: str


class AuditLog:
    """Keeps entries, exports them as CSV, clears them, and hands them to listeners (syslog)."""

    __slots__ = ("_entries", "_ledger", "_now", "_saves", "collecting", "listeners")

    def __init__(
        self, ledger: Ledger, now: Callable[[], datetime], saves: Callable[[LogKind], bool]
    ) -> None:
        self._ledger = ledger
        self._now = now
        self._saves = saves
        self._entries: deque[LogEntry] = deque(maxlen=CAPACITY)
        self.collecting = True
        self.listeners: list[Callable[[LogEntry], None]] = []
        for record in ledger.read():
            self._entries.append(LogEntry(**{**record, "kind": LogKind(record["kind"])}))

    def __iter__(self) -> Iterator[LogEntry]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def add(
        self, kind: LogKind, user: str, operation: str, detail: str = "", *, ok: bool = True
    ) -> None:
        """Record one event, where the settings ask for its kind to be kept."""
        if not self.collecting or not self._saves(kind):
            return
        entry = LogEntry(
            at=self._now().isoformat(timespec="seconds"),
            kind=kind,
            user=user[:64],
            operation=operation[:120],
            detail=detail[:300],
            result="OK" if ok else "NG",
        )
        self._ledger.note(asdict(entry))
        self._entries.append(entry)
        for listener in self.listeners:
            listener(entry)

    def export(self) -> str:
        """Return the log as CSV, oldest first; cells that a spreadsheet would run are quoted."""
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(["Date/Time", "Log Type", "User", "Operation", "Detail", "Result"])
        for e in self._entries:
            cells = [e.at, e.kind.value, e.user, e.operation, e.detail, e.result]
            writer.writerow([f"'{c}" if c[:1] in "=+-@\t\r" and c else c for c in cells])
        return out.getvalue()

    def clear(self, user: str) -> None:
        """Forget everything but the note that it was cleared."""
        self._entries.clear()
        self._ledger.replace(())
        self.add(LogKind.AUDIT_LOG, user, "Clear Audit Log")
