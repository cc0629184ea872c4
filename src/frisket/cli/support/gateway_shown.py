"""What a gateway knows, as rows for a table, JSON or CSV; every text is made safe first."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

from frisket.cli.support.samples import level_words
from frisket.cli.support.shown import print_json, print_table
from frisket.errors import UsageError
from frisket.report.escape import guarded, visible
from frisket.store.reported import Who
from frisket.telemetry.board import Board
from frisket.telemetry.gateway.service import Gateway
from frisket.telemetry.gateway.view import Remaining
from frisket.telemetry.history import Happening
from frisket.telemetry.meters import Month
from frisket.telemetry.words import CODES

Rows = Sequence[Mapping[str, Any]]


def month_of_word(word: str) -> Month:
    """Return year and month of `2026-11`. Raises `UsageError`."""
    try:
        found = datetime.strptime(word, "%Y-%m").replace(tzinfo=UTC)
    except ValueError:
        raise UsageError(f"{word[:40]!r} is no month", hint="such as 2026-11") from None
    return found.year, found.month


def quiet_hours(word: str) -> list[str]:
    """Return begin and end of `19:00-07:00`. Raises `UsageError`."""
    try:
        begin, end = (time.fromisoformat(part) for part in word.split("-"))
    except ValueError:
        raise UsageError(f"{word[:40]!r} names no hours", hint="such as 19:00-07:00") from None
    return [begin.isoformat("minutes"), end.isoformat("minutes")]


def minute_of_day(word: str) -> int:
    """Return the minute of the day of `02:30`. Raises `UsageError`."""
    try:
        found = datetime.strptime(word, "%H:%M").replace(tzinfo=UTC)
    except ValueError:
        raise UsageError(f"{word[:40]!r} is no time of day", hint="such as 02:30") from None
    return found.hour * 60 + found.minute


def file_name(who: Who) -> str:
    """Return what a device's file is called: by its serial number, where that is sound and known.

    The number behind it keeps two devices apart that say the same of themselves.
    """
    said = re.sub(r"[^A-Za-z0-9-]+", "-", who.serial).strip("-")[:40]
    return f"{said}-{who.id}" if said else str(who.id)


def print_rows(form: str, rows: Rows) -> None:
    """Print rows as a table, JSON or CSV."""
    if form == "json":
        print_json([{name: _plain(cell) for name, cell in row.items()} for row in rows])
    elif form == "csv":
        out = io.StringIO(newline="")
        writer = csv.writer(out)
        if rows:
            writer.writerow(rows[0])
        for row in rows:
            writer.writerow([guarded(visible(_word(cell))) for cell in row.values()])
        sys.stdout.write(out.getvalue())
    elif rows:
        names = [name.replace("_", " ").capitalize() for name in rows[0]]
        print_table(names, [[_word(cell) for cell in row.values()] for row in rows])


def supply_rows(remaining: Iterable[Remaining]) -> Rows:
    """Return a row for each supply: what is left, and from when to when it may be empty."""
    rows = []
    for each in remaining:
        said = each.forecast
        rows.append(
            {
                "site": each.who.site,
                "device": each.who.serial or each.who.key,
                "model": each.who.model,
                "supply": each.supply.name,
                "color": each.supply.color,
                "level": level_words(each.supply.level),
                "empty": _day(said.until(said.days)),
                "earliest": _day(said.until(said.low)),
                "latest": _day(said.until(said.high)),
                "forecast": said.why or said.outcome.value,
            }
        )
    return rows


def alert_rows(happened: Iterable[Happening]) -> Rows:
    """Return a row for each thing that was wrong."""
    return [
        {
            "device": each.device,
            "severity": each.severity,
            "what": each.text or _meaning(each.code),
            "where": each.place,
            "began": each.began,
            "ended": each.ended,
            "code": each.code,
        }
        for each in happened
    ]


def status_document(gateway: Gateway, board: Board, now: datetime) -> dict[str, Any]:
    """Return a gateway's status: collectors, spools, what was refused, and the devices' board."""
    collectors = [
        {
            "collector": one.name,
            "site": one.site,
            "state": one.state if one.certified_until > now else f"{one.state}, expired",
            "heard": one.seen,
            "certified_until": one.certified_until,
            "clock": f"{one.skew:+} s" if one.skew else "right",
        }
        for one in gateway.collectors.all()
    ]
    spools = [
        {
            "collector": one.collector,
            "spool": one.name,
            "kept_to": one.acknowledged,
            "waiting": one.held,
            "heard": one.seen,
        }
        for one in gateway.collectors.spools()
    ]
    refused = [
        {"collector": name, "day": _date(day), "device": key, "why": why}
        for name, day, key, why in gateway.collectors.refused(20)
    ]
    worst = [
        {
            "site": one.site,
            "device": one.device,
            "supply": one.supply,
            "percent": one.percent,
            "days": None if one.days is None else round(one.days),
        }
        for one in board.worst
    ]
    silent = [{"site": o.site, "device": o.device, "since": o.since} for o in board.silent]
    found = {
        "gateway": gateway.authority.identifier,
        "collectors": collectors,
        "spools": spools,
        "refused": refused,
        "worst": worst,
        "silent": silent,
        "devices": {light.value: count for light, count in board.counts.items()},
    }
    return {
        name: [{k: _plain(v) for k, v in row.items()} for row in value]
        if isinstance(value, list)
        else value
        for name, value in found.items()
    }


def _plain(cell: Any) -> Any:
    if isinstance(cell, datetime):
        return cell.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return visible(cell) if isinstance(cell, str) else cell


def _word(cell: Any) -> str:
    plain = _plain(cell)
    return "" if plain is None else str(plain)


def _day(at: datetime | None) -> str | None:
    return None if at is None else at.date().isoformat()


def _date(day: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)).date().isoformat()


def _meaning(code: str) -> str:
    """Return what an alert's number means (RFC 3805, prtAlertCode), or the code itself."""
    number = code.rpartition(".")[2]
    return CODES.get(int(number), code) if number.isdecimal() and len(number) < 9 else code
