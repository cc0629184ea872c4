"""What a variable holds: Python numbers, bytes and tuples that remember their SNMP type.

Counter32(5) is an int and equals 5; `value.tag` is its BER tag. The four kinds of *nothing* are
the members of `Marker`. Types: RFC 2578 section 7.1, RFC 3416 section 3.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from enum import Enum
from typing import ClassVar, Final

from frisket.errors import WireError
from frisket.proto.snmp.wire import ber
from frisket.proto.snmp.wire.oid import decode_oid, encode_oid


class _Number(int):
    """An integer with an SNMP type and its bounds."""

    __slots__ = ()
    tag: ClassVar[int]
    low: ClassVar[int] = 0
    high: ClassVar[int] = 2**32 - 1

    def __repr__(self) -> str:
        return f"{type(self).__name__}({int(self)})"


class Integer(_Number):
    """INTEGER, Integer32: 32 bits, signed."""

    __slots__ = ()
    tag = ber.INTEGER
    low = -(2**31)
    high = 2**31 - 1


class Counter32(_Number):
    """Counter32: grows, wraps at 2**32."""

    __slots__ = ()
    tag = 0x41


class Gauge32(_Number):
    """Gauge32, Unsigned32: goes up and down, or any number of 32 bits."""

    __slots__ = ()
    tag = 0x42


class TimeTicks(_Number):
    """TimeTicks: hundredths of a second."""

    __slots__ = ()
    tag = 0x43


class Counter64(_Number):
    """Counter64: grows, wraps at 2**64; unknown to SNMPv1."""

    __slots__ = ()
    tag = 0x46
    high = 2**64 - 1


class _Octets(bytes):
    """Bytes with an SNMP type."""

    __slots__ = ()
    tag: ClassVar[int]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({bytes(self)!r})"


class OctetString(_Octets):
    """OCTET STRING, BITS, DisplayString: bytes as they came; text is the reader's decision."""

    __slots__ = ()
    tag = ber.OCTET_STRING


class IpAddress(_Octets):
    """IpAddress: four octets, IPv4."""

    __slots__ = ()
    tag = 0x40

    def __str__(self) -> str:
        return ".".join(map(str, self))


class Opaque(_Octets):
    """Opaque: octets that wrap another encoding; not looked into."""

    __slots__ = ()
    tag = 0x44


class ObjectIdentifier(tuple[int, ...]):
    """OBJECT IDENTIFIER as a value; equals the plain tuple."""

    __slots__ = ()
    tag: ClassVar[int] = ber.OBJECT_IDENTIFIER

    def __repr__(self) -> str:
        return f"ObjectIdentifier({tuple(self)!r})"

    def __str__(self) -> str:
        return ".".join(map(str, self))


class Marker(Enum):
    """The kinds of nothing: no value asked for or given, and the three exceptions of RFC 3416."""

    NULL = ber.NULL
    NO_SUCH_OBJECT = 0x80
    NO_SUCH_INSTANCE = 0x81
    END_OF_MIB_VIEW = 0x82

    @property
    def tag(self) -> int:
        """The BER tag."""
        return int(self.value)


NULL: Final = Marker.NULL
NO_SUCH_OBJECT: Final = Marker.NO_SUCH_OBJECT
NO_SUCH_INSTANCE: Final = Marker.NO_SUCH_INSTANCE
END_OF_MIB_VIEW: Final = Marker.END_OF_MIB_VIEW

Number = Integer | Counter32 | Gauge32 | TimeTicks | Counter64
Octets = OctetString | IpAddress | Opaque
Value = Number | Octets | ObjectIdentifier | Marker


def encode_value(value: Value) -> bytes:
    """Encode tag, length and content; WireError if the number or address is out of bounds."""
    if isinstance(value, _Octets):
        if isinstance(value, IpAddress) and len(value) != 4:
            raise WireError("an IpAddress has four octets")
        return ber.element(value.tag, value)
    if isinstance(value, _Number):
        if not value.low <= value <= value.high:
            raise WireError(f"{value!r} is out of bounds")
        return ber.element(value.tag, ber.integer_content(value))
    if isinstance(value, ObjectIdentifier):
        return ber.element(value.tag, encode_oid(value))
    return bytes((value.tag, 0))


def _unsigned(kind: type[Counter32 | Gauge32 | TimeTicks]) -> Callable[[bytes], Value]:
    """Build the reader of a number of 32 bits without sign.

    Four octets with the top bit set are read as large, not negative: agents forget the leading
    zero, and net-snmp reads them so.
    """

    def decode(content: bytes) -> Value:
        size = len(content)
        if not 1 <= size <= 4 and not (size == 5 and content[0] == 0):
            raise WireError(f"a {kind.__name__} of a wrong size")
        return kind.from_bytes(content, "big")

    return decode


def _counter64(content: bytes) -> Value:
    size = len(content)
    if not 1 <= size <= 8 and not (size == 9 and content[0] == 0):
        raise WireError("a Counter64 of a wrong size")
    return Counter64(int.from_bytes(content, "big"))


def _integer(content: bytes) -> Value:
    if 1 <= len(content) <= 4:
        return Integer.from_bytes(content, "big", signed=True)
    return Integer(ber.signed(content))


def _address(content: bytes) -> Value:
    if len(content) != 4:
        raise WireError("an IpAddress has four octets")
    return IpAddress(content)


def _identifier(content: bytes) -> Value:
    return ObjectIdentifier(decode_oid(content))


def _marker(marker: Marker) -> Callable[[bytes], Value]:
    def decode(content: bytes) -> Value:
        if content:
            raise WireError(f"{marker.name} has content")
        return marker

    return decode


DECODERS: Final[Mapping[int, Callable[[bytes], Value]]] = {
    OctetString.tag: OctetString,
    Opaque.tag: Opaque,
    Integer.tag: _integer,
    IpAddress.tag: _address,
    ObjectIdentifier.tag: _identifier,
    Counter64.tag: _counter64,
    **{kind.tag: _unsigned(kind) for kind in (Counter32, Gauge32, TimeTicks)},
    **{marker.tag: _marker(marker) for marker in Marker},
}

_OPAQUE_FLOAT: Final = b"\x9f\x78\x04"


def opaque_float(value: Opaque) -> float | None:
    """Read the single-precision number net-snmp wraps in an Opaque; None if there is none."""
    if len(value) == 7 and value.startswith(_OPAQUE_FLOAT):
        number: float = struct.unpack(">f", value[3:])[0]
        return number
    return None
