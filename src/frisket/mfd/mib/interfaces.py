"""One Ethernet interface (RFC 2863, RFC 4293: the parts that printers show)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from frisket.mfd.mib.model import Model
from frisket.mfd.mib.tree import Row, gauge, identifier, number, scalars, table, text
from frisket.proto.snmp.wire import Counter32, OctetString, TimeTicks

INTERFACES: Final = (1, 3, 6, 1, 2, 1, 2)
IF_ENTRY: Final = (*INTERFACES, 2, 1)
IF_X_ENTRY: Final = (1, 3, 6, 1, 2, 1, 31, 1, 1, 1)
IP: Final = (1, 3, 6, 1, 2, 1, 4)

ETHERNET: Final = 1  # its ifIndex
_ETHERNET_CSMACD: Final = 6
_GIGABIT: Final = 1_000_000_000
_OCTETS_EACH: Final = 120  # a plausible mean; nothing counts the real ones


def rows(_: Model) -> Iterator[Row]:
    """Yield the tables; they are the same for all models."""
    zero = Counter32(0)
    yield from scalars(INTERFACES, {1: number(1)})
    yield from table(
        IF_ENTRY,
        {
            (ETHERNET,): {
                1: number(ETHERNET),
                2: text("Ethernet"),
                3: number(_ETHERNET_CSMACD),
                4: number(1500),
                5: gauge(_GIGABIT),
                6: lambda view: OctetString(bytes.fromhex(view.device.plan.mac.replace(":", ""))),
                7: number(1),
                8: number(1),
                9: TimeTicks(0),
                10: lambda view: Counter32(view.memory.requests * _OCTETS_EACH & 0xFFFF_FFFF),
                11: lambda view: Counter32(view.memory.requests & 0xFFFF_FFFF),
                13: zero,
                14: zero,
                15: zero,
                16: lambda view: Counter32(view.memory.requests * _OCTETS_EACH & 0xFFFF_FFFF),
                17: lambda view: Counter32(view.memory.requests & 0xFFFF_FFFF),
                19: zero,
                20: zero,
                21: gauge(0),
                22: identifier(0, 0),
            }
        },
    )
    yield from scalars(IP, {1: number(2), 2: number(64)})
    yield from table(
        IF_X_ENTRY,
        {
            (ETHERNET,): {
                1: text("eth0"),
                2: zero,
                3: zero,
                4: zero,
                5: zero,
                14: number(2),
                15: gauge(_GIGABIT // 1_000_000),
                16: number(2),
                17: number(1),
                18: text(""),
                19: TimeTicks(0),
            }
        },
    )
