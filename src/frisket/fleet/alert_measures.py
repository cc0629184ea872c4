"""What alert rules watch, measured from what is stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from frisket.fleet.alerting import Measure, Signal, Standing
from frisket.fleet.ordering import days_left
from frisket.fleet.results import unpacked
from frisket.report.escape import visible
from frisket.store.alerting import Alerting
from frisket.store.cosignatures import Cosignatures
from frisket.store.database import Database
from frisket.store.reported import Reported
from frisket.telemetry.gateway.metrics import Metrics
from frisket.telemetry.gateway.view import Remaining, Views

# How many minutes lie between two looks: what is dear to measure moves slowly.
PACE: Final[Mapping[Signal, int]] = {
    Signal.SUPPLY: 15,
    Signal.SUPPLY_DAYS: 60,
    Signal.CERTIFICATE: 60,
    Signal.COMPLIANCE: 5,
    Signal.DRIFT: 5,
}
_EXPIRES: Final = "certificate.days-left"
_LONGEST: Final = 120


def is_due(signal: Signal, minute: datetime) -> bool:
    """Say whether a signal is looked at in this minute."""
    return int(minute.timestamp() // 60) % PACE.get(signal, 1) == 0


@dataclass(frozen=True, slots=True)
class Measuring:
    """Measures signals over the whole fleet. Synchronous; raises `StoreFault`."""

    database: Database
    now: datetime

    def measures(self, signal: Signal, before: Mapping[str, Standing]) -> Iterator[Measure]:
        """Yield what is measured. Counts are told for subjects that stand, too: they may be 0."""
        match signal:
            case Signal.SUPPLY | Signal.SUPPLY_DAYS:
                yield from self._supplies(signal)
            case Signal.SILENT | Signal.COMPLIANCE:
                yield from self._devices(signal)
            case Signal.CERTIFICATE:
                yield from self._certificates()
            case Signal.DRIFT | Signal.ALARM | Signal.EVENT:
                yield from self._counted(signal, before)
            case Signal.LOG:
                yield from self._disputed(before)

    def _supplies(self, signal: Signal) -> Iterator[Measure]:
        metrics = Metrics(self.database)
        metrics.load()
        reported = Reported(self.database)
        for each in Views(reported, metrics).supplies(reported.devices(retired=False), self.now):
            percent = each.supply.level.percent
            value = percent if signal is Signal.SUPPLY else days_left(each)
            if value is not None and not each.supply.receptacle:
                yield _supply_measure(each, float(value))

    def _devices(self, signal: Signal) -> Iterator[Measure]:
        for row in Alerting(self.database).devices():
            if signal is Signal.COMPLIANCE and row.compliance is not None:
                yield _measure(row, row.compliance * 100)
            elif signal is Signal.SILENT and row.seen is not None:
                heard = datetime.fromtimestamp(row.seen, UTC)
                yield _measure(row, (self.now - heard).total_seconds() / 3600)

    def _certificates(self) -> Iterator[Measure]:
        store = Alerting(self.database)
        rows = {row.id: row for row in store.devices()}
        for device_id, at, packed in store.readings():
            days = _days_left(unpacked(packed))
            if days is not None and device_id in rows:
                passed = (self.now - at).total_seconds() / 86_400
                yield _measure(rows[device_id], days - passed)

    def _counted(self, signal: Signal, before: Mapping[str, Standing]) -> Iterator[Measure]:
        store = Alerting(self.database)
        counts = {
            Signal.DRIFT: store.drifted,
            Signal.ALARM: store.alarms,
            Signal.EVENT: store.critical,
        }[signal]()
        known = {one.device_id for one in before.values()}
        for row in store.devices():
            if row.id in counts or row.id in known:
                yield _measure(row, float(counts.get(row.id, 0)))

    def _disputed(self, before: Mapping[str, Standing]) -> Iterator[Measure]:
        """Yield how many heads of the audit log each collector disputes; 0 where none any more."""
        counts: Counter[tuple[str, int, str]] = Counter()
        for collector, site_id, site, dispute in Cosignatures(self.database).disputes():
            subject = f"collector:{collector}"
            if dispute.settled is None or subject in before:
                counts[subject, site_id, f"collector {collector}, {site}"] += (
                    dispute.settled is None
                )
        for (subject, site_id, about), count in counts.items():
            yield Measure(subject, site_id, float(count), about)


def _device_words(row: Any) -> str:
    """Return what people call a device; its own words are made visible and cut."""
    name = visible(row.name or row.model or row.address or row.key, _LONGEST)
    return f"{name} ({visible(row.serial or row.key, _LONGEST)}), {row.site}"


def _measure(row: Any, value: float) -> Measure:
    return Measure(f"device:{row.id}", row.site_id, value, _device_words(row), row.id)


def _supply_measure(each: Remaining, value: float) -> Measure:
    who = each.who
    supply = visible(each.supply.name or each.supply.index, _LONGEST)
    name = visible(who.name or who.model or who.key, _LONGEST)
    about = f"{supply} of {name} ({visible(who.serial or who.key, _LONGEST)}), {who.site}"
    subject = f"device:{who.id}:supply:{visible(each.supply.index, 60)}"
    return Measure(subject, who.site_id, value, about, who.id)


def _days_left(capture: Mapping[str, Any]) -> float | None:
    """Return what a capture says of the certificate's expiry; None where it says nothing."""
    for reading in capture.get("readings", {}).get(_EXPIRES, ()):
        value = reading.get("value") if isinstance(reading, Mapping) else None
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
    return None
