"""The part of the Basic Encoding Rules that SNMP uses (X.690; RFC 3417 section 8)."""

from __future__ import annotations

from typing import Final

from frisket.errors import WireError

INTEGER: Final = 0x02
OCTET_STRING: Final = 0x04
NULL: Final = 0x05
OBJECT_IDENTIFIER: Final = 0x06
SEQUENCE: Final = 0x30

_INT32: Final = 2**31


def element(tag: int, content: bytes) -> bytes:
    """Wrap `content` in its tag and definite length."""
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + content


def integer_content(value: int) -> bytes:
    """Return the shortest two's complement of `value`."""
    bits = (value if value >= 0 else ~value).bit_length()
    return value.to_bytes(bits // 8 + 1, "big", signed=True)


def integer(value: int) -> bytes:
    """Encode an INTEGER of 32 bits; WireError outside the range."""
    if not -_INT32 <= value < _INT32:
        raise WireError(f"{value} does not fit an INTEGER of 32 bits")
    return element(INTEGER, integer_content(value))


def long_length(data: bytes, at: int) -> tuple[int, int]:
    """Read the long-form length at `at`: its value, and where the content starts.

    At most four octets; the indefinite form is no SNMP (RFC 3417 section 8). Raises WireError.
    """
    count = data[at] & 0x7F
    start = at + 1 + count
    if not 1 <= count <= 4 or start > len(data):
        raise WireError("a length is malformed")
    return int.from_bytes(data[at + 1 : start], "big"), start


def read(data: bytes, at: int, end: int, tag: int) -> tuple[int, int]:
    """Return where the content of the element `tag` at `at` starts and stops, all before `end`."""
    if at + 2 > end:
        raise WireError("the message ends too early")
    if data[at] != tag:
        raise WireError(f"tag {data[at]:#04x} where {tag:#04x} belongs")
    size, start = data[at + 1], at + 2
    if size & 0x80:
        size, start = long_length(data, at + 1)
    stop = start + size
    if stop > end:
        raise WireError("an element is longer than what contains it")
    return start, stop


def signed(content: bytes) -> int:
    """Read the content of an INTEGER of 32 bits; needless leading octets are accepted."""
    if not 1 <= len(content) <= 8:
        raise WireError("an INTEGER of a wrong size")
    value = int.from_bytes(content, "big", signed=True)
    if not -_INT32 <= value < _INT32:
        raise WireError("an INTEGER of more than 32 bits")
    return value


def read_integer(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Read the INTEGER at `at`: its value, and where the next element starts."""
    start, stop = read(data, at, end, INTEGER)
    return signed(data[start:stop]), stop


def read_octets(data: bytes, at: int, end: int, limit: int) -> tuple[bytes, int]:
    """Read the OCTET STRING at `at`, at most `limit` long: itself, and where the next starts."""
    start, stop = read(data, at, end, OCTET_STRING)
    if stop - start > limit:
        raise WireError(f"a string of {stop - start} octets where {limit} are allowed")
    return data[start:stop], stop


def finish(at: int, end: int) -> None:
    """Raise WireError if something stands after the last element of a sequence."""
    if at != end:
        raise WireError("something stands after the last element")
