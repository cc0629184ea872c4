"""What `frisket collect` says of itself, and how it is told to stop."""

from __future__ import annotations

import asyncio
import json
import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from frisket.errors import UsageError, WireError
from frisket.proto.tlog.wire import read_checkpoint, read_note
from frisket.telemetry.collector.identity import is_enrolled, read_identity
from frisket.telemetry.collector.status import standing
from frisket.telemetry.collector.witness import Kept, kept_witness, statement


async def stopped_by_signals(*numbers: signal.Signals) -> None:
    """Return once the process is told to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in numbers:
        loop.add_signal_handler(number, stop.set)
    await stop.wait()


def status_rows(folder: Path) -> dict[str, Any]:
    """Return what to show of a collector's folder. Raises `UsageError` where there is none."""
    if not is_enrolled(folder) and not (folder / "spool.state").exists():
        raise UsageError(f"{folder} is no collector's folder", hint="name it with --data")
    rows: dict[str, Any] = {}
    if is_enrolled(folder):
        papers = read_identity(folder).papers
        rows |= {"collector": papers.collector, "site": papers.site, "gateway": papers.url}
    found = standing(folder)
    return rows | {
        "records waiting": found.depth,
        "megabytes": round(found.octets / (1 << 20), 2),
        "oldest": _moment(found.oldest),
        "last acknowledgement": _moment(found.heard),
        "last sign of life": _moment(found.alive),
        "records lost for want of room": found.lost,
        "damaged parts put aside": found.quarantined,
        "trouble": found.trouble,
        "refused devices": dict(found.refused),
        "audit log of the console": _witnessed(folder),
    }


def _kept(folder: Path) -> Kept | None:
    try:
        return kept_witness(folder)
    except (WireError, OSError) as fault:
        raise UsageError(f"what was witnessed cannot be read: {fault}") from fault


def _witnessed(folder: Path) -> str:
    """Return up to where the console's audit log was witnessed, and what is held against it."""
    kept = _kept(folder)
    if kept is None:
        return "not witnessed"
    size = read_checkpoint(read_note(kept.note).text).size
    refused = f"; ALARM: a later head is refused: {kept.refused.why}" if kept.refused else ""
    return f"witnessed up to entry {size}{refused}"


def witness_line(folder: Path) -> str:
    """Return the head that this collector signed last, as a line of the log's export.

    Raises `UsageError`.
    """
    kept = _kept(folder)
    if kept is None or not is_enrolled(folder):
        raise UsageError("this collector has witnessed nothing yet")
    return f"{json.dumps(statement(kept, read_identity(folder)))}\n"


def _moment(milliseconds: int) -> str:
    if not milliseconds:
        return ""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="seconds")
