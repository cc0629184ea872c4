"""TLS: any octets of a server give an outcome, a wish for more, or WireError."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from frisket.errors import WireError
from frisket.proto.tls import wire

octets = some.integers(0, 255)


def vector(width: int, data: bytes) -> bytes:
    return len(data).to_bytes(width, "big") + data


def flight(version: int, suite: int, chain: list[bytes], cut: int) -> bytes:
    body = version.to_bytes(2, "big") + bytes(33) + suite.to_bytes(2, "big") + b"\x00"
    listed = b"".join(vector(3, one) for one in chain)
    stream = b"\x02" + vector(3, body) + b"\x0b" + vector(3, vector(3, listed))
    parts = [stream[at : at + cut] for at in range(0, len(stream), cut)]
    return b"".join(b"\x16\x03\x01" + vector(2, part) for part in parts)


versions = some.integers(0x0300, 0x0303)
suites = some.integers(0, 65535)
chains = some.lists(some.binary(min_size=1, max_size=40), max_size=10)


def read(raw: bytes, *, certificates: bool) -> wire.Accepted | wire.Alert | None:
    try:
        return wire.read_flight(raw, certificates=certificates)
    except WireError:
        return None


@given(versions, suites, chains, some.integers(1, 60))
def test_every_flight_is_read(version: int, suite: int, chain: list[bytes], cut: int) -> None:
    raw = flight(version, suite, chain, cut)
    whole = wire.read_flight(raw, certificates=True)
    assert whole == wire.Accepted(version, suite, certificates=tuple(chain))
    for size in range(0, len(raw), 5):
        assert wire.read_flight(raw[:size], certificates=True) in (None, whole)


@given(versions, suites, chains, some.integers(1, 60), some.data())
def test_a_damaged_flight_is_read_or_refused(
    version: int, suite: int, chain: list[bytes], cut: int, data: some.DataObject
) -> None:
    raw = bytearray(flight(version, suite, chain, cut))
    for _ in range(data.draw(some.integers(1, 4))):
        raw[data.draw(some.integers(0, len(raw) - 1))] = data.draw(octets)
    read(bytes(raw), certificates=True)
    read(bytes(raw), certificates=False)


@given(some.binary(max_size=200), some.booleans())
def test_any_octets_are_read_or_refused(raw: bytes, certificates: bool) -> None:
    read(raw, certificates=certificates)
    read(b"\x16\x03\x03" + vector(2, raw), certificates=certificates)
    read(b"\x16\x03\x03" + vector(2, b"\x02" + vector(3, raw)), certificates=certificates)


@given(
    some.integers(0, 70000),
    some.lists(some.integers(0, 70000), max_size=4),
    some.binary(min_size=wire.ENTROPY, max_size=wire.ENTROPY),
    some.text(max_size=80),
)
def test_any_hello_is_written_or_refused(
    version: int, offered: list[int], entropy: bytes, name: str
) -> None:
    for asked in (version, 0x0300 + version % 5):
        try:
            raw = wire.client_hello(asked, offered, entropy=entropy, server_name=name)
        except WireError:
            continue
        assert int.from_bytes(raw[3:5], "big") == len(raw) - 5
