"""What is known about a document once it was read, and how reading it can fail."""

from __future__ import annotations

import re
from dataclasses import dataclass

from frisket.errors import FrisketError

MOST_PAGES = 50_000
# A side of more picture elements than this is a bomb, not a page: A3 at 1,200 dpi has 280 million.
MOST_PIXELS = 300_000_000
LONGEST_SIDE = 65_535


class DocumentFault(FrisketError):
    """The document cannot be printed. `reason` is an IPP job-state-reasons keyword."""

    def __init__(self, message: str, reason: str = "document-format-error") -> None:
        """Keep the message and the keyword."""
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Document:
    """One read document: its sides, media name ("" unknown), whether it asks for color or duplex.

    `copies` and `two_sided` come from the document itself (PWG raster, URF).
    """

    format: str
    pages: int
    media: str = ""
    color: bool = False
    two_sided: bool = False
    copies: int = 1


def check_pixels(width: int, height: int) -> None:
    """Raise `DocumentFault` for a picture that no sheet of paper could hold."""
    if not 0 < width <= LONGEST_SIDE or not 0 < height <= LONGEST_SIDE:
        raise DocumentFault(f"a picture of {width} by {height} elements")
    if width * height > MOST_PIXELS:
        raise DocumentFault(f"a picture of {width} by {height} elements is too large")


# PWG 5101.1 self-describing names; in hundredths of a millimetre.
MEDIA = {
    "iso_a3_297x420mm": (29700, 42000),
    "iso_a4_210x297mm": (21000, 29700),
    "iso_a5_148x210mm": (14800, 21000),
    "iso_a6_105x148mm": (10500, 14800),
    "jis_b4_257x364mm": (25700, 36400),
    "jis_b5_182x257mm": (18200, 25700),
    "na_letter_8.5x11in": (21590, 27940),
    "na_legal_8.5x14in": (21590, 35560),
    "na_ledger_11x17in": (27940, 43180),
    "na_executive_7.25x10.5in": (18415, 26670),
    "na_index-4x6_4x6in": (10160, 15240),
}
_DIMENSIONS = re.compile(r"_([0-9]{1,4}(?:\.[0-9]{1,4})?)x([0-9]{1,4}(?:\.[0-9]{1,4})?)(mm|in)")
_NEAR = 180  # 1.8 mm: what drivers round


def dimensions(media: str) -> tuple[int, int] | None:
    """Return width and length of a media name in hundredths of a millimetre, None if unknown."""
    if media in MEDIA:
        return MEDIA[media]
    found = _DIMENSIONS.search(media)
    if not found:
        return None
    unit = 100 if found[3] == "mm" else 2540
    return round(float(found[1]) * unit), round(float(found[2]) * unit)


def name_of(width: float, length: float) -> str:
    """Name the standard media of this size (hundredths of a millimetre), either way round."""
    short, long = sorted((width, length))
    for name, (across, along) in MEDIA.items():
        if abs(short - across) <= _NEAR and abs(long - along) <= _NEAR:
            return name
    return ""


def is_large(media: str) -> bool:
    """Say whether the counters call a media large: larger than B4 (facts, section 7)."""
    size = dimensions(media)
    return size is not None and max(size) > 36400 and min(size) > 25700
