"""A recorded device as text: variables in the form of snmpsim, and what it said over IPP. Pure.

# frisket capture 1
# via SNMPv2c and IPP
1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.1602.4.7
ipp|0101000000000001…
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from frisket.errors import CaptureError, WireError
from frisket.proto.ipp.values import Message
from frisket.proto.ipp.wire import decode, encode
from frisket.proto.snmp.wire.oid import Oid, format_oid, parse_oid
from frisket.proto.snmp.wire.values import (
    Counter32,
    Counter64,
    Gauge32,
    Integer,
    IpAddress,
    Marker,
    Number,
    ObjectIdentifier,
    OctetString,
    Opaque,
    TimeTicks,
    Value,
)

HEAD: Final = "# frisket capture 1"
_VIA: Final = "# via "
_MOST: Final = 20_000  # lines
_LONGEST: Final = 4 << 20  # letters
_IPP: Final = "ipp"
_OCTETS_A_LINE: Final = 48

_NUMBERS: Final[Mapping[str, type[Number]]] = {
    "2": Integer,
    "65": Counter32,
    "66": Gauge32,
    "67": TimeTicks,
    "70": Counter64,
}
_TAGS: Final = {Integer: "2", Counter32: "65", Gauge32: "66", TimeTicks: "67", Counter64: "70"}
_OCTETS: Final[Mapping[str, type[OctetString | IpAddress | Opaque]]] = {
    "4x": OctetString,
    "64x": IpAddress,
    "68x": Opaque,
}


@dataclass(frozen=True, slots=True)
class Capture:
    """What one device answered, and by what."""

    via: str
    varbinds: Mapping[Oid, Value] = field(default_factory=dict)
    ipp: Message | None = None


def write_capture(capture: Capture) -> str:
    """Return a capture as text."""
    lines = [HEAD, f"{_VIA}{capture.via}"]
    for oid, value in sorted(capture.varbinds.items()):
        kind, text = _written(value)
        if kind:
            lines.append(f"{format_oid(oid)}|{kind}|{text}")
    if capture.ipp is not None:
        octets = encode(capture.ipp)
        lines += [
            f"{_IPP}|{octets[at : at + _OCTETS_A_LINE].hex()}"
            for at in range(0, len(octets), _OCTETS_A_LINE)
        ]
    return "\n".join(lines) + "\n"


def _written(value: Value) -> tuple[str, str]:
    if isinstance(value, ObjectIdentifier):
        return "6", format_oid(value)
    if isinstance(value, OctetString):
        text = bytes(value).decode("ascii", "replace")
        plain = text.isprintable() and text.isascii() and text == text.strip()
        return ("4", text) if plain else ("4x", bytes(value).hex())
    if isinstance(value, IpAddress | Opaque):
        return ("64x" if isinstance(value, IpAddress) else "68x"), bytes(value).hex()
    if isinstance(value, Marker):
        return "", ""
    return _TAGS[type(value)], str(int(value))


def read_capture(text: str) -> Capture:
    """Read a capture. Raises `CaptureError` naming the line."""
    if len(text) > _LONGEST:
        raise CaptureError(f"a capture of more than {_LONGEST} letters")
    lines = text.split("\n")
    if not lines or lines[0].strip() != HEAD:
        raise CaptureError(f"the first line of a capture is `{HEAD}`")
    if len(lines) > _MOST:
        raise CaptureError(f"a capture of more than {_MOST} lines")
    via, octets = "", bytearray()
    varbinds: dict[Oid, Value] = {}
    for number, line in enumerate(lines[1:], 2):
        if line.startswith(_VIA):
            via = line.removeprefix(_VIA).strip()
        if not line or line.startswith("#"):
            continue
        try:
            if line.startswith(f"{_IPP}|"):
                octets += bytes.fromhex(line.partition("|")[2])
            else:
                oid, value = _variable(line)
                varbinds[oid] = value
        except (ValueError, WireError) as fault:
            raise CaptureError(f"line {number}: {fault}") from fault
    try:
        return Capture(via, varbinds, decode(bytes(octets)) if octets else None)
    except WireError as fault:
        raise CaptureError(f"the IPP answer: {fault}") from fault


def _variable(line: str) -> tuple[Oid, Value]:
    name, _, rest = line.partition("|")
    kind, bar, text = rest.partition("|")
    if not bar:
        raise ValueError("an object identifier, a tag and a value belong here")
    oid = parse_oid(name)
    if kind in _NUMBERS:
        number = _NUMBERS[kind](int(text))
        if not number.low <= number <= number.high:
            raise ValueError(f"{text} is out of bounds")
        return oid, number
    if kind == "6":
        return oid, ObjectIdentifier(parse_oid(text))
    if kind == "4":
        return oid, OctetString(text.encode())
    if kind in _OCTETS:
        return oid, _OCTETS[kind](bytes.fromhex(text))
    raise ValueError(f"unknown tag {kind!r}")
