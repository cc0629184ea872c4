"""What a device's eRDS remembers over a restart: its key, what waits to be sent, and its log."""

from __future__ import annotations

import asyncio
import base64
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from frisket.ledger import Ledger, LedgerFault, Record
from frisket.proto.erds.message import (
    HOURS,
    Alert,
    AlertKind,
    Answer,
    Fault,
    Operation,
    Schedule,
)

LOG_ENTRIES: Final = 30
MOST_ALERTS: Final = 50
MOST_FAULTS: Final = 100  # of each log, as many as the device keeps
RETRIES: Final = 3  # an alert list is kept for three; the fourth failure drops its oldest
# Between tries, in seconds; the manuals name no times. The last one repeats.
PAUSES: Final = (60, 300, 900, 3600)
MENU_FIRST: Final = timedelta(minutes=5)
MENU_CHANGED: Final = timedelta(minutes=60)
FAULT_LOGS: Final = frozenset({Operation.JAM, Operation.SERVICE_CALL, Operation.ALARM})


@dataclass(frozen=True, slots=True)
class Contact:
    """One line of COM-LOG. `result` is OK or NG, as the device prints it."""

    at: str
    operation: str
    result: str
    detail: str


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message that waits: its number stays the same however often it is sent.

    Counters, firmware and the service menu are read anew at each try; `alert` and `fault` stay.
    """

    operation: Operation
    sequence: int
    at: datetime
    alert: Alert | None = None
    fault: Fault | None = None


Condition = tuple[AlertKind, str]


def _idle() -> None:
    """Wake nobody: no reporter runs."""


@dataclass(slots=True)
class State:
    """All of it, as one record.

    `due` is when counters are sent next, `menu` when the service menu is, and `retry` when a failed
    round is tried again; `failures` counts those in a row. `told` holds the conditions that the
    gateway has been told of, `lost` those of alerts that were given up since the line failed.
    `trouble` is the number of the last trouble that was put to wait, `menu_seen` a digest of the
    service menu. `wanted` are the operations that the gateway asked for; empty: all.
    """

    seed: bytes = field(default=b"", repr=False)
    sequence: int = 0
    registered: bool = False
    hours: int = HOURS
    muted: tuple[AlertKind, ...] = ()
    wanted: tuple[Operation, ...] = ()
    due: datetime | None = None
    menu: datetime | None = None
    retry: datetime | None = None
    failures: int = 0
    firmware: str = ""
    waiting: list[Parcel] = field(default_factory=list)
    told: set[Condition] = field(default_factory=set)
    lost: set[Condition] = field(default_factory=set)
    trouble: int = 0
    menu_seen: str = ""


def _time(at: datetime | None) -> str:
    return at.isoformat() if at else ""


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _parcel_record(parcel: Parcel) -> Record:
    record: Record = {
        "operation": parcel.operation.value,
        "sequence": parcel.sequence,
        "at": _time(parcel.at),
    }
    if alert := parcel.alert:
        record["alert"] = [alert.kind.value, alert.active, _time(alert.at), alert.part]
    if fault := parcel.fault:
        record["fault"] = [fault.code, fault.subcode, _time(fault.at), fault.total]
        record["fault"] += [fault.slot, fault.paper]
    return record


def _parcel(record: Record) -> Parcel:
    alert = fault = None
    if row := record.get("alert"):
        alert = Alert(AlertKind(row[0]), row[1], datetime.fromisoformat(row[2]), row[3])
    if row := record.get("fault"):
        fault = Fault(row[0], row[1], datetime.fromisoformat(row[2]), row[3], row[4], row[5])
    at = datetime.fromisoformat(record["at"])
    return Parcel(Operation(record["operation"]), record["sequence"], at, alert, fault)


def _record(state: State) -> Record:
    return {
        "seed": base64.b64encode(state.seed).decode("ascii"),
        "sequence": state.sequence,
        "registered": state.registered,
        "hours": state.hours,
        "muted": [kind.value for kind in state.muted],
        "wanted": [operation.value for operation in state.wanted],
        "due": _time(state.due),
        "menu": _time(state.menu),
        "retry": _time(state.retry),
        "failures": state.failures,
        "firmware": state.firmware,
        "waiting": [_parcel_record(parcel) for parcel in state.waiting],
        "told": sorted([kind.value, part] for kind, part in state.told),
        "lost": sorted([kind.value, part] for kind, part in state.lost),
        "trouble": state.trouble,
        "menu_seen": state.menu_seen,
    }


def _state(record: Record) -> State:
    return State(
        seed=base64.b64decode(record["seed"]),
        sequence=record["sequence"],
        registered=record["registered"],
        hours=record["hours"],
        muted=tuple(AlertKind(word) for word in record["muted"]),
        wanted=tuple(Operation(word) for word in record["wanted"]),
        due=_moment(record["due"]),
        menu=_moment(record["menu"]),
        retry=_moment(record["retry"]),
        failures=record["failures"],
        firmware=record["firmware"],
        waiting=[_parcel(each) for each in record["waiting"]],
        told={(AlertKind(kind), part) for kind, part in record["told"]},
        lost={(AlertKind(kind), part) for kind, part in record["lost"]},
        trouble=record["trouble"],
        menu_seen=record["menu_seen"],
    )


class ErdsMemory:
    """One device's eRDS. `wake()` rouses the reporter.

    What changes is on disk before it is acted by; where the disk is full, the device goes on with
    what it has in memory, and sends nothing new until it can be kept.
    """

    __slots__ = ("_ledger", "_line", "_log", "_state", "wake")

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        # Made when they are needed: a fleet has thousands of devices that never report.
        self._state: State | None = None
        self._log: deque[Contact] | None = None
        self._line: asyncio.Lock | None = None
        self.wake: Callable[[], None] = _idle
        for record in ledger.read():
            self._apply(record)

    def _apply(self, record: dict[str, Any]) -> None:
        if "state" in record:
            self._state = _state(record["state"])
            self._log = deque((Contact(*row) for row in record["log"]), maxlen=LOG_ENTRIES)

    @property
    def state(self) -> State:
        """Return what is remembered."""
        if self._state is None:
            self._state = State()
        return self._state

    @property
    def log(self) -> deque[Contact]:
        """Return COM-LOG, the oldest first."""
        if self._log is None:
            self._log = deque(maxlen=LOG_ENTRIES)
        return self._log

    @property
    def line(self) -> asyncio.Lock:
        """Return what is held during a conversation."""
        if self._line is None:
            self._line = asyncio.Lock()
        return self._line

    def save(self) -> None:
        """Put all of it on disk. Raises `LedgerFault`."""
        rows = [[c.at, c.operation, c.result, c.detail] for c in self.log]
        self._ledger.replace([{"state": _record(self.state), "log": rows}])

    def keep(self) -> bool:
        """Put all of it on disk; say whether it is there."""
        try:
            self.save()
        except LedgerFault:
            return False
        return True

    def note(self, at: datetime, operation: str, detail: str, *, ok: bool) -> None:
        """Write a line of COM-LOG."""
        stamp = at.isoformat(timespec="seconds")
        self.log.append(Contact(stamp, operation, "OK" if ok else "NG", detail[:128]))
        self.keep()

    def make_key(self, seed: bytes) -> None:
        """Take a private key (32 octets) where there is none yet. Raises `LedgerFault`."""
        if not self.state.seed:
            self.initialize(seed)

    def initialize(self, seed: bytes) -> None:
        """Forget everything but the log (ERDS-DAT), and take a new private key (32 octets).

        Raises `LedgerFault`.
        """
        before, self._state = self._state, State(seed=seed)
        try:
            self.save()
        except LedgerFault:
            self._state = before
            raise
        self.wake()

    def number(self) -> int:
        """Return the next number. It is never given twice: raises `LedgerFault` on a full disk."""
        self.state.sequence += 1
        try:
            self.save()
        except LedgerFault:
            self.state.sequence -= 1
            raise
        return self.state.sequence

    def registered_by(self, answer: Answer, now: datetime, trouble: int) -> None:
        """Take what the gateway wants from its answer to the communication test.

        Troubles up to number `trouble` happened before anybody wanted to know.
        """
        state = self.state
        first = not state.registered
        if state.due is None:
            state.trouble = trouble
        state.registered = True
        state.failures, state.retry = 0, None
        state.muted, state.wanted = answer.muted, answer.operations
        if answer.schedule is not None or state.due is None:
            schedule = answer.schedule or Schedule()
            state.hours, state.due = schedule.hours, _first(schedule.start, now)
        if first:
            state.menu, state.firmware = now + MENU_FIRST, ""
        self.keep()
        self.wake()

    def put(
        self,
        operation: Operation,
        now: datetime,
        *,
        alert: Alert | None = None,
        fault: Fault | None = None,
        mark: Callable[[State], None] = lambda _: None,
    ) -> str:
        """Let a message wait; return what was dropped for it, "" where nothing was.

        What the gateway does not want does not wait. Without `alert` or `fault` one of an
        operation waits at most. `mark` notes in the state that this was seen to: both are on disk
        together, or neither is. Raises `LedgerFault`.
        """
        state, before = self.state, _state(_record(self.state))
        unwanted = bool(state.wanted) and operation not in state.wanted
        repeats = any(parcel.operation is operation for parcel in state.waiting)
        dropped = ""
        if not unwanted and (alert is not None or fault is not None or not repeats):
            state.sequence += 1
            parcel = Parcel(operation, state.sequence, now.astimezone(UTC), alert, fault)
            state.waiting.append(parcel)
            dropped = self._trim(operation, MOST_FAULTS if fault else MOST_ALERTS)
        mark(state)
        try:
            self.save()
        except LedgerFault:
            self._state = before
            raise
        return dropped

    def _trim(self, operation: Operation, most: int) -> str:
        same = [parcel for parcel in self.state.waiting if parcel.operation is operation]
        if len(same) <= most:
            return ""
        self.state.waiting.remove(same[0])
        return f"number {same[0].sequence} dropped: more than {most} wait"

    def delivered(self, parcel: Parcel) -> None:
        """Take a message off, whether it was accepted or can never be."""
        self.state.waiting = [p for p in self.state.waiting if p.sequence != parcel.sequence]
        self.state.failures, self.state.retry = 0, None
        self.state.lost.clear()
        self.keep()

    def postponed(self, now: datetime, seconds: int) -> None:
        """Wait as the gateway asked; that is no failure."""
        self.state.retry = now + timedelta(seconds=seconds)
        self.keep()

    def failed(self, now: datetime) -> Parcel | None:
        """Note that a round failed; return the alert that is given up for it, if one is.

        What could not be tried before its time (an event's first try) counts for nothing.
        """
        state = self.state
        if state.retry is not None and now < state.retry:
            return None
        state.retry = now + timedelta(seconds=PAUSES[min(state.failures, len(PAUSES) - 1)])
        state.failures += 1
        lost = None
        if state.failures > RETRIES:
            lost = next((p for p in state.waiting if p.alert is not None), None)
        if lost is not None and lost.alert is not None:
            state.waiting.remove(lost)
            # The gateway does not know of it: once the line is back it is told how things are.
            key = (lost.alert.kind, lost.alert.part)
            (state.told.discard if lost.alert.active else state.told.add)(key)
            state.lost.add(key)
        self.keep()
        return lost


def _first(start: int | None, now: datetime) -> datetime:
    """Return when counters are due first: now, or at the next `start` (UTC minute of the day)."""
    if start is None:
        return now
    today = now.astimezone(UTC).replace(hour=start // 60, minute=start % 60, second=0)
    today = today.replace(microsecond=0)
    return today if today >= now else today + timedelta(days=1)


def next_due(due: datetime, hours: int, now: datetime) -> datetime:
    """Return when counters are due after `due`: times missed while off are made up for by one."""
    step = timedelta(hours=hours)
    following = due + step
    # A clock that was put back must not silence the device for longer than its interval.
    return following if now < following <= now + step else now + step
