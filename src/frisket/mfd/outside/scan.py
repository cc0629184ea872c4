"""Scan and Send: drawn pages as PDF, encrypted as <Encryption Level> says (guide SO-11, EN-12).

There is no glass to scan from: a page says which virtual device made it. Encryption is for e-mail
and file servers only; an I-fax is TIFF, one bit a picture element (RFC 3949 profile S).
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Mapping
from dataclasses import dataclass, field

import pikepdf
from PIL import Image, ImageDraw, ImageFont

from frisket.errors import UsageError
from frisket.mfd.address_book import Address, AddressKind
from frisket.mfd.device import Device
from frisket.mfd.outside.attempt import OutsideFault
from frisket.mfd.outside.deliver import Parcel, deliver
from frisket.mfd.outside.limits import is_limited, read_destination

MOST_PAGES = 200
_SCAN_COUNTER = 501
_A4 = (827, 1169)  # 100 dots an inch
_FAX = (1728, 2291)  # RFC 3949: A4 at 204 by 196 dots an inch


@dataclass(frozen=True, slots=True)
class _Level:
    """A level as the PDF standard counts it: revision of the handler, AES or RC4, PDF header."""

    revision: int
    aes: bool
    header: str = ""


# ISO 32000-1 table 20 and 21. With revision 6 pikepdf writes the header that belongs to it.
LEVELS: Mapping[str, _Level] = {
    "RC4-40": _Level(2, aes=False),
    "RC4-128": _Level(3, aes=False),
    "AES-128": _Level(4, aes=True, header="1.6"),
    "AES-256": _Level(6, aes=True),
}


@dataclass(frozen=True, slots=True)
class Encryption:
    """How a PDF is locked: the password that opens it and, if not "", the one that permits all.

    `printing` is yes, low or no.
    """

    open_password: str = field(default="", repr=False)
    permission_password: str = field(default="", repr=False)
    printing: str = "no"
    changes: bool = False
    copying: bool = False


def _page(device: Device, number: int, count: int, size: tuple[int, int]) -> Image.Image:
    page = Image.new("L", size, 255)
    pen = ImageDraw.Draw(page)
    across, down = size
    letters = ImageFont.load_default(down // 40)
    lines = (
        f"{device.personality.model} (virtual)",
        f"Serial number {device.plan.serial}",
        device.now().strftime("%Y-%m-%d %H:%M"),
        f"Page {number} of {count}",
    )
    for row, text in enumerate(lines):
        pen.text((across // 10, down // 10 + row * down // 25), text, fill=0, font=letters)
    edge = across // 20
    pen.rectangle((edge, edge, across - edge, down - edge), outline=0, width=max(1, across // 400))
    return page


def scan_pages(device: Device, count: int, size: tuple[int, int] = _A4) -> list[Image.Image]:
    """Return drawn pages; nothing is counted yet."""
    return [_page(device, number, count, size) for number in range(1, count + 1)]


def make_pdf(pages: list[Image.Image]) -> bytes:
    """Return pages as a PDF of A4 sides."""
    out = io.BytesIO()
    pages[0].save(out, "PDF", save_all=True, append_images=pages[1:], resolution=100)
    return out.getvalue()


def make_tiff(pages: list[Image.Image]) -> bytes:
    """Return pages as a TIFF-F file (RFC 3949 profile S uses Modified Huffman)."""
    out = io.BytesIO()
    black = [page.convert("1", dither=Image.Dither.NONE) for page in pages]
    black[0].save(
        out, "TIFF", save_all=True, append_images=black[1:], compression="group3", dpi=(204, 196)
    )
    return out.getvalue()


def encrypt_pdf(pdf: bytes, level: str, how: Encryption) -> bytes:
    """Return a PDF locked at one of `LEVELS`. Raises `UsageError` without any password."""
    if not how.open_password and not how.permission_password:
        raise UsageError("an encrypted PDF needs a password")
    kind = LEVELS[level]
    may = pikepdf.Permissions(
        accessibility=True,
        extract=how.copying,
        modify_annotation=how.changes,
        modify_assembly=how.changes,
        modify_form=how.changes,
        modify_other=how.changes,
        print_lowres=how.printing in {"yes", "low"},
        print_highres=how.printing == "yes",
    )
    encryption = pikepdf.Encryption(
        user=how.open_password,
        owner=how.permission_password or how.open_password,
        R=kind.revision,  # type: ignore[arg-type]
        aes=kind.aes,
        metadata=kind.revision >= 4,
        allow=may,
    )
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        document.save(out, encryption=encryption, force_version=kind.header)
    return out.getvalue()


async def scan_and_send(
    device: Device, destination: str, pages: int, actor: str, encryption: Encryption | None = None
) -> int:
    """Scan and send; return the octets sent.

    Raises `UsageError`, `OutsideFault` (a limit, encryption of an I-fax, a server's no),
    `TlsFailed`, `LinkError`; what was tried stands in the audit log.
    """
    to = read_destination(device, destination)
    if not 1 <= pages <= MOST_PAGES:
        raise UsageError(f"1 to {MOST_PAGES} pages can be scanned")
    if is_limited(device, to):
        # Refused before anything is scanned.
        await deliver(device, to, Parcel("nothing", "", b""), actor)
    parcel = await asyncio.to_thread(_scan, device, to, pages, encryption)
    device.counters.add({_SCAN_COUNTER: pages})
    await deliver(device, to, parcel, actor)
    return len(parcel.octets)


def _scan(device: Device, to: Address, pages: int, encryption: Encryption | None) -> Parcel:
    stamp = device.now().strftime("%Y%m%d%H%M%S")
    if to.kind is AddressKind.IFAX:
        if encryption is not None:
            raise OutsideFault("an I-fax cannot be encrypted")
        tiff = make_tiff(scan_pages(device, pages, _FAX))
        return Parcel(f"{stamp}.tif", "image/tiff", tiff)
    pdf = make_pdf(scan_pages(device, pages))
    if encryption is not None:
        pdf = encrypt_pdf(pdf, device.store.text("send.encrypted-pdf.level"), encryption)
    return Parcel(f"{stamp}.pdf", "application/pdf", pdf)
