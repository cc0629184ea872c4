"""Names of values as small numbers, and which of them mean something to the gateway."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from sqlalchemy import Connection

from frisket.store.database import Database
from frisket.store.samples import find_metrics, metric_ids, metric_names

Metric = int | str  # a number of the table `metric`, or the name where that table is full
Values = dict[Metric, Any]

_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(dict[int | str, Any])
# Which count a list of devices shows as pages, the first there is.
STATUS: Final = ("status.printer", "status.device")
PAGES: Final = ("counter.total-1", "counter.total", "counter.life")
_WHO: Final = ("identity.", "address")


def packed(values: Mapping[Metric, Any]) -> bytes:
    """Return values as they are stored."""
    return _ENCODER.encode(values)


def unpacked(octets: bytes) -> Values:
    """Return values as they were stored."""
    return _DECODER.decode(octets)


def is_meter(name: str) -> bool:
    """Say whether a value belongs to a day's closing meters: what is billed, what runs out."""
    if name.startswith("counter."):
        return not name.endswith(".is")
    return name.startswith("supply.") and name.endswith(".level")


@dataclass(slots=True)
class Metrics:
    """The numbers known to this process. Several threads may use it: numbers never change."""

    database: Database
    ids: dict[str, int] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    alerts: set[Metric] = field(default_factory=set)
    meters: set[Metric] = field(default_factory=set)
    who: set[Metric] = field(default_factory=set)  # who a device says it is
    status: set[Metric] = field(default_factory=set)  # shown in lists at once
    shown: set[Metric] = field(default_factory=set)  # … and within the hour
    full: bool = False

    def load(self) -> None:
        """Read the numbers that are there. Raises `StoreFault`."""
        for number, name in metric_names(self.database).items():
            self._add(name, number)

    def learn(self, names: Iterable[str]) -> None:
        """Give numbers to names that have none yet, in a transaction of its own."""
        if self.full:
            return
        strange = [name for name in names if name not in self.ids]
        if strange:
            found = metric_ids(self.database, strange)
            self.full = len(found) < len(strange)
            for name, number in found.items():
                self._add(name, number)

    def look_up(self, connection: Connection, names: Iterable[str]) -> None:
        """Read the numbers of names that `learn` has given before, perhaps in another process."""
        strange = [name for name in names if name not in self.ids]
        if strange:
            for name, number in find_metrics(connection, strange).items():
                self._add(name, number)

    def _add(self, name: str, number: int) -> None:
        self.names[number] = name
        self._sort(name, number)
        self.ids[name] = number

    def _sort(self, name: str, metric: Metric) -> None:
        if name.startswith("alert."):
            self.alerts.add(metric)
        if is_meter(name):
            self.meters.add(metric)
        if name.startswith(_WHO):
            self.who.add(metric)
        elif name in STATUS:
            self.status.add(metric)
        if name.startswith("supply.") or name in PAGES or name in STATUS:
            self.shown.add(metric)

    def numbered(self, values: Mapping[str, Any]) -> Values:
        """Return the values by their numbers."""
        ids = self.ids
        try:
            return {ids[name]: value for name, value in values.items()}
        except KeyError:
            return {ids.get(name, name): value for name, value in values.items()}

    def named(self, values: Mapping[Metric, Any]) -> dict[str, Any]:
        """Return the values by their names; learns what another process has named since."""
        if any(isinstance(metric, int) and metric not in self.names for metric in values):
            self.load()
        return {
            metric if isinstance(metric, str) else self.names.get(metric, str(metric)): value
            for metric, value in values.items()
        }

    def name(self, metric: Metric) -> str:
        """Return one metric's name."""
        return metric if isinstance(metric, str) else self.names.get(metric, str(metric))
