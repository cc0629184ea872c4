import pytest

from frisket.errors import WireError
from frisket.proto.cursor import Cursor, Incomplete
from frisket.proto.rfb import wire as rfb
from frisket.proto.rfb.hextile import decode_hextile, encode_hextile
from frisket.proto.rfb.pixels import BGR_233, TRUE_COLOUR_32
from frisket.proto.rfb.wire import Encoding, Rectangle

# Octets laid out by hand from the tables of RFC 6143 sections 7.5 and 7.6.
CLIENT = [
    (rfb.SetEncodings((0, 5, -223)), "02 00 0003 00000000 00000005 ffffff21"),
    (rfb.UpdateRequest(True, 1, 2, 800, 480), "03 01 0001 0002 0320 01e0"),
    (rfb.KeyEvent(True, 0xFF0D), "04 01 0000 0000ff0d"),
    (rfb.PointerEvent(1, 300, 200), "05 01 012c 00c8"),
    (rfb.CutText("déjà"), "06 000000 00000004 64e96ae0"),
    (
        rfb.SetPixelFormat(TRUE_COLOUR_32),
        "00 000000 20180001 00ff00ff00ff 100800 000000",
    ),
]
SERVER = [
    (rfb.UpdateHead(2), "00 00 0002"),
    (rfb.ColourMap(1, ((1, 2, 65535),)), "01 00 0001 0001 0001 0002 ffff"),
    (rfb.Bell(), "02"),
    (rfb.CutText("a"), "03 000000 00000001 61"),
]


@pytest.mark.parametrize(("message", "octets"), CLIENT)
def test_client_messages(message: rfb.ClientMessage, octets: str) -> None:
    wire = bytes.fromhex(octets)
    assert rfb.encode_client_message(message) == wire
    assert rfb.read_client_message(wire + b"more") == (message, len(wire))
    for length in range(len(wire)):
        with pytest.raises(Incomplete) as caught:
            rfb.read_client_message(wire[:length])
        assert length < caught.value.need <= len(wire)


@pytest.mark.parametrize(("message", "octets"), SERVER)
def test_server_messages(message: rfb.ServerMessage, octets: str) -> None:
    wire = bytes.fromhex(octets)
    assert rfb.encode_server_message(message) == wire
    assert rfb.read_server_message(wire + b"more") == (message, len(wire))


@pytest.mark.parametrize("wire", ["ff", "06 000000 40000000", "02 00 ffff"])
def test_hostile_clients(wire: str) -> None:
    with pytest.raises(WireError) as caught:
        rfb.read_client_message(bytes.fromhex(wire))
    assert not isinstance(caught.value, Incomplete)


@pytest.mark.parametrize(
    "rectangle",
    [
        Rectangle(1, 2, 2, 1, pixels=b"ABCDEFGH"),
        Rectangle(1, 2, 2, 1, Encoding.COPY, source=(3, 4)),
        Rectangle(0, 0, 1024, 600, Encoding.DESKTOP_SIZE),
    ],
)
def test_rectangles(rectangle: Rectangle) -> None:
    wire = rfb.encode_rectangle(rectangle)
    read = rfb.read_rectangle(wire, TRUE_COLOUR_32, width=8, height=8)
    assert read == (rectangle, len(wire))


@pytest.mark.parametrize(
    "rectangle",
    [
        Rectangle(7, 0, 2, 1),
        Rectangle(0, 8, 1, 1),
        Rectangle(0, 0, 2, 2, Encoding.COPY, source=(7, 0)),
        Rectangle(0, 0, 65535, 1, Encoding.DESKTOP_SIZE),
    ],
)
def test_rectangles_outside(rectangle: Rectangle) -> None:
    with pytest.raises(WireError) as caught:
        rfb.read_rectangle(rfb.encode_rectangle(rectangle), BGR_233, width=8, height=8)
    assert not isinstance(caught.value, Incomplete)


def test_only_what_was_asked_for() -> None:
    wire = rfb.encode_rectangle(Rectangle(0, 0, 1, 1, Encoding.COPY))
    with pytest.raises(WireError, match="not asked for"):
        rfb.read_rectangle(wire, BGR_233, width=8, height=8, asked=frozenset({Encoding.RAW}))


def test_hextile_by_hand() -> None:
    # 18 x 1: a tile of 16 with background b, one rectangle of 2 x 1 in f at (3, 0); then a tile of
    # 2 which inherits both colours and has one rectangle of its own colour.
    wire = b"\x0ebf\x01\x30\x10" + b"\x18\x01c\x10\x00"
    cursor = Cursor(wire)
    assert decode_hextile(cursor, 18, 1, 1) == b"bbbffbbbbbbbbbbb" + b"bc"
    assert cursor.left == 0
    with pytest.raises(WireError, match="leaves its tile"):
        decode_hextile(Cursor(b"\x0ebf\x01\xf0\x10"), 16, 1, 1)
    with pytest.raises(WireError, match="more than once"):
        decode_hextile(Cursor(b"\x0ebf\x02\x00\xf0\x00\x00"), 16, 1, 1)


def test_hextile_round_trip_is_small_when_plain() -> None:
    plain, noise = bytes(40 * 40 * 4), bytes(value * 7 % 251 for value in range(40 * 40 * 4))
    for pixels in (plain, noise):
        wire = encode_hextile(pixels, 40, 40, 4)
        assert decode_hextile(Cursor(wire), 40, 40, 4) == pixels
    assert len(encode_hextile(plain, 40, 40, 4)) == 13
