"""SIP: whether anything answers OPTIONS on port 5060, or listens for TLS on 5061.

An answer does not say which of intranet, NGN and VoIP gateway it belongs to: then all three stay
unread. Only where every door is refused are all three off. No call is ever begun.
"""

from __future__ import annotations

from collections.abc import Mapping

from frisket.errors import FrisketError, LinkError, Refused, WireError
from frisket.model.reading import Reading, Readings, Unread, Why
from frisket.probe.arriving import read_message
from frisket.probe.base import Probe, Sighting, Visit, unread
from frisket.probe.datagram import ask
from frisket.probe.identity import clean
from frisket.proto.sip.wire import Request, Response, encode, read_datagram, read_stream

VIA = "sip"
PORT = 5060
TLS_PORT = 5061
UDP = f"{PORT}/udp"
TCP = f"{PORT}/tcp"
TLS = f"{TLS_PORT}/tcp"
KEYS = frozenset({"sip.intranet.enabled", "sip.ngn.enabled", "sip.voip-gateway.enabled"})
_NAME = "frisket.invalid"

Met = Response | FrisketError | None  # None: open, and not asked


def question(visit: Visit, transport: str) -> Request:
    """Return OPTIONS; the answer comes back to where it was sent from (RFC 3581, rport)."""
    address = visit.dialer.target.address
    host = f"[{address}]" if ":" in address else address
    fresh = f"{visit.dialer.random.getrandbits(64):016x}"
    headers = (
        ("Via", f"SIP/2.0/{transport} {_NAME};branch=z9hG4bK{fresh};rport"),
        ("Max-Forwards", "70"),
        ("From", f"<sip:audit@{_NAME}>;tag={fresh[:8]}"),
        ("To", f"<sip:{host}>"),
        ("Call-ID", f"{fresh}@{_NAME}"),
        ("CSeq", "1 OPTIONS"),
        ("Contact", f"<sip:audit@{_NAME}>"),
        ("Accept", "application/sdp"),
    )
    return Request(headers, method="OPTIONS", uri=f"sip:{host}")


def as_answer(message: Request | Response, asked: Request) -> Response:
    """Return the message if it answers `asked`. Raises `WireError`."""
    if not isinstance(message, Response) or message.header("Call-ID") != asked.header("Call-ID"):
        raise WireError("SIP, but not the answer to this OPTIONS")
    return message


def interpret(visit: Visit, met: Mapping[str, Met]) -> Sighting:
    """Judge what was met at each door, "5060/udp" and so on."""
    facts: dict[str, str] = {}
    reading: Reading
    for door, what in met.items():
        if isinstance(what, Response):
            agent = clean(what.header("Server") or what.header("User-Agent"), 80)
            said = clean(f"{what.status} {what.reason}", 80)
            facts["sip"] = f"port {door} answers {said} {agent}".strip()
            detail = f"{facts['sip']}: which of the three ways is on does not show"
            reading = Unread(Why.UNSUPPORTED, VIA, detail)
            break
    else:
        faults = [what for what in met.values() if isinstance(what, FrisketError)]
        if len(faults) == len(met) and all(isinstance(fault, Refused) for fault in faults):
            reading = visit.known(False, VIA, f"ports {', '.join(met)} refuse")
        elif opened := [door for door, what in met.items() if what is None]:
            detail = f"port {opened[0]} is open: which of the three ways is on does not show"
            reading = Unread(Why.UNSUPPORTED, VIA, detail)
        else:
            reading = unread(next(f for f in faults if not isinstance(f, Refused)), VIA)
    return Sighting(Readings.single(dict.fromkeys(sorted(KEYS), reading)), facts=facts)


async def run(visit: Visit) -> Sighting:
    """Ask by UDP, by TCP where that brought no answer, and touch the TLS port."""
    met: dict[str, Met] = {UDP: await _by_datagram(visit)}
    if not isinstance(met[UDP], Response):
        met[TCP] = await _by_stream(visit)
        met[TLS] = await visit.closed(TLS_PORT)
    return interpret(visit, met)


async def _by_datagram(visit: Visit) -> Met:
    asked = question(visit, "UDP")
    try:
        heard = await ask(visit, PORT, encode(asked))
        return as_answer(read_datagram(heard.answers[-1]), asked)
    except (LinkError, WireError) as fault:
        return fault


async def _by_stream(visit: Visit) -> Met:
    asked = question(visit, "TCP")
    try:
        stream = await visit.connect(PORT)
    except LinkError as fault:
        return fault
    try:
        await stream.write(encode(asked), visit.options.patience)
        message, _ = await read_message(visit, stream, b"", read_stream)
        return as_answer(message, asked)
    except (LinkError, WireError) as fault:
        return fault
    finally:
        stream.close()


PROBE = Probe(name="sip", reads=KEYS, run=run)
