"""Whatever a device's page or description says, it is read without a fault and without delay."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frisket.model.target import Target
from frisket.probe.http import PORTS, lasting, next_port
from frisket.probe.identity import Clues, parse_device_id, recognise
from frisket.probe.page import asks_for_login, has_content, hop_of, parse_hop, title_of
from frisket.proto.http.wire import Response

PIECES = st.sampled_from(
    [
        *(b"<title>", b"</title>", b"<meta http-equiv=refresh url=", b"//[", b"<!--", b"-->"),
        *(b"<script>", b"</script", b"location='", b"'", b">", b"http://192.0.2.7:", b"\xff\0"),
        *(b"<form action=login", b"<input type=password", b"&#", b"9" * 9),
    ]
)
BODIES = st.lists(PIECES | st.binary(max_size=8), max_size=12).map(b"".join)
ADDRESSES = st.text(max_size=40) | BODIES.map(lambda body: body.decode("latin-1"))


@given(body=BODIES, status=st.integers(200, 599), location=ADDRESSES)
def test_any_page_is_read(body: bytes, status: int, location: str) -> None:
    response = Response(status, (("location", location),), body)
    hop = hop_of(response)
    if hop is not None:
        assert hop.path.startswith("/")
        assert hop.path.isprintable()
        for port in PORTS:
            assert next_port(hop, port, Target("192.0.2.7")) in {None, *PORTS}
    assert isinstance(has_content(response), bool)
    assert asks_for_login(response) in {True, False, None}
    assert "\n" not in title_of(response)


@given(location=ADDRESSES)
def test_no_hop_leaves_the_address(location: str) -> None:
    hop = parse_hop(location)
    if hop is not None and hop.host not in {"", "192.0.2.7"}:
        assert next_port(hop, 80, Target("192.0.2.7")) is None


@given(text=ADDRESSES)
def test_any_header_is_read(text: str) -> None:
    assert lasting(text) in {True, False}
    assert isinstance(parse_device_id(text), dict)


WORDS = [
    *("HP ETHERNET MULTI-ENVIRONMENT", ",SN:ABCD,", ",PID:HP ", "Canon ", "iR", " /P", " 1.00"),
    *("RICOH ", "Aficio ", " / RICOH ", "1.1", "Lexmark ", " version ", " kernel ", "Xerox "),
    *("Phaser ", "; ", ", ", "samsung ml", " os ", "EPSON AL-", "x", " ", "9", "\xa0", "Dell "),
]


@given(
    descr=st.lists(st.sampled_from(WORDS), max_size=30).map("".join) | st.text(max_size=200),
    other=st.text(max_size=60),
)
def test_any_description_is_read(descr: str, other: str) -> None:
    identity, why = recognise(Clues(sys_descr=descr, device_descr=other, title=descr, server=other))
    assert isinstance(why, str)
    assert all(len(getattr(identity, name)) <= 120 for name in identity.__slots__)


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("start", ["", "HP ETHERNET MULTI-ENVIRONMENT", "RICOH ", "Xerox ", "Oki "])
def test_no_description_costs_much(start: str, word: str) -> None:
    before = time.process_time()
    recognise(Clues(sys_descr=start + word * 600, title=word * 600))
    assert time.process_time() - before < 0.5
