"""A batch's records laid over what is known: what changed, ended, began. Pure.

Order is the records' own; time is the gateway's: the collector's clock less how far it is off,
never after the reception, never before what the device said last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from frisket.store.samples import Event, Gap, Latest, Reading, Shown
from frisket.telemetry.batch import Kind, Record
from frisket.telemetry.gateway.metrics import (
    PAGES,
    STATUS,
    Metrics,
    Values,
    packed,
    unpacked,
)
from frisket.telemetry.words import NOTICES

MOST_EVENTS: Final = 200  # of one device and day: a device whose alerts flutter costs no more
TRUSTED: Final = 120  # seconds that a collector's clock may be off before it is corrected
_OLDEST: Final = 366 * 86_400
_INT4: Final = (1 << 31) - 1
_HOUR: Final = 3600
_MISSING: Final = object()
_Alerts = dict[tuple[str, str], tuple[str, str]]
VAGUE: Final = frozenset({0, 1, 2})  # codes that say nothing: the text must tell alerts apart
# Columns of the inventory, and how long their texts may be.
_COLUMNS: Final = {
    "address": 100,
    "identity.vendor": 100,
    "identity.model": 200,
    "identity.serial": 100,
    "identity.mac": 20,
    "identity.firmware": 200,
    "identity.name": 200,
    "identity.location": 300,
}


@dataclass(slots=True)
class Known:
    """What is known of one device while a batch is laid over it."""

    device_id: int
    number: int = 0
    seen: int = 0
    changed: int = 0
    day: int = 0
    events: int = 0
    whole: bool = False
    values: Values = field(default_factory=dict)
    shown: bool = False  # lists of devices are to show it anew
    renamed: bool = False  # it says that it is another, or elsewhere

    @classmethod
    def of(cls, device_id: int, latest: Latest | None) -> Known:
        """Return what the row says; nothing yet where there is none."""
        if latest is None:
            return cls(device_id)
        return cls(
            device_id,
            latest.number,
            latest.seen,
            latest.changed,
            latest.day,
            latest.events,
            bool(latest.whole),
            unpacked(latest.values),
        )

    def row(self, received: int) -> Latest:
        """Return the row to write."""
        return Latest(
            self.device_id,
            self.number,
            self.seen,
            self.changed,
            received,
            self.day,
            self.events,
            int(self.whole),
            packed(self.values),
        )


@dataclass(frozen=True, slots=True)
class Reception:
    """How a batch came: by whom, when by our clock, and how far ahead the collector's is.

    `day_of` gives the day (since 1970) in the site's zone.
    """

    collector_id: int
    received: int
    ahead: int
    day_of: Callable[[int], int]


@dataclass(slots=True)
class Outcome:
    """What is to be written."""

    readings: list[Reading] = field(default_factory=list)
    days: dict[tuple[int, int], tuple[int, bytes]] = field(default_factory=dict)
    began: list[Event] = field(default_factory=list)
    standing: dict[tuple[int, str, str], int] = field(default_factory=dict)  # places in `began`
    ended: list[tuple[int, str, str, int]] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)


def offset(sent: float, received: int, lateness: int) -> int:
    """Return how many seconds the collector's clock is ahead; 0 where it can be trusted.

    What was sent may be under way for `lateness` seconds: a mail for days.
    """
    ahead = round(sent) - received
    return 0 if -max(lateness, TRUSTED) <= ahead <= TRUSTED else ahead


def fold(
    records: Iterable[Record], known: Mapping[str, Known], metrics: Metrics, how: Reception
) -> Outcome:
    """Lay records, in their order, over what is known. Records of no known device are left out."""
    folding = _Folding(metrics, how, Outcome())
    for record in records:
        device = known.get(record.device)
        if record.kind is Kind.GAP:
            if device is not None or not record.device:
                folding.gap(record, device)
        elif device is not None:
            folding.lay(record, device)
    return folding.out


@dataclass(frozen=True, slots=True)
class _Folding:
    metrics: Metrics
    how: Reception
    out: Outcome

    def moment(self, told: float, last: int) -> int:
        ours = min(int(told) - self.how.ahead, self.how.received)
        return max(ours, last, self.how.received - _OLDEST)

    def lay(self, record: Record, device: Known) -> None:
        at = self.moment(record.at, device.seen)
        day = self.how.day_of(at)
        if day > device.day:
            self.close(device)
            device.day, device.events = day, 0
        if at // _HOUR != device.seen // _HOUR:
            device.shown = True
        device.seen = at
        if record.kind is Kind.EVENT:
            self.happened(record, device, at)
        elif record.kind is not Kind.SEEN:
            whole = record.kind is Kind.FULL
            diff = _difference(device.values, record.values, self.metrics, whole=whole)
            device.whole = device.whole or whole
            if diff:
                self.change(record, device, at, diff)

    def change(self, record: Record, device: Known, at: int, diff: Values) -> None:
        metrics = self.metrics
        alerts = not metrics.alerts.isdisjoint(diff)
        before = _standing(device, metrics) if alerts else {}
        if not metrics.status.isdisjoint(diff):
            device.shown = True
        if not metrics.who.isdisjoint(diff):
            device.renamed = True
        device.values.update(diff)
        if None in diff.values():
            for metric, value in diff.items():
                if value is None:
                    del device.values[metric]
        if alerts:
            self.alerts(before, device, at)
        device.number += 1
        device.changed = at
        skew = max(-_INT4, min(_INT4, int(record.at) - at))
        delay = min(_INT4, self.how.received - at)
        row = Reading(device.device_id, at, device.number, skew, delay, packed(diff))
        self.out.readings.append(row)

    def alerts(self, before: _Alerts, device: Known, at: int) -> None:
        """Note which alerts began and ended: never by their row, which devices number anew."""
        now = _standing(device, self.metrics)
        for name, code in sorted(before.keys() - now.keys()):
            place = self.out.standing.pop((device.device_id, name, code), None)
            if place is None:
                self.out.ended.append((device.device_id, name, code, at))
            else:
                self.out.began[place] = self.out.began[place]._replace(ended=at)
        for name, code in sorted(now.keys() - before.keys()):
            if device.events >= MOST_EVENTS:
                return
            device.events += 1
            self.out.standing[device.device_id, name, code] = len(self.out.began)
            severity, text = now[name, code]
            event = Event(device.device_id, name, at, None, severity, code, text)
            self.out.began.append(event)

    def happened(self, record: Record, device: Known, at: int) -> None:
        if device.events >= MOST_EVENTS:
            return
        device.events += 1
        said = record.values
        severity, code, text = (str(said.get(name) or "") for name in ("severity", "code", "text"))
        event = Event(device.device_id, "", at, at, severity[:20], code[:60], text)
        self.out.began.append(event)

    def close(self, device: Known) -> None:
        """Keep how the day ended that the device last spoke on."""
        if device.day and device.values:
            meters = self.metrics.meters
            kept = {metric: value for metric, value in device.values.items() if metric in meters}
            self.out.days[device.device_id, device.day] = (device.seen, packed(kept))

    def gap(self, record: Record, device: Known | None) -> None:
        began, ended = (
            self.moment(told if isinstance(told, int | float) else record.at, 0)
            for told in (record.values.get("from"), record.values.get("to"))
        )
        why = str(record.values.get("why") or "the collector was down")[:200]
        number = device.device_id if device else None
        gap = Gap(self.how.collector_id, number, min(began, ended), max(began, ended), why)
        self.out.gaps.append(gap)


def _standing(device: Known, metrics: Metrics) -> _Alerts:
    """Return the alerts that a device reports: place and code -> severity and text."""
    found: _Alerts = {}
    for metric in metrics.alerts & device.values.keys():
        parts = device.values[metric]
        if isinstance(parts, list) and len(parts) >= 5 and parts[3] not in NOTICES:
            severity, group, member, number, text = (str(part or "") for part in parts[:5])
            code = f"alert.{group or 'other'}.{number}"
            if parts[3] in VAGUE:
                code = f"{code}.{text}"
            found[f"{group} {member}".strip()[:120], code[:60]] = (severity[:20], text)
    return found


def _difference(old: Values, told: Mapping[str, Any], metrics: Metrics, *, whole: bool) -> Values:
    """Return what `told` says that `old` does not; None for what is gone."""
    get, ids = old.get, metrics.ids
    try:
        # One pass and no more: this is where the gateway spends its time.
        diff: Values = {
            number: value
            for name, value in told.items()
            if get(number := ids[name], _MISSING) != value
        }
    except KeyError:
        numbered = metrics.numbered(told)
        diff = {m: given for m, given in numbered.items() if get(m, _MISSING) != given}
    if whole:
        if len(told) != len(old) or not diff.keys() <= old.keys():
            diff |= dict.fromkeys(old.keys() - metrics.numbered(told).keys())
    elif None in diff.values():
        for metric in [m for m, value in diff.items() if value is None and m not in old]:
            del diff[metric]
    return diff


def columns_of(named: Mapping[str, Any]) -> dict[str, str]:
    """Return what the inventory says of a device, as far as these values tell."""
    columns = {}
    for name, most in _COLUMNS.items():
        text = named.get(name)
        if isinstance(text, str) and text:
            columns[name.removeprefix("identity.")] = text[:most]
    return columns


def who_it_is(device: Known, metrics: Metrics) -> dict[str, str]:
    """Return what a device says it is, as columns of the inventory."""
    return columns_of(
        {metrics.name(m): value for m, value in device.values.items() if m in metrics.who}
    )


def shown(device: Known, metrics: Metrics) -> Shown:
    """Return what lists of devices show of this one."""
    named = {metrics.name(m): value for m, value in device.values.items() if m in metrics.shown}
    status = next((named[name] for name in STATUS if named.get(name)), "")
    pages = (named.get(name) for name in PAGES)
    at = datetime.fromtimestamp(device.seen, UTC)
    return Shown(
        device.device_id,
        str(status)[:40],
        _lowest(named),
        next((count for count in pages if isinstance(count, int)), None),
        at,
        at,
    )


def _lowest(named: Mapping[str, Any]) -> int | None:
    """Return the lowest supply's percent; waste boxes are none."""
    found = []
    for name, about in named.items():
        # name, kind, color, receptacle, unit, capacity … (`telemetry.flat`)
        if isinstance(about, list) and len(about) == 9 and about[3] is not True:
            level, capacity = named.get(f"{name}.level"), about[5]
            if isinstance(level, int) and isinstance(capacity, int) and 0 <= level <= capacity:
                found.append((200 * level + capacity) // (2 * capacity) if capacity else 0)
    return min(found, default=None)
