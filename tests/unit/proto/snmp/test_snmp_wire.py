"""Object identifiers, values, PDUs and messages, against bytes of RFCs and of other software."""

from __future__ import annotations

from typing import Any

import pytest

from frisket.errors import WireError
from frisket.proto.snmp.wire import (
    END_OF_MIB_VIEW,
    NO_SUCH_INSTANCE,
    NO_SUCH_OBJECT,
    NULL,
    CommunityMessage,
    Counter32,
    Counter64,
    Gauge32,
    Integer,
    IpAddress,
    Kind,
    Level,
    ObjectIdentifier,
    OctetString,
    Opaque,
    Pdu,
    SecureMessage,
    TimeTicks,
    TrapV1Pdu,
    Value,
    Version,
    decode_message,
    decode_oid,
    encode_message,
    encode_oid,
    encode_value,
    encode_varbind,
    format_oid,
    opaque_float,
    parse_oid,
    within,
)
from frisket.proto.snmp.wire.message import decode_scoped
from frisket.proto.snmp.wire.oid import MAX_SUBID

SYS_DESCR = (1, 3, 6, 1, 2, 1, 1, 1, 0)


@pytest.mark.parametrize(
    ("oid", "content"),
    [
        ((1, 3, 6, 1, 2, 1, 1, 1, 0), "2b06010201010100"),
        # X.690 section 8.19.5
        ((2, 100, 3), "813403"),
        ((1, 3, 6, 1, 4, 1, 1602), "2b060104018c42"),
        ((2, 999), "8837"),
        ((0, 0), "00"),
        ((1, 39, 127, 128), "4f7f8100"),
        ((1, 3, MAX_SUBID), "2b8fffffff7f"),
        ((2, MAX_SUBID), "908080804f"),
    ],
)
def test_object_identifiers(oid: tuple[int, ...], content: str) -> None:
    assert encode_oid(oid).hex() == content
    assert decode_oid(bytes.fromhex(content)) == oid
    assert parse_oid(f".{format_oid(oid)}") == oid


def test_128_sub_identifiers_are_the_most() -> None:
    longest = (1, 3) + (MAX_SUBID,) * 126
    assert decode_oid(encode_oid(longest)) == longest
    with pytest.raises(WireError):
        encode_oid((*longest, 1))
    with pytest.raises(WireError):
        decode_oid(encode_oid(longest) + b"\x01")
    with pytest.raises(WireError):
        decode_oid(encode_oid(longest[:-1]) + b"\x01\x01")


@pytest.mark.parametrize(
    "content", ["80", "2b80", "2b8001", "2b9080808000", "ffffffffff7f", "2b86"]
)
def test_malformed_object_identifiers(content: str) -> None:
    with pytest.raises(WireError):
        decode_oid(bytes.fromhex(content))


@pytest.mark.parametrize("oid", [(), (1,), (3, 1), (1, 40), (1, 3, -1), (1, 3, 2**32), (2, 2**32)])
def test_what_is_no_object_identifier(oid: tuple[int, ...]) -> None:
    with pytest.raises(WireError):
        encode_oid(oid)


@pytest.mark.parametrize(
    "text", ["", ".", "1", "1..3", "1.3.x", "1.3.-1", "1.3.²", "1.3. 4", "1." * 200]
)
def test_what_is_no_dotted_number(text: str) -> None:
    with pytest.raises(WireError):
        parse_oid(text)


def test_order_is_of_numbers_not_of_bytes() -> None:
    assert parse_oid("1.3.6.1.2.200") > parse_oid("1.3.6.1.2.130") > parse_oid("1.3.6.1.2.5.9")
    assert within(SYS_DESCR, (1, 3, 6, 1, 2, 1, 1))
    assert not within((1, 3, 6, 1, 2, 1, 11), (1, 3, 6, 1, 2, 1, 1))


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        (Integer(0), "020100"),
        (Integer(127), "02017f"),
        (Integer(128), "02020080"),
        (Integer(-128), "020180"),
        (Integer(-129), "0202ff7f"),
        (Integer(-(2**31)), "020480000000"),
        (Counter32(2**32 - 1), "410500ffffffff"),
        (Gauge32(300), "4202012c"),
        (TimeTicks(8_640_000), "430400" + "83d600"),
        (Counter64(2**64 - 1), "460900ffffffffffffffff"),
        (OctetString(b""), "0400"),
        (OctetString(b"A" * 200), "0481c8" + "41" * 200),
        (IpAddress(b"\xc0\x00\x02\x01"), "4004c0000201"),
        (Opaque(b"\x9f\x78\x04\x42\xf6\x00\x00"), "44079f780442f60000"),
        (ObjectIdentifier((1, 3, 6)), "06022b06"),
        (NULL, "0500"),
        (NO_SUCH_OBJECT, "8000"),
        (NO_SUCH_INSTANCE, "8100"),
        (END_OF_MIB_VIEW, "8200"),
    ],
)
def test_values_keep_their_type(value: Value, encoded: str) -> None:
    assert encode_value(value).hex() == encoded
    pdu = Pdu(Kind.RESPONSE, 1, 0, 0, ((SYS_DESCR, value),))
    message = decode_message(encode_message(CommunityMessage(Version.V2C, b"public", pdu)))
    assert isinstance(message, CommunityMessage)
    assert message.pdu == pdu
    assert type(message.pdu.varbinds[0][1]) is type(value)
    assert message.pdu.varbinds[0][1].tag == value.tag


