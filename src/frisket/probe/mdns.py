"""mDNS on UDP port 5353, asked by unicast: whether it answers, and what it announces.

A device that announces `_universal` says that it does AirPrint, and `mopria-certified` Mopria.
That it announces neither is no answer: responders need not tell everything at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from frisket.errors import FrisketError, LinkError, WireError
from frisket.model.reading import Reading, Readings, Unread, Why
from frisket.model.target import Identity
from frisket.probe.absent import absent
from frisket.probe.base import Probe, Sighting, Visit
from frisket.probe.datagram import ask
from frisket.probe.identity import Clues, clean, recognise
from frisket.proto.mdns.wire import POINTER, TEXT, Answer, encode_question, read_answer, text_pairs

VIA = "mdns"
PORT = 5353
IPV4 = "mdns.ipv4.enabled"
IPV6 = "mdns.ipv6.enabled"
AIRPRINT = "airprint.enabled"
MOPRIA = "mopria.enabled"
KEYS = frozenset({IPV4, IPV6, AIRPRINT, MOPRIA})
SERVICES = "_services._dns-sd._udp.local."
IPP = "_ipp._tcp.local."
UNIVERSAL = "_universal._sub._ipp._tcp.local."
QUESTION = tuple((name, POINTER) for name in (SERVICES, IPP, UNIVERSAL))


@dataclass(frozen=True, slots=True)
class Announced:
    """What was announced: services, IPP instances, those of AirPrint, and the texts of one."""

    services: tuple[str, ...]
    instances: tuple[str, ...]
    universal: bool
    texts: dict[str, str]


def collect(answers: Iterable[Answer]) -> Announced:
    """Put answers together; names compare without case (RFC 6762 section 16)."""
    found = tuple(answers)
    pointers = [pointer for answer in found for pointer in answer.pointers]

    def targets(name: str) -> tuple[str, ...]:
        wanted = (p.target for p in pointers if p.name.lower() == name)
        return tuple(dict.fromkeys(wanted))

    instances = targets(IPP) or targets(UNIVERSAL)
    named = {instance.lower() for instance in instances[:1]}
    texts = [text for answer in found for text in answer.texts if text.name.lower() in named]
    pairs = text_pairs(texts[0].strings) if texts else {}
    return Announced(targets(SERVICES), instances, bool(targets(UNIVERSAL)), pairs)


def identity_of(announced: Announced) -> Identity:
    """Return who the device says it is; a print server's queues (CUPS) say nothing of that."""
    texts = announced.texts
    if not texts.get("rp", "").startswith("ipp"):
        return Identity()
    return recognise(Clues(make_and_model=texts.get("ty", ""), location=texts.get("note", "")))[0]


def interpret(visit: Visit, announced: Announced, *, six: bool) -> Sighting:
    """Judge what was announced to an IPv4 address, or to an IPv6 one for `six`."""
    names = [name.removesuffix(".local.") for name in announced.services]
    shown = clean(", ".join(names[:20]), 200)
    other = Unread(Why.NOT_ASKED, VIA, f"the target was visited by IPv{6 if six else 4} only")
    hint = Unread(Why.UNSUPPORTED, VIA, "the mDNS answer does not speak of it")
    readings: dict[str, Reading] = {
        IPV6 if six else IPV4: visit.known(True, VIA, f"port {PORT}/udp answers: {shown}"),
        IPV4 if six else IPV6: other,
        AIRPRINT: hint,
        MOPRIA: hint,
    }
    if announced.universal:
        readings[AIRPRINT] = visit.known(True, VIA, "_universal._sub._ipp._tcp is announced")
    # Mopria Alliance: the version certified for, as in 1.3; nothing or 0 is none.
    certified = clean(announced.texts.get("mopria-certified", ""), 20)
    if certified.strip("0."):
        readings[MOPRIA] = visit.known(True, VIA, f"mopria-certified={certified}")
    facts = {"mdns": shown or "answers"}
    return Sighting(Readings.single(readings), identity_of(announced), facts=facts)


async def _ask(visit: Visit, question: tuple[tuple[str, int], ...]) -> tuple[Answer, ...]:
    number = visit.dialer.random.randrange(1, 0x10000)
    heard = await ask(visit, PORT, encode_question(number, question))
    answers = tuple(map(read_answer, heard.answers))
    # RFC 6762 section 6.7 has the number repeated; some responders keep to 0 as in multicast.
    if any(answer.number not in {0, number} for answer in answers):
        raise WireError("an mDNS answer to another question")
    return answers


async def run(visit: Visit) -> Sighting:
    """Ask for services and printers; then, where it did not come along, for a printer's text."""
    six = ":" in visit.dialer.target.address
    family = IPV6 if six else IPV4
    try:
        answers = await _ask(visit, QUESTION)
    except (LinkError, WireError) as fault:
        return absent(visit, fault, VIA, [family], [AIRPRINT, MOPRIA])
    announced = collect(answers)
    if announced.instances and not announced.texts:
        more: tuple[Answer, ...] | FrisketError
        try:
            more = await _ask(visit, ((announced.instances[0], TEXT),))
            announced = collect(answers + more)
        except (LinkError, WireError):
            # The first answer stands by itself.
            return interpret(visit, announced, six=six)
    return interpret(visit, announced, six=six)


PROBE = Probe(name="mdns", reads=KEYS, run=run)
