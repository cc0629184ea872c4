"""Envelopes as mail: the same sealed octets as by HTTPS, attached to a message that says so.

Pure. What a mail claims of itself is believed nowhere: only its attachment counts, and that is
signed. An answer goes back as a mail too, with the gateway's signature in a header.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

from frisket.errors import UsageError, WireError
from frisket.telemetry.envelope import MEDIA_TYPE, MOST_OCTETS, SIGNATURE_HEADER

ANSWER_TYPE: Final = "application/vnd.frisket.answer+json"
ABOUT: Final = "Frisket-About"  # of an answer: the SHA-256 of the envelope it answers
_MOST_PARTS: Final = 20
_MOST_ANSWER: Final = 1 << 20
_STRANGE: Final = frozenset(' ,;<>"()\r\n')
# The standard library's parser has more ways to fail on hostile mail than it documents.
_FAULTS: Final = (
    *(MessageError, ValueError, LookupError, AttributeError, TypeError, RecursionError),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer by mail: to which envelope, its octets, and the gateway's signature over them."""

    about: str
    body: bytes
    signature: str


def digest(envelope: bytes) -> str:
    """Return the name under which an envelope is answered."""
    return hashlib.sha256(envelope).hexdigest()


def check_address(address: str) -> str:
    """Return a mail address. Raises `UsageError`."""
    name, _, domain = address.partition("@")
    if not name or not domain or _STRANGE & set(address) or not address.isascii():
        raise UsageError(f"{address[:80]!r} is no e-mail address", hint="name@example.com")
    return address


def _message(sender: str, to: str, subject: str, at: float) -> EmailMessage:
    message = EmailMessage(policy=policy.SMTP)
    message["From"], message["To"] = check_address(sender), check_address(to)
    message["Subject"] = subject
    message["Date"] = format_datetime(datetime.fromtimestamp(at, UTC))
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notice in return
    return message


def envelope_mail(envelope: bytes, *, sender: str, to: str, at: float) -> EmailMessage:
    """Return the mail that carries an envelope. `at` is seconds since 1970."""
    name = digest(envelope)
    message = _message(sender, to, f"Frisket report {name[:16]}", at)
    message["Message-ID"] = f"<{name}@frisket.invalid>"
    message.set_content("A report of printers' counters, supplies and alerts; a program reads it.")
    kind, _, sub = MEDIA_TYPE.partition("/")
    message.add_attachment(envelope, maintype=kind, subtype=sub, filename="report.frisket")
    return message


def answer_mail(answer: Answer, *, sender: str, to: str, at: float) -> EmailMessage:
    """Return the mail that carries an answer."""
    message = _message(sender, to, f"Frisket receipt {answer.about[:16]}", at)
    message[ABOUT], message[SIGNATURE_HEADER] = answer.about, answer.signature
    message.set_content("A receipt for a report; a program reads it.")
    kind, _, sub = ANSWER_TYPE.partition("/")
    message.add_attachment(answer.body, maintype=kind, subtype=sub, filename="receipt.json")
    return message


def read_envelope(octets: bytes) -> tuple[bytes, str]:
    """Return the envelope that a mail carries, and whom the answer would go to, "" for nobody.

    Raises `WireError` for any other mail.
    """
    message = _parsed(octets)
    envelope = _attached(message, MEDIA_TYPE, MOST_OCTETS)
    try:
        back = str(message.get("Reply-To") or message.get("From") or "").strip()[:200]
        return envelope, check_address(back)
    except (UsageError, *_FAULTS):
        return envelope, ""


def read_answer(octets: bytes) -> Answer:
    """Return the answer that a mail carries. Raises `WireError` for any other mail."""
    message = _parsed(octets)
    body = _attached(message, ANSWER_TYPE, _MOST_ANSWER)
    try:
        about = str(message.get(ABOUT, "")).strip()
        signature = str(message.get(SIGNATURE_HEADER, "")).strip()[:200]
    except _FAULTS as fault:
        raise WireError("the mail's headers cannot be read") from fault
    if len(about) != 64 or not about.isalnum():
        raise WireError("the mail does not say what it answers")
    return Answer(about, body, signature)


def _parsed(octets: bytes) -> EmailMessage:
    try:
        return message_from_bytes(octets, _class=EmailMessage, policy=policy.SMTP)
    except _FAULTS as fault:
        raise WireError("this is no mail") from fault


def _attached(message: EmailMessage, kind: str, most: int) -> bytes:
    try:
        for part, _ in zip(message.walk(), range(_MOST_PARTS), strict=False):
            if part.get_content_type() == kind:
                found = part.get_payload(decode=True)
                if isinstance(found, bytes) and 0 < len(found) <= most:
                    return found
    except _FAULTS as fault:
        raise WireError("the mail's parts cannot be read") from fault
    raise WireError("the mail carries nothing of ours")
