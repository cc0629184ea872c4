"""What arrives from outside: the documents of a mail, forwarded, kept or printed."""

from __future__ import annotations

import asyncio

from frisket.errors import FrisketError
from frisket.mfd.auditlog import LogKind
from frisket.mfd.device import Device
from frisket.mfd.ifax import Document, read_mail, tiff_to_pdf
from frisket.mfd.inbox import receive_fax
from frisket.mfd.outside.forward import forward, rule_for
from frisket.mfd.ticket import Ticket

_FORMATS = {"TIFF": "application/pdf", "PDF": "application/pdf", "text": "text/plain"}


async def take_document(device: Device, ticket: Ticket, octets: bytes) -> bool:
    """Forward, keep or print a received document; `ticket.via` is fax or ifax.

    False where the device could not take it. Forwarding comes after memory lock, and only where a
    rule wants it (<Use Forwarding Settings>). Raises `FrisketError` where the device is full.
    """
    incoming = device.jobs.receive()
    incoming.write(octets)
    if incoming.fault:
        device.jobs.drop(incoming)
        return False
    rule = rule_for(device, ticket)
    sent = await forward(device, rule, ticket, octets) if rule else False
    receive_fax(device, ticket, incoming, (lambda _: sent) if rule else None)
    return True


async def take_mail(
    device: Device, octets: bytes, sender: str = "", *, texts: bool = False
) -> int | None:
    """Take a mail's documents; return how many, None where one could not be kept.

    `sender` is who the envelope says (by default: the mail itself). With `texts` a mail without
    a document is printed as its text. The audit log tells how it went.
    """
    mail = await asyncio.to_thread(read_mail, octets)
    sender = sender or mail.sender or "-"
    documents = mail.documents
    if not documents and texts and mail.text:
        documents = (Document("text", mail.text),)
    if not documents:
        _note(device, f"from {sender}: no TIFF or PDF in {len(octets)} octets", ok=False)
    taken = 0
    for document in documents:
        ticket = Ticket(
            "ifax", user=sender, name=mail.subject or "I-Fax", format=_FORMATS[document.kind]
        )
        detail = f"from {sender}: {document.kind} of {len(document.octets)} octets"
        content = document.octets
        if document.kind == "TIFF":
            content = await asyncio.to_thread(tiff_to_pdf, content)
        if not content:
            _note(device, f"{detail}, damaged or too large", ok=False)
            continue
        try:
            good = await take_document(device, ticket, content)
        except FrisketError as fault:
            _note(device, f"{detail}: {fault}", ok=False)
            return None
        _note(device, detail, ok=good)
        if not good:
            return None
        taken += 1
    return taken


def _note(device: Device, detail: str, *, ok: bool) -> None:
    device.log.add(LogKind.TRANSMISSION, "-", "Receive I-Fax", detail, ok=ok)
