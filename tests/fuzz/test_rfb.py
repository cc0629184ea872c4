"""Any bytes are an RFB message or a `WireError`."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frisket.errors import WireError
from frisket.proto.cursor import Incomplete
from frisket.proto.rfb import handshake, wire
from frisket.proto.rfb.handshake import Offer, ServerInit, Version
from frisket.proto.rfb.pixels import TRUE_COLOUR_32, from_rgb, to_rgb
from frisket.proto.rfb.wire import Encoding, Rectangle

READERS: dict[str, Callable[[bytes], tuple[Any, int]]] = {
    "version": handshake.read_version,
    "offer-3.3": lambda data: handshake.read_offer(data, Version.V3_3),
    "offer-3.8": lambda data: handshake.read_offer(data, Version.V3_8),
    "result": lambda data: handshake.read_result(data, Version.V3_8),
    "choice": handshake.read_choice,
    "client-init": handshake.read_client_init,
    "server-init": handshake.read_server_init,
    "client": wire.read_client_message,
    "server": wire.read_server_message,
    "rectangle": lambda data: wire.read_rectangle(data, TRUE_COLOUR_32, width=64, height=64),
}
SEEDS = [
    b"RFB 003.003\n",
    b"RFB 999.999\n",
    handshake.encode_offer(Offer((), "too many"), Version.V3_8),
    handshake.encode_server_init(ServerInit(800, 480, TRUE_COLOUR_32, "panel")),
    wire.encode_client_message(wire.SetPixelFormat(TRUE_COLOUR_32)),
    wire.encode_client_message(wire.SetEncodings((0, 5, -223))),
    wire.encode_client_message(wire.CutText("text")),
    wire.encode_server_message(wire.ColourMap(0, ((1, 2, 3),))),
    wire.encode_rectangle(Rectangle(0, 0, 16, 16, Encoding.HEXTILE), b"\x0ebbbbffff\x01\x30\x10"),
    wire.encode_rectangle(Rectangle(0, 0, 2, 2, pixels=bytes(16))),
    b"\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\x21",
]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(data)))
        data[place : place + draw(st.integers(0, 2))] = draw(st.binary(max_size=3))
    return bytes(data)


@pytest.mark.parametrize("name", READERS)
@given(data=st.binary(max_size=200) | mutated())
def test_value_or_wire_error(name: str, data: bytes) -> None:
    try:
        _, used = READERS[name](data)
    except Incomplete as short:
        assert short.need > len(data)  # noqa: PT017
    except WireError:
        pass
    else:
        assert 0 < used <= len(data)


@given(
    st.builds(wire.KeyEvent, st.booleans(), st.integers(0, 2**32 - 1))
    | st.builds(wire.PointerEvent, *[st.integers(0, 255)] * 3)
    | st.builds(wire.SetEncodings, st.lists(st.integers(-(2**31), 2**31 - 1)).map(tuple))
    | st.builds(wire.CutText, st.text(st.characters(max_codepoint=255)))
)
def test_client_messages_round_trip(message: wire.ClientMessage) -> None:
    octets = wire.encode_client_message(message)
    assert wire.read_client_message(octets) == (message, len(octets))


@given(st.binary(max_size=90).map(lambda data: data[: len(data) // 3 * 3]))
def test_images_round_trip(image: bytes) -> None:
    assert to_rgb(from_rgb(image, TRUE_COLOUR_32), TRUE_COLOUR_32) == image
