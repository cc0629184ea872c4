"""SMB octets: questions and answers as the documents draw them, and what is refused."""

from __future__ import annotations

import pytest

from frisket.errors import WireError
from frisket.proto.smb import messages, names, wire
from frisket.proto.smb.names import Dialect, Status

GUID, SALT = bytes(range(16)), bytes(range(32))
MODERN = (0x0202, 0x0210, 0x0300, 0x0302, 0x0311)


def payload(framed: bytes) -> bytes:
    packet = wire.unframe(framed)
    assert packet is not None
    assert packet.end == len(framed)
    return packet.payload


def test_the_smb1_question_octet_by_octet() -> None:
    # MS-CIFS 2.2.4.52.1: no words, then each name behind 0x02 and before 0x00.
    question = wire.ask_1(["NT LM 0.12"])
    assert question[:4] == b"\x00\x00\x00\x2f"
    assert question[4:9] == b"\xffSMB\x72"
    assert question[36:] == b"\x00\x0c\x00\x02NT LM 0.12\x00"
    assert wire.read_request(payload(question)) == wire.NegotiateOne(
        ("NT LM 0.12",), (0xFEFF, 0, 0xC853)
    )


def test_the_smb2_question_octet_by_octet() -> None:
    question = wire.ask_2([0x0202, 0x0210], guid=GUID, salt=SALT)
    body = payload(question)
    assert body[:6] == b"\xfeSMB\x40\x00"
    assert body[64:] == (
        b"\x24\x00\x02\x00\x01\x00\x00\x00" + bytes(4) + GUID + bytes(8) + b"\x02\x02\x10\x02"
    )


def test_the_question_for_3_1_1_carries_aligned_contexts() -> None:
    body = payload(wire.ask_2(MODERN, guid=GUID, salt=SALT))
    offset = int.from_bytes(body[92:96], "little")
    assert offset % 8 == 0
    assert body[96:98] == b"\x02\x00"
    assert body[offset : offset + 14] == bytes.fromhex("0100 2600 00000000 0100 2000 0100")
    assert body[offset + 14 : offset + 46] == SALT
    second = offset + 48  # 46 octets, filled up to a multiple of eight
    assert body[second : second + 4] == bytes.fromhex("0200 0a00")
    assert wire.read_request(body) == wire.NegotiateTwo(MODERN, 0, False, GUID, (2, 1, 4, 3))


@pytest.mark.parametrize("dialect", MODERN)
@pytest.mark.parametrize("signing", [False, True])
@pytest.mark.parametrize("encryption", [False, True])
def test_smb2_answers(dialect: int, signing: bool, encryption: bool) -> None:
    request = wire.read_request(payload(wire.ask_2(MODERN, guid=GUID, salt=SALT)))
    assert isinstance(request, wire.NegotiateTwo)
    answer = wire.answer_2(
        request,
        dialect,
        guid=GUID,
        salt=SALT,
        security=names.NTLM_HINT,
        signing_required=signing,
        encryption=encryption,
    )
    for size in range(len(answer)):
        assert wire.read_reply(answer[:size]) is None
    expected = wire.Negotiated(
        dialect,
        signing_enabled=True,
        signing_required=signing,
        encryption=encryption and dialect >= 0x0300,
        guid=GUID,
        security=names.NTLM_HINT,
    )
    assert wire.read_reply(answer) == expected
    assert wire.read_reply(b"\x85\x00\x00\x00" + answer) == expected


@pytest.mark.parametrize("signing", [False, True])
def test_smb1_answers(signing: bool) -> None:
    request = wire.NegotiateOne(("PC NETWORK PROGRAM 1.0", "NT LM 0.12"), (7, 9, 0xC853))
    answer = wire.answer_1(
        request, 1, guid=GUID, security=names.NTLM_HINT, signing_required=signing
    )
    assert answer[4 + 26 : 4 + 28] == b"\x07\x00"
    assert answer[4 + 30 : 4 + 32] == b"\x09\x00"
    assert wire.read_reply(answer) == wire.Negotiated(
        Dialect.SMB_1, True, signing, guid=GUID, security=names.NTLM_HINT
    )
    none = wire.answer_1(request, 0xFFFF, guid=GUID, security=b"")
    assert wire.read_reply(none) == wire.Declined(0)


def test_an_smb1_question_may_be_answered_in_smb2() -> None:
    request = wire.read_request(payload(wire.ask_1()))
    assert isinstance(request, wire.NegotiateOne)
    assert names.SMB_2_ANY in request.dialects
    answer = wire.answer_2(request, 0x02FF, guid=GUID, salt=SALT, security=b"")
    reply = wire.read_reply(answer)
    assert isinstance(reply, wire.Negotiated)
    assert reply.dialect == Dialect.ANY_SMB_2


def test_refusals() -> None:
    for request in (wire.NegotiateTwo((0x0202,), 5), wire.NegotiateOne(("x",), (1, 2, 3))):
        answer = wire.answer_error(request, Status.NOT_SUPPORTED)
        assert wire.read_reply(answer) == wire.Declined(Status.NOT_SUPPORTED)
    # MS-SMB2 2.2.2: nine octets of error body; the header repeats command, message and session.
    answer = wire.answer_error(wire.Other(2, 1, 6, session_id=8), Status.ACCESS_DENIED)
    body = payload(answer)
    assert body[8:14] == bytes.fromhex("220000c0 0100")
    assert body[24:32] == b"\x06" + bytes(7)
    assert body[40:48] == b"\x08" + bytes(7)
    assert body[64:] == b"\x09" + bytes(8)
    old = payload(wire.answer_error(wire.Other(1, 0x73, ids=(1, 2, 3)), Status.ACCESS_DENIED))
    assert old[4:9] == b"\x73\x22\x00\x00\xc0"
    assert old[32:] == bytes(3)


