"""PWG raster (PWG 5102.4) and URF: page headers are read, compressed lines are walked over.

Both pack lines alike: an octet that says how often the line repeats, then runs of equal or
different pixels. Walking counts them without making a picture.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from frisket.mfd.document.detect import PWG_RASTER, URF
from frisket.mfd.document.model import (
    MOST_PAGES,
    Document,
    DocumentFault,
    check_pixels,
    name_of,
)

_PWG_HEADER = 1796
_URF_HEADER = struct.Struct(">BBBBBBBB4xIII8x")
# A reader in Python walks about 10 MB of packed lines a second; more is more than a page needs.
MOST_PACKED = 256 << 20


@dataclass(frozen=True, slots=True)
class _Page:
    """One page header: elements across and down, octets per element, and what it asks for."""

    width: int
    height: int
    pixel: int
    color: bool
    two_sided: bool = False
    copies: int = 1
    media: str = ""


def _pwg_page(header: bytes) -> _Page:
    def word(offset: int) -> int:
        number: int = struct.unpack_from(">I", header, offset)[0]
        return number

    width, height, depth, line = word(372), word(376), word(388), word(392)
    check_pixels(width, height)
    if depth not in {1, 8, 16, 24, 32, 48, 64} or line != (width * depth + 7) // 8:
        raise DocumentFault(f"PWG raster with {depth} bits per element, {line} octets per line")
    if word(400) not in {1, 3, 17, 18, 19, 20, 6} and word(400) < 48:
        raise DocumentFault(f"PWG raster in color space {word(400)}")
    across, along = word(352) * 2540 / 72, word(356) * 2540 / 72
    gray = word(400) in {3, 17, 18}
    pixel = max(1, depth // 8)
    columns = line // pixel
    copies = min(max(1, word(340)), 999)
    name = name_of(across, along)
    return _Page(columns, height, pixel, not gray, bool(word(272)), copies, name)


def _urf_page(header: bytes) -> _Page:
    depth, space, duplex, *_, width, height, resolution = _URF_HEADER.unpack(header)
    check_pixels(width, height)
    if depth not in {8, 16, 24, 32, 48, 64}:
        raise DocumentFault(f"URF with {depth} bits per element")
    scale = 2540 / resolution if resolution else 0.0
    name = name_of(width * scale, height * scale)
    return _Page(width, height, depth // 8, space not in {0, 4}, duplex in {2, 3}, media=name)


def _line(data: mmap.mmap, at: int, columns: int, pixel: int, *, blanks: bool) -> int:
    """Return where one packed line ends."""
    left = columns
    while left > 0:
        code = data[at]
        if code == 128 and blanks:  # the rest of the line is white
            return at + 1
        if code < 128:
            left -= code + 1
            at += 1 + pixel
        else:
            count = 257 - code
            left -= count
            at += 1 + count * pixel
    if left < 0:
        raise DocumentFault("a raster line longer than its page is wide")
    return at


def _walk(data: mmap.mmap, at: int, page: _Page, *, blanks: bool) -> int:
    """Return where the packed lines of a page end."""
    rows = page.height
    while rows > 0:
        rows -= data[at] + 1
        at = _line(data, at + 1, page.width, page.pixel, blanks=blanks)
    if rows < 0:
        raise DocumentFault("more raster lines than the page is high")
    return at


def _read(
    path: Path, kind: str, start: int, size: int, parse: Callable[[bytes], _Page]
) -> Document:
    first: _Page | None = None
    pages, color = 0, False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if len(data) > MOST_PACKED:
            raise DocumentFault(f"a raster of more than {MOST_PACKED >> 20} MiB")
        at = start
        try:
            while at < len(data):
                if at + size > len(data):
                    raise DocumentFault("a raster page header is cut")
                page = parse(data[at : at + size])
                first = first or page
                color = color or page.color
                pages += 1
                if pages > MOST_PAGES:
                    raise DocumentFault(f"a raster of more than {MOST_PAGES} pages")
                at = _walk(data, at + size, page, blanks=kind == URF)
        except IndexError as fault:
            raise DocumentFault("a raster page is cut") from fault
        if at > len(data) or first is None:
            raise DocumentFault("a raster page is cut")
    return Document(kind, pages, first.media, color, first.two_sided, first.copies)


def read_pwg(path: Path) -> Document:
    """Read a PWG raster file. Raises `DocumentFault` where it is damaged or too large."""
    return _read(path, PWG_RASTER, 4, _PWG_HEADER, _pwg_page)


def read_urf(path: Path) -> Document:
    """Read a URF file. Raises `DocumentFault` where it is damaged or too large."""
    return _read(path, URF, 12, _URF_HEADER.size, _urf_page)
