"""PDF: pages and page size by pikepdf; encrypted files are refused, as an iR-ADV C5250 does."""

from __future__ import annotations

from pathlib import Path

import pikepdf

from frisket.mfd.document.detect import PDF
from frisket.mfd.document.model import MOST_PAGES, Document, DocumentFault, name_of

_POINT = 2540 / 72  # hundredths of a millimetre


def _media(page: pikepdf.Page) -> str:
    left, bottom, right, top = (float(value) for value in page.mediabox)
    return name_of(abs(right - left) * _POINT, abs(top - bottom) * _POINT)


def read_pdf(path: Path) -> Document:
    """Read a PDF file. Raises `DocumentFault` where it is damaged or encrypted."""
    try:
        with pikepdf.open(path, suppress_warnings=True) as pdf:
            if pdf.is_encrypted:
                raise DocumentFault("encrypted PDF")
            pages = len(pdf.pages)
            if not 0 < pages <= MOST_PAGES:
                raise DocumentFault(f"a PDF of {pages} pages")
            return Document(PDF, pages, _media(pdf.pages[0]), color=True)
    except pikepdf.PasswordError as fault:
        raise DocumentFault("encrypted PDF") from fault
    except (pikepdf.PdfError, pikepdf.DataDecodingError, ArithmeticError) as fault:
        raise DocumentFault(f"damaged PDF: {str(fault)[:80]}") from fault
    except (ValueError, TypeError, AttributeError, LookupError, RuntimeError) as fault:
        # pikepdf hands out whatever Python object a hostile page tree asks for.
        raise DocumentFault(f"damaged PDF: {type(fault).__name__}") from fault
