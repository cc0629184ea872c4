"""Host Resources (RFC 2790): storage, devices, and the printer's status bits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from frisket.mfd.mib.condition import (
    COVER_OPEN,
    JAM,
    PAPER_EMPTY,
    PAPER_LOW,
    TONER_EMPTY,
    TONER_LOW,
    conditions,
    tray_level,
)
from frisket.mfd.mib.model import Model
from frisket.mfd.mib.tree import Cell, Row, View, gauge, identifier, number, scalars, table, text
from frisket.proto.ipp.names import PrinterState
from frisket.proto.snmp.wire import (
    Counter32,
    ObjectIdentifier,
    OctetString,
    TimeTicks,
    Value,
    parse_oid,
)

HOST: Final = (1, 3, 6, 1, 2, 1, 25)
PRINTER, NETWORK, DISK, PROCESSOR = 1, 2, 3, 4  # their hrDeviceIndex

# hrPrinterDetectedErrorState: bit 0 is the top bit of the first octet.
_LOW_PAPER, _NO_PAPER, _LOW_TONER, _NO_TONER, _SERVICE, _TRAY_EMPTY = 0, 1, 2, 3, 7, 13
_DOOR_OPEN, _JAMMED = 4, 5

_BITS: Final = {
    PAPER_LOW: _LOW_PAPER,
    PAPER_EMPTY: _TRAY_EMPTY,
    TONER_LOW: _LOW_TONER,
    TONER_EMPTY: _NO_TONER,
    COVER_OPEN: _DOOR_OPEN,
    JAM: _JAMMED,
}

_RUNNING, _WARNING, _DOWN = 2, 3, 5  # hrDeviceStatus
_WARMUP: Final = 5  # hrPrinterStatus: other 1, idle 3, printing 4, warmup 5
_STATES: Final = {PrinterState.IDLE: 3, PrinterState.PROCESSING: 4, PrinterState.STOPPED: 1}


def error_bits(view: View) -> bytes:
    """Return hrPrinterDetectedErrorState: one octet, or two if one of the later bits is set."""
    bits = 0
    device = view.device
    all_empty = not any(tray_level(device, n) for n in range(len(device.personality.trays)))
    for condition in conditions(device):
        bit = _BITS.get(condition.code, _SERVICE)
        if condition.code == PAPER_EMPTY and all_empty:
            bit = _NO_PAPER
        bits |= 1 << (15 - bit)
    octets = bits.to_bytes(2, "big")
    return octets if octets[1] else octets[:1]


def date_and_time(at: datetime) -> bytes:
    """Return DateAndTime (RFC 2579) in Coordinated Universal Time."""
    at = at.astimezone(UTC)
    clock = bytes((at.month, at.day, at.hour, at.minute, at.second, at.microsecond // 100_000))
    return at.year.to_bytes(2, "big") + clock + b"+\x00\x00"


def _status(view: View) -> Value:
    found = list(conditions(view.device))
    if any(condition.critical for condition in found):
        return number(_DOWN)
    return number(_WARNING if found else _RUNNING)


def _busy(view: View) -> Value:
    device = view.device
    if device.power.busy:
        return number(_WARMUP)
    return number(_STATES[device.jobs.state])


def _identity(view: View) -> Value:
    return text(f"{view.device.personality.vendor} {_product(view)} {view.device.firmware}")


def _product(view: View) -> str:
    return view.device.personality.model.removesuffix(" (virtual)")


def _storage(index: int, kind: int, name: str, *, unit: int, size: int, used: int) -> Iterator[Row]:
    yield from table(
        (*HOST, 2, 3, 1),
        {
            (index,): {
                1: number(index),
                2: identifier(*HOST, 2, 1, kind),
                3: text(name),
                4: number(unit),
                5: number(size),
                6: number(used),
                7: Counter32(0),
            }
        },
    )


def _devices(model: Model) -> Iterator[Row]:
    nothing = identifier(0, 0)
    network = text(f"{model.vendor} network interface")
    kinds: dict[int, tuple[int, Cell, ObjectIdentifier]] = {
        PRINTER: (5, _identity, ObjectIdentifier(parse_oid(model.object_id))),
        NETWORK: (4, network, nothing),
        DISK: (6, text("Storage"), nothing),
        PROCESSOR: (3, text("Main controller"), nothing),
    }
    for index, (kind, description, product) in kinds.items():
        yield from table(
            (*HOST, 3, 2, 1),
            {
                (index,): {
                    1: number(index),
                    2: identifier(*HOST, 3, 1, kind),
                    3: description,
                    4: product,
                    5: _status if index == PRINTER else number(_RUNNING),
                    6: Counter32(0),
                }
            },
        )


def rows(model: Model) -> Iterator[Row]:
    """Yield the groups of one model."""
    yield from scalars(
        (*HOST, 1),
        {
            1: lambda view: TimeTicks(view.uptime),
            2: lambda view: OctetString(date_and_time(view.device.now())),
            3: number(DISK),
            4: text(""),
            5: gauge(0),
            6: gauge(1),
            7: number(0),
        },
    )
    yield from scalars((*HOST, 2), {2: number(3 * 1024 * 1024)})
    yield from _storage(1, 2, "RAM", unit=1024, size=3 * 1024 * 1024, used=1024 * 1024)
    yield from _storage(2, 4, "Storage", unit=4096, size=61_035_156, used=2_441_406)
    yield from _devices(model)
    yield from table((*HOST, 3, 3, 1), {(PROCESSOR,): {1: identifier(0, 0), 2: number(5)}})
    yield from table((*HOST, 3, 4, 1), {(NETWORK,): {1: number(1)}})
    yield from table(
        (*HOST, 3, 5, 1),
        {(PRINTER,): {1: _busy, 2: lambda view: OctetString(error_bits(view))}},
    )
    yield from table(
        (*HOST, 3, 6, 1),
        {(DISK,): {1: number(1), 2: number(3), 3: number(2), 4: number(244_140_624)}},
    )