def test_other_requests() -> None:
    one = payload(wire.ask_1())
    assert wire.read_request(one[:4] + b"\x73" + one[5:]) == wire.Other(
        1, 0x73, ids=(0xFEFF, 0, 0xC853)
    )
    two = bytearray(payload(wire.ask_2([0x0202], guid=GUID, salt=SALT)))
    two[12], two[24], two[40] = 1, 6, 8
    assert wire.read_request(bytes(two)) == wire.Other(2, 1, 6, session_id=8)


def test_the_hint_is_one_whole_token() -> None:
    # RFC 4178 section 4.2.1 and 3.1: SPNEGO's own identifier, then a list of one mechanism.
    assert (
        bytes.fromhex("601c 0606 2b0601050502 a012 3010 a00e 300c 060a 2b06010401823702020a")
        == names.NTLM_HINT
    )


def test_session_packets() -> None:
    assert wire.unframe(b"") is None
    assert wire.unframe(b"\x00\x00\x00\x02x") is None
    assert wire.unframe(b"\x00\x00\x00\x01xy") == wire.Frame(messages.MESSAGE, b"x", 5)
    assert wire.unframe(b"\x81\x00\x00\x00") == wire.Frame(messages.SESSION_REQUEST, b"", 4)
    assert wire.frame(b"", messages.SESSION_GRANTED) == b"\x82\x00\x00\x00"
    with pytest.raises(WireError, match="more than 8"):
        wire.unframe(b"\x00\x00\x00\x09", limit=8)
    with pytest.raises(WireError, match="kind"):
        wire.unframe(b"H")
    with pytest.raises(WireError):
        wire.frame(bytes(1 << 24))


ANSWER = payload(
    wire.answer_2(wire.NegotiateTwo((0x0311,)), 0x0311, guid=GUID, salt=SALT, security=b"hint")
)


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\xfdSMB" + bytes(60),
        b"\xffSMB\x73" + bytes(40),
        b"\xffSMB\x72" + bytes(27) + b"\x0d" + bytes(40),
        b"\xffSMB\x72" + bytes(27) + b"\x11" + bytes(20),
        b"\xfeSMB" + bytes(20),
        ANSWER[:12] + b"\x01" + ANSWER[13:],
        ANSWER[:64] + b"\x40" + ANSWER[65:],
        ANSWER[:100],
        ANSWER[:-1],
        ANSWER[:70] + b"\xff\xff" + ANSWER[72:],
        ANSWER[:124] + b"\xff\xff\xff\xff" + ANSWER[128:],
    ],
)
def test_broken_answers(message: bytes) -> None:
    with pytest.raises(WireError):
        wire.read_reply(wire.frame(message))


QUESTION = payload(wire.ask_2(MODERN, guid=GUID, salt=SALT))
OLD = payload(wire.ask_1(["NT LM 0.12"]))


@pytest.mark.parametrize(
    "message",
    [
        b"GET / HTTP/1.0",
        OLD[:30],
        OLD[:-1],
        OLD[:33] + b"\x01\x00" + OLD[35:],
        OLD[:33] + b"\x00\x00",
        OLD[:35] + b"\x03" + OLD[36:],
        OLD[:33] + b"\x82\x00" + b"\x02\x00" * 65,
        QUESTION[:60],
        QUESTION[:80],
        QUESTION[:66] + b"\x00\x00" + QUESTION[68:],
        QUESTION[:66] + b"\x40\x00" + QUESTION[68:102],
        QUESTION[:-1],
        QUESTION[:96] + b"\xff\xff" + QUESTION[98:],
    ],
)
def test_broken_questions(message: bytes) -> None:
    with pytest.raises(WireError):
        wire.read_request(message)


def test_impossible_messages() -> None:
    one, two = wire.NegotiateOne(("NT LM 0.12",)), wire.NegotiateTwo((0x0202,))
    with pytest.raises(WireError):
        wire.ask_1(["caf\u00e9"])
    with pytest.raises(WireError):
        wire.ask_1(["x" * 70000])
    with pytest.raises(WireError):
        wire.ask_2([70000], guid=GUID, salt=SALT)
    with pytest.raises(WireError):
        wire.ask_2([0x0202], guid=b"", salt=SALT)
    with pytest.raises(WireError):
        wire.answer_1(one, 1, guid=GUID, security=b"")
    with pytest.raises(WireError):
        wire.answer_1(one, 0, guid=GUID, security=bytes(70000))
    with pytest.raises(WireError):
        wire.answer_2(two, 70000, guid=GUID, salt=SALT, security=b"")
    with pytest.raises(WireError):
        wire.answer_2(two, 0x0202, guid=GUID, salt=b"", security=b"")
    with pytest.raises(WireError):
        wire.answer_error(two, -1)
    with pytest.raises(WireError):
        wire.answer_error(wire.Other(1, 1, ids=(70000, 0, 0)), 0)


def test_names() -> None:
    assert [names.dialect_name(one) for one in Dialect if one != Dialect.ANY_SMB_2] == [
        "SMB1",
        "SMB2.0.2",
        "SMB2.1",
        "SMB3.0",
        "SMB3.0.2",
        "SMB3.1.1",
    ]
    assert names.dialect_name(0x0224) == "0x0224"
    assert names.status_name(0xC0000022) == "STATUS_ACCESS_DENIED"
    assert names.status_name(0xC0000034) == "0xc0000034"
