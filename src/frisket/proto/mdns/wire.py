"""Multicast DNS messages asked by unicast (RFC 6762), and DNS-SD's texts (RFC 6763).

The codec is zeroconf's; this module bounds it and says `WireError` where it found nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

# zeroconf re-exports its codec without listing it in __all__.
from zeroconf import (  # type: ignore[attr-defined]
    DNSIncoming,
    DNSOutgoing,
    DNSPointer,
    DNSQuestion,
    DNSText,
    Error,
)

from frisket.errors import WireError

POINTER = 12
TEXT = 16
_INTERNET = 1
_RESPONSE = 0x8400  # QR and AA: all that RFC 6762 section 18 lets a response set


@dataclass(frozen=True, slots=True)
class Pointer:
    """A PTR record: `target` is one instance of `name`. Names end with a dot."""

    name: str
    target: str


@dataclass(frozen=True, slots=True)
class Text:
    """A TXT record: its strings as they stand, without their length octets."""

    name: str
    strings: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """A response: its number, its PTR and TXT records, and how many records of other types."""

    number: int
    pointers: tuple[Pointer, ...] = ()
    texts: tuple[Text, ...] = ()
    others: int = field(default=0, compare=False)


def encode_question(number: int, asked: tuple[tuple[str, int], ...]) -> bytes:
    """Return one query for (name, type) pairs. Raises `WireError` for names DNS cannot carry."""
    if not 0 <= number < 1 << 16:
        raise WireError(f"mDNS message number {number}")
    message = DNSOutgoing(0, multicast=False, id_=number)
    try:
        for name, kind in asked:
            message.add_question(DNSQuestion(name, kind, _INTERNET))
        packets = message.packets()
    except (Error, ValueError, OverflowError) as fault:
        raise WireError(f"not an mDNS question: {fault}") from fault
    if len(packets) != 1:
        raise WireError("an mDNS question of more than one datagram")
    return packets[0]


def encode_answer(answer: Answer, lifetime: int = 10) -> bytes:
    """Return a response by unicast; `lifetime` in seconds (RFC 6762 section 6.7: at most 10)."""
    message = DNSOutgoing(_RESPONSE, multicast=False, id_=answer.number)
    for pointer in answer.pointers:
        record = DNSPointer(pointer.name, POINTER, _INTERNET, lifetime, pointer.target)
        message.add_answer_at_time(record, 0)
    for text in answer.texts:
        spelt = b"".join(bytes((len(string),)) + string for string in text.strings)
        message.add_answer_at_time(DNSText(text.name, TEXT, _INTERNET, lifetime, spelt), 0)
    return message.packets()[0]


def read_answer(data: bytes, *, max_bytes: int = 9000, max_records: int = 256) -> Answer:
    """Read one response. `WireError` for a question, what is no DNS, or beyond a limit.

    What stands behind a malformed record is left out, and so are records of unknown types.
    """
    if len(data) > max_bytes:
        raise WireError(f"mDNS message of {len(data)} bytes, more than {max_bytes}")
    counts = [int.from_bytes(data[at : at + 2], "big") for at in (4, 6, 8, 10)]
    if sum(counts) > max_records:
        raise WireError(f"mDNS message of {sum(counts)} records, more than {max_records}")
    message = DNSIncoming(data)
    records = message.answers()
    if not message.valid or not message.is_response():
        raise WireError("not an mDNS response")
    if any(counts[1:]) and not records:
        raise WireError("an mDNS response of which no record can be read")
    pointers = tuple(Pointer(r.name, r.alias) for r in records if isinstance(r, DNSPointer))
    texts = tuple(Text(r.name, _strings(r.text)) for r in records if isinstance(r, DNSText))
    others = len(records) - len(pointers) - len(texts)
    return Answer(message.id, pointers, texts, others)


def text_pairs(strings: tuple[bytes, ...], *, max_pairs: int = 64) -> dict[str, str]:
    """Return `key=value` strings, keys in lower case; the first of a key wins (RFC 6763 6.4)."""
    pairs: dict[str, str] = {}
    for string in strings[:max_pairs]:
        key, _, value = string.decode("utf-8", "replace").partition("=")
        if key:
            pairs.setdefault(key.lower(), value)
    return pairs


def _strings(data: bytes) -> tuple[bytes, ...]:
    found: list[bytes] = []
    position = 0
    while position < len(data):
        end = position + 1 + data[position]
        found.append(data[position + 1 : end])
        position = end
    return tuple(string for string in found if string)
