"""Documents to print: PDF, PostScript and JPEG files of known size."""

from __future__ import annotations

from pathlib import Path

import pikepdf
from PIL import Image

A4 = (595, 842)
LETTER = (612, 792)


def make_pdf(path: Path, pages: int = 1, size: tuple[int, int] = A4) -> Path:
    """Write a PDF of empty pages."""
    with pikepdf.new() as document:
        for _ in range(pages):
            document.add_blank_page(page_size=size)
        document.save(path)
    return path


def make_postscript(path: Path, pages: int = 1, size: tuple[int, int] = A4) -> Path:
    """Write a PostScript document that follows the structuring conventions."""
    box = f"%%BoundingBox: 0 0 {size[0]} {size[1]}"
    shown = "".join(f"%%Page: {n} {n}\nshowpage\n" for n in range(1, pages + 1))
    path.write_text(f"%!PS-Adobe-3.0\n{box}\n%%Pages: {pages}\n%%EndComments\n{shown}%%EOF\n")
    return path


def make_jpeg(path: Path, mode: str = "RGB") -> Path:
    """Write a small picture."""
    Image.new(mode, (64, 96)).save(path, "JPEG")
    return path
