"""PostScript, PCL and plain text: sides counted in one bounded pass over the octets."""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from pathlib import Path

from frisket.mfd.document.detect import PCL, POSTSCRIPT, TEXT
from frisket.mfd.document.model import MOST_PAGES, Document, DocumentFault, name_of

_CHUNK = 1 << 20
_LINES = 60
_COLUMNS = 80
_PS_PAGE = re.compile(rb"(?:\A|[\r\n])%%Page:[ \t]")
_PS_SHOW = re.compile(rb"\b(?:showpage|copypage)\b")
_PS_BOX = re.compile(rb"%%(?:Document)?(?:Media|BoundingBox):.{0,80}", re.DOTALL)
_NUMBERS = re.compile(rb"[0-9]{2,4}(?:\.[0-9]+)?")
_FORM_FEED, _ESCAPE = 0x0C, 0x1B
# ESC * b 12 W and the like announce that many octets of binary data (PCL 5 Reference).
_PCL_TOKEN = re.compile(
    rb"\x1b[*()&][a-z](?:[0-9+-]{1,8}[a-z])*(?P<data>[0-9]{1,9})[WVX]"
    rb"|\x1b[*()&][a-z][0-9a-z+.-]{0,64}[@A-Z]|\x1b[^*()&]?|\x1b[*()&]|\f|[^\x1b\f]+",
    re.DOTALL,
)
_PCL_MARK = re.compile(rb"[^\0 \t\r\n]")


def _pieces(path: Path, overlap: int) -> Iterator[tuple[bytes, int]]:
    """Yield chunks, each with the end of the one before it, and how long that end is."""
    tail = b""
    with path.open("rb") as file:
        while data := file.read(_CHUNK):
            yield tail + data, len(tail)
            tail = (tail + data)[-overlap:]


def _checked(kind: str, pages: int, media: str = "", *, color: bool = False) -> Document:
    if pages > MOST_PAGES:
        raise DocumentFault(f"a document of more than {MOST_PAGES} pages")
    return Document(kind, max(1, pages), media, color)


def _box(head: bytes) -> str:
    found = _PS_BOX.search(head)
    numbers = [float(n) for n in _NUMBERS.findall(found[0])] if found else []
    if len(numbers) < 2:
        return ""
    return name_of(numbers[-2] * 2540 / 72, numbers[-1] * 2540 / 72)


def read_postscript(path: Path) -> Document:
    """Count `%%Page:` comments, or else the words that show a page."""
    marked = shown = 0
    media = ""
    for data, seen in _pieces(path, 12):
        if not seen:
            media = _box(data[:4096])
        marked += sum(1 for found in _PS_PAGE.finditer(data) if found.end() > seen)
        shown += sum(1 for found in _PS_SHOW.finditer(data) if found.end() > seen)
    return _checked(POSTSCRIPT, marked or shown, media, color=True)


def read_pcl(path: Path) -> Document:
    """Count form feeds outside of binary data; marks after the last one make another side."""
    pages, marks, at = 0, False, 0
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        while token := _PCL_TOKEN.match(data, at):
            at = token.end()
            if token["data"]:
                marks = True
                at += int(token["data"])
            elif data[token.start()] == _FORM_FEED:
                pages, marks = pages + 1, False
            elif data[token.start()] != _ESCAPE:
                marks = marks or _PCL_MARK.search(data, token.start(), at) is not None
    return _checked(PCL, pages + marks)


def read_text(path: Path, kind: str = TEXT) -> Document:
    """Lay out lines of 80 columns, 60 a side; a form feed begins another side."""
    pages, row, column, marks = 0, 0, 0, False
    for data, seen in _pieces(path, 1):
        for part in re.findall(rb"\f|\n|[^\f\n]+", data[seen:]):
            if part == b"\f":
                pages, row, column, marks = pages + 1, 0, 0, False
                continue
            if part == b"\n":
                row, column = row + 1, 0
            else:
                column += len(part)
                marks = marks or bool(part.strip())
                row, column = row + column // (_COLUMNS + 1), column % (_COLUMNS + 1)
            pages, row = pages + row // _LINES, row % _LINES
            marks = marks and not (row == column == 0)
    return _checked(kind, pages + marks)