def test_values_show_themselves() -> None:
    assert repr(Counter32(5)) == "Counter32(5)"
    assert str(IpAddress(b"\xc0\x00\x02\x01")) == "192.0.2.1"
    assert str(ObjectIdentifier((1, 3, 6))) == "1.3.6"
    assert repr(OctetString(b"x")) == "OctetString(b'x')"
    assert opaque_float(Opaque(b"\x9f\x78\x04\x42\xf6\x00\x00")) == 123.0
    assert opaque_float(Opaque(b"\x9f\x79\x04\x42\xf6\x00\x00")) is None


@pytest.mark.parametrize(
    "value",
    [Integer(2**31), Counter32(-1), Gauge32(2**32), Counter64(2**64), IpAddress(b"abc")],
)
def test_values_out_of_bounds(value: Value) -> None:
    with pytest.raises(WireError):
        encode_value(value)


def wrapped(varbind: str) -> bytes:
    """Return a v2c response around the bytes of its variables."""
    content = bytes.fromhex(varbind)
    inner = bytes.fromhex("020101020100020100") + b"\x30" + bytes((len(content),)) + content
    outer = bytes.fromhex("020101040670") + b"ublic" + b"\xa2" + bytes((len(inner),)) + inner
    return b"\x30" + bytes((len(outer),)) + outer


def test_a_large_counter_without_its_leading_zero_is_large() -> None:
    message = decode_message(wrapped("300906012b4104ffffffff"))
    assert isinstance(message, CommunityMessage)
    assert message.pdu.varbinds[0][1] == Counter32(2**32 - 1)


@pytest.mark.parametrize(
    "varbind",
    [
        "3004060105",  # cut
        "300406012b0500",  # length of the sequence too short
        "300606012b0500ff",  # something behind
        "300506012b0501",  # NULL with content that is missing
        "300606012b050100",  # NULL with content
        "300506012b0900",  # a real number
        "300506012b0200",  # an INTEGER without octets
        "300a06012b02050100000000",  # 33 bits
        "300a06012b41050100000000",  # 33 bits
        "300806012b4003010203",  # three octets of address
        "310506012b0500",  # a set
        "3080" + "06012b0500",  # indefinite
        "30050682ffff0500",  # a name longer than everything
        "300a0681ff2b05000000000000",  # the same, with one octet of length
    ],
)
def test_malformed_variables(varbind: str) -> None:
    with pytest.raises(WireError):
        decode_message(wrapped(varbind))


def test_long_forms_of_lengths_are_read() -> None:
    # net-snmp of old wrote 30 82 xx xx everywhere.
    plain = decode_message(wrapped("300506012b0500"))
    assert decode_message(wrapped("30820009" + "0681012b" + "05830000" + "00")) == plain


# Written by net-snmp 5.9.3: snmpget -v1, and snmpbulkget -v2c -Cn0 -Cr10, of sysDescr.0
GET_OF_NET_SNMP = bytes.fromhex(
    "302902010004067075626c6963a01c020468fc6e80020100020100300e300c06082b060102010101000500"
)


def test_a_get_of_other_software() -> None:
    pdu = Pdu(Kind.GET, 0x68FC6E80, 0, 0, ((SYS_DESCR, NULL),))
    message = CommunityMessage(Version.V1, b"public", pdu)
    assert decode_message(GET_OF_NET_SNMP) == message
    assert encode_message(message) == GET_OF_NET_SNMP
    assert "public" not in repr(message)


