"""RFB 3.3 towards one viewer, byte by byte."""

from __future__ import annotations

from itertools import pairwise

import pytest
from PIL import ImageChops
from tests.unit.mfd.panel.client import CHALLENGE, GREETING, Client, client
from tests.unit.mfd.panel.operator import operator

from frisket.mfd.panel.engine import look
from frisket.mfd.panel.paint import draw
from frisket.mfd.panel.viewer import Viewer, changed_areas
from frisket.model.reading import Value
from frisket.proto.rfb.pixels import BGR_233, TRUE_COLOUR_32, PixelFormat
from frisket.proto.rfb.vncauth import respond
from frisket.proto.rfb.wire import (
    CutText,
    Encoding,
    KeyEvent,
    PointerEvent,
    SetEncodings,
    SetPixelFormat,
    encode_client_message,
)

ON: dict[str, Value] = {"remote-operation.enabled": True, "remote-operation.password": "ros12345"}
HIGH_COLOUR = PixelFormat(16, 16, True, True, 31, 63, 31, 11, 5, 0)


def viewing() -> Client:
    found = client(operator(ON))
    found.login()
    return found


def test_the_handshake_is_that_of_3_3_and_names_the_device() -> None:
    panel = operator(ON)
    answer = client(panel).login()
    assert answer[:4] == bytes(4)  # accepted
    assert answer[4:8] == bytes((3, 32, 1, 224))  # 800 by 480
    assert b"virtual device" in answer
    log = [e for e in panel.device.log if e.operation == "Remote Operation Login"]
    assert [(e.result, e.detail) for e in log] == [("OK", "from 192.0.2.9")]


def test_a_wrong_password_is_counted_logged_and_ends_the_connection() -> None:
    panel = operator(ON)
    visitor = client(panel)
    assert visitor.login("wrong") == b"\0\0\0\1"
    assert visitor.viewer.closed
    assert panel.device.journal.counts["failed_logins"] == 1
    assert [e.result for e in panel.device.log] == ["NG"]


def test_only_eight_characters_count() -> None:
    assert client(operator(ON)).login("ros12345-and-more")[:4] == bytes(4)


def test_without_a_password_nobody_may_connect_and_the_reason_is_given() -> None:
    visitor = client(operator({**ON, "remote-operation.password": ""}))
    visitor.viewer.greet()
    visitor.take()
    visitor.viewer.receive(GREETING)
    answer = visitor.take()
    assert answer[:4] == bytes(4)  # security type 0
    assert answer[8:] == b"no password is set for remote operation"
    assert int.from_bytes(answer[4:8], "big") == len(answer) - 8
    assert visitor.viewer.closed


@pytest.mark.parametrize(
    "noise", [b"GET / HTTP/1.1\r\n\r\n", b"RFB 002.001\n", b"\x16\x03\x01" * 9]
)
def test_what_is_not_rfb_is_closed_without_an_answer(noise: bytes) -> None:
    visitor = client(operator(ON))
    visitor.viewer.greet()
    visitor.take()
    visitor.viewer.receive(noise)
    assert visitor.viewer.closed
    assert visitor.take() == b""


def test_the_whole_picture_arrives_and_then_only_what_changed() -> None:
    visitor = viewing()
    visitor.ask(again=False)
    assert [(r.width, r.height) for r in visitor.look()] == [(800, 480)]
    assert visitor.image.tobytes() == draw(visitor.panel.view).tobytes()
    visitor.ask(again=True)
    assert visitor.take() == b""  # nothing has changed: the answer waits
    glass = visitor.panel.device.glass
    visitor.panel.touch("open:status")
    glass.show(visitor.panel.state)
    visitor.viewer.update()
    first = visitor.look()
    assert first
    visitor.ask(again=True)
    visitor.panel.touch("tab:device")
    glass.show(visitor.panel.state)
    visitor.viewer.update()
    changed = visitor.look()
    assert changed
    assert sum(r.width * r.height for r in changed) < 800 * 480 // 2
    assert visitor.image.tobytes() == draw(visitor.panel.view).tobytes()


def test_parts_that_were_not_sent_still_count_as_not_seen() -> None:
    visitor = viewing()
    visitor.ask((0, 0, 400, 480), again=True)
    visitor.look()
    visitor.ask(again=True)
    visitor.look()
    assert visitor.image.tobytes() == draw(visitor.panel.view).tobytes()


