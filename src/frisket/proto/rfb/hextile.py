"""Hextile (RFC 6143 section 7.7.4): tiles of 16 x 16 pixels, raw or painted with rectangles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from frisket.errors import WireError
from frisket.proto.cursor import Cursor

_SIDE = 16
_RAW, _BACKGROUND, _FOREGROUND, _SUBRECTANGLES, _COLOURED = 1, 2, 4, 8, 16


@dataclass(slots=True)
class _Colours:
    """Background and foreground, carried from tile to tile."""

    background: bytes
    foreground: bytes


def decode_hextile(cursor: Cursor, width: int, height: int, size: int) -> bytes:
    """Read the tiles of a `width` x `height` area and return its pixels, `size` bytes each.

    `Incomplete` while bytes are missing, `WireError` when a painted rectangle leaves its tile, or
    a tile is painted more than once over: no encoder does, and the work would have no bound.
    """
    image = bytearray(width * height * size)
    stride = width * size
    colours = _Colours(bytes(size), bytes(size))
    for left, top, across, down in _tiles(width, height):
        tile = _read_tile(cursor, across, down, size, colours)
        for row in range(down):
            start = (top + row) * stride + left * size
            image[start : start + across * size] = tile[
                row * across * size : (row + 1) * across * size
            ]
    return bytes(image)


def encode_hextile(pixels: bytes, width: int, height: int, size: int) -> bytes:
    """Return Hextile bytes of raw `pixels`: plain tiles as one colour, the others raw.

    A panel's screen is mostly plain, so this is small without the cost of searching rectangles.
    """
    if len(pixels) != width * height * size:
        raise WireError(f"{len(pixels)} bytes are not {width} x {height} pixels of {size} bytes")
    encoded = bytearray()
    background = b""
    stride = width * size
    for left, top, across, down in _tiles(width, height):
        starts = range(top * stride + left * size, (top + down) * stride, stride)
        tile = b"".join(pixels[start : start + across * size] for start in starts)
        colour = tile[:size]
        if tile != colour * (across * down):
            encoded += bytes((_RAW,)) + tile
            background = b""  # colours do not survive a raw tile
        elif colour == background:
            encoded.append(0)
        else:
            encoded += bytes((_BACKGROUND,)) + colour
            background = colour
    return bytes(encoded)


def _tiles(width: int, height: int) -> Iterator[tuple[int, int, int, int]]:
    for top in range(0, height, _SIDE):
        for left in range(0, width, _SIDE):
            yield left, top, min(_SIDE, width - left), min(_SIDE, height - top)


def _read_tile(cursor: Cursor, across: int, down: int, size: int, colours: _Colours) -> bytes:
    mask = cursor.unsigned(1)
    if mask & _RAW:
        return cursor.take(across * down * size)
    if mask & _BACKGROUND:
        colours.background = cursor.take(size)
    if mask & _FOREGROUND:
        colours.foreground = cursor.take(size)
    tile = bytearray(colours.background * (across * down))
    unpainted = across * down
    for _ in range(cursor.unsigned(1) if mask & _SUBRECTANGLES else 0):
        colour = cursor.take(size) if mask & _COLOURED else colours.foreground
        place, extent = cursor.unsigned(1), cursor.unsigned(1)
        x, y = place >> 4, place & 15
        wide, high = (extent >> 4) + 1, (extent & 15) + 1
        if x + wide > across or y + high > down:
            raise WireError(f"Hextile rectangle {wide} x {high} at ({x}, {y}) leaves its tile")
        unpainted -= wide * high
        if unpainted < 0:
            raise WireError("Hextile tile painted more than once over")
        for row in range(y, y + high):
            start = (row * across + x) * size
            tile[start : start + wide * size] = colour * wide
    return bytes(tile)
