"""The billing statement of one device and month: what its counters say, and what they do not. Pure.

Pages count in the month in which they were first read, so that nothing is counted twice or lost
between months. Breaks and silences are named; nothing is ever estimated.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from frisket.errors import FrisketError
from frisket.telemetry.meters import (
    Mark,
    Meaning,
    Month,
    Reading,
    Silence,
    Step,
    after,
    begin_of,
    by_meaning,
    in_order,
    is_meter,
    month_of,
    silences,
    steps,
)

LONGEST: Final = timedelta(hours=36)  # between two readings before it is named
_PREFIX: Final = b"frisket billing statement 1\n"
VERSION: Final = 1


class NotSigned(FrisketError):
    """The statement is not signed by this key, or was changed."""


@dataclass(frozen=True, slots=True)
class Device:
    """Whose statement it is."""

    serial: str
    model: str = ""
    name: str = ""
    site: str = ""


@dataclass(frozen=True, slots=True)
class About:
    """What a counter is called, and Canon's number for it (None where it has none)."""

    label: str
    number: int | None = None
    unit: str = "impressions"


@dataclass(frozen=True, slots=True)
class Break:
    """Where a counter did not simply rise. `uncounted` pages may be owed besides."""

    at: str
    mark: str
    before: int
    after: int
    pages: int
    uncounted: int


@dataclass(frozen=True, slots=True)
class Line:
    """One counter's month. `pages` may differ from closing less opening by its breaks alone."""

    counter: str
    label: str
    number: int | None
    meaning: str
    unit: str
    opening: int
    closing: int
    pages: int
    opened: str
    closed: str
    breaks: tuple[Break, ...] = ()


@dataclass(frozen=True, slots=True)
class Statement:
    """A month of one device. `complete` where nothing is broken, silent or missing.

    Times are ISO 8601 in UTC. `notes` say in words what keeps it from being complete.
    """

    version: int
    device: Device
    month: str
    zone: str
    made: str
    readings: int
    complete: bool
    lines: tuple[Line, ...]
    silences: tuple[tuple[str, str, str], ...]
    notes: tuple[str, ...]


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _break(step: Step) -> Break:
    assert step.mark is not None
    mark = step.mark.value
    return Break(_iso(step.until), mark, step.before, step.after, step.pages, step.uncounted)


@dataclass(frozen=True, slots=True)
class _Bounds:
    """The month as moments; `end` is where it was cut off, `over` where it ends."""

    begin: datetime
    end: datetime
    over: datetime


def statement(
    device: Device,
    month: Month,
    readings: Iterable[Reading],
    made: datetime,
    *,
    about: Mapping[str, About] | None = None,
    gaps: Iterable[Silence] = (),
    zone: tzinfo = UTC,
    longest: timedelta = LONGEST,
) -> Statement:
    """Return a month's statement from all the readings there are, those before it too.

    `gaps` are times when nobody looked, with their reasons; a silence within one takes its reason.
    A month that is not over at `made` (UTC) ends there.
    """
    over = begin_of(after(month), zone)
    bounds = _Bounds(begin_of(month, zone), min(over, made), over)
    ordered = [r for r in in_order(readings) if r.at < over and r.at <= made]
    mine = [r for r in ordered if month_of(r.at, zone) == month]
    lines = _lines(ordered, bounds, about or {})
    quiet = _quiet(ordered, bounds, list(gaps), longest)
    notes = list(_notes(ordered, mine, lines, bounds, longest))
    return Statement(
        version=VERSION,
        device=device,
        month=f"{month[0]:04}-{month[1]:02}",
        zone=str(zone),
        made=_iso(made),
        readings=len(mine),
        complete=not notes and not quiet and all(not line.breaks for line in lines) and bool(lines),
        lines=lines,
        silences=tuple((_iso(s.began), _iso(s.ended), s.why) for s in quiet),
        notes=tuple(notes),
    )


def _lines(
    ordered: Sequence[Reading], bounds: _Bounds, about: Mapping[str, About]
) -> tuple[Line, ...]:
    """Return a line for each counter that was read at all until the month's end."""
    accepted: dict[str, list[tuple[datetime, int]]] = {}
    found = steps(ordered)
    left_out = {(s.counter, s.until) for s in found if s.mark is Mark.LEFT_OUT}
    mine: dict[str, list[Step]] = {}
    for step in found:
        if step.until >= bounds.begin:
            mine.setdefault(step.counter, []).append(step)
    for reading in ordered:
        for name, value in reading.counters.items():
            if is_meter(name) and (name, reading.at) not in left_out:
                accepted.setdefault(name, []).append((reading.at, value))
    meanings = {name: meaning for meaning, name in by_meaning(accepted).items()}
    lines = [
        _line(
            name,
            accepted[name],
            mine.get(name, []),
            bounds,
            (about.get(name, About(name)), meanings.get(name)),
        )
        for name in accepted
    ]
    return tuple(sorted(lines, key=lambda line: (line.number is None, line.number, line.counter)))


def _line(
    name: str,
    values: Sequence[tuple[datetime, int]],
    mine: Sequence[Step],
    bounds: _Bounds,
    called: tuple[About, Meaning | None],
) -> Line:
    before = [each for each in values if each[0] < bounds.begin]
    opened, opening = before[-1] if before else values[0]
    closed, closing = values[-1]
    info, meaning = called
    return Line(
        counter=name,
        label=info.label,
        number=info.number,
        meaning=meaning.value if meaning else "",
        unit=info.unit,
        opening=opening,
        closing=closing,
        pages=sum(step.pages for step in mine),
        opened=_iso(opened),
        closed=_iso(closed),
        breaks=tuple(_break(step) for step in mine if step.mark is not None),
    )


