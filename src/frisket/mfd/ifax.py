"""Internet fax: the documents a mail brings (RFC 3965), turned into what the device can print.

What becomes of them is the business of `mfd/outside/received.py`.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import EmailMessage

from PIL import Image, ImageSequence, UnidentifiedImageError

DOCUMENTS = {"image/tiff": "TIFF", "application/pdf": "PDF"}
_MOST_PARTS = 50
_MOST_DOCUMENTS = 10
_MOST_PAGES = 200
_MOST_PIXELS = 40_000_000  # A3 at 600 dots per inch is 70 million, fax pages are 4 million


@dataclass(frozen=True, slots=True)
class Document:
    """One attachment that the device can print: "TIFF" or "PDF", and its octets."""

    kind: str
    octets: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """What a mail brought: its subject and sender, the documents in order, its first plain text."""

    subject: str = ""
    documents: tuple[Document, ...] = ()
    sender: str = ""
    text: bytes = b""


def read_mail(octets: bytes) -> Mail:
    """Return the printable attachments of a mail; none where it cannot be read.

    What a part claims to be is believed only where it begins like that.
    """
    try:
        message = message_from_bytes(octets, _class=EmailMessage, policy=policy.SMTP)
        parts = [part for part, _ in zip(message.walk(), range(_MOST_PARTS), strict=False)]
        claimed = [(part.get_content_type(), part.get_payload(decode=True)) for part in parts]
        subject = str(message.get("subject", ""))[:120]
        sender = str(message.get("from", ""))[:120]
    except (MessageError, ValueError, LookupError, AttributeError, TypeError, RecursionError):
        # The standard library's parser has more ways to fail on hostile headers than it documents.
        return Mail()
    found = tuple(
        Document(DOCUMENTS[kind], content)
        for kind, content in claimed
        if isinstance(content, bytes) and _begins_right(DOCUMENTS.get(kind, ""), content)
    )
    texts = (
        content
        for kind, content in claimed
        if kind == "text/plain" and isinstance(content, bytes) and content.strip()
    )
    return Mail(subject, found[:_MOST_DOCUMENTS], sender, next(texts, b""))


def _begins_right(kind: str, octets: bytes) -> bool:
    if kind == "PDF":
        return b"%PDF-" in octets[:1024]
    return kind == "TIFF" and octets[:4] in {b"II*\0", b"MM\0*"}


def tiff_to_pdf(octets: bytes) -> bytes:
    """Return the pages of a TIFF as PDF, b"" where it is damaged, too long or too large."""
    try:
        with Image.open(io.BytesIO(octets), formats=["TIFF"]) as image:
            pages: list[Image.Image] = []
            for frame in ImageSequence.Iterator(image):
                if len(pages) == _MOST_PAGES or frame.width * frame.height > _MOST_PIXELS:
                    return b""
                pages.append(frame.convert("1"))
            out = io.BytesIO()
            pages[0].save(out, "PDF", save_all=True, append_images=pages[1:], resolution=200)
            return out.getvalue()
    except (
        *(UnidentifiedImageError, Image.DecompressionBombError, Image.DecompressionBombWarning),
        *(OSError, EOFError, ValueError, SyntaxError, LookupError, TypeError, struct.error),
        *(UserWarning, OverflowError, MemoryError, AttributeError, ZeroDivisionError),
    ):
        # Pillow tells damage in all these ways.
        return b""
