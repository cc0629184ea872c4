"""What arrives from outside: the documents of a mail, forwarded, kept or printed."""

from __future__ import annotations

from dataclasses import dataclass
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import EmailMessage

from frisket.errors import FrisketError
from frisket.mfd.auditlog import LogKind
from frisket.mfd.device import Device
from frisket.mfd.inbox import receive_fax
from frisket.mfd.outside.forward import forward, rule_for
from frisket.mfd.ticket import Ticket

_MOST_PARTS = 50
_DOCUMENTS = ("application/pdf", "image/tiff", "image/jpeg")
_MARKS = {
    "application/pdf": (b"%PDF-",),
    "image/tiff": (b"II*\0", b"MM\0*"),
    "image/jpeg": (b"\xff\xd8\xff",),
}


@dataclass(frozen=True, slots=True)
class Part:
    """One printable part of a mail: its MIME type, its file name, and its octets."""

    kind: str
    name: str
    octets: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """A read mail: who sent it, what about, and what can be printed of it."""

    sender: str
    subject: str
    parts: tuple[Part, ...]


def read_mail(mail: bytes) -> Letter:
    """Return what a mail holds; a PDF, TIFF or JPEG is one where it begins like one.

    Its text is printed where it has no document, as the device does. A mail that cannot be read
    holds nothing.
    """
    try:
        message = message_from_bytes(mail, _class=EmailMessage, policy=policy.SMTP)
        parts = [part for part, _ in zip(message.walk(), range(_MOST_PARTS), strict=False)]
        found = tuple(
            Part(part.get_content_type(), part.get_filename() or "", octets)
            for part in parts
            if isinstance(octets := part.get_payload(decode=True), bytes)
        )
        sender, subject = str(message.get("From", "")), str(message.get("Subject", ""))
    except (MessageError, ValueError, LookupError, AttributeError, TypeError, RecursionError):
        # The standard library's parser has more ways to fail on hostile headers than it documents.
        return Letter("", "", ())
    documents = tuple(p for p in found if p.octets.lstrip()[:8].startswith(_MARKS.get(p.kind, ())))
    texts = tuple(p for p in found if p.kind == "text/plain" and p.octets.strip())
    return Letter(sender[:120], subject[:120], documents or texts[:1])


async def take_document(device: Device, ticket: Ticket, octets: bytes) -> bool:
    """Forward, keep or print a received document; `ticket.via` is fax or ifax.

    False where the device could not take it. Forwarding comes after memory lock, and only where a
    rule wants it (<Use Forwarding Settings>).
    """
    incoming = device.jobs.receive()
    incoming.write(octets)
    if incoming.fault:
        device.jobs.drop(incoming)
        device.log.add(LogKind.TRANSMISSION, "-", "Receive I-Fax", incoming.fault, ok=False)
        return False
    rule = rule_for(device, ticket)
    sent = await forward(device, rule, ticket, octets) if rule else False
    receive_fax(device, ticket, incoming, (lambda _: sent) if rule else None)
    return True


async def take_mail(device: Device, mail: bytes) -> int | None:
    """Take a mail's documents; return how many, None where one could not be kept."""
    letter = read_mail(mail)
    for part in letter.parts:
        ticket = Ticket(
            via="ifax", user=letter.sender, name=part.name or letter.subject, format=part.kind
        )
        try:
            if not await take_document(device, ticket, part.octets):
                return None
        except FrisketError as fault:
            device.log.add(LogKind.TRANSMISSION, "-", "Receive I-Fax", str(fault), ok=False)
            return None
    return len(letter.parts)
