"""The branch of Canon, enterprise 1602, as far as public tools read it (facts, section 3.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from frisket.mfd.counters import NAMES
from frisket.mfd.mib.model import Model
from frisket.mfd.mib.tree import Read, Row, View, Write, number, scalars, table, text
from frisket.proto.snmp.wire import Counter32, ErrorStatus, Integer, OctetString, Oid, Value

CANON: Final = (1, 3, 6, 1, 4, 1, 1602, 1)
COUNTERS: Final = (*CANON, 11)
WAKE: Final = (*CANON, 5, 1, 1, 2, 1, 0)

# Of the eight that a panel shows; the shops that poll read 112, 113, 122 and 123 here.
SHOWN: Final = (101, 112, 113, 122, 123, 201, 301, 501)


def _serial(view: View) -> Value:
    return text(view.device.plan.serial)


def _count(code: int) -> Read:
    return lambda view: Counter32(view.device.counters.values[code] & 0xFFFF_FFFF)


def _has(model: Model, code: int) -> bool:
    return model.color or "Color" not in NAMES[code]


def _counters(model: Model) -> Iterator[Row]:
    everything = [code for code in NAMES if _has(model, code)]
    shown = [code for code in SHOWN if _has(model, code)]
    yield from scalars((*COUNTERS, 1), {1: number(2), 2: text("0000000000000001")})
    yield from table(
        (*COUNTERS, 1, 3, 1),
        {(code,): {2: number(code), 3: text(NAMES[code]), 4: _count(code)} for code in shown},
    )
    yield from table(
        (*COUNTERS, 1, 4, 1),
        {(code,): {2: number(code), 3: text(NAMES[code]), 4: _count(code)} for code in everything},
    )
    yield from table(
        (*COUNTERS, 2, 1, 1),
        {(n,): {2: text(NAMES[c]), 3: _count(c)} for n, c in enumerate(everything, 1)},
    )
    yield from table(
        (*COUNTERS, 2, 2, 1),
        {(n,): {2: number(c), 3: text(NAMES[c]), 4: _count(c)} for n, c in enumerate(shown, 1)},
    )


def rows(model: Model) -> Iterator[Row]:
    """Yield product, firmware, serial number, address and counters."""
    yield from scalars(
        (*CANON, 1, 1),
        {1: text(model.product), 4: lambda view: text(view.device.firmware), 10: number(1)},
    )
    yield from scalars((*CANON, 2, 1), {4: _serial})
    yield from table((*CANON, 2, 1, 8, 1), {(1, 1): {3: _serial}})
    yield from scalars(
        (*CANON, 3, 1),
        {
            12: number(5),
            13: lambda view: OctetString(bytes.fromhex(view.device.plan.mac.replace(":", ""))),
        },
    )
    yield (*CANON, 5, 1, 1, 2, 1), (0,), number(0)
    yield from _counters(model)


def _check(_: View, value: Value) -> ErrorStatus:
    return ErrorStatus.NO_ERROR if isinstance(value, Integer) else ErrorStatus.WRONG_TYPE


def _wake(_view: View, _value: Value) -> Callable[[], None]:
    # The datagram itself has woken the device already.
    return lambda: None


def writes(_: Model) -> Iterator[tuple[Oid, Write]]:
    """Yield the variable that Canon's tools write to wake a sleeping device."""
    yield WAKE, Write(_check, _wake)
