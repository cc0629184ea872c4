"""A job's attributes (RFC 8011 5.3)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from frisket.mfd.device import Device
from frisket.mfd.ipp.build import (
    enum,
    keyword,
    mime,
    moment,
    named,
    nothing,
    number,
    text,
    uri,
)
from frisket.mfd.ipp.printer import printer_uris, up_time
from frisket.mfd.job import Job
from frisket.proto.ipp.names import JobState
from frisket.proto.ipp.values import Attribute, DateTime

_SHORT = frozenset({"job-uri", "job-id"})
_TEMPLATE = frozenset({"copies", "job-hold-until", "media", "print-color-mode", "sides"})


def _times(device: Device, name: str, stamp: str) -> Iterator[Attribute]:
    if not stamp:
        yield nothing(f"time-at-{name}")
        yield nothing(f"date-time-at-{name}")
        return
    at = datetime.fromisoformat(stamp)
    yield number(f"time-at-{name}", up_time(device, at))
    yield moment(f"date-time-at-{name}", DateTime.of(at))


def _every(device: Device, job: Job) -> Iterator[Attribute]:
    ticket = job.ticket
    here = printer_uris(device)[0][0]
    yield uri("job-uri", f"{here}/{job.id}")
    yield number("job-id", job.id)
    yield uri("job-printer-uri", here)
    yield uri("job-uuid", f"urn:uuid:{device.plan.uuid[:-8]}{job.id:08x}")
    yield named("job-name", ticket.name or "Untitled")
    yield named("job-originating-user-name", ticket.user or "anonymous")
    yield enum("job-state", job.state)
    yield keyword("job-state-reasons", job.reason)
    yield text("job-state-message", job.message[:127])
    yield number("number-of-documents", 1 if job.octets else 0)
    yield number("number-of-intervening-jobs", _before(device, job))
    yield number("job-printer-up-time", up_time(device))
    yield from _times(device, "creation", job.created)
    yield from _times(device, "processing", job.started)
    yield from _times(device, "completed", job.ended)
    yield number("job-k-octets", (job.octets + 1023) // 1024)
    yield number("job-impressions", ticket.pages_of(job.pages) * ticket.copies)
    yield number("job-impressions-completed", job.sides)
    yield number("job-media-sheets-completed", job.sheets)
    if ticket.format or job.format:
        yield mime("document-format-supplied", ticket.format or job.format)
    yield number("copies", ticket.copies)
    held = ticket.hold and not job.is_ended
    yield keyword("job-hold-until", "indefinite" if held else "no-hold")
    if ticket.media:
        yield keyword("media", ticket.media)
    yield keyword("print-color-mode", ticket.color)
    yield keyword("sides", "two-sided-long-edge" if ticket.two_sided else "one-sided")


def _before(device: Device, job: Job) -> int:
    if job.state is not JobState.PENDING:
        return 0
    return sum(1 for other in device.jobs.active() if other.id < job.id)


def job_attributes(
    device: Device, job: Job, wanted: frozenset[str] = frozenset()
) -> tuple[Attribute, ...]:
    """Return the attributes that a request asks for by names or groups; nothing asked: two."""
    names = wanted or _SHORT
    found = []
    for each in _every(device, job):
        group = "job-template" if each.name in _TEMPLATE else "job-description"
        if "all" in names or group in names or each.name in names:
            found.append(each)
    return tuple(found)


CREATED = frozenset(
    {"job-id", "job-uri", "job-state", "job-state-reasons", "job-state-message", "job-uuid"}
)
