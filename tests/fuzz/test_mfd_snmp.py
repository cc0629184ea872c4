"""Any datagram gets an answer or silence from the virtual device's agent, never an exception."""

from __future__ import annotations

from functools import cache
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from tests.lab import make_device

from frisket.mfd.mib.access import users
from frisket.mfd.mib.agent import Agent
from frisket.model.reading import Value as SettingValue
from frisket.proto.snmp.wire import (
    NULL,
    CommunityMessage,
    Counter64,
    Integer,
    Kind,
    Level,
    OctetString,
    Oid,
    Pdu,
    SecureMessage,
    Value,
    Version,
    decode_message,
    encode_message,
    encode_pdu,
    encode_scoped,
)
from frisket.proto.snmp.wire.crypto import LocalKeys, localize
from frisket.proto.snmp.wire.usm import seal


@cache
def agent() -> Agent:
    settings: dict[str, SettingValue] = {
        "snmp.v3.enabled": True,
        "snmp.community1.access": "read-write",
    }
    return Agent(make_device("iradv-4545", settings), LocalKeys(), Random(1))


def sealed(pdu: Pdu) -> bytes:
    one = agent()
    memory = one.memory
    keys = localize(users(one.device)[b"initial"], memory.engine_id)
    body = encode_scoped(memory.engine_id, b"", encode_pdu(pdu))
    message = SecureMessage(
        1, Level.PRIVATE, True, memory.engine_id, memory.boots, one.engine.time, b"initial", body
    )
    return seal(message, keys, 1)


KNOWN = st.deferred(lambda: st.sampled_from(agent().tree.oids))
SUBIDS = st.lists(st.integers(0, 2**32 - 1), max_size=12).map(tuple)
OIDS: st.SearchStrategy[Oid] = st.one_of(
    KNOWN,
    KNOWN.map(lambda oid: oid[:-1]),
    st.tuples(KNOWN, SUBIDS).map(lambda pair: (*pair[0], *pair[1])),
    SUBIDS.map(lambda rest: (1, 3, *rest)),
)
VALUES: st.SearchStrategy[Value] = st.one_of(
    st.just(NULL),
    st.binary(max_size=40).map(OctetString),
    st.sampled_from(["on", "off", "0", "1", "none", "AES-128", "a,b"]).map(
        lambda text: OctetString(text.encode())
    ),
    st.integers(-5, 5).map(Integer),
    st.integers(0, 2**64 - 1).map(Counter64),
)
PDUS = st.builds(
    Pdu,
    st.sampled_from(Kind).filter(lambda kind: kind is not Kind.TRAP_V1),
    st.integers(-(2**31), 2**31 - 1),
    st.integers(-3, 12),
    st.integers(-3, 300),
    st.lists(st.tuples(OIDS, VALUES), max_size=6).map(tuple),
)


def answered(data: bytes) -> None:
    reply = agent().respond(data)
    if reply is not None:
        decode_message(reply)
        assert len(reply) < 8400
    # A write may have closed the door behind it.
    agent().device.store.reset("fuzz")


@given(st.binary(max_size=300))
def test_noise(data: bytes) -> None:
    answered(data)


@given(PDUS, st.sampled_from([Version.V1, Version.V2C]), st.sampled_from([b"public", b"x"]))
def test_community_requests(pdu: Pdu, version: Version, community: bytes) -> None:
    answered(encode_message(CommunityMessage(version, community, pdu)))


@given(PDUS)
def test_requests_of_a_user_who_may_write(pdu: Pdu) -> None:
    answered(sealed(pdu))


@given(st.data(), PDUS)
def test_damaged_requests(data: st.DataObject, pdu: Pdu) -> None:
    whole = bytearray(
        data.draw(
            st.sampled_from(
                [sealed(pdu), encode_message(CommunityMessage(Version.V1, b"public", pdu))]
            )
        )
    )
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(whole) - 1))
        whole[at] = data.draw(st.integers(0, 255))
    answered(bytes(whole[: data.draw(st.integers(0, len(whole)))]))