def _quiet(
    ordered: Sequence[Reading], bounds: _Bounds, gaps: Sequence[Silence], longest: timedelta
) -> list[Silence]:
    """Return the silences that touch the month, each with its reason where one is known."""
    times = [reading.at for reading in ordered]
    earlier = [at for at in times if at < bounds.begin]
    begin = earlier[-1] if earlier else bounds.begin
    found = silences(times, begin, bounds.end, longest)
    return [Silence(s.began, s.ended, _reason(s, gaps)) for s in found if s.ended > bounds.begin]


def _reason(silence: Silence, gaps: Sequence[Silence]) -> str:
    reasons = [g.why for g in gaps if g.began < silence.ended and g.ended > silence.began]
    return "; ".join(dict.fromkeys(reasons)) or silence.why


def _notes(
    ordered: Sequence[Reading],
    mine: Sequence[Reading],
    lines: Sequence[Line],
    bounds: _Bounds,
    longest: timedelta,
) -> Iterable[str]:
    if not ordered:
        yield "There is no reading: nothing can be said of this month."
        return
    if not mine:
        yield "There is no reading in this month: what was printed in it counts when it is read."
    elif ordered[0].at >= bounds.begin:
        yield f"The first reading is of {_iso(ordered[0].at)}: what was printed before is unknown."
    elif ordered[-len(mine) - 1].at < bounds.begin - longest:
        since = _iso(ordered[-len(mine) - 1].at)
        yield f"The opening meters are of {since}: pages of the month before may be among these."
    if bounds.end < bounds.over:
        yield "The month is not over."
    if any(not reading.sure for reading in mine):
        yield "The device's clock was wrong: some times are those of arrival."
    serials = dict.fromkeys(reading.serial for reading in mine if reading.serial)
    if len(serials) > 1:
        yield f"The device gave {len(serials)} serial numbers: {', '.join(serials)}."
    missing = [line.counter for line in lines if mine and line.counter not in mine[-1].counters]
    if missing:
        yield f"The last reading lacks {', '.join(missing[:8])}."


# -- signing


def canonical(stated: Statement) -> bytes:
    """Return the octets that are signed: JSON in ASCII, keys sorted, no spaces."""
    return json.dumps(asdict(stated), sort_keys=True, separators=(",", ":")).encode("ascii")


@dataclass(frozen=True, slots=True)
class Signed:
    """A statement's octets, and the signature over them (Ed25519, RFC 8032)."""

    octets: bytes
    signature: bytes


def sign(stated: Statement, key: Ed25519PrivateKey) -> Signed:
    """Sign a statement with the provider's key."""
    octets = canonical(stated)
    return Signed(octets, key.sign(_PREFIX + octets))


def verify(signed: Signed, key: Ed25519PublicKey) -> Mapping[str, Any]:
    """Return what a statement says, once it is seen to be as it was signed.

    Raises `NotSigned`.
    """
    try:
        key.verify(signed.signature, _PREFIX + signed.octets)
        stated: Mapping[str, Any] = json.loads(signed.octets)
    except (InvalidSignature, ValueError) as fault:
        raise NotSigned from fault
    return stated


# -- rendering


def as_json(stated: Statement, signed: Signed | None = None) -> str:
    """Return a statement as JSON for people's programs; with its signature where it has one."""
    body: dict[str, Any] = asdict(stated)
    if signed is not None:
        body["signature"] = {"algorithm": "Ed25519", "value": signed.signature.hex()}
    return json.dumps(body, indent=2, ensure_ascii=False) + "\n"


def _cell(value: object) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


_COLUMNS: Final = ("serial", "month", "counter", "number", "meaning", "label", "unit", "opened")
_MORE: Final = ("opening", "closed", "closing", "pages", "breaks")


def as_csv(stated: Statement) -> str:
    """Return a statement's lines as CSV (RFC 4180)."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*_COLUMNS, *_MORE, "complete"])
    for line in stated.lines:
        breaks = "; ".join(f"{b.mark} {b.at} ({b.before} to {b.after})" for b in line.breaks)
        row = [stated.device.serial, stated.month, line.counter, line.number, line.meaning]
        row += [line.label, line.unit, line.opened, line.opening, line.closed, line.closing]
        row += [line.pages, breaks, "yes" if stated.complete else "no"]
        writer.writerow([_cell(value) for value in row])
    return out.getvalue()


def as_text(stated: Statement) -> str:
    """Return a statement as plain text."""
    device = stated.device
    who = "  ".join(filter(None, (device.model, device.serial, device.name, device.site)))
    lines = [f"Statement {stated.month}  {who}", f"Made {stated.made}; {stated.readings} readings"]
    lines.append("Complete." if stated.complete else "NOT COMPLETE:")
    lines += [f"  {note}" for note in stated.notes]
    lines += [f"  No reading from {a} to {b}: {why}" for a, b, why in stated.silences]
    lines.append("")
    lines.append(f"{'No.':>5}  {'Counter':40} {'Opening':>13} {'Closing':>13} {'Pages':>11}")
    for line in stated.lines:
        number = "" if line.number is None else str(line.number)
        lines.append(
            f"{number:>5}  {line.label[:40]:40} {line.opening:>13} {line.closing:>13}"
            f" {line.pages:>11}"
        )
        for each in line.breaks:
            hidden = f"; {each.uncounted} not counted" if each.uncounted else ""
            what = f"{each.mark} {each.at}: {each.before} to {each.after}"
            lines.append(f"       {what}; {each.pages} counted{hidden}")
    return "\n".join(lines) + "\n"
