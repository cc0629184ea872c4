"""Reads recordings in the format of snmpsim: object identifier, tag, value."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from frisket.errors import WireError
from frisket.proto.snmp.wire.oid import Oid, parse_oid
from frisket.proto.snmp.wire.values import (
    Counter32,
    Counter64,
    Gauge32,
    Integer,
    ObjectIdentifier,
    OctetString,
    TimeTicks,
    Value,
)

KINDS: dict[str, Callable[[str], Value]] = {
    "2": lambda text: Integer(int(text)),
    "4": lambda text: OctetString(text.encode()),
    "4x": lambda text: OctetString(bytes.fromhex(text)),
    "6": lambda text: ObjectIdentifier(parse_oid(text)),
    "65": lambda text: Counter32(int(text)),
    "66": lambda text: Gauge32(int(text)),
    "67": lambda text: TimeTicks(int(text)),
    "70": lambda text: Counter64(int(text)),
}


def varbinds_of(path: Path) -> dict[Oid, Value]:
    """Return the variables of a recording; lines of other kinds, or malformed, are left out."""
    found: dict[Oid, Value] = {}
    for line in path.read_text("utf-8", "replace").split("\n"):
        oid, _, rest = line.partition("|")
        kind, _, text = rest.partition("|")
        if kind in KINDS:
            try:
                found[parse_oid(oid)] = KINDS[kind](text)
            except (ValueError, WireError):
                continue
    return found
