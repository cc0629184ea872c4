"""IPP: whether port 631 prints over the web, with or without TLS and authentication.

One Get-Printer-Attributes a transport, naming what is wanted; never a job. What the answer
says of addresses (printer-uri-supported, printer-more-info) is not followed.
"""

from __future__ import annotations

from frisket.errors import LinkError, Refused, WireError
from frisket.model.reading import Reading, Readings, Unread, Why
from frisket.model.target import Identity
from frisket.net.tls import ByteStream, open_context
from frisket.probe.base import Probe, Sighting, Visit, unread
from frisket.probe.identity import Clues, clean, recognise
from frisket.probe.ipp_question import LIMITS, PATHS, PORT, Answer, question, read_answer
from frisket.proto.http.client import ask
from frisket.proto.ipp.names import GroupTag, Status, status_name
from frisket.proto.ipp.values import Message

VIA = "ipp"
# RFC 8011 section 5.4.2: these two ask for no proof of who sends the job.
_OPEN_DOORS = frozenset({"none", "requesting-user-name"})
_AUTHENTICATION = frozenset(
    {Status.CLIENT_ERROR_NOT_AUTHENTICATED, Status.CLIENT_ERROR_NOT_AUTHORIZED}
)

KEYS = frozenset({"ipp.enabled", "ipp.tls-only", "ipp.authentication", "airprint.enabled"})


def _texts(message: Message | None, name: str) -> tuple[str, ...]:
    attribute = message.get(GroupTag.PRINTER, name) if message else None
    return attribute.texts() if attribute else ()


def _text(message: Message | None, *names: str) -> str:
    return next((text for name in names for text in _texts(message, name) if clean(text)), "")


def identity_of(message: Message) -> tuple[Identity, str]:
    """Return who the printer says it is, and why it is one."""
    model = _text(message, "printer-make-and-model")
    return recognise(
        Clues(
            make_and_model=model,
            device_id=_text(message, "printer-device-id"),
            firmware=_text(message, "printer-firmware-string-version"),
            name=_text(message, "printer-dns-sd-name", "printer-name"),
            location=_text(message, "printer-location"),
        )
    )


def _authentication(visit: Visit, answer: Answer) -> Reading:
    if answer.response.status == 401:
        scheme = clean(answer.response.header("www-authenticate").partition(" ")[0])
        return visit.known(True, VIA, f"asks for HTTP authentication ({scheme or 'no scheme'})")
    message = answer.message
    assert message is not None
    if message.code in _AUTHENTICATION:
        return visit.known(True, VIA, f"answers {status_name(message.code)}")
    ways = _texts(message, "uri-authentication-supported")
    if not ways:
        return Unread(Why.UNSUPPORTED, VIA, "the answer has no uri-authentication-supported")
    shown = ", ".join(clean(way) for way in ways[:8])
    return visit.known(not _OPEN_DOORS & set(ways), VIA, f"uri-authentication-supported: {shown}")


def _airprint(visit: Visit, message: Message | None) -> Reading:
    """Read a device's own word only: URF support alone does not mean that AirPrint is on."""
    named = [
        feature
        for feature in _texts(message, "ipp-features-supported")
        if feature.startswith("airprint")
    ]
    if named:
        return visit.known(True, VIA, f"ipp-features-supported: {clean(named[0])}")
    return Unread(Why.UNSUPPORTED, VIA, "IPP does not say; only its absence from mDNS could")


def interpret(
    visit: Visit, plain: Answer | WireError | LinkError, tls: Answer | WireError | LinkError | None
) -> Sighting:
    """Judge what port 631 answered without TLS, and with it where that was asked (else None)."""
    answers = [a for a in (plain, tls) if isinstance(a, Answer) and a.is_ipp]
    if not answers:
        faults = [a for a in (tls, plain) if not isinstance(a, Answer) and a is not None]
        reason: Reading = (
            unread(faults[0], VIA)
            if faults
            else Unread(Why.GARBLED, VIA, "port 631/tcp speaks HTTP, but no IPP printer answers")
        )
        return Sighting(Readings.single(dict.fromkeys(sorted(KEYS), reason)))
    answer = next((a for a in answers if a.message), answers[0])
    readings: dict[str, Reading] = {
        "ipp.enabled": visit.known(True, VIA, "port 631/tcp answers Get-Printer-Attributes"),
        "ipp.authentication": _authentication(visit, answer),
        "airprint.enabled": _airprint(visit, answer.message),
    }
    if isinstance(plain, Answer) and plain.is_ipp:
        readings["ipp.tls-only"] = visit.known(False, VIA, "IPP is answered without TLS")
    elif isinstance(plain, Answer) and not plain.turned_away:
        status = plain.response.status
        detail = f"without TLS the answer is HTTP {status}: jobs may still be taken elsewhere"
        readings["ipp.tls-only"] = Unread(Why.GARBLED, VIA, detail)
    else:
        detail = "IPP is answered with TLS, and without TLS not"
        readings["ipp.tls-only"] = visit.known(True, VIA, detail)
    identity, printer = identity_of(answer.message) if answer.message else (Identity(), "")
    facts = {"ipp": "IPP" if tls is None else "IPP over TLS"}
    if uuid := clean(_text(answer.message, "printer-uuid")):
        facts["printer-uuid"] = uuid
    return Sighting(Readings.single(readings), identity, printer, facts)


async def run(visit: Visit) -> Sighting:
    """Ask without TLS; with TLS only where that is not answered."""
    fault = await visit.closed(PORT)
    if isinstance(fault, Refused):
        off = visit.known(False, VIA, f"port {PORT}/tcp refuses connections")
        nothing = Unread(Why.REFUSED, VIA, f"port {PORT}/tcp refuses connections")
        rest = dict.fromkeys(sorted(KEYS - {"ipp.enabled"}), nothing)
        return Sighting(Readings.single({"ipp.enabled": off, **rest}))
    if fault is not None:
        raise fault
    plain = await _try(visit, tls=False)
    if isinstance(plain, Answer) and plain.is_ipp:
        return interpret(visit, plain, None)
    return interpret(visit, plain, await _try(visit, tls=True))


async def _connect(visit: Visit, *, tls: bool) -> ByteStream:
    stream = await visit.connect(PORT)
    if not tls:
        return stream
    try:
        return await visit.dialer.tls(stream, open_context(), visit.options.patience)
    except BaseException:
        stream.close()
        raise


async def _try(visit: Visit, *, tls: bool) -> Answer | WireError | LinkError:
    """Ask at each path until one is a printer's; the last answer, or what stood in the way."""
    answer: Answer | None = None
    for path in PATHS:
        try:
            answer = await _ask(visit, path, tls=tls)
        except (WireError, LinkError) as fault:
            return answer or fault
        if answer.is_ipp or answer.response.status != 404:
            return answer
    assert answer is not None
    return answer


async def _ask(visit: Visit, path: str, *, tls: bool) -> Answer:
    stream = await _connect(visit, tls=tls)
    try:
        request_id = visit.dialer.random.randrange(1, 1 << 31)
        sent = question(visit.dialer.target.address, path, request_id, tls=tls)
        patience = visit.options.patience
        response = await ask(stream, sent, timeout=patience, total=4 * patience, limits=LIMITS)
        return read_answer(response)
    finally:
        stream.close()


PROBE = Probe(name="ipp", reads=KEYS, run=run, identifies=True)
