"""Putting one job on paper: media, sheets, counters, toner."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from frisket.mfd.auditlog import AuditLog
from frisket.mfd.counters import Counters, Impression, counts_of
from frisket.mfd.document.model import Document, is_large
from frisket.mfd.job import Job, runs
from frisket.mfd.journal import Journal
from frisket.mfd.levels import Levels
from frisket.mfd.personality import Personality
from frisket.mfd.power import Power
from frisket.mfd.store import Store
from frisket.mfd.troubles import TroubleKind, Troubles
from frisket.proto.ipp.names import JobState

_NO_MEDIA = "resources-are-not-ready"
# Of printer-state-reasons (RFC 8011 section 5.4.12)
_STOPPED = {TroubleKind.JAM: "media-jam", TroubleKind.DOOR: "cover-open"}


@dataclass(frozen=True, slots=True)
class Machine:
    """The parts of a device that jobs need. `lasting` says whether the spool survives a restart.

    `spool()` gives the device's folder, making it; `is_known(user)` asks for a registered user.
    """

    store: Store
    journal: Journal
    counters: Counters
    log: AuditLog
    power: Power
    levels: Levels
    troubles: Troubles
    personality: Personality
    is_known: Callable[[str], bool]
    now: Callable[[], datetime]
    spool: Callable[[], Path]
    lasting: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """How printing ended: a state, its IPP keyword, and words for people."""

    state: JobState
    reason: str
    message: str = ""


DONE = Outcome(JobState.COMPLETED, "job-completed-successfully")


def _no_paper(machine: Machine, media: str) -> Outcome:
    """Say why the job waits: the paper is in no tray, or its trays are empty (IR-ADV C5250)."""
    if machine.levels.trays_with(media):
        return Outcome(JobState.PROCESSING_STOPPED, _NO_MEDIA, f"media-empty: {media}")
    return Outcome(JobState.PROCESSING_STOPPED, _NO_MEDIA, f"media-needed: {media}")


def halted(machine: Machine) -> Outcome | None:
    """Say what keeps the machine from printing: a jam, an open door, a service call."""
    trouble = machine.troubles.stopping
    if trouble is None:
        return None
    word = _STOPPED.get(trouble.kind, "other")
    return Outcome(JobState.PROCESSING_STOPPED, "printer-stopped", f"{word}: {trouble.code}")


def _tray(machine: Machine, media: str) -> int | None:
    fit = [n for n in machine.levels.trays_with(media) if machine.levels.tray(n) != 0]
    return fit[0] if fit else None


async def put_on_paper(
    machine: Machine,
    job: Job,
    document: Document,
    pace: float,
    advance: Callable[[int, int], bool],
) -> Outcome | None:
    """Print what is left of a job, `pace` seconds a sheet; None where it was cancelled meanwhile.

    `advance(sheets, sides)` is told of each run and says whether to go on.
    """
    ticket, levels = job.ticket, machine.levels
    media = ticket.media or document.media
    two_sided = ticket.two_sided or document.two_sided
    color = machine.personality.color and document.color and ticket.color != "monochrome"
    copies = max(ticket.copies, document.copies)
    pages = ticket.pages_of(document.pages)
    for sheets, sides in runs(pages, copies, two_sided=two_sided, done=job.sheets):
        left, at = sheets, sides
        while left:
            if stop := halted(machine):
                return stop
            number = _tray(machine, media)
            if number is None:
                return _no_paper(machine, media)
            if pace:
                await asyncio.sleep(pace * left)
            taken = levels.take(number, left)
            share = at if taken == left else min(at, taken * (2 if two_sided else 1))
            left, at = left - taken, at - share
            machine.journal.add("sheets", f"job {job.id}: {ticket.name} via {ticket.via}", taken)
            large = is_large(media or machine.personality.trays[number].media)
            printed = Impression(share, taken, color=color, large=large, two_sided=two_sided)
            machine.counters.add(counts_of(printed))
            levels.use(share, color=color)
            if not advance(taken, share):
                return None
    return DONE
