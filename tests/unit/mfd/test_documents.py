"""Documents are read for what they are: sides, paper, color; bombs and damage are refused."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from tests.peers.paper import LETTER, make_jpeg, make_pdf, make_postscript

from frisket.mfd.document.detect import detect, is_blank
from frisket.mfd.document.model import DocumentFault, dimensions, is_large, name_of
from frisket.mfd.document.raster import read_pwg, read_urf
from frisket.mfd.document.read import read_document

A4 = "iso_a4_210x297mm"


def write(folder: Path, data: bytes) -> Path:
    path = folder / "document"
    path.write_bytes(data)
    return path


def pwg_page(width: int = 16, height: int = 4, body: bytes | None = None, depth: int = 8) -> bytes:
    header = bytearray(1796)
    header[:9] = b"PwgRaster"
    space = 18 if depth == 8 else 19
    for at, value in ((340, 2), (352, 595), (356, 842), (372, width), (376, height)):
        struct.pack_into(">I", header, at, value)
    for at, value in ((388, depth), (392, width * depth // 8), (400, space), (272, 1)):
        struct.pack_into(">I", header, at, value)
    if body is None:
        # All rows alike: one row of equal pixels, repeated.
        body = bytes((height - 1, width - 1)) + b"\xff" * (depth // 8)
    return bytes(header) + body


def urf_page(width: int = 16, height: int = 4, body: bytes = b"\3\x80") -> bytes:
    head = struct.pack(">BBBBBBBB4xIII8x", 8, 0, 3, 4, 0, 0, 0, 0, width, height, 300)
    return head + body


def test_pdf(tmp_path: Path) -> None:
    document = read_document(make_pdf(tmp_path / "a.pdf", 3, LETTER))
    assert (document.pages, document.media) == (3, "na_letter_8.5x11in")


def test_pdf_behind_a_preamble_of_the_driver(tmp_path: Path) -> None:
    data = b"\r\n\r\n" + make_pdf(tmp_path / "a.pdf").read_bytes()
    assert read_document(write(tmp_path, data)).format == "application/pdf"


@pytest.mark.parametrize("cut", [6, 60])
def test_damaged_pdf(tmp_path: Path, cut: int) -> None:
    data = make_pdf(tmp_path / "a.pdf").read_bytes()[:cut]
    with pytest.raises(DocumentFault):
        read_document(write(tmp_path, data))


def test_postscript(tmp_path: Path) -> None:
    document = read_document(make_postscript(tmp_path / "a.ps", 5))
    assert (document.pages, document.media) == (5, A4)
    bare = write(tmp_path, b"%!\n(one) show showpage\n(two) show\nshowpage\n")
    assert read_document(bare).pages == 2


def test_postscript_across_chunks(tmp_path: Path) -> None:
    filler = b"%" + b"x" * ((1 << 20) - 30) + b"\n"
    data = b"%!PS\n" + filler + b"".join(b"%%%%Page: %d 1\n" % n for n in range(9))
    assert read_document(write(tmp_path, data)).pages == 9


@pytest.mark.parametrize(
    ("data", "pages"),
    [
        (b"\x1bEone\ftwo\f\x1bE", 2),
        (b"\x1bEone\ftwo", 2),
        (b"\x1bE\x1b&l0Oone", 1),
        # Form feeds inside of raster data are pixels.
        (b"\x1bE\x1b*b6W\f\f\f\f\f\f\f", 1),
        (b"\x1bE\x1b*b2m3W\f\f\f\x1b*b1W\f", 1),
        (b"\x1bE\x1b&p4X\f\f\f\fx\fy\f", 2),
        (b"\x1bE\x1b*b999999999W\f", 1),
    ],
)
def test_pcl(tmp_path: Path, data: bytes, pages: int) -> None:
    assert read_document(write(tmp_path, data)).pages == pages


@pytest.mark.parametrize(
    ("data", "pages"),
    [
        (b"one line\n", 1),
        (b"line\n" * 60, 1),
        (b"line\n" * 61, 2),
        (b"a\fb\fc", 3),
        (b"a\fb\f", 2),
        (b"x" * 80 * 61, 2),
    ],
)
def test_text(tmp_path: Path, data: bytes, pages: int) -> None:
    assert read_document(write(tmp_path, data)).pages == pages


def test_pcl_xl(tmp_path: Path) -> None:
    head = b") HP-PCL XL;2;0;Comment\n"
    page = b"\xc0\x00\xf8\x28\x43" + b"\xfa\x02\x00\x00\x00CC" + b"\xd1\x01\x00\x02\x00\xf8\x2a\x44"
    assert read_document(write(tmp_path, head + page * 3)).pages == 3
    with pytest.raises(DocumentFault):
        read_document(write(tmp_path, head + b"\xc7"))


def test_jpeg(tmp_path: Path) -> None:
    assert read_document(make_jpeg(tmp_path / "a.jpg")).color
    assert not read_document(make_jpeg(tmp_path / "a.jpg", "L")).color
    bomb = bytearray((tmp_path / "a.jpg").read_bytes())
    at = bomb.index(b"\xff\xc0")
    struct.pack_into(">HH", bomb, at + 5, 65_000, 65_000)
    with pytest.raises(DocumentFault, match="too large"):
        read_document(write(tmp_path, bytes(bomb)))


def test_pwg_raster(tmp_path: Path) -> None:
    document = read_document(write(tmp_path, b"RaS2" + pwg_page() * 3))
    assert (document.pages, document.media, document.two_sided) == (3, A4, True)
    assert (document.copies, document.color) == (2, False)


def test_urf(tmp_path: Path) -> None:
    document = read_document(write(tmp_path, b"UNIRAST\0\0\0\0\2" + urf_page() * 2))
    assert (document.pages, document.two_sided, document.color) == (2, True, False)


@pytest.mark.parametrize(
    "page",
    [
        pwg_page(65_535, 65_535, b""),
        pwg_page(0, 4, b""),
        pwg_page(body=b""),
        pwg_page(body=b"\3\x7f\xff"),
        pwg_page(body=b"\xff\x0f\xff"),
        pwg_page()[:1000],
    ],
    ids=["bomb", "empty", "cut", "wide", "high", "header"],
)
def test_hostile_pwg_raster(tmp_path: Path, page: bytes) -> None:
    with pytest.raises(DocumentFault):
        read_pwg(write(tmp_path, b"RaS2" + page))


@pytest.mark.parametrize("page", [urf_page(70_000, 1), urf_page(body=b"\3"), urf_page()[:20]])
def test_hostile_urf(tmp_path: Path, page: bytes) -> None:
    with pytest.raises(DocumentFault):
        read_urf(write(tmp_path, b"UNIRAST\0\0\0\0\1" + page))


def test_announced_formats(tmp_path: Path) -> None:
    text = write(tmp_path, b"plain words\n")
    assert read_document(text, "text/plain").pages == 1
    assert read_document(text, "application/octet-stream").pages == 1
    for announced in ("application/pdf", "image/urf"):
        with pytest.raises(DocumentFault) as caught:
            read_document(text, announced)
        assert caught.value.reason == "document-format-error"
    with pytest.raises(DocumentFault) as caught:
        read_document(text, "video/mp4")
    assert caught.value.reason == "unsupported-document-format"


def test_detection() -> None:
    assert detect(b"\x00\x01\x02") == "application/octet-stream"
    assert detect(b"") == "application/octet-stream"
    assert is_blank(b"\r\n \0\t")
    assert not is_blank(b"\f")


def test_media() -> None:
    assert dimensions("na_letter_8.5x11in") == (21590, 27940)
    assert dimensions("custom_flyer_100x200mm") == (10000, 20000)
    assert dimensions("A4") is None
    assert name_of(29_700, 21_000) == A4
    assert name_of(1, 1) == ""
    assert [is_large(m) for m in ("iso_a3_297x420mm", "jis_b4_257x364mm", A4, "")] == [
        True,
        False,
        False,
        False,
    ]
