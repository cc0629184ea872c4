"""Which ways to manage a device, and which ways to print on it, a set of settings leaves. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_network

from frisket.catalog.load import Catalog
from frisket.drivers.base import Driver, Settings, Way
from frisket.model.reading import Value

PRINT_PATH = "print-path"


@dataclass(frozen=True, slots=True)
class Standing:
    """What is open: all ways, those that manage from afar, and print paths (by label)."""

    ways: tuple[str, ...]
    managing: tuple[str, ...]
    print_paths: tuple[str, ...]


NOTHING = Standing((), (), ())


def holds(table: Settings, settings: Settings) -> bool:
    """Say whether every key of `table` is known to have its value."""
    return all(key in settings and settings[key] == value for key, value in table.items())


def is_open(way: Way, settings: Settings) -> bool:
    """Say whether a way is open; one whose settings are not known is not counted on."""
    return (
        holds(way.when, settings)
        and not any(holds(table, settings) for table in way.unless)
        and lets_in(way, settings)
    )


def seen_from(driver: Driver, source: str) -> Driver:
    """Return the driver with its ways as somebody at the address `source` meets them."""
    if driver.filter is None:
        return driver
    ways = tuple(replace(way, filter=driver.filter, source=source) for way in driver.ways)
    return replace(driver, ways=ways)


def covers(exception: str, address: str) -> bool:
    """Say whether an entry of an address filter (address, network, first-last) names an address."""
    try:
        first, dash, last = (part.strip() for part in exception.partition("-"))
        if dash:
            return ip_address(first) <= ip_address(address) <= ip_address(last)  # type: ignore[operator]
        return ip_address(address) in ip_network(first, strict=False)
    except (ValueError, TypeError):
        return False


def lets_in(way: Way, settings: Settings) -> bool:
    """Say whether the device's address filter lets us in; unknown settings let nobody down."""
    table = way.filter
    if table is None or settings.get(table.enabled) is not True:
        return True
    listed = settings.get(table.exceptions, ())
    ours = isinstance(listed, tuple) and any(covers(entry, way.source) for entry in listed)
    return ours if settings.get(table.policy) == table.rejects else not ours


def standing(ways: Iterable[Way], settings: Settings, catalog: Catalog) -> Standing:
    """Return what is open under `settings`."""
    found = [way for way in ways if is_open(way, settings)]
    paths = (s.label for s in catalog if s.role == PRINT_PATH and settings.get(s.key) is True)
    return Standing(
        tuple(way.name for way in found),
        tuple(way.name for way in found if way.manages),
        tuple(paths),
    )


def opens(way: Way, before: Settings, key: str, value: Value) -> bool:
    """Say whether giving `key` this value meets a demand of the way that was not met."""
    if key in way.when:
        return way.when[key] == value != before.get(key)
    if way.filter is not None and key in way.filter.keys:
        return not lets_in(way, before)
    return any(
        key in table and holds(table, before) and table[key] != value for table in way.unless
    )


def closes(way: Way, after: Settings, key: str) -> bool:
    """Say whether the value of `key` in `after` is a reason why the way is not open then."""
    if key in way.when:
        return after.get(key) != way.when[key]
    if way.filter is not None and key in way.filter.keys:
        return not lets_in(way, after)
    return any(key in table and holds(table, after) for table in way.unless)


def encrypts(way: Way) -> bool:
    """Say whether a way is open only while its TLS is on."""
    return any(key.endswith(".tls.enabled") and value is True for key, value in way.when.items())
