"""What of a poll is news: changes are kept, not polls. Pure but for what it remembers.

The difference is taken against what the spool has of a device, so that a record that could not be
kept is made up for by the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from frisket.telemetry.batch import Kind, Value
from frisket.telemetry.flat import flatten
from frisket.telemetry.sample import Sample

FULL: Final = 24 * 3600.0  # seconds after which all is told again, whatever has changed
SEEN: Final = 15 * 60.0  # seconds after which it is told that a device answers
MOST_DEVICES: Final = 20_000
MOST_OCTETS: Final = 64 << 10  # of one device's values; a real one has a tenth of that

Leaving = Callable[[Mapping[str, Value]], dict[str, Value]]


@dataclass(frozen=True, slots=True)
class News:
    """One record to be: what of the device is new. `urgent` where somebody should know at once."""

    device: str
    kind: Kind
    values: dict[str, Value]
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class _Told:
    sample: Sample
    address: str
    full: float
    told: float


class Changes:
    """What has been told of each device. `leaving` keeps back what may not leave the site."""

    def __init__(self, leaving: Leaving) -> None:
        self._leaving = leaving
        self._told: dict[str, _Told] = {}

    def news(self, device: str, address: str, sample: Sample, now: float) -> News | None:
        """Return what is new of a device at `now` (running seconds); None where nothing is.

        The first record of a device is full, and one a day.
        """
        told = self._told.get(device)
        if told is None or now - told.full >= FULL:
            values = self._values(sample, address)
            return News(device, Kind.FULL, values, _alerts(values) and told is None)
        if sample is not told.sample or address != told.address:
            values = changed(self._values(told.sample, told.address), self._values(sample, address))
            if values:
                return News(device, Kind.CHANGE, values, _alerts(values))
        if now - told.told >= SEEN:
            return News(device, Kind.SEEN, {})
        return None

    def kept(self, news: News, address: str, sample: Sample, now: float) -> None:
        """Remember what was told, once it is in the spool."""
        before = self._told.get(news.device)
        full = now if news.kind is Kind.FULL or before is None else before.full
        if before is None and len(self._told) >= MOST_DEVICES:
            del self._told[next(iter(self._told))]
        self._told[news.device] = _Told(sample, address, full, now)

    def forget(self, devices: Iterable[str]) -> None:
        """Tell all of these devices anew: the gateway knows too little of them."""
        for device in devices:
            self._told.pop(device, None)

    def forget_all(self) -> None:
        """Tell all anew: what was told may be lost."""
        self._told.clear()

    def _values(self, sample: Sample, address: str) -> dict[str, Value]:
        return fitting(self._leaving({"address": address, **flatten(sample)}))


def fitting(values: dict[str, Value], most: int = MOST_OCTETS) -> dict[str, Value]:
    """Return the values, as many as fit into a record: counters come first, a flood is cut off."""
    if len(msgspec.msgpack.encode(values)) <= most:
        return values
    kept: dict[str, Value] = {}
    for name, value in values.items():
        most -= len(name) + len(msgspec.msgpack.encode(value)) + 3
        if most < 0:
            break
        kept[name] = value
    return kept


def changed(before: Mapping[str, Value], after: Mapping[str, Value]) -> dict[str, Value]:
    """Return what differs: new and other values, and nothing for names that are gone."""
    missing = object()
    news: dict[str, Value] = {
        name: value for name, value in after.items() if before.get(name, missing) != value
    }
    news.update((name, None) for name in before if name not in after)
    return news


def _alerts(values: Mapping[str, Value]) -> bool:
    """Say whether an alert came or went."""
    return any(name.startswith("alert.") for name in values)
