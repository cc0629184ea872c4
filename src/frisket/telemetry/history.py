"""Alerts and jams over time, put so that people see what matters. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final

FLUTTER: Final = timedelta(minutes=10)
_PER_PAGES: Final = 10_000
_FEWEST_PAGES: Final = 2_000
# prtAlertCode 8 (RFC 3805), a problem of hrPrinterDetectedErrorState, an alert of eRDS.
_JAM: Final = re.compile(r"(alert\.[^.]*\.8|8|jam|jammed|problem\.jammed)(\.|\Z)")


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that was wrong at a device; `ended` is None while it lasts (times in UTC)."""

    device: str
    code: str
    began: datetime
    ended: datetime | None = None
    severity: str = ""
    text: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class Spell:
    """One or more happenings of the same kind that follow each other closely."""

    first: Happening
    times: int
    began: datetime
    ended: datetime | None

    def lasted(self, now: datetime) -> timedelta:
        """Return how long it lasted, or has lasted so far."""
        return max(timedelta(0), (self.ended or now) - self.began)


def is_jam(code: str) -> bool:
    """Say whether a happening is a jam, whichever way it was heard of."""
    return _JAM.match(code) is not None


def spells(happenings: Iterable[Happening], flutter: timedelta = FLUTTER) -> list[Spell]:
    """Return spells, the newest first: what ended less than `flutter` before goes on."""
    open_now: dict[tuple[str, str, str], Spell] = {}
    done: list[Spell] = []
    for each in sorted(happenings, key=lambda h: h.began):
        key = (each.device, each.code, each.place)
        before = open_now.get(key)
        if before is not None and (before.ended is None or each.began - before.ended <= flutter):
            ended = None if before.ended is None or each.ended is None else each.ended
            if ended is not None and before.ended is not None:
                ended = max(ended, before.ended)
            open_now[key] = replace(before, times=before.times + 1, ended=ended)
            continue
        if before is not None:
            done.append(before)
        open_now[key] = Spell(each, 1, each.began, each.ended)
    return sorted([*done, *open_now.values()], key=lambda s: s.began, reverse=True)


def by_day(happenings: Iterable[Happening], zone: tzinfo = UTC) -> dict[date, Counter[str]]:
    """Return how many began on each day of a site, by severity."""
    days: dict[date, Counter[str]] = {}
    for each in happenings:
        day = each.began.astimezone(zone).date()
        days.setdefault(day, Counter())[each.severity or "other"] += 1
    return dict(sorted(days.items()))


@dataclass(frozen=True, slots=True)
class Jams:
    """A device's jams in a time. `rate` is per 10,000 pages; None where too little was printed."""

    device: str
    count: int
    pages: int | None
    rate: float | None
    places: tuple[tuple[str, int], ...] = ()
    last: datetime | None = None


def jams(
    happenings: Iterable[Happening], pages: Mapping[str, int], flutter: timedelta = FLUTTER
) -> list[Jams]:
    """Return each device's jams, the worst rate first; `pages` printed in the same time.

    A jam that two ways tell of, or that comes back while it is cleared, is one.
    """
    found: dict[str, list[Happening]] = {}
    for each in happenings:
        if is_jam(each.code):
            found.setdefault(each.device, []).append(replace(each, code="jam"))
    rows = [_jams(device, mine, pages.get(device), flutter) for device, mine in found.items()]
    return sorted(rows, key=lambda j: (-(j.rate or 0.0), -j.count, j.device))


def _jams(device: str, mine: list[Happening], pages: int | None, flutter: timedelta) -> Jams:
    whole = spells((replace(each, place="") for each in mine), flutter)
    places = Counter(each.place for each in mine if each.place)
    enough = pages is not None and pages >= _FEWEST_PAGES
    rate = round(len(whole) * _PER_PAGES / pages, 2) if enough and pages else None
    return Jams(device, len(whole), pages, rate, tuple(places.most_common(5)), whole[0].began)
