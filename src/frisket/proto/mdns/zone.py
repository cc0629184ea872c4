"""The answering side of multicast DNS: questions against the records of one host.

RFC 6762 for who is answered how, RFC 6763 for what DNS-SD adds. The codec is zeroconf's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

# zeroconf re-exports its codec without listing it in __all__.
from zeroconf import (  # type: ignore[attr-defined]
    DNSAddress,
    DNSIncoming,
    DNSOutgoing,
    DNSPointer,
    DNSQuestion,
    DNSRecord,
    DNSService,
    DNSText,
    Error,
)

from frisket.errors import WireError

MDNS_PORT = 5353
BROWSE = "_services._dns-sd._udp.local."
_A, _PTR, _TXT, _SRV, _ANY = 1, 12, 16, 33, 255
_INTERNET, _FLUSH = 0x0001, 0x8001
_RESPONSE = 0x8400
_HOST_LIFETIME, _LIFETIME, _LEGACY_LIFETIME = 120, 4500, 10
_MOST_QUESTIONS = 64


@dataclass(frozen=True, slots=True)
class Offer:
    """One DNS-SD service: its type ("_ipp._tcp"), port, texts, and subtypes ("_universal")."""

    kind: str
    port: int
    texts: tuple[tuple[str, str], ...] = ()
    subtypes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Zone:
    """What one host announces: its host label, instance label, IPv4 address (4 octets), offers."""

    host: str
    instance: str
    address: bytes
    offers: tuple[Offer, ...]


def label(text: str, *, host: bool = False) -> str:
    """Return a text as one DNS label: at most 63 octets, no dots; a host's in plain letters."""
    if host:
        text = "".join(c if c.isascii() and c.isalnum() else "-" for c in text).strip("-")
    else:
        # zeroconf writes names as dotted text and has no way to escape a dot.
        text = "".join(c for c in text.replace(".", " ") if c.isprintable())
    return text.encode()[:63].decode("utf-8", "ignore").strip() or "device"


def read_questions(data: bytes, *, max_bytes: int = 9000) -> DNSIncoming:
    """Read one query. `WireError` for a response, what is no DNS, or beyond the limit."""
    if len(data) > max_bytes:
        raise WireError(f"mDNS message of {len(data)} bytes, more than {max_bytes}")
    message = DNSIncoming(data)
    # Opcode and response code are 0 in mDNS (RFC 6762 sections 18.3 and 18.11).
    if not message.valid or not message.is_query() or message.flags & 0x780F:
        raise WireError("not an mDNS query")
    if not 0 < len(message.questions) <= _MOST_QUESTIONS:
        raise WireError(f"mDNS query of {len(message.questions)} questions")
    return message


def _text(pairs: Iterable[tuple[str, str]]) -> bytes:
    strings = [f"{key}={value}".encode()[:255] for key, value in pairs]
    return b"".join(bytes((len(string),)) + string for string in strings) or b"\0"


def records(zone: Zone, *, lifetime: int | None = None, flush: bool = True) -> list[DNSRecord]:
    """Return all records of the zone; `lifetime` for all of them, `flush` marks the unique ones."""
    unique = _FLUSH if flush else _INTERNET
    long = _LIFETIME if lifetime is None else lifetime
    short = _HOST_LIFETIME if lifetime is None else lifetime
    host = f"{zone.host}.local."
    found: list[DNSRecord] = [DNSAddress(host, _A, unique, short, zone.address)]
    for offer in zone.offers:
        kind = f"{offer.kind}.local."
        name = f"{zone.instance}.{kind}"
        found += [
            DNSPointer(BROWSE, _PTR, _INTERNET, long, kind),
            DNSPointer(kind, _PTR, _INTERNET, long, name),
            *(
                DNSPointer(f"{sub}._sub.{kind}", _PTR, _INTERNET, long, name)
                for sub in offer.subtypes
            ),
            DNSService(name, _SRV, unique, short, 0, 0, offer.port, host),
            DNSText(name, _TXT, unique, long, _text(offer.texts)),
        ]
    return found


def _asked_for(record: DNSRecord, questions: list[DNSQuestion]) -> bool:
    return any(
        record.name.lower() == question.name.lower() and question.type in {record.type, _ANY}
        for question in questions
    )


def _along(answers: list[DNSRecord], known: list[DNSRecord]) -> Iterator[DNSRecord]:
    """Yield what goes along with the answers (RFC 6763 section 12)."""
    instances = {r.alias.lower() for r in answers if isinstance(r, DNSPointer)}
    instances |= {r.name.lower() for r in answers if isinstance(r, DNSService)}
    if not any(record.name.lower() in instances for record in known):
        return
    for record in known:
        if record in answers or isinstance(record, DNSPointer):
            continue
        if isinstance(record, DNSAddress) or record.name.lower() in instances:
            yield record


def _pack(message: DNSOutgoing) -> tuple[bytes, ...]:
    try:
        return tuple(message.packets())
    except (Error, ValueError, OverflowError) as fault:
        raise WireError(f"mDNS cannot carry this: {fault}") from fault


def reply(zone: Zone, query: DNSIncoming, *, legacy: bool) -> bytes | None:
    """Return the answer to a query, None where the zone has nothing to say. Raises `WireError`.

    `legacy` is a question from another port than 5353 (RFC 6762 section 6.7): its answer repeats
    number and questions, and is soon to be forgotten. What does not fit one datagram is left out.
    """
    questions = list(query.questions)
    known = records(zone, lifetime=_LEGACY_LIFETIME if legacy else None, flush=not legacy)
    wanted = [record for record in known if _asked_for(record, questions)]
    number = query.id if legacy else 0
    message = DNSOutgoing(_RESPONSE, multicast=not legacy, id_=number)
    answers = [r for r in dict.fromkeys(wanted) if legacy or not r.suppressed_by(query)]
    if not answers:
        return None
    if legacy:
        for question in questions:
            message.add_question(question)
    for answer in answers:
        message.add_answer_at_time(answer, 0)
    for extra in _along(answers, known):
        message.add_additional_answer(extra)
    return _pack(message)[0]


def announcements(zone: Zone, *, leaving: bool = False) -> tuple[bytes, ...]:
    """Return the datagrams that announce the zone, or take it back (RFC 6762 8.3, 10.1)."""
    message = DNSOutgoing(_RESPONSE, multicast=True)
    for record in dict.fromkeys(records(zone, lifetime=0 if leaving else None)):
        message.add_answer_at_time(record, 0)
    return _pack(message)
