"""Whatever reaches the gateway is a batch, an envelope, an enrolment, or a `WireError`."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from frisket.errors import WireError
from frisket.telemetry import batch as wire
from frisket.telemetry.authority import issue, make_request, new_authority
from frisket.telemetry.batch import Batch, Kind, Record
from frisket.telemetry.enrolment import ask, make_token, read_ask
from frisket.telemetry.envelope import Kind as Carried
from frisket.telemetry.envelope import Untrusted, open_envelope, read_sender, seal, verify

NOW = datetime(2026, 11, 22, tzinfo=UTC)
AUTHORITY = new_authority(NOW)
TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=20)
PART = (
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), (1 << 63) - 1)
    | st.floats(-1e300, 1e300)
    | TEXT
)
NAME = st.from_regex(r"\A[A-Za-z][!-~]{0,30}\Z")
VALUES = st.dictionaries(NAME, PART | st.lists(PART, max_size=5), max_size=5)
KEY = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30)


@st.composite
def batches(draw: st.DrawFn) -> Batch:
    first = draw(st.integers(1, 1 << 50))
    told = draw(st.lists(st.tuples(KEY, st.floats(0, 1 << 33), VALUES), min_size=1, max_size=5))
    kinds = st.sampled_from(Kind)
    records = tuple(
        Record(first + place, device, at, draw(kinds), values)
        for place, (device, at, values) in enumerate(told)
    )
    return Batch("c-1", "s-1", first, draw(st.integers(1, first)), records)


@given(st.binary(max_size=200))
def test_any_octets_are_refused_or_read(octets: bytes) -> None:
    for read in (wire.decode, wire.unframe, open_envelope, read_ask):
        with pytest.raises(WireError):
            read(octets)
    with pytest.raises(WireError):
        wire.decode(zstandard.ZstdCompressor().compress(octets))


@given(st.recursive(PART | st.binary(max_size=9), lambda inner: st.lists(inner, max_size=7)))
def test_any_structure_is_refused_or_read(thing: object) -> None:
    octets = msgspec.msgpack.encode(thing)
    for read in (
        lambda: wire.decode(zstandard.ZstdCompressor().compress(octets)),
        lambda: open_envelope(octets),
    ):
        with pytest.raises(WireError):
            read()


@given(batches())
def test_what_is_packed_is_read(batch: Batch) -> None:
    assert wire.decode(wire.encode(batch)) == batch


@given(batches(), st.data())
def test_a_flipped_bit_is_found(batch: Batch, data: st.DataObject) -> None:
    """In the spool, the frame itself tells; compressed, no other batch comes out."""
    frame = bytearray(wire.frame(batch.records[0]))
    at = data.draw(st.integers(0, len(frame) * 8 - 1))
    frame[at // 8] ^= 1 << at % 8
    with pytest.raises(WireError):
        wire.unframe(bytes(frame))
    with pytest.raises(WireError):
        wire.decode(wire.pack("c", "s", batch.first, [bytes(frame)]))


@given(st.binary(max_size=300))
def test_any_certificate_is_refused(octets: bytes) -> None:
    with pytest.raises(Untrusted):
        read_sender(octets, AUTHORITY.certificate)


@given(st.data())
def test_a_spoiled_certificate_is_refused(data: st.DataObject) -> None:
    key = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
    octets = bytearray(issue(AUTHORITY, make_request(key), "c-1", "North", NOW)[0])
    at = data.draw(st.integers(0, len(octets) * 8 - 1))
    octets[at // 8] ^= 1 << at % 8
    with pytest.raises(Untrusted):
        read_sender(bytes(octets), AUTHORITY.certificate)


@given(st.text(max_size=200))
def test_any_request_for_a_certificate_is_refused(request: str) -> None:
    for text in (request, f"-----BEGIN CERTIFICATE REQUEST-----\n{request}\n"):
        with pytest.raises(WireError):
            issue(AUTHORITY, text, "c-1", "North", NOW)


def test_every_single_bit_of_an_envelope_counts() -> None:
    key = Ed25519PrivateKey.generate()
    certificate, public = issue(AUTHORITY, make_request(key), "c-1", "North", NOW)
    sender = read_sender(certificate, AUTHORITY.certificate)
    assert sender.key == public
    octets = seal(
        Carried.BATCH, b"body", audience="gateway", certificate=certificate, key=key, sent=1.0
    )
    verify(open_envelope(octets), sender, kind=Carried.BATCH, audience="gateway", now=NOW)
    for at in range(len(octets) * 8):
        spoiled = bytearray(octets)
        spoiled[at // 8] ^= 1 << at % 8
        with pytest.raises(WireError):
            verify(
                open_envelope(bytes(spoiled)),
                sender,
                kind=Carried.BATCH,
                audience="gateway",
                now=NOW,
            )


@given(TEXT.filter(bool), st.data())
def test_a_spoiled_enrolment_is_refused(site: str, data: st.DataObject) -> None:
    asked = ask(make_token("g" * 43), site, "request")
    assert read_ask(asked).site == site
    octets = bytearray(asked)
    octets[data.draw(st.integers(0, len(octets) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        read = read_ask(bytes(octets))
    except WireError:
        return
    # JSON spells one text in several ways; what it says is the same.
    assert (read.site, read.csr) == (site, "request")
