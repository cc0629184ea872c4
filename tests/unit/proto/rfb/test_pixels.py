import pytest

from frisket.errors import WireError
from frisket.proto.cursor import Cursor
from frisket.proto.rfb.pixels import (
    BGR_233,
    TRUE_COLOUR_32,
    PixelFormat,
    encode_format,
    from_rgb,
    read_format,
    to_rgb,
)

RGB_565 = PixelFormat(16, 16, False, True, 31, 63, 31, 11, 5, 0)
RGB_565_BIG = PixelFormat(16, 16, True, True, 31, 63, 31, 11, 5, 0)
BGRX_BIG = PixelFormat(32, 24, True, True, 255, 255, 255, 0, 8, 16)
RED, WHITE = b"\xff\0\0", b"\xff\xff\xff"


@pytest.mark.parametrize(
    ("layout", "red"),
    [
        (TRUE_COLOUR_32, "0000ff00"),
        (BGRX_BIG, "000000ff"),
        (RGB_565, "00f8"),
        (RGB_565_BIG, "f800"),
        (BGR_233, "07"),
    ],
)
def test_red_is_where_the_format_says(layout: PixelFormat, red: str) -> None:
    assert from_rgb(RED, layout).hex() == red
    assert to_rgb(from_rgb(RED + WHITE + bytes(3), layout), layout) == RED + WHITE + bytes(3)
    assert read_format(Cursor(encode_format(layout))) == layout


def test_true_colour_loses_nothing() -> None:
    image = bytes(range(256)) * 3
    assert to_rgb(from_rgb(image, TRUE_COLOUR_32), TRUE_COLOUR_32) == image
    assert from_rgb(b"", TRUE_COLOUR_32) == b""


def test_refusals() -> None:
    mapped = PixelFormat(8, 8, False, False, 0, 0, 0, 0, 0, 0)
    assert read_format(Cursor(encode_format(mapped))) == mapped
    with pytest.raises(WireError, match="colour map"):
        from_rgb(RED, mapped)
    with pytest.raises(WireError, match="multiple of 3"):
        from_rgb(b"xx", BGR_233)
    with pytest.raises(WireError, match="whole number"):
        to_rgb(b"xxx", RGB_565)


@pytest.mark.parametrize(
    "wrong",
    [
        PixelFormat(24, 24, False, True, 255, 255, 255, 16, 8, 0),
        PixelFormat(32, 24, False, True, 254, 255, 255, 16, 8, 0),
        PixelFormat(32, 24, False, True, 255, 255, 255, 25, 8, 0),
        PixelFormat(8, 8, False, True, 0, 7, 3, 0, 3, 6),
    ],
)
def test_impossible_formats(wrong: PixelFormat) -> None:
    with pytest.raises(WireError):
        read_format(Cursor(encode_format(wrong)))
