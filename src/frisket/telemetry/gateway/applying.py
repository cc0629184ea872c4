"""Records of one site into the database: its devices are found or met, then all is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Final

from sqlalchemy import Connection

from frisket.store.collectors import Collector
from frisket.store.inventory import candidates, put_device, raise_alarm
from frisket.store.samples import (
    add_events,
    add_gaps,
    add_readings,
    change_devices,
    close_days,
    elsewhere,
    end_events,
    known_devices,
    latest_rows,
    name_device,
    new_since,
    put_latest,
    refuse,
    refused_on,
    show_devices,
)
from frisket.telemetry.batch import Kind, Record
from frisket.telemetry.gateway.fold import (
    Known,
    Outcome,
    Reception,
    columns_of,
    fold,
    shown,
    who_it_is,
)
from frisket.telemetry.gateway.metrics import Metrics

OUTSIDE: Final = "its address is outside the site's networks"
TOO_MANY: Final = "too many new devices today"
CHANGING: Final = "too many new devices at its address today"
_MOST_REFUSED: Final = 1000
_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class Limits:
    """What one site may do. `per_address` new devices a day: a device that changes its serial.

    Batches wait `patience` seconds for one before them.
    """

    new_a_day: int = 5000
    per_address: int = 3
    patience: int = 72 * 3600


class Applying:
    """Applies records within one transaction. `partly`: devices that a full record is wanted of."""

    def __init__(
        self, connection: Connection, collector: Collector, metrics: Metrics, limits: Limits
    ) -> None:
        self.partly: dict[str, None] = {}
        self.refused: dict[str, str] = {}
        self._connection = connection
        self._collector = collector
        self._metrics = metrics
        self._limits = limits

    def apply(self, records: Sequence[Record], how: Reception) -> None:
        """Lay records over what is known and write all of it. Raises `StoreFault`."""
        inside = [record for record in records if self._inside(record)]
        keys = {record.device for record in inside if record.device}
        found = known_devices(self._connection, self._collector.site_id, keys)
        devices = self._known(set(found.values()))
        known = {key: devices[one] for key, one in found.items()}
        if len(known) < len(keys):
            self._meet([record for record in inside if record.device not in known], known, how)
        out = fold(inside, known, self._metrics, how)
        self._write(out, {device.device_id: device for device in known.values()}, how)
        self.partly |= dict.fromkeys(key for key, device in known.items() if not device.whole)
        if self.refused:
            day = how.received // _DAY
            mine = self._collector.id
            refuse(self._connection, mine, day, self.refused, _MOST_REFUSED)

    def _inside(self, record: Record) -> bool:
        """Say whether a record is of a device within the site's networks, as far as it tells."""
        scope = self._collector.scope
        address = record.values.get("address")
        if not scope or address is None or _within(str(address), scope):
            return True
        self.refused[record.device] = OUTSIDE
        return False

    def _known(self, ids: set[int]) -> dict[int, Known]:
        latest = latest_rows(self._connection, ids)
        return {one: Known.of(one, latest.get(one)) for one in ids}

    def _meet(self, records: Iterable[Record], known: dict[str, Known], how: Reception) -> None:
        """Find the devices behind keys that were never reported, or make them."""
        now = datetime.fromtimestamp(how.received, UTC)
        today = how.received // _DAY
        midnight = datetime.fromtimestamp(today * _DAY, UTC)
        site = self._collector.site_id
        again = refused_on(self._connection, self._collector.id, today)
        fresh = Counter(new_since(self._connection, site, midnight))
        by_id = {device.device_id: device for device in known.values()}
        for record in records:
            key = record.device
            if not key or key in known:
                continue
            why = self.refused.get(key) or again.get(key)
            # A full record tells where a device is now; what follows it does not.
            if why and not (why == OUTSIDE and record.kind is Kind.FULL):
                self.refused[key] = why
                continue
            told = columns_of(record.values)
            device_id = self._match(key, told)
            if device_id is None:
                why = self._too_many(told, fresh)
                if why:
                    self.refused[key] = why
                    continue
                fresh[told.get("address", "")] += 1
            made = {"site_id": site, "key": key, **told} if device_id is None else told
            one = put_device(self._connection, device_id, made, now)
            if device_id is None:
                self._warn(one, told.get("serial", ""), now)
            name_device(self._connection, site, key, one)
            if one not in by_id:
                by_id |= self._known({one})
            known[key] = by_id[one]

    def _match(self, key: str, told: Mapping[str, str]) -> int | None:
        """Return the site's device with this key, serial number or hardware address."""
        marks = {name: told.get(name, "") for name in ("serial", "mac")}
        rows = candidates(self._connection, self._collector.site_id, marks, key)
        for column, value in (("key", key), *marks.items()):
            fit = [row for row in rows if value and getattr(row, column) == value]
            if len(fit) == 1:
                return int(fit[0].id)
        return None

    def _too_many(self, told: Mapping[str, str], fresh: Mapping[str, int]) -> str:
        if sum(fresh.values()) >= self._limits.new_a_day:
            return TOO_MANY
        address = told.get("address", "")
        if address and fresh.get(address, 0) >= self._limits.per_address:
            return CHANGING
        return ""

    def _warn(self, device_id: int, serial: str, now: datetime) -> None:
        site = elsewhere(self._connection, serial, self._collector.site_id) if serial else ""
        if site:
            text = f"serial number {serial} is reported from {site} as well"
            raise_alarm(self._connection, device_id, "the same serial number twice", text, now)

    def _write(self, out: Outcome, devices: Mapping[int, Known], how: Reception) -> None:
        connection = self._connection
        add_readings(connection, out.readings)
        rows = sorted(device.row(how.received) for device in devices.values())
        put_latest(connection, rows)
        close_days(connection, [(*place, *kept) for place, kept in sorted(out.days.items())])
        end_events(connection, out.ended)
        add_events(connection, out.began)
        add_gaps(connection, out.gaps)
        metrics, all_of_them = self._metrics, sorted(devices.items())
        show_devices(connection, [shown(one, metrics) for _, one in all_of_them if one.shown])
        renamed = {number: who_it_is(one, metrics) for number, one in all_of_them if one.renamed}
        change_devices(connection, renamed)


@lru_cache(maxsize=65_536)
def _within(address: str, scope: tuple[str, ...]) -> bool:
    try:
        here = ip_address(address)
        return any(here in ip_network(network, strict=False) for network in scope)
    except ValueError:
        return False
