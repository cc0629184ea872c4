"""The one way to read a document: detect it, then let its format's reader count."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from frisket.mfd.document.detect import (
    JPEG,
    PCL,
    PCL_XL,
    PDF,
    POSTSCRIPT,
    PWG_RASTER,
    TEXT,
    UNKNOWN,
    URF,
    detect,
)
from frisket.mfd.document.jpeg import read_jpeg
from frisket.mfd.document.model import Document, DocumentFault
from frisket.mfd.document.pclxl import read_pcl_xl
from frisket.mfd.document.pdf import read_pdf
from frisket.mfd.document.raster import read_pwg, read_urf
from frisket.mfd.document.text import read_pcl, read_postscript, read_text

READERS: Mapping[str, Callable[[Path], Document]] = {
    PDF: read_pdf,
    POSTSCRIPT: read_postscript,
    PCL: read_pcl,
    PCL_XL: read_pcl_xl,
    PWG_RASTER: read_pwg,
    URF: read_urf,
    JPEG: read_jpeg,
    TEXT: read_text,
}
FORMATS = (UNKNOWN, *READERS)


def read_document(path: Path, announced: str = "") -> Document:
    """Read a spooled document; `announced` is its MIME type where the sender said one.

    What is no known format prints as the text it is not, as a real device would: at least one
    side. Raises `DocumentFault`, also where the octets are not what was announced.
    """
    with path.open("rb") as file:
        found = detect(file.read(1024))
    if announced and announced not in {UNKNOWN, found}:
        if announced not in READERS:
            raise DocumentFault(f"{announced[:60]} is not supported", "unsupported-document-format")
        if announced not in {TEXT, PCL}:
            raise DocumentFault(f"announced as {announced}, but is {found}")
        found = announced
    return READERS[found](path) if found in READERS else read_text(path, UNKNOWN)
