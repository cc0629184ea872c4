"""Pixel formats (RFC 6143 section 7.4) and conversion from and to plain RGB.

An image here is `bytes` of red, green, blue, one octet each, rows from the top, without padding.
"""

from __future__ import annotations

import sys
from array import array
from dataclasses import dataclass

from frisket.errors import WireError
from frisket.proto.cursor import Cursor

FORMAT_LENGTH = 16


@dataclass(frozen=True, slots=True)
class PixelFormat:
    """How a pixel is laid out: channel maxima, and shifts counted from the lowest bit."""

    bits_per_pixel: int
    depth: int
    big_endian: bool
    true_colour: bool
    red_max: int
    green_max: int
    blue_max: int
    red_shift: int
    green_shift: int
    blue_shift: int

    @property
    def size(self) -> int:
        """Return the bytes of one pixel."""
        return self.bits_per_pixel // 8

    @property
    def channels(self) -> tuple[tuple[int, int], ...]:
        """Return (maximum, shift) of red, green and blue."""
        return (
            (self.red_max, self.red_shift),
            (self.green_max, self.green_shift),
            (self.blue_max, self.blue_shift),
        )


TRUE_COLOUR_32 = PixelFormat(32, 24, False, True, 255, 255, 255, 16, 8, 0)
BGR_233 = PixelFormat(8, 8, False, True, 7, 7, 3, 0, 3, 6)


def read_format(cursor: Cursor) -> PixelFormat:
    """Read PIXEL_FORMAT (16 bytes); `WireError` when no pixel could be stored that way."""
    bits, depth, big, true = (cursor.unsigned(1) for _ in range(4))
    maxima = [cursor.unsigned(2) for _ in range(3)]
    shifts = [cursor.unsigned(1) for _ in range(3)]
    cursor.take(3)
    if bits not in {8, 16, 32}:
        raise WireError(f"RFB pixel of {bits} bits instead of 8, 16 or 32")
    if true:
        for maximum, shift in zip(maxima, shifts, strict=True):
            if not maximum or maximum & (maximum + 1):
                raise WireError(f"RFB colour maximum {maximum} is not a power of two less one")
            if shift + maximum.bit_length() > bits:
                raise WireError(f"RFB colour shifted by {shift} leaves a pixel of {bits} bits")
    return PixelFormat(bits, depth, bool(big), bool(true), *maxima, *shifts)


def encode_format(pixel: PixelFormat) -> bytes:
    """Return PIXEL_FORMAT, 16 bytes."""
    head = bytes((pixel.bits_per_pixel, pixel.depth, pixel.big_endian, pixel.true_colour))
    maxima = b"".join(maximum.to_bytes(2, "big") for maximum, _ in pixel.channels)
    return head + maxima + bytes(shift for _, shift in pixel.channels) + bytes(3)


def from_rgb(image: bytes, pixel: PixelFormat) -> bytes:
    """Convert an RGB image to `pixel`; `WireError` when it has a colour map or odd length."""
    _require_true_colour(pixel)
    if len(image) % 3:
        raise WireError(f"RGB image of {len(image)} bytes is not a multiple of 3")
    count = len(image) // 3
    planes = [image[channel::3] for channel in range(3)]
    converted = bytearray(count * pixel.size)
    for place in range(pixel.size):
        bits = 8 * (place if not pixel.big_endian else pixel.size - 1 - place)
        # Each octet of a pixel is three table look-ups joined by OR; whole planes go through
        # `translate` and one long integer each, some fifty times faster than pixel by pixel.
        joined = 0
        for plane, (maximum, shift) in zip(planes, pixel.channels, strict=True):
            table = bytes(
                ((value * maximum + 127) // 255 << shift) >> bits & 0xFF for value in range(256)
            )
            joined |= int.from_bytes(plane.translate(table), "big")
        converted[place :: pixel.size] = joined.to_bytes(count, "big")
    return bytes(converted)


def to_rgb(pixels: bytes, pixel: PixelFormat) -> bytes:
    """Convert pixels in format `pixel` to an RGB image; `WireError` as for `from_rgb`."""
    _require_true_colour(pixel)
    if len(pixels) % pixel.size:
        raise WireError(f"{len(pixels)} bytes are no whole number of {pixel.size}-byte pixels")
    image = bytearray(len(pixels) // pixel.size * 3)
    values = None
    for channel, (maximum, shift) in enumerate(pixel.channels):
        if maximum == 255 and shift % 8 == 0:
            place = shift // 8
            start = pixel.size - 1 - place if pixel.big_endian else place
            image[channel::3] = pixels[start :: pixel.size]
            continue
        values = _numbers(pixels, pixel) if values is None else values
        image[channel::3] = bytes(
            ((value >> shift & maximum) * 255 + maximum // 2) // maximum for value in values
        )
    return bytes(image)


def _numbers(pixels: bytes, pixel: PixelFormat) -> array[int]:
    values = array({1: "B", 2: "H", 4: "I"}[pixel.size], pixels)
    if pixel.big_endian != (sys.byteorder == "big"):
        values.byteswap()
    return values


def _require_true_colour(pixel: PixelFormat) -> None:
    if not pixel.true_colour:
        raise WireError("RFB pixels with a colour map are not supported")
