"""A second opinion: pysnmp asks, sets and informs, and writes the same bytes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from random import Random
from typing import Any

import pytest
from pyasn1.codec.ber import encoder  # type: ignore[import-untyped]
from pysnmp.hlapi.v3arch import asyncio as pysnmp  # type: ignore[import-untyped]
from pysnmp.proto import api  # type: ignore[import-untyped]
from tests.peers.snmp_endpoint import serve
from tests.peers.snmpd import AUTH_PASSWORD, PRIV_PASSWORD, user
from tests.unit.proto.snmp.agent import Agent

from frisket.proto.snmp.notify import Notification, Receiver
from frisket.proto.snmp.wire import (
    CommunityMessage,
    Counter32,
    Counter64,
    Gauge32,
    Integer,
    IpAddress,
    Kind,
    ObjectIdentifier,
    OctetString,
    Oid,
    Opaque,
    Pdu,
    TimeTicks,
    Value,
    Version,
    decode_message,
    encode_message,
    format_oid,
)
from frisket.proto.snmp.wire.crypto import Auth, Priv

AUTHS = {
    Auth.MD5: pysnmp.usmHMACMD5AuthProtocol,
    Auth.SHA1: pysnmp.usmHMACSHAAuthProtocol,
    Auth.SHA224: pysnmp.usmHMAC128SHA224AuthProtocol,
    Auth.SHA256: pysnmp.usmHMAC192SHA256AuthProtocol,
    Auth.SHA384: pysnmp.usmHMAC256SHA384AuthProtocol,
    Auth.SHA512: pysnmp.usmHMAC384SHA512AuthProtocol,
}
# Its usmAesCfb192Protocol extends keys as Reeder, and the Blumenthal ones say so.
PRIVS = {
    Priv.DES: pysnmp.usmDESPrivProtocol,
    Priv.AES128: pysnmp.usmAesCfb128Protocol,
    Priv.AES192: pysnmp.usmAesBlumenthalCfb192Protocol,
    Priv.AES256: pysnmp.usmAesBlumenthalCfb256Protocol,
    Priv.AES192_CISCO: pysnmp.usmAesCfb192Protocol,
    Priv.AES256_CISCO: pysnmp.usmAesCfb256Protocol,
}
# Each algorithm once, and both ways to longer keys where the hash is short.
SOME_PAIRS = [
    (Auth.MD5, Priv.DES),
    (Auth.SHA1, Priv.AES192),
    (Auth.SHA1, Priv.AES256_CISCO),
    (Auth.MD5, Priv.AES192_CISCO),
    (Auth.MD5, Priv.AES256),
    (Auth.SHA224, Priv.AES128),
    (Auth.SHA256, Priv.AES256),
    (Auth.SHA384, Priv.AES192),
    (Auth.SHA512, Priv.DES),
]
ROOT: Oid = (1, 3, 6, 1, 4, 1, 1602, 9)
ALERT: Oid = (1, 3, 6, 1, 2, 1, 43, 18, 2, 0, 1)


@pytest.fixture
async def engine() -> AsyncIterator[Any]:
    """Return a pysnmp engine and close it."""
    made = pysnmp.SnmpEngine()
    yield made
    made.close_dispatcher()


def credential(auth: Auth, priv: Priv) -> Any:
    """Return pysnmp's idea of a user."""
    return pysnmp.UsmUserData(
        user(auth, priv).name, AUTH_PASSWORD, PRIV_PASSWORD, AUTHS[auth], PRIVS[priv]
    )


async def target(port: int) -> Any:
    """Return pysnmp's idea of an address."""
    return await pysnmp.UdpTransportTarget.create(("127.0.0.1", port), timeout=5, retries=0)


def variable(oid: Oid, *value: Any) -> Any:
    """Return pysnmp's idea of a variable."""
    return pysnmp.ObjectType(pysnmp.ObjectIdentity(format_oid(oid)), *value)


