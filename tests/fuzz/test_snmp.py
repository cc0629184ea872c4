"""Any bytes are an SNMP message or a WireError; what is written is read back."""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from frisket.errors import WireError
from frisket.proto.snmp.credential import Community, UserCredential
from frisket.proto.snmp.errors import SnmpError
from frisket.proto.snmp.notify import Receiver
from frisket.proto.snmp.session import CommunitySession, Question, UserSession
from frisket.proto.snmp.wire import (
    MAX_SIZE,
    CommunityMessage,
    Counter32,
    Counter64,
    Gauge32,
    Integer,
    IpAddress,
    Kind,
    Level,
    Marker,
    ObjectIdentifier,
    OctetString,
    Opaque,
    Pdu,
    ScopedPdu,
    SecureMessage,
    TimeTicks,
    TrapV1Pdu,
    Version,
    decode_message,
    decode_oid,
    decode_scoped,
    encode_message,
    encode_oid,
    encode_pdu,
    encode_scoped,
)
from frisket.proto.snmp.wire.crypto import Auth, LocalKeys, Priv, User, localize
from frisket.proto.snmp.wire.usm import (
    Denied,
    Engine,
    Fault,
    admit,
    is_authentic,
    report,
    seal,
    unseal,
)

ENGINE = Engine(b"\x80\x00\x13\x70engine", 3, 1000)
USER = User("root", Auth.MD5, "sage and onion", Priv.DES, "rosemary")
KEYS = localize(USER, ENGINE.engine_id)

SUBID = st.integers(0, 2**32 - 1)
OIDS = st.builds(
    lambda root, rest: (*root, *rest),
    st.tuples(st.integers(0, 1), st.integers(0, 39)) | st.tuples(st.just(2), SUBID),
    st.lists(SUBID, max_size=126),
)
COUNT = st.integers(0, 2**32 - 1)
INT32 = st.integers(-(2**31), 2**31 - 1)
VALUES = st.one_of(
    INT32.map(Integer),
    COUNT.map(Counter32),
    COUNT.map(Gauge32),
    COUNT.map(TimeTicks),
    st.integers(0, 2**64 - 1).map(Counter64),
    st.binary(max_size=300).map(OctetString),
    st.binary(max_size=20).map(Opaque),
    st.binary(min_size=4, max_size=4).map(IpAddress),
    OIDS.map(ObjectIdentifier),
    st.sampled_from(Marker),
)
VARBINDS = st.lists(st.tuples(OIDS, VALUES), max_size=8).map(tuple)
PDUS = st.builds(
    Pdu,
    st.sampled_from([kind for kind in Kind if kind is not Kind.TRAP_V1]),
    INT32,
    INT32,
    INT32,
    VARBINDS,
) | st.builds(
    TrapV1Pdu,
    OIDS,
    st.binary(min_size=4, max_size=4).map(IpAddress),
    INT32,
    INT32,
    COUNT.map(TimeTicks),
    VARBINDS,
)
MESSAGES = st.builds(
    CommunityMessage, st.sampled_from([Version.V1, Version.V2C]), st.binary(max_size=255), PDUS
)
SCOPED = st.builds(ScopedPdu, st.binary(max_size=32), st.binary(max_size=255), PDUS)


def encoded(scoped: ScopedPdu) -> bytes:
    return encode_scoped(scoped.context_engine_id, scoped.context_name, encode_pdu(scoped.pdu))


def secure(scoped: ScopedPdu, level: Level = Level.PRIVATE) -> bytes:
    return seal(
        SecureMessage(
            msg_id=4,
            level=level,
            reportable=True,
            engine_id=ENGINE.engine_id,
            boots=ENGINE.boots,
            time=ENGINE.time,
            user=b"root",
            body=encoded(scoped),
        ),
        KEYS,
        77,
    )


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A valid message of any version with a few octets changed, put in or left out."""
    valid = MESSAGES.map(encode_message) | st.builds(secure, SCOPED, st.sampled_from(Level))
    data = bytearray(draw(valid))
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(data)))
        data[place : place + draw(st.integers(0, 2))] = draw(st.binary(max_size=3))
    return bytes(data)


ANY = st.binary(max_size=400) | mutated()


@given(data=ANY)
def test_a_message_or_a_wire_error(data: bytes) -> None:
    try:
        message = decode_message(data)
    except WireError:
        return
    assert decode_message(encode_message(message)) == message


@given(data=ANY, padded=st.booleans())
def test_a_scoped_pdu_or_a_wire_error(data: bytes, padded: bool) -> None:
    try:
        scoped = decode_scoped(data, padded=padded)
    except WireError:
        return
    assert decode_scoped(encoded(scoped), padded=False) == scoped


@given(content=st.binary(max_size=40))
def test_an_object_identifier_or_a_wire_error(content: bytes) -> None:
    try:
        oid = decode_oid(content)
    except WireError:
        return
    assert decode_oid(encode_oid(oid)) == oid
    assert content in (encode_oid(oid), b"")


@given(message=MESSAGES)
def test_community_messages_come_back(message: CommunityMessage) -> None:
    data = encode_message(message)
    assert len(data) <= MAX_SIZE
    assert decode_message(data) == message


@given(scoped=SCOPED, level=st.sampled_from(Level))
def test_secure_messages_come_back(scoped: ScopedPdu, level: Level) -> None:
    data = secure(scoped, level)
    message = decode_message(data)
    assert isinstance(message, SecureMessage)
    assert message.level is level
    assert unseal(data, message, KEYS) == scoped


@given(data=ANY)
def test_an_agent_admits_only_what_is_authentic(data: bytes) -> None:
    try:
        message = decode_message(data)
        if not isinstance(message, SecureMessage):
            return
        verdict = admit(data, message, ENGINE, {b"root": USER}, LocalKeys())
    except WireError:
        return
    if isinstance(verdict, Denied):
        assert isinstance(verdict.fault, Fault)
        answer = report(verdict, ENGINE, 1)
        assert (answer is not None) == message.reportable
    else:
        assert message.level is Level.PLAIN or is_authentic(data, message, KEYS)


@given(data=ANY)
def test_a_manager_accepts_nothing_it_did_not_ask_for(data: bytes) -> None:
    sessions: list[Any] = [
        CommunitySession(Community("public"), Random(1)),
        UserSession(UserCredential(USER), Random(1), lambda: 5.0),
    ]
    for session in sessions:
        session.begin()
        if session.ready:
            session.ask(Question(Kind.GET, b""))
        for judge in (session.hear, getattr(session, "learn", session.hear)):
            try:
                judge(data)
            except (WireError, SnmpError):
                continue
            raise AssertionError("an answer to no question")


@given(data=ANY)
def test_a_receiver_hears_or_refuses(data: bytes) -> None:
    receiver = Receiver(
        engine_id=b"\x80receiver",
        boots=1,
        clock=lambda: 5.0,
        random=Random(1),
        communities=["public"],
        users=[USER],
    )
    try:
        receiver.hear(data)
    except (WireError, SnmpError):
        return
