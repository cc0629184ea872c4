"""Any file is a document or a `DocumentFault`, in bounded time."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.peers.paper import make_jpeg, make_pdf, make_postscript
from tests.unit.mfd.test_documents import pwg_page, urf_page

from frisket.mfd.document.model import MOST_PAGES, DocumentFault
from frisket.mfd.document.read import FORMATS, read_document


def _samples() -> list[bytes]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return [
            make_pdf(folder / "a", 2).read_bytes(),
            make_postscript(folder / "a", 2).read_bytes(),
            make_jpeg(folder / "a").read_bytes(),
            b"RaS2" + pwg_page() * 2,
            b"UNIRAST\0\0\0\0\2" + urf_page() * 2,
            b"\x1bE\x1b*b3Wabc\x1b&l1Xtext\f",
            b") HP-PCL XL;2;0\n\xc0\x00\xf8\x28\x43\xfa\x02\x00\x00\x00CC\x44",
        ]


SAMPLES = _samples()


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(st.sampled_from(SAMPLES)))
    for _ in range(draw(st.integers(0, 6))):
        data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    return bytes(data[: draw(st.integers(1, len(data)))])


@settings(deadline=2000)
@given(
    data=st.binary(min_size=1, max_size=300) | mutated(), announced=st.sampled_from(("", *FORMATS))
)
def test_document_or_fault(data: bytes, announced: str) -> None:
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        with contextlib.suppress(DocumentFault):
            assert 1 <= read_document(Path(file.name), announced).pages <= MOST_PAGES
