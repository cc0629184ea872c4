"""A run's durable record: what was meant before each write, and what came of it.

One ledger a run. kill -9 at any moment leaves an intent without its outcome: then only the device
knows, and it is read before anything else is done.
"""

from __future__ import annotations

import asyncio
import fcntl
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from frisket.catalog.load import Catalog
from frisket.drivers.base import Settings
from frisket.drivers.plan import Plan
from frisket.drivers.plan_file import plan_of, plan_table
from frisket.errors import UsageError
from frisket.ledger import Ledger, LedgerFault
from frisket.ledger import Record as Row

_RUN = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{6}")


class Outcome(StrEnum):
    """How a device's part of a run ended."""

    DONE = "done"
    COMPLIANT = "nothing to do"
    REFUSED = "refused"  # nothing written: a confirmation is missing, or no driver
    STALE = "stale"  # nothing written: the device is no longer as planned
    IDENTITY_CHANGED = "identity changed"  # nothing written
    UNREACHABLE = "unreachable"  # nothing written
    DENIED = "credential refused"  # nothing written
    BUSY = "busy"  # it stayed so; every value is as it was before
    REPLACED = "replaced meanwhile"  # another device answers; what was written is not known
    UNDONE = "undone"  # something was not as expected; every value is as it was before
    LEFT = "left half-way"  # ... and these values could not be put back
    UNKNOWN = "must be read"  # a write was sent and the device can no longer be asked
    NOT_BEGUN = "not begun"  # the run stopped before this device
    UNRECORDED = "not recorded"  # the record cannot be written, so the run stopped here
    BUG = "bug"

    @property
    def failed(self) -> bool:
        """Say whether the run counts it towards --max-failures."""
        return self in _FAILED


_FAILED = frozenset(
    {
        *(Outcome.DENIED, Outcome.BUSY, Outcome.REPLACED, Outcome.UNDONE, Outcome.LEFT),
        *(Outcome.UNKNOWN, Outcome.UNRECORDED, Outcome.BUG),
    }
)


_PUT_BACK = frozenset({Outcome.DONE, Outcome.COMPLIANT})


@dataclass(frozen=True, slots=True)
class Result:
    """A device's outcome, why, and the keys that are not as they should be."""

    address: str
    outcome: Outcome
    why: str = ""
    changed: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


@dataclass(slots=True)
class Progress:
    """What the record says of one device: keys meant to be written in order, and its outcome.

    `undoing` is why it had begun to put them back, if it had, `doubted` are the keys of which the
    device's own word counts for nothing then.
    """

    meant: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    undoing: str = ""
    doubted: tuple[str, ...] = ()
    result: Result | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """A run as read back. `undoes` names the run that it takes back."""

    id: str
    plan: Plan
    undoes: str
    devices: Mapping[str, Progress]


class Keeps(Protocol):
    """Where rows are kept in order: a file (`Ledger`), or tables of a database."""

    def append(self, *rows: Row) -> None:
        """Keep rows; they are on disk when it returns. Raises `LedgerFault`."""


class _Rows(list[Row]):
    """Rows on their way to a ledger."""

    def append(self, *rows: Row) -> None:
        """Keep rows."""
        self.extend(rows)


class Record:
    """Writes a run's record; every method returns when it is on disk. Raises `LedgerFault`."""

    def __init__(self, ledger: Keeps) -> None:
        self._ledger = ledger
        self._waiting: list[tuple[_Rows, asyncio.Future[None]]] = []
        self._flushing: asyncio.Task[None] | None = None

    async def share(self, put: Callable[[Record], None]) -> None:
        """Let `put` write, and return when that is on disk; what others write meanwhile goes along.

        Waiting for the disk costs milliseconds each time, and must not hold up other devices.
        """
        rows = _Rows()
        put(Record(rows))
        loop = asyncio.get_running_loop()
        kept: asyncio.Future[None] = loop.create_future()
        self._waiting.append((rows, kept))
        if self._flushing is None:
            self._flushing = loop.create_task(self._flush())
        await kept

    async def _flush(self) -> None:
        while self._waiting:
            now, self._waiting = self._waiting, []
            try:
                together = [row for rows, _ in now for row in rows]
                await asyncio.to_thread(self._ledger.append, *together)
            except LedgerFault as fault:
                for _, kept in now:
                    if not kept.done():
                        kept.set_exception(fault)
            else:
                for _, kept in now:
                    if not kept.done():
                        kept.set_result(None)
            finally:
                for _, kept in now:
                    kept.cancel()  # without effect where it is known what became of it
        self._flushing = None

    def begin(self, run: str, plan: Plan, undoes: str = "") -> None:
        """Record what is about to be done, before the first byte."""
        self._ledger.append({"what": "run", "id": run, "undoes": undoes, "plan": plan_table(plan)})

    def intent(self, address: str, before: Settings, wanted: Settings) -> None:
        """Record values that are about to be written."""
        values = {key: [before[key], value] for key, value in wanted.items()}
        self._ledger.append({"what": "intent", "device": address, "values": values})

    def written(self, address: str, keys: tuple[str, ...]) -> None:
        """Record that values were written and read back."""
        self._ledger.append({"what": "written", "device": address, "keys": list(keys)})

    def restored(self, address: str, keys: tuple[str, ...]) -> None:
        """Record that values were put back and read back."""
        self._ledger.append({"what": "restored", "device": address, "keys": list(keys)})

    def undoing(self, address: str, why: str, doubted: Iterable[str] = ()) -> None:
        """Record that the device is about to be put back: a run that goes on does that too.

        `doubted` are the keys of which the device's own word counts for nothing.
        """
        row = {"what": "undoing", "device": address, "why": why, "doubted": sorted(doubted)}
        self._ledger.append(row)

    def restart(self, address: str) -> None:
        """Record that the device is about to be restarted."""
        self._ledger.append({"what": "restart", "device": address})

    def result(self, result: Result) -> None:
        """Record how a device's part ended."""
        self._ledger.append(
            {
                "what": "outcome",
                "device": result.address,
                "outcome": result.outcome.value,
                "why": result.why,
                "changed": list(result.changed),
                "left": list(result.left),
            }
        )


