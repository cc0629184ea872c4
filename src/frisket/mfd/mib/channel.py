"""Printer-MIB (RFC 3805): channels that take print data, languages, the panel and alerts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from frisket.mfd.device import Device
from frisket.mfd.mib.condition import (
    TROUBLES,
    Condition,
    conditions,
    is_printing,
    ready_text,
    supply_condition,
    tray_condition,
    trouble_condition,
)
from frisket.mfd.mib.model import Model
from frisket.mfd.mib.printer import DEVICE, READY, UNKNOWN, entry
from frisket.mfd.mib.tree import Cell, Read, Row, View, number, table, text
from frisket.mfd.troubles import TroubleKind
from frisket.proto.snmp.wire import TimeTicks, Value

# PrtInterpreterLangFamilyTC
_FAMILIES: Final = {
    "PCL": 3,
    "PJL": 5,
    "PS": 6,
    "LIPS": 39,
    "PDF": 54,
    "PWGRaster": 84,
    "URF": 85,
}
_ACCEPTS: Final = number(3)


@dataclass(frozen=True, slots=True)
class Channel:
    """A way in for print data. `kind`: PrtChannelTypeTC; `about` gives prtChannelInformation."""

    kind: int
    key: str
    version: str
    about: Callable[[Device], str]


# RAW is chPortTCP: RFC 3805 deprecates chPort9100. LPD's and FTP's port is our addition: a manager
# that must not print learns from it which ports those are.
CHANNELS: Final = (
    Channel(8, "lpd.enabled", "1.0", lambda device: f"Queue=lp\nPort={device.port(515)}\n"),
    Channel(37, "raw.enabled", "", lambda device: f"Port={device.port(9100)}\n"),
    Channel(44, "ipp.enabled", "2.0", lambda device: f"URI={_ipp_uri(device)}\n"),
    Channel(13, "ftp.print.enabled", "", lambda device: f"Port={device.port(21)}\n"),
)


def _ipp_uri(device: Device) -> str:
    port = device.port(631)
    where = device.address if port == 631 else f"{device.address}:{port}"
    return f"ipp://{where}/ipp/print"


def _where_on(channel: Channel, cell: Cell) -> Read:
    """Return the cell where the channel's setting is on; nothing elsewhere."""

    def read(view: View) -> Value | None:
        if not view.device.store.on(channel.key):
            return None
        return cell(view) if callable(cell) else cell

    return read


def _information(channel: Channel) -> Read:
    return lambda view: text(channel.about(view.device))


def _channels(model: Model) -> Iterator[Row]:
    control = model.languages.index("PJL") + 1 if "PJL" in model.languages else 0
    for index, channel in enumerate(CHANNELS, 1):
        cells: dict[int, Cell] = {
            2: number(channel.kind),
            3: text(channel.version),
            4: number(control),
            5: number(1 if model.languages else 0),
            6: _ACCEPTS,
            7: number(1),
            8: READY,
            9: _information(channel),
        }
        shown = {column: _where_on(channel, cell) for column, cell in cells.items()}
        yield from table(entry(14), {(DEVICE, index): shown})


def _languages(model: Model) -> Iterator[Row]:
    for index, language in enumerate(model.languages, 1):
        two_way = number(3 if language in {"PJL", "PS"} else 4)
        yield from table(
            entry(15),
            {
                (DEVICE, index): {
                    2: number(_FAMILIES.get(language, 1)),
                    3: text("3" if language == "PS" else ""),
                    4: text(""),
                    5: text(language),
                    6: lambda view: text(view.device.firmware),
                    7: number(3),  # portrait
                    8: number(1200),
                    9: number(1200),
                    10: number(106),
                    11: number(106),
                    12: two_way,
                }
            },
        )


def _lights() -> Iterator[Row]:
    """Yield the two lights of the panel: lit for as long as `on`, then dark for `off` (ms)."""

    def processing(view: View) -> Value:
        return number(1000 if is_printing(view.device) else 0)

    def trouble(view: View) -> Value:
        return number(1000 if any(conditions(view.device)) else 0)

    green, red, zero = number(5), number(4), number(0)
    yield from table(
        entry(17, 6),
        {
            (DEVICE, 1): {2: processing, 3: zero, 4: green, 5: text("Processing/Data")},
            (DEVICE, 2): {2: trouble, 3: zero, 4: red, 5: text("Error")},
        },
    )


def _console() -> Iterator[Row]:
    yield from table(
        entry(16, 5), {(DEVICE, 1): {2: lambda view: text(ready_text(view.device)[:60])}}
    )
    yield from _lights()


Find = Callable[[Device], Condition | None]


def _tray(number_: int) -> Find:
    return lambda device: tray_condition(device, number_)


def _supply(number_: int) -> Find:
    return lambda device: supply_condition(device, number_)


def _trouble(kind: TroubleKind) -> Find:
    return lambda device: trouble_condition(device, kind)


def _alert_cell(find: Find, shown: Callable[[Condition], Value]) -> Read:
    def read(view: View) -> Value | None:
        condition = find(view.device)
        return None if condition is None else shown(condition)

    return read


_UNTRAINED: Final = number(3)
_ALERT: Final[dict[int, Callable[[Condition], Value]]] = {
    1: lambda condition: number(condition.number),
    2: lambda condition: number(3 if condition.critical else 4),
    3: lambda _: _UNTRAINED,
    4: lambda condition: number(condition.group),
    5: lambda condition: number(condition.member),
    6: lambda _: UNKNOWN,
    7: lambda condition: number(condition.code),
    8: lambda condition: text(condition.what),
    9: lambda _: TimeTicks(0),  # there since the device was switched on
}


def _alerts(model: Model) -> Iterator[Row]:
    """Yield a row for each thing that can be wrong; it is there while it is wrong.

    An alert keeps the index of its tray or supply, so that a manager knows it again.
    """
    finds = [_tray(n) for n in range(len(model.trays))]
    finds += [_supply(n) for n in range(len(model.supplies))]
    finds += [_trouble(kind) for kind in TROUBLES]
    for index, find in enumerate(finds, 1):
        cells = {column: _alert_cell(find, shown) for column, shown in _ALERT.items()}
        yield from table(entry(18), {(DEVICE, index): cells})


def rows(model: Model) -> Iterator[Row]:
    """Yield the channel, interpreter, console, light and alert groups."""
    yield from _channels(model)
    yield from _languages(model)
    yield from _console()
    yield from _alerts(model)
