"""SMB: any octets give a message, a wish for more, or WireError, and every message comes back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from frisket.errors import WireError
from frisket.proto.smb import wire

guids = some.binary(min_size=16, max_size=16)
salts = some.binary(min_size=32, max_size=32)
words = some.integers(0, 65535)
dialects = some.lists(
    some.sampled_from([0x0202, 0x0210, 0x0300, 0x0302, 0x0311]) | words, min_size=1, max_size=9
)
names = some.lists(some.text("NT LM 0.12?", max_size=9), min_size=1, max_size=9)
ids = some.tuples(words, words, words)
twos = some.builds(
    wire.NegotiateTwo,
    dialects.map(tuple),
    some.integers(0, 2**64 - 1),
    some.booleans(),
    guids,
    some.lists(words, max_size=4).map(tuple),
)
ones = some.builds(wire.NegotiateOne, names.map(tuple), ids)
security = some.binary(max_size=60)


def request_of(framed: bytes) -> wire.NegotiateOne | wire.NegotiateTwo | wire.Other:
    packet = wire.unframe(framed)
    assert packet is not None
    return wire.read_request(packet.payload)


@given(dialects, guids, salts, names)
def test_questions_come_back(
    numbers: list[int], guid: bytes, salt: bytes, offered: list[str]
) -> None:
    two = request_of(wire.ask_2(numbers, guid=guid, salt=salt))
    assert isinstance(two, wire.NegotiateTwo)
    assert (two.dialects, two.guid) == (tuple(numbers), guid)
    assert bool(two.ciphers) == (0x0311 in numbers)
    one = request_of(wire.ask_1(offered))
    assert isinstance(one, wire.NegotiateOne)
    assert one.dialects == tuple(offered)


@given(ones | twos, words, guids, salts, security, some.booleans(), some.booleans())
def test_answers_come_back(
    request: wire.NegotiateOne | wire.NegotiateTwo,
    dialect: int,
    guid: bytes,
    salt: bytes,
    token: bytes,
    signing: bool,
    encryption: bool,
) -> None:
    answer = wire.answer_2(
        request,
        dialect,
        guid=guid,
        salt=salt,
        security=token,
        signing_required=signing,
        encryption=encryption,
    )
    reply = wire.read_reply(answer)
    assert isinstance(reply, wire.Negotiated)
    assert (reply.dialect, reply.guid, reply.security) == (dialect, guid, token)
    assert reply.signing_required == signing
    if isinstance(request, wire.NegotiateOne):
        old = wire.answer_1(request, 0, guid=guid, security=token, signing_required=signing)
        reply = wire.read_reply(old)
        assert isinstance(reply, wire.Negotiated)
        assert (reply.guid, reply.security, reply.signing_required) == (guid, token, signing)


@given(dialects, guids, salts, security, some.data())
def test_damaged_messages_are_read_or_refused(
    numbers: list[int], guid: bytes, salt: bytes, token: bytes, data: some.DataObject
) -> None:
    request = wire.NegotiateTwo(tuple(numbers), ciphers=(2, 1))
    one = wire.NegotiateOne(("NT LM 0.12",))
    for sample in (
        wire.ask_1(),
        wire.ask_2(numbers, guid=guid, salt=salt),
        wire.answer_1(one, 0, guid=guid, security=token),
        wire.answer_2(request, 0x0311, guid=guid, salt=salt, security=token),
        wire.answer_error(request, 0xC0000022),
    ):
        raw = bytearray(sample)
        for _ in range(data.draw(some.integers(1, 4))):
            raw[data.draw(some.integers(0, len(raw) - 1))] = data.draw(some.integers(0, 255))
        read(bytes(raw[: data.draw(some.integers(0, len(raw)))]))
        read(bytes(raw))


@given(some.binary(max_size=250), some.sampled_from([b"", b"\xffSMB\x72", b"\xfeSMB\x40\x00"]))
def test_any_octets_are_read_or_refused(raw: bytes, start: bytes) -> None:
    read(start + raw)
    read(wire.frame(start + raw))


def read(raw: bytes) -> None:
    for reader in (wire.read_reply, wire.unframe, wire.read_request):
        try:
            reader(raw)
        except WireError:
            continue
    try:
        wire.read_request(raw[4:])
    except WireError:
        return
