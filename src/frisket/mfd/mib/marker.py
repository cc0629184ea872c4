"""Printer-MIB (RFC 3805): the marker, its supplies and colorants, and the media path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from frisket.mfd.mib.condition import is_waste, supply_level
from frisket.mfd.mib.model import Model
from frisket.mfd.mib.printer import DEVICE, MICROMETERS, READY, entry
from frisket.mfd.mib.tree import Read, Row, View, number, table, text
from frisket.proto.snmp.wire import Counter32, Value

# prtMarkerSuppliesTypeTC
_KINDS: Final = {
    "toner": 3,
    "wastetoner": 4,
    "ink": 5,
    "opc": 9,
    "developer": 10,
    "fuser": 15,
    "transferunit": 20,
    "tonercartridge": 21,
    "staples": 32,
}
_LASER: Final = number(4)
_IMPRESSIONS: Final = number(7)
_PERCENT: Final = number(19)
_RESOLUTION: Final = number(1200)  # dots in 10,000 units: tenThousandthsOfInches
_MARGIN: Final = number(4200)


def _total(view: View) -> Value:
    return Counter32(view.device.counters.values[101] & 0xFFFF_FFFF)


def _since_start(view: View) -> Value:
    return Counter32((view.device.counters.values[101] - view.memory.pages) & 0xFFFF_FFFF)


def _marker(model: Model) -> Iterator[Row]:
    yield from table(
        entry(10, 2),
        {
            (DEVICE, 1): {
                2: _LASER,
                3: _IMPRESSIONS,
                4: _total,
                5: _since_start,
                6: number(4 if model.color else 1),
                7: number(0),
                8: number(3),
                9: _RESOLUTION,
                10: _RESOLUTION,
                11: _MARGIN,
                12: _MARGIN,
                13: _MARGIN,
                14: _MARGIN,
                15: READY,
            }
        },
    )


def _colors(model: Model) -> list[str]:
    return list(dict.fromkeys(supply.color for supply in model.supplies if supply.color))


def _level(index: int) -> Read:
    return lambda view: number(supply_level(view.device, index))


def _supplies(model: Model) -> Iterator[Row]:
    colors = _colors(model)
    for index, supply in enumerate(model.supplies):
        waste = is_waste(supply.kind)
        yield from table(
            entry(11),
            {
                (DEVICE, index + 1): {
                    2: number(1),
                    3: number(colors.index(supply.color) + 1 if supply.color else 0),
                    4: number(4 if waste else 3),
                    5: number(_KINDS.get(supply.kind.lower(), 1)),
                    6: text(supply.name),
                    7: _PERCENT,
                    8: number(supply.capacity),
                    9: _level(index),
                }
            },
        )
    process = number(3)
    yield from table(
        entry(12),
        {
            (DEVICE, n): {2: number(1), 3: process, 4: text(color), 5: number(256)}
            for n, color in enumerate(colors, 1)
        },
    )


def _paths(model: Model) -> Iterator[Row]:
    long_edge_duplex, simplex, sheets_per_hour = 3, 5, number(8)
    for index, (kind, name) in enumerate(((simplex, "1-Sided"), (long_edge_duplex, "2-Sided")), 1):
        yield from table(
            entry(13, 4),
            {
                (DEVICE, index): {
                    2: sheets_per_hour,
                    3: MICROMETERS,
                    4: number(model.pages_per_minute * 60),
                    5: number(457_200),
                    6: number(320_000),
                    7: number(148_000),
                    8: number(98_400),
                    9: number(kind),
                    10: text(name),
                    11: READY,
                }
            },
        )


def rows(model: Model) -> Iterator[Row]:
    """Yield the marker, supplies, colorant and media path groups."""
    yield from _marker(model)
    yield from _supplies(model)
    yield from _paths(model)
