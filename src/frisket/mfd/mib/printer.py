"""Printer-MIB (RFC 3805): the printer as a whole, its trays and its output bin."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from frisket.mfd.mib.condition import conditions, tray_level
from frisket.mfd.mib.model import Model
from frisket.mfd.mib.tree import Read, Row, View, number, table, text
from frisket.mfd.personality import Tray
from frisket.proto.snmp.wire import Counter32, Value

PRINTER_MIB: Final = (1, 3, 6, 1, 2, 1, 43)
DEVICE: Final = 1  # the printer's hrDeviceIndex, first in every index

UNKNOWN: Final = number(-2)
MICROMETERS: Final = number(4)
SHEETS: Final = number(8)
OFF: Final = number(4)
READY: Final = number(0)  # PrtSubUnitStatusTC: available and idle, no alert
_EMPTY_STATUS: Final = number(8)  # available, with a non-critical alert
_LOCALIZATION: Final = number(1)
_UTF8: Final = number(106)

_SIZE: Final = re.compile(r"_([0-9.]+)x([0-9.]+)(mm|in)$")


def entry(group: int, sub: int = 1) -> tuple[int, ...]:
    """Return the entry of the `sub`th table of a group."""
    return (*PRINTER_MIB, group, sub, 1)


def dimensions(media: str) -> tuple[int, int]:
    """Return width and height in micrometres of a self-describing media name (PWG 5101.1)."""
    found = _SIZE.search(media)
    if found is None:
        return -2, -2
    unit = 25_400 if found[3] == "in" else 1000
    return round(float(found[1]) * unit), round(float(found[2]) * unit)


def _printer_name(view: View) -> Value:
    return text(str(view.device.reported("device.name")) or view.device.name)


def _changes(view: View) -> Value:
    return Counter32(view.device.journal.counts["writes"] & 0xFFFF_FFFF)


def _alerts(*, critical: bool) -> Read:
    def read(view: View) -> Value:
        found = [c for c in conditions(view.device) if c.critical or not critical]
        return Counter32(len(found))

    return read


def _general() -> Iterator[Row]:
    yield from table(
        entry(5),
        {
            (DEVICE,): {
                1: _changes,
                2: _LOCALIZATION,
                3: number(3),  # not resetting
                4: text(""),
                5: text(""),
                6: number(1),
                7: number(1),
                8: number(1),
                9: number(1),
                10: _LOCALIZATION,
                11: number(1),
                12: number(60),
                13: number(3),  # the panel is enabled
                14: OFF,
                15: OFF,
                16: _printer_name,
                17: lambda view: text(view.device.plan.serial),
                18: _alerts(critical=True),
                19: _alerts(critical=False),
            }
        },
    )
    closed = number(4)
    yield from table(
        entry(6),
        {
            (DEVICE, 1): {2: text("Front cover"), 3: closed},
            (DEVICE, 2): {2: text("Feeder cover"), 3: closed},
        },
    )
    yield from table(entry(7), {(DEVICE, 1): {2: text("en"), 3: text("US"), 4: _UTF8}})


def _references() -> Iterator[Row]:
    """Yield which storage and which devices belong to the printer, by their host indexes."""
    yield from table(entry(5, 2), {(1, 1): {2: number(DEVICE)}, (2, 1): {2: number(DEVICE)}})
    yield from table(entry(5, 3), {(DEVICE, n): {2: number(n + 1)} for n in (1, 2, 3)})


def _level(index: int) -> Read:
    return lambda view: number(tray_level(view.device, index))


def _status(index: int) -> Read:
    return lambda view: READY if tray_level(view.device, index) else _EMPTY_STATUS


def _trays(trays: tuple[Tray, ...], vendor: str) -> Iterator[Row]:
    for index, tray in enumerate(trays):
        width, height = dimensions(tray.media)
        manual = tray.name.startswith("Multi-Purpose")
        yield from table(
            entry(8, 2),
            {
                (DEVICE, index + 1): {
                    2: number(5 if manual else 3),
                    3: MICROMETERS,
                    4: number(height),
                    5: number(width),
                    6: number(height),
                    7: number(width),
                    8: SHEETS,
                    9: number(tray.capacity),
                    10: _level(index),
                    11: _status(index),
                    12: text(tray.media),
                    13: text(tray.name),
                    14: text(vendor),
                    15: text(""),
                    16: text(""),
                    17: text(""),
                    18: text(tray.name),
                    19: OFF,
                    20: number(80),
                    21: text("stationery"),
                    22: text("white"),
                    23: number(1),
                    24: UNKNOWN,
                    25: UNKNOWN,
                }
            },
        )


def _output(vendor: str) -> Iterator[Row]:
    yield from table(
        entry(9, 2),
        {
            (DEVICE, 1): {
                2: number(4),  # a bin that stays
                3: SHEETS,
                4: number(250),
                5: UNKNOWN,
                6: READY,
                7: text("Tray A"),
                8: text(vendor),
                9: text(""),
                10: text(""),
                11: text(""),
                12: text("Tray A"),
                13: OFF,
                14: MICROMETERS,
                15: number(457_200),
                16: number(320_000),
                17: number(148_000),
                18: number(98_400),
                19: number(3),  # first to last
                20: number(4),  # face down
                21: OFF,
                22: OFF,
                23: OFF,
                24: OFF,
            }
        },
    )


def rows(model: Model) -> Iterator[Row]:
    """Yield the general, cover, localization, reference, input and output groups."""
    yield from _general()
    yield from _references()
    yield from _trays(model.trays, model.vendor)
    yield from _output(model.vendor)