@pytest.mark.parametrize("encoding", [Encoding.RAW, Encoding.HEXTILE])
@pytest.mark.parametrize("pixel", [TRUE_COLOUR_32, HIGH_COLOUR, BGR_233])
def test_every_pixel_format_and_encoding_shows_the_same(
    encoding: Encoding, pixel: PixelFormat
) -> None:
    visitor = viewing()
    visitor.pixel = pixel
    visitor.viewer.receive(encode_client_message(SetPixelFormat(pixel)))
    visitor.viewer.receive(encode_client_message(SetEncodings((16, encoding, -239))))
    visitor.ask(again=False)
    assert {r.encoding for r in visitor.look()} == {encoding}
    true = draw(visitor.panel.view)
    histogram = ImageChops.difference(true, visitor.image).convert("L").histogram()
    worst = max(level for level, count in enumerate(histogram) if count)
    assert worst <= {32: 0, 16: 4, 8: 43}[pixel.bits_per_pixel]


def test_hextile_is_smaller() -> None:
    sizes = []
    for encoding in (Encoding.RAW, Encoding.HEXTILE):
        visitor = viewing()
        visitor.viewer.receive(encode_client_message(SetEncodings((encoding,))))
        visitor.ask(again=False)
        sizes.append(len(visitor.take()))
    assert sizes[1] < sizes[0] // 2


def test_a_colour_map_of_eight_bits_is_sent() -> None:
    visitor = viewing()
    mapped = PixelFormat(8, 8, False, False, 7, 7, 3, 0, 3, 6)
    visitor.viewer.receive(encode_client_message(SetPixelFormat(mapped)))
    assert visitor.take()[:6] == b"\1\0\0\0\1\0"  # 256 entries from the first
    visitor.pixel = BGR_233
    visitor.ask(again=False)
    assert visitor.look()


def test_touches_and_keys_reach_the_panel_once_each() -> None:
    visitor = viewing()
    x, y = visitor.panel.view.find("open:status")
    glass = visitor.panel.device.glass
    for buttons in (0, 1, 1, 0):
        visitor.viewer.receive(encode_client_message(PointerEvent(buttons, x, y)))
    assert glass.state.screen == "status"
    for down in (True, False):
        visitor.viewer.receive(encode_client_message(KeyEvent(down, 0xFFC1)))
    assert glass.state.screen == "counter"


def test_a_message_may_come_in_pieces_and_many_at_once() -> None:
    visitor = viewing()
    stream = encode_client_message(CutText("x" * 500)) + encode_client_message(
        KeyEvent(True, 0xFFC1)
    )
    for start in range(0, len(stream), 7):
        visitor.viewer.receive(stream[start : start + 7])
    assert visitor.panel.device.glass.state.screen == "counter"
    requests = encode_client_message(SetEncodings(())) * 40
    visitor.viewer.receive(requests)
    assert not visitor.viewer.closed


def test_a_thousand_requests_cost_one_answer_and_a_full_line_none() -> None:
    visitor = viewing()
    request = encode_client_message(SetEncodings((0,))) + b"\3\0\0\0\0\0\3\x20\1\xe0"
    visitor.viewer.blocked = True
    visitor.viewer.receive(request * 1000)
    assert visitor.take() == b""
    visitor.viewer.blocked = False
    visitor.viewer.update()
    assert len(visitor.look()) == 1


def test_an_area_beyond_the_panel_is_cut_and_one_beside_it_ignored() -> None:
    visitor = viewing()
    visitor.ask((900, 10, 5, 5), again=False)
    visitor.ask((10, 10, 0, 5), again=False)
    assert visitor.take() == b""
    visitor.ask((790, 470, 500, 500), again=False)
    assert [(r.x, r.y, r.width, r.height) for r in visitor.look()] == [(790, 470, 10, 10)]


def test_changes_are_found_in_bands() -> None:
    panel = operator(ON)
    before = draw(look(panel.state, panel.device))
    after = before.copy()
    after.putpixel((700, 10), (1, 2, 3))
    after.putpixel((3, 300), (1, 2, 3))
    areas = changed_areas(before, after, (0, 0, 800, 480))
    assert areas == [(700, 10, 701, 11), (3, 300, 4, 301)]
    assert all(a[3] <= b[1] for a, b in pairwise(areas))


def test_two_viewers_share_one_panel() -> None:
    panel = operator(ON)
    one, other = client(panel), client(panel)
    one.login()
    other.login()
    one.viewer.receive(encode_client_message(KeyEvent(True, 0xFFC1)))
    other.ask(again=False)
    other.look()
    assert other.image.tobytes() == draw(look(panel.device.glass.state, panel.device)).tobytes()
    assert panel.device.glass.state.screen == "counter"


def test_the_answer_must_be_for_this_challenge() -> None:
    panel = operator(ON)
    visitor = client(panel)
    visitor.viewer.greet()
    visitor.viewer.receive(GREETING + respond("ros12345", CHALLENGE[::-1]))
    assert visitor.viewer.closed
    assert isinstance(visitor.viewer, Viewer)
