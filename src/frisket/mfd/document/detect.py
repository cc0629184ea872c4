"""What format a document has, by its first octets (after any PJL)."""

from __future__ import annotations

PDF = "application/pdf"
POSTSCRIPT = "application/postscript"
PCL = "application/vnd.hp-PCL"
PCL_XL = "application/vnd.hp-PCLXL"
PWG_RASTER = "image/pwg-raster"
URF = "image/urf"
JPEG = "image/jpeg"
TEXT = "text/plain"
UNKNOWN = "application/octet-stream"

_SIGNATURES = (
    (b"%PDF-", PDF),
    (b"%!", POSTSCRIPT),
    (b"\x04%!", POSTSCRIPT),
    (b"RaS2", PWG_RASTER),
    (b"UNIRAST\0", URF),
    (b"\xff\xd8\xff", JPEG),
    (b") HP-PCL XL", PCL_XL),
    (b"\x1b", PCL),
)
# Octets that occur in plain text beside printable ones: tab, line feed, form feed, return.
_CONTROLS = frozenset(range(0x20)) - {0x09, 0x0A, 0x0C, 0x0D}


def detect(head: bytes) -> str:
    """Return the MIME type that `head` (up to 1,024 first octets) shows."""
    for mark, name in _SIGNATURES:
        if head.startswith(mark):
            return name
    if b"%PDF-" in head[:1024]:
        # Readers accept a PDF header anywhere in the first kilobyte.
        return PDF
    if head and not _CONTROLS.intersection(head):
        return TEXT
    return UNKNOWN


def is_blank(head: bytes) -> bool:
    """Say whether a document has nothing to print: no octet beyond white space and NUL."""
    return not head.strip(b"\0 \t\r\n")