def run_name(now: datetime, random: int) -> str:
    """Return a name for a run that sorts by time."""
    return f"{now:%Y%m%d-%H%M%S}-{random & 0xFFFFFF:06x}"


def run_path(folder: Path, name: str) -> Path:
    """Return a run's file. Raises `UsageError` for what is no name of a run."""
    if not _RUN.fullmatch(name):
        raise UsageError(f"{name[:60]!r} is no run", hint=f"runs are kept in {folder}")
    return folder / f"{name}.run"


def new_record(folder: Path, name: str) -> Record:
    """Return the record of a new run. Raises `LedgerFault` where its folder cannot be made."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = run_path(folder, name)
        path.touch(mode=0o600, exist_ok=False)
    except OSError as fault:
        raise LedgerFault(f"cannot keep a record in {folder}: {fault.strerror}") from fault
    return Record(Ledger(path))


def read_run(folder: Path, name: str, catalog: Catalog) -> tuple[Run, Record]:
    """Read a run back, with the record to go on writing. Raises `UsageError`."""
    path = run_path(folder, name)
    if not path.exists():
        raise UsageError(f"there is no run {name}", hint=f"runs are kept in {folder}")
    ledger = Ledger(path)
    rows = list(ledger.read())
    if not rows or rows[0].get("what") != "run":
        raise UsageError(f"the record of run {name} holds no plan: nothing was written by it")
    plan = plan_of(rows[0]["plan"], name, catalog)
    devices = {device.address: Progress() for device in plan.devices}
    for row in rows[1:]:
        _take(devices[row["device"]], row)
    return Run(name, plan, str(rows[0].get("undoes", "")), devices), Record(ledger)


@contextmanager
def alone(folder: Path, name: str) -> Iterator[None]:
    """Hold a run for this process. Raises `UsageError` where another one carries it out.

    Two that went on with one run would each find a value not written yet, and write it both.
    """
    path = run_path(folder, name)
    if not path.exists():
        raise UsageError(f"there is no run {name}", hint=f"runs are kept in {folder}")
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as fault:
            why = f"run {name} is being carried out by another process"
            raise UsageError(why, hint="wait until it has ended") from fault
        yield


def taken_back(folder: Path, name: str, catalog: Catalog) -> dict[str, str]:
    """Return the devices that a run no longer stands on: by address, the run that took it back.

    A taking back that was itself taken back does not count.
    """
    found: dict[str, str] = {}
    for path in sorted(folder.glob("*.run")):
        first = next(iter(Ledger(path).read()), {})
        if first.get("undoes") != name:
            continue
        run, _ = read_run(folder, path.stem, catalog)
        again = taken_back(folder, run.id, catalog)
        for address, progress in run.devices.items():
            if progress.result is not None and progress.result.outcome in _PUT_BACK:
                found[address] = run.id
            if address in again:
                found.pop(address, None)
    return found


def progress_of(rows: Iterable[Mapping[str, Any]]) -> Progress:
    """Return what the rows of one device say of it."""
    device = Progress()
    for row in rows:
        _take(device, row)
    return device


def _take(device: Progress, row: Mapping[str, Any]) -> None:
    match row["what"]:
        case "intent":
            device.meant += [key for key in row["values"] if key not in device.meant]
        case "written":
            device.written += [key for key in row["keys"] if key not in device.written]
        case "restored":
            gone = set(row["keys"])
            device.written = [key for key in device.written if key not in gone]
            device.meant = [key for key in device.meant if key not in gone]
        case "undoing":
            device.undoing = row["why"] or "a surprise"
            device.doubted = tuple(row["doubted"])
        case "outcome":
            if row["outcome"] in {Outcome.UNDONE, Outcome.BUSY}:
                device.undoing = ""
            device.result = Result(
                row["device"],
                Outcome(row["outcome"]),
                row["why"],
                tuple(row["changed"]),
                tuple(row["left"]),
            )
        case _:
            pass
