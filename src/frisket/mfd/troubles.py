"""What stops or worries the machine itself: jams, open doors, service calls, alarms."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum

from frisket.errors import UsageError
from frisket.ledger import Ledger

_KEPT = 100  # of each kind, in the device's own logs


class TroubleKind(StrEnum):
    """The kinds of trouble, as the device keeps its logs of them."""

    JAM = "jam"
    DOOR = "door"
    SERVICE_CALL = "service-call"
    ALARM = "alarm"


# Codes as service manuals write them (facts on the device, 4.4); an alarm stops nothing.
_CODES = {
    TroubleKind.JAM: re.compile("[0-9A-F]{4}"),
    TroubleKind.DOOR: re.compile("[A-Za-z ]{1,32}"),
    TroubleKind.SERVICE_CALL: re.compile("E[0-9]{3}-[0-9]{4}"),
    TroubleKind.ALARM: re.compile("[0-9A-F]{6}"),
}
_EXAMPLES = {
    TroubleKind.JAM: "010C",
    TroubleKind.DOOR: "Front Cover",
    TroubleKind.SERVICE_CALL: "E000-0001",
    TroubleKind.ALARM: "060004",
}
STOPPING = frozenset({TroubleKind.JAM, TroubleKind.DOOR, TroubleKind.SERVICE_CALL})


@dataclass(frozen=True, slots=True)
class Trouble:
    """One trouble; `at` is ISO text, `total` counter 101 then, `code` a door's name for a door.

    `number` counts the device's troubles from 1.
    """

    kind: TroubleKind
    code: str
    at: str
    total: int
    number: int
    slot: str = ""
    paper: str = ""

    @property
    def moment(self) -> datetime:
        """Return when it began (UTC)."""
        return datetime.fromisoformat(self.at).astimezone(UTC)


class Troubles:
    """What is wrong now, at most one of a kind, and the logs. A door closes without a log.

    `watchers` are called with each trouble that happens, and with None when one has been cleared.
    """

    __slots__ = ("_ledger", "_log", "_now", "_total", "active", "count", "watchers")

    def __init__(
        self, ledger: Ledger, now: Callable[[], datetime], total: Callable[[], int]
    ) -> None:
        self._ledger = ledger
        self._now = now
        self._total = total
        self.active: dict[TroubleKind, Trouble] = {}
        self._log: list[Trouble] = []
        self.watchers: list[Callable[[Trouble | None], None]] = []
        self.count = 0
        for record in ledger.read():
            if cleared := record.get("cleared"):
                self.active.pop(TroubleKind(cleared), None)
            else:
                self._apply(Trouble(**{**record, "kind": TroubleKind(record["kind"])}))

    def _apply(self, trouble: Trouble) -> None:
        same = [each for each in self._log if each.kind is trouble.kind]
        if len(same) >= _KEPT:
            self._log.remove(same[0])
        self._log.append(trouble)
        self.count = max(self.count, trouble.number)
        if trouble.kind in STOPPING:
            self.active[trouble.kind] = trouble

    def happen(
        self, kind: TroubleKind, code: str = "", *, slot: str = "", paper: str = ""
    ) -> Trouble:
        """Let something go wrong. Raises `UsageError` for a code that no such trouble has."""
        code = code or _EXAMPLES[kind]
        if not _CODES[kind].fullmatch(code):
            raise UsageError(f"{code[:40]!r} is no code of a {kind}", hint=f"as {_EXAMPLES[kind]}")
        at = self._now().isoformat(timespec="seconds")
        trouble = Trouble(kind, code, at, self._total(), self.count + 1, slot[:32], paper[:32])
        self._ledger.note({**asdict(trouble), "kind": kind.value})
        self._apply(trouble)
        self._tell(trouble)
        return trouble

    def since(self, number: int) -> list[Trouble]:
        """Return what is in the logs after that number, oldest first."""
        return [trouble for trouble in self._log if trouble.number > number]

    def clear(self, kind: TroubleKind) -> bool:
        """Put it right; say whether it was wrong."""
        if self.active.pop(kind, None) is None:
            return False
        self._ledger.note({"cleared": kind.value})
        self._tell(None)
        return True

    @property
    def stopping(self) -> Trouble | None:
        """Return what keeps the machine from printing, None where nothing does."""
        return next(iter(self.active.values()), None)

    def _tell(self, trouble: Trouble | None) -> None:
        for watcher in tuple(self.watchers):
            watcher(trouble)
