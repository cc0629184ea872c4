"""Every attempt to reach the outside leaves its line in the audit log, with NG and the reason."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from frisket.errors import FrisketError
from frisket.mfd.auditlog import LogKind
from frisket.mfd.device import Device


class OutsideFault(FrisketError):
    """The server, or one of the device's settings, did not allow it."""


@dataclass(slots=True)
class Note:
    """What the log says of an attempt; it may be extended while the attempt goes on."""

    detail: str


@contextmanager
def attempt(
    device: Device, kind: LogKind, actor: str, operation: str, detail: str
) -> Iterator[Note]:
    """Log what is done in the block: OK at its end; NG, with the reason, where it fails or stops.

    The journal is told of failures too: <Save Audit Log> may be off.
    """
    note = Note(detail)
    try:
        yield note
    except asyncio.CancelledError:
        device.log.add(kind, actor, operation, f"stopped; {note.detail}", ok=False)
        raise
    except FrisketError as fault:
        # The reason comes first: the log cuts long details.
        device.log.add(kind, actor, operation, f"{fault}; {note.detail}", ok=False)
        device.journal.add("outside_failures", f"{operation}: {fault}")
        raise
    device.log.add(kind, actor, operation, note.detail)
