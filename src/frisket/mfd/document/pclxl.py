"""PCL XL (PCL 6): a stream of tagged values and operators, walked to its BeginPage operators."""

from __future__ import annotations

import mmap
from pathlib import Path

from frisket.mfd.document.detect import PCL_XL
from frisket.mfd.document.model import MOST_PAGES, Document, DocumentFault

_BEGIN_PAGE = 0x43
_SIZES = {0: 1, 1: 2, 2: 4, 3: 2, 4: 4, 5: 4}  # octets of each scalar, by the tag's low bits
MOST_OCTETS = 64 << 20


def _value(data: mmap.mmap, tag: int, at: int) -> int:
    """Return where the value behind a data type tag (0xc0 to 0xe5) ends."""
    size = _SIZES.get(tag & 7, 0)
    if not size:
        raise DocumentFault(f"PCL XL data type {tag:#04x}")
    if tag < 0xC8:
        return at + size
    if tag < 0xD0:
        # An array: the tag of its count, the count, the elements.
        width = {0xC0: 1, 0xC1: 2}.get(data[at], 0)
        if not width:
            raise DocumentFault("PCL XL array without a count")
        count = int.from_bytes(data[at + 1 : at + 1 + width], "little")
        return at + 1 + width + count * size
    return at + size * (2 if tag < 0xE0 else 4)


def _step(data: mmap.mmap, at: int) -> tuple[int, int]:
    """Return the tag at a position and where the next one stands."""
    tag = data[at]
    at += 1
    if 0xC0 <= tag < 0xE8:
        return tag, _value(data, tag, at)
    if tag in {0xF8, 0xFB}:
        return tag, at + 1 + (data[at] if tag == 0xFB else 0)
    if tag == 0xF9:
        return tag, at + 2
    if tag == 0xFA:
        return tag, at + 4 + int.from_bytes(data[at : at + 4], "little")
    return tag, at


def read_pcl_xl(path: Path) -> Document:
    """Count pages. Raises `DocumentFault` where the stream is damaged or endless."""
    pages = 0
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if len(data) > MOST_OCTETS:
            raise DocumentFault(f"PCL XL of more than {MOST_OCTETS >> 20} MiB")
        at = data.find(b"\n", 0, 1024) + 1
        try:
            while at < len(data):
                if data[at : at + 9] == b"\x1b%-12345X":
                    break
                tag, at = _step(data, at)
                pages += tag == _BEGIN_PAGE
        except IndexError as fault:
            raise DocumentFault("PCL XL is cut") from fault
    if pages > MOST_PAGES:
        raise DocumentFault(f"PCL XL of more than {MOST_PAGES} pages")
    return Document(PCL_XL, max(1, pages), color=True)