BULK_OF_NET_SNMP = bytes.fromhex(
    "302902010104067075626c6963a51c02041480edf402010002010a300e300c06082b060102010101000500"
)


def test_a_bulk_of_other_software() -> None:
    message = decode_message(BULK_OF_NET_SNMP)
    assert isinstance(message, CommunityMessage)
    assert isinstance(message.pdu, Pdu)
    assert (message.pdu.kind, message.pdu.non_repeaters) == (Kind.GET_BULK, 0)
    assert message.pdu.max_repetitions == 10
    assert encode_message(message) == BULK_OF_NET_SNMP


@pytest.mark.parametrize("size", range(len(GET_OF_NET_SNMP)))
def test_a_cut_message(size: int) -> None:
    with pytest.raises(WireError):
        decode_message(GET_OF_NET_SNMP[:size])


def test_limits() -> None:
    with pytest.raises(WireError):
        decode_message(GET_OF_NET_SNMP + b"\x00")
    with pytest.raises(WireError):
        decode_message(GET_OF_NET_SNMP, max_size=42)
    with pytest.raises(WireError):
        decode_message(GET_OF_NET_SNMP, max_varbinds=0)
    with pytest.raises(WireError):
        decode_message(b"\x30\x84\x00\x01\x00\x00" + bytes(65536))


def test_trap_of_version_1() -> None:
    pdu = TrapV1Pdu(
        (1, 3, 6, 1, 4, 1, 1602),
        IpAddress(b"\x7f\0\0\1"),
        6,
        3,
        TimeTicks(99),
        ((SYS_DESCR, NULL),),
    )
    message = CommunityMessage(Version.V1, b"public", pdu)
    assert decode_message(encode_message(message)) == message
    assert pdu.kind is Kind.TRAP_V1


def secure(**changes: Any) -> SecureMessage:
    """Return a plain v3 message."""
    fields: dict[str, Any] = {
        "msg_id": 5,
        "level": Level.PLAIN,
        "reportable": True,
        "engine_id": b"12345",
        "boots": 1,
        "time": 2,
        "user": b"user",
        "body": bytes.fromhex("300f04053132333435" + "0400" + "a00430000000")[:17],
    }
    return SecureMessage(**{**fields, **changes})


@pytest.mark.parametrize(
    "message",
    [
        secure(),
        secure(level=Level.AUTHENTIC, digest=b"d" * 48, reportable=False),
        secure(level=Level.PRIVATE, digest=b"d" * 12, salt=b"s" * 8, body=b"?" * 300),
        secure(
            msg_id=2**31 - 1, max_size=484, engine_id=b"e" * 32, user=b"u" * 32, boots=2**31 - 1
        ),
    ],
)
def test_secure_messages(message: SecureMessage) -> None:
    data = encode_message(message)
    read = decode_message(data)
    assert isinstance(read, SecureMessage)
    assert read == message
    assert data[read.digest_at : read.digest_at + len(message.digest)] == message.digest


@pytest.mark.parametrize(
    "message",
    [
        secure(user=b"u" * 33),
        secure(engine_id=b"e" * 33),
        secure(digest=b"d" * 49),
        secure(salt=b"s" * 9),
        secure(boots=-1),
        secure(time=-1),
        secure(msg_id=-1),
        secure(body=b"\x04\x00"),
    ],
)
def test_malformed_secure_messages(message: SecureMessage) -> None:
    with pytest.raises(WireError):
        decode_message(encode_message(message))


def test_privacy_without_authentication_is_no_level() -> None:
    data = bytearray(encode_message(secure(level=Level.PRIVATE, reportable=False)))
    flags = bytes(data).index(b"\x04\x01\x03") + 2
    data[flags] = 2
    with pytest.raises(WireError):
        decode_message(bytes(data))


def test_padding_is_for_decrypted_bodies_only() -> None:
    body = bytes.fromhex("3011" + "0400" + "0400" + "a00b" + "020101020100020100" + "3000")
    assert decode_scoped(body, padded=False).pdu.kind is Kind.GET
    assert decode_scoped(body + b"\0\0", padded=True).pdu.kind is Kind.GET
    with pytest.raises(WireError):
        decode_scoped(body + b"\0\0", padded=False)


def test_variables_are_joined_as_they_are() -> None:
    assert encode_varbind((1, 3, 6), Integer(1)).hex() == "300706022b06020101"
    assert Pdu(Kind.GET_BULK, 1, -1, -5).max_repetitions == 0
    assert Pdu(Kind.GET_BULK, 1, -1, -5).non_repeaters == 0
