"""TLS octets: hellos as the RFCs draw them, answers whole, cut, late, damaged and too long."""

from __future__ import annotations

import struct

import pytest

from frisket.errors import WireError
from frisket.proto.tls import ciphers, wire
from frisket.proto.tls.ciphers import WeakClass
from frisket.proto.tls.wire import Accepted, Alert, Version

ENTROPY = bytes(range(wire.ENTROPY))


def vector(width: int, data: bytes) -> bytes:
    return len(data).to_bytes(width, "big") + data


def record(kind: int, payload: bytes) -> bytes:
    return bytes([kind, 3, 3]) + vector(2, payload)


def message(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + vector(3, body)


def server_hello(version: int = 0x0303, suite: int = 0xC02F, extensions: bytes = b"") -> bytes:
    body = struct.pack(">H", version) + bytes(32) + vector(1, b"id") + struct.pack(">HB", suite, 0)
    return message(2, body + extensions)


def certificates(*chain: bytes) -> bytes:
    return message(11, vector(3, b"".join(vector(3, one) for one in chain)))


HELLO = server_hello()
DONE = message(14, b"")


def test_the_oldest_hello_octet_by_octet() -> None:
    hello = wire.client_hello(0x0300, [0x000A], entropy=ENTROPY, server_name="printer.example")
    body = b"\x03\x00" + ENTROPY[:32] + b"\x00" + b"\x00\x04\x00\x0a\x00\xff" + b"\x01\x00"
    assert hello == b"\x16\x03\x00" + vector(2, b"\x01" + vector(3, body))


def extensions_of(hello: bytes) -> dict[int, bytes]:
    body = hello[9:]
    position = 35 + body[34]
    position += 2 + int.from_bytes(body[position : position + 2], "big") + 2
    rest, found = body[position + 2 :], {}
    assert len(rest) == int.from_bytes(body[position : position + 2], "big")
    while rest:
        kind, length = struct.unpack_from(">HH", rest)
        found[kind] = rest[4 : 4 + length]
        rest = rest[4 + length :]
    return found


def test_a_newest_hello_offers_one_version_and_a_share() -> None:
    suites = ciphers.suites_for(0x0304)
    hello = wire.client_hello(0x0304, suites, entropy=ENTROPY, server_name="printer.example.")
    assert hello[:3] == b"\x16\x03\x01"
    found = extensions_of(hello)
    assert found[0] == b"\x00\x12\x00\x00\x0fprinter.example"
    assert found[43] == b"\x02\x03\x04"
    assert found[51] == b"\x00\x24\x00\x1d\x00\x20" + ENTROPY[64:]
    assert found[10].startswith(b"\x00\x08\x00\x1d")
    assert 0xFF01 not in found


def test_a_tls_1_0_hello_has_no_later_extensions() -> None:
    found = extensions_of(wire.client_hello(0x0301, [0x002F], entropy=ENTROPY))
    assert set(found) == {10, 11, 23, 0xFF01}


@pytest.mark.parametrize("name", ["192.0.2.7", "2001:db8::7", "[2001:db8::7]", ""])
def test_addresses_are_not_names(name: str) -> None:
    assert 0 not in extensions_of(
        wire.client_hello(0x0303, [0x002F], entropy=ENTROPY, server_name=name)
    )


@pytest.mark.parametrize("count", range(1, 120, 7))
def test_no_hello_has_a_size_that_hangs_load_balancers(count: int) -> None:
    hello = wire.client_hello(0x0303, range(1, count + 1), entropy=ENTROPY)
    assert not 256 <= len(hello) - 5 < 512
    assert extensions_of(hello)


@pytest.mark.parametrize(
    ("version", "suites", "entropy", "name"),
    [
        (0x0303, [], ENTROPY, ""),
        (0x0305, [1], ENTROPY, ""),
        (0x0303, [1], b"short", ""),
        (0x0303, [70000], ENTROPY, ""),
        (0x0303, range(40000), ENTROPY, ""),
        (0x0303, [1], ENTROPY, "a" * 70000),
        (0x0303, [1], ENTROPY, "ü" * 300),
    ],
)
def test_impossible_hellos(version: int, suites: list[int], entropy: bytes, name: str) -> None:
    with pytest.raises(WireError):
        wire.client_hello(version, suites, entropy=entropy, server_name=name)


def test_a_hello_counts_as_soon_as_it_is_whole() -> None:
    flight = record(22, HELLO + certificates(b"one", b"two") + DONE)
    whole = 5 + len(HELLO)
    for size in range(len(flight)):
        expected = Accepted(0x0303, 0xC02F) if size >= whole else None
        assert wire.read_flight(flight[:size]) == expected


def test_a_chain_may_span_records() -> None:
    stream = HELLO + certificates(b"one" * 40, b"two") + DONE
    flight = b"".join(record(22, stream[at : at + 7]) for at in range(0, len(stream), 7))
    answer = wire.read_flight(flight, certificates=True)
    assert answer == Accepted(0x0303, 0xC02F, certificates=(b"one" * 40, b"two"))
    assert wire.read_flight(flight[: len(flight) // 2], certificates=True) is None


def test_an_anonymous_server_sends_no_chain() -> None:
    flight = record(22, HELLO + message(12, b"parameters"))
    assert wire.read_flight(flight, certificates=True) == Accepted(0x0303, 0xC02F)


def test_tls_1_3_shows_its_version_in_an_extension() -> None:
    retry = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
    hello = server_hello(0x0303, 0x1301, vector(2, b"\x00\x2b\x00\x02\x03\x04"))
    assert wire.read_flight(record(22, hello), certificates=True) == Accepted(0x0304, 0x1301)
    again = record(22, hello.replace(bytes(32), retry))
    assert wire.read_flight(again) == Accepted(0x0304, 0x1301, retry=True)


def test_alerts() -> None:
    fatal, warning = record(21, b"\x02\x46"), record(21, b"\x01\x70")
    assert wire.read_flight(fatal) == Alert(2, wire.Description.PROTOCOL_VERSION)
    assert wire.read_flight(warning) is None
    assert wire.read_flight(warning + record(22, HELLO)) == Accepted(0x0303, 0xC02F)
    assert wire.read_flight(warning + fatal) == Alert(2, 70)
    assert wire.read_flight(record(21, b"\x01\x00")) == Alert(1, wire.Description.CLOSE_NOTIFY)
    cut_off = record(22, HELLO) + fatal
    assert wire.read_flight(cut_off, certificates=True) == Accepted(0x0303, 0xC02F)
    assert wire.read_flight(fatal[:6]) is None


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 400 Bad Request\r\n",
        b"220 ready\r\n",
        b"\x16\x02\x00\x00\x01\x02",
        b"\x16\x03\x03\xff\xff",
        record(23, b"hello"),
        record(20, b"\x01"),
        record(21, b"\x02"),
        record(22, message(1, bytes(40))),
        record(22, message(2, bytes(30))),
        record(22, server_hello(extensions=b"\x00\x09\x00")),
        record(22, server_hello(extensions=vector(2, b"\x00\x2b\x00\x03\x03\x04"))),
        record(22, server_hello(extensions=vector(2, b"\x00\x2b\x00\x01\x03"))),
        record(22, b"\x02\xff\xff\xff"),
        record(22, HELLO + message(11, b"\x00\x00\x09")),
        record(22, HELLO + certificates(b"")),
        record(22, HELLO + certificates(*[b"x"] * 11)),
    ],
)
def test_what_is_not_tls(data: bytes) -> None:
    with pytest.raises(WireError):
        wire.read_flight(data, certificates=True)


def test_an_endless_flight_ends() -> None:
    start = record(22, HELLO + b"\x0b\x01\x80\x00")
    with pytest.raises(WireError, match="more than"):
        wire.read_flight(start + record(22, bytes(16000)) * 7, certificates=True)
    with pytest.raises(WireError, match="more than"):
        wire.read_flight(record(21, b"\x01\x70") * 40000)


def test_names() -> None:
    assert [wire.version_name(version) for version in (0x0300, 0x0301, 0x0304, 0x0305)] == [
        "SSLv3",
        "TLSv1.0",
        "TLSv1.3",
        "0x0305",
    ]
    assert ciphers.suite_name(0x0005) == "TLS_RSA_WITH_RC4_128_SHA"
    assert ciphers.suite_name(0xFAFA) == "0xfafa"


@pytest.mark.parametrize(
    ("suite", "weak"),
    [
        (0x0003, {WeakClass.EXPORT, WeakClass.RC4, WeakClass.RSA_KEY_EXCHANGE}),
        (0x0009, {WeakClass.DES, WeakClass.RSA_KEY_EXCHANGE, WeakClass.CBC_SHA1}),
        (0x000A, {WeakClass.TRIPLE_DES, WeakClass.RSA_KEY_EXCHANGE, WeakClass.CBC_SHA1}),
        (0xC010, {WeakClass.NULL}),
        (0xC018, {WeakClass.ANONYMOUS, WeakClass.CBC_SHA1}),
        (0xC013, {WeakClass.CBC_SHA1}),
        (0xC02F, set()),
        (0xC027, set()),
        (0x1301, set()),
        (0xFAFA, set()),
    ],
)
def test_weak_classes(suite: int, weak: set[WeakClass]) -> None:
    assert ciphers.weak_classes(suite) == weak
    for each in weak:
        assert suite in ciphers.suites_of(each)


def test_no_list_is_longer_than_old_servers_bear() -> None:
    lists = [ciphers.suites_for(version) for version in Version]
    lists += [ciphers.suites_of(weak) for weak in WeakClass]
    assert all(0 < len(suites) < 128 for suites in lists)
    assert all(len(set(suites)) == len(suites) for suites in lists)
