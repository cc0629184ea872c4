"""JPEG: one side; only the header is read, the picture is never decoded."""

from __future__ import annotations

from pathlib import Path

from PIL.JpegImagePlugin import JpegImageFile

from frisket.mfd.document.detect import JPEG
from frisket.mfd.document.model import Document, DocumentFault, check_pixels


def read_jpeg(path: Path) -> Document:
    """Read a JPEG file. Raises `DocumentFault` where it is damaged or too large."""
    try:
        # Not Image.open: that would also try every other format Pillow knows.
        with JpegImageFile(path) as picture:
            width, height = picture.size
            color = picture.mode not in {"L", "1"}
    except (OSError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError) as fault:
        raise DocumentFault(f"damaged JPEG: {str(fault)[:80]}") from fault
    check_pixels(width, height)
    return Document(JPEG, 1, color=color)