@pytest.mark.parametrize(("auth", "priv"), SOME_PAIRS)
async def test_it_reads_and_writes_the_agent(engine: Any, auth: Auth, priv: Priv) -> None:
    who = user(auth, priv)
    mib: dict[Oid, Value] = {(*ROOT, 1): OctetString(b"words"), (*ROOT, 2): Counter64(2**64 - 1)}
    agent = Agent(mib, {who.name.encode(): who})
    async with serve(agent) as port:
        asked = (engine, credential(auth, priv), await target(port), pysnmp.ContextData())
        error, status, _, found = await pysnmp.get_cmd(
            *asked, variable((*ROOT, 1)), variable((*ROOT, 2)), lookupMib=False
        )
        assert (error, int(status)) == (None, 0)
        assert [value.prettyPrint() for _, value in found] == ["words", "18446744073709551615"]
        error, status, _, _ = await pysnmp.set_cmd(
            *asked,
            variable((*ROOT, 1), api.PROTOCOL_MODULES[1].OctetString("new")),
            lookupMib=False,
        )
        assert (error, int(status)) == (None, 0)
    assert mib[(*ROOT, 1)] == OctetString(b"new")


@pytest.mark.parametrize(("auth", "priv"), SOME_PAIRS[:3])
async def test_it_informs_the_receiver(engine: Any, auth: Auth, priv: Priv) -> None:
    heard: list[Notification] = []
    receiver = Receiver(
        engine_id=b"\x80\x00\x1f\x88\x04receiver",
        boots=1,
        clock=asyncio.get_running_loop().time,
        random=Random(1),
        users=[user(auth, priv)],
    )

    def respond(data: bytes) -> list[bytes]:
        judged = receiver.hear(data)
        heard.extend([judged.notification] if judged.notification else [])
        return [judged.reply] if judged.reply else []

    async with serve(respond) as port:
        error, status, _, _ = await pysnmp.send_notification(
            engine,
            credential(auth, priv),
            await target(port),
            pysnmp.ContextData(),
            "inform",
            pysnmp.NotificationType(pysnmp.ObjectIdentity(format_oid(ALERT))),
            lookupMib=False,
        )
        assert (error, int(status or 0)) == (None, 0)
    assert [(n.trap, n.confirmed, n.user) for n in heard] == [(ALERT, True, user(auth, priv).name)]


def its_bytes(version: Version, request_id: int, values: list[Any]) -> bytes:
    """Let pysnmp write a response."""
    module = api.PROTOCOL_MODULES[version]
    pdu = module.GetResponsePDU()
    module.apiPDU.set_defaults(pdu)
    module.apiPDU.set_request_id(pdu, request_id)
    names = [(*ROOT, i) for i in range(len(values))]
    module.apiPDU.set_varbinds(pdu, list(zip(names, values, strict=True)))
    message = module.Message()
    module.apiMessage.set_defaults(message)
    module.apiMessage.set_community(message, "public")
    module.apiMessage.set_pdu(message, pdu)
    written: bytes = encoder.encode(message)
    return written


def test_both_write_the_same_bytes() -> None:
    module = api.PROTOCOL_MODULES[1]
    pairs: list[tuple[Value, Any]] = []
    for number in (0, 1, 127, 128, 255, 256, 2**31 - 1):
        pairs += [
            (Integer(number), module.Integer(number)),
            (Counter32(number * 2), module.Counter32(number * 2)),
            (Gauge32(number * 2), module.Gauge32(number * 2)),
            (TimeTicks(number), module.TimeTicks(number)),
            (Counter64(number * 2**33), module.Counter64(number * 2**33)),
        ]
    # Not -128 or -2**31: pyasn1 writes them an octet too long (X.690 section 8.3.2).
    for number in (-1, -127, -129, -255, -256, -257, 1 - 2**31):
        pairs.append((Integer(number), module.Integer(number)))
    for size in (0, 1, 127, 128, 255, 256, 3000):
        pairs.append((OctetString(b"x" * size), module.OctetString("x" * size)))
        pairs.append((Opaque(b"x" * size), module.Opaque("x" * size)))
    pairs.append((IpAddress(b"\xc0\x00\x02\x01"), module.IpAddress("192.0.2.1")))
    oid = (1, 3, 6, 1, 127, 128, 16383, 16384, 2**32 - 1)
    pairs.append((ObjectIdentifier(oid), module.ObjectIdentifier(oid)))
    varbinds = tuple(((*ROOT, i), value) for i, (value, _) in enumerate(pairs))
    message = CommunityMessage(Version.V2C, b"public", Pdu(Kind.RESPONSE, 1234567, 0, 0, varbinds))
    theirs = its_bytes(Version.V2C, 1234567, [value for _, value in pairs])
    assert encode_message(message) == theirs
    assert decode_message(theirs) == message
