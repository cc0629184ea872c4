"""Raster files written by libcups, read by the virtual MFD: PWG raster and Apple raster (URF)."""

from __future__ import annotations

import ctypes
import random
import struct
from pathlib import Path

import pytest

from frisket.mfd.document.model import Document
from frisket.mfd.document.raster import read_pwg, read_urf

_WRITE_PWG, _WRITE_APPLE = 3, 4
_HEADER = 1796


def write(path: Path, mode: int, pages: int, kind: bytes, depth: int) -> None:
    """Let libcups write pages of noise and of runs."""
    cups = ctypes.CDLL("libcups.so.2")
    cups.cupsRasterOpen.restype = ctypes.c_void_p
    cups.pwgMediaForPWG.restype = ctypes.c_void_p
    cups.pwgMediaForPWG.argtypes = [ctypes.c_char_p]
    cups.cupsRasterInitPWGHeader.argtypes = [
        *(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p),
        *(ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_char_p),
    ]
    cups.cupsRasterWriteHeader2.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
    cups.cupsRasterWritePixels.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_uint]
    cups.cupsRasterClose.argtypes = [ctypes.c_void_p]
    header = ctypes.create_string_buffer(_HEADER)
    media = cups.pwgMediaForPWG(b"iso_a4_210x297mm")
    made = cups.cupsRasterInitPWGHeader(
        header, media, kind, 100, 100, b"two-sided-long-edge", b"normal"
    )
    assert made == 1
    width, height = struct.unpack_from("II", header, 372)
    (line,) = struct.unpack_from("I", header, 392)
    assert line == (width * depth + 7) // 8
    source = random.Random(7)
    with path.open("wb") as file:
        raster = cups.cupsRasterOpen(file.fileno(), mode)
        for _ in range(pages):
            assert cups.cupsRasterWriteHeader2(raster, header) == 1
            for row in range(height):
                noise = source.randbytes(line) if row % 3 else bytes(line)
                assert cups.cupsRasterWritePixels(raster, noise, line) == line
        cups.cupsRasterClose(raster)


@pytest.mark.peer("libcups2")
@pytest.mark.parametrize(
    ("kind", "depth", "color"),
    [(b"sgray_8", 8, False), (b"srgb_8", 24, True), (b"black_1", 1, False)],
)
def test_pwg_raster(tmp_path: Path, kind: bytes, depth: int, color: bool) -> None:
    path = tmp_path / "a.pwg"
    write(path, _WRITE_PWG, 3, kind, depth)
    assert path.read_bytes()[:4] == b"RaS2"
    found = read_pwg(path)
    assert found == Document("image/pwg-raster", 3, "iso_a4_210x297mm", color, two_sided=True)


@pytest.mark.peer("libcups2")
@pytest.mark.parametrize(
    ("kind", "depth", "color"), [(b"sgray_8", 8, False), (b"srgb_8", 24, True)]
)
def test_apple_raster(tmp_path: Path, kind: bytes, depth: int, color: bool) -> None:
    path = tmp_path / "a.urf"
    write(path, _WRITE_APPLE, 2, kind, depth)
    assert path.read_bytes()[:8] == b"UNIRAST\0"
    found = read_urf(path)
    assert (found.pages, found.color) == (2, color)
    assert found.media == "iso_a4_210x297mm"
