"""The SNMPv3 manager: discovery, clocks, refusals, and forgeries that must all be refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.unit.proto.snmp.agent import ENGINE_ID, MIB, ROOT, USER, USERS, V3, Agent, manager

from frisket.errors import Silent, WireError
from frisket.proto.snmp.credential import Community, UserCredential
from frisket.proto.snmp.errors import (
    ClockRefused,
    ContextRefused,
    Denied,
    EngineChanged,
    Forged,
    LevelRefused,
    UnknownUser,
    WrongKey,
    WrongPrivacy,
)
from frisket.proto.snmp.wire import (
    CommunityMessage,
    Counter32,
    Integer,
    Kind,
    Level,
    OctetString,
    Oid,
    Pdu,
    SecureMessage,
    VarBind,
    Version,
    decode_message,
    encode_message,
    encode_pdu,
    encode_scoped,
)
from frisket.proto.snmp.wire.crypto import Auth, Keys, Priv, User, localize
from frisket.proto.snmp.wire.usm import Engine, Fault, open_body, seal

ONE: Oid = (*ROOT, 1)


async def test_discovery_sends_no_credential() -> None:
    client, network = manager(V3, Agent(dict(MIB), dict(USERS)))
    assert client.engine == (b"", 0, 0)
    assert await client.discover() == (ENGINE_ID, 3, 1000)
    assert b"root" not in network.sent[0]
    assert len(network.sent) == 1
    await client.get([ONE])
    assert b"root" in network.sent[1]


async def test_a_pinned_engine() -> None:
    client, _ = manager(replace(V3, engine_id=ENGINE_ID), Agent(dict(MIB), dict(USERS)))
    assert await client.get([(*ROOT, 2, 0)])
    client, network = manager(replace(V3, engine_id=b"another"), Agent(dict(MIB), dict(USERS)))
    with pytest.raises(EngineChanged):
        await client.get([ONE])
    assert len(network.sent) == 1
    assert b"root" not in network.sent[0]


@pytest.mark.parametrize(
    ("user", "error"),
    [
        (replace(USER, name="nobody"), UnknownUser),
        (replace(USER, auth_password="thyme"), WrongKey),
        (replace(USER, auth=Auth.MD5), WrongKey),
        (replace(USER, priv_password="thyme"), WrongPrivacy),
        (replace(USER, priv=Priv.AES256), WrongPrivacy),
        (replace(USER, name="guest"), LevelRefused),
    ],
)
async def test_a_wrong_credential_is_named_and_not_repeated(
    user: User, error: type[Denied]
) -> None:
    client, network = manager(UserCredential(user), Agent(dict(MIB), dict(USERS)))
    with pytest.raises(error):
        await client.get([ONE])
    assert len(network.sent) == 2


async def test_a_clock_that_jumps_is_followed_once() -> None:
    agent = Agent(dict(MIB), dict(USERS))
    client, network = manager(V3, agent)
    await client.get([ONE])
    for engine in (Engine(ENGINE_ID, 4, 5), Engine(ENGINE_ID, 4, 90_000), Engine(ENGINE_ID, 4, 1)):
        agent.engine = engine
        before = len(network.sent)
        assert await client.get([(*ROOT, 2, 0)])
        assert len(network.sent) == before + 2
        assert client.engine == (ENGINE_ID, engine.boots, engine.time)


async def test_a_clock_that_never_fits() -> None:
    agent = Agent(dict(MIB), dict(USERS))

    def restless(data: bytes) -> list[bytes]:
        agent.engine = replace(agent.engine, time=agent.engine.time + 1000)
        return agent(data)

    client, network = manager(V3, restless)
    with pytest.raises(ClockRefused):
        await client.get([ONE])
    assert len(network.sent) == 3


async def test_time_passes() -> None:
    agent = Agent(dict(MIB), dict(USERS))
    client, network = manager(V3, agent)
    await client.get([ONE])
    network.now += 5000
    agent.engine = replace(agent.engine, time=6000)
    await client.get([ONE])
    assert agent.denied == [Fault.UNKNOWN_ENGINE]


def lying(change: Callable[[bytes, SecureMessage], bytes]) -> Callable[[bytes], list[bytes]]:
    """Return an agent whose authentic answers are changed on the way."""
    agent = Agent(dict(MIB), dict(USERS))

    def respond(data: bytes) -> list[bytes]:
        (answer,) = agent(data)
        message = decode_message(answer)
        assert isinstance(message, SecureMessage)
        return [answer if message.level is Level.PLAIN else change(answer, message)]

    return respond


def reply(message: SecureMessage, level: Level, keys: Keys, **changes: Any) -> bytes:
    """Forge the answer to what `message` answers."""
    pdu = open_body(message, localize(USER, ENGINE_ID)).pdu
    assert isinstance(pdu, Pdu)
    forged = replace(pdu, varbinds=((ONE, Integer(666)),))
    body = encode_scoped(ENGINE_ID, b"", encode_pdu(forged))
    return seal(replace(message, level=level, body=body, digest=b"", salt=b"", **changes), keys, 1)


KEYS = localize(USER, ENGINE_ID)
STRANGER = localize(replace(USER, auth_password="thyme"), ENGINE_ID)


def flipped(data: bytes, message: SecureMessage) -> bytes:
    """Flip a bit of the digest."""
    at = message.digest_at
    return data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :]


FORGERIES: list[Callable[[bytes, SecureMessage], bytes]] = [
    flipped,
    lambda _, message: reply(message, Level.PLAIN, Keys()),
    lambda _, message: reply(message, Level.AUTHENTIC, KEYS),
    lambda _, message: reply(message, Level.PRIVATE, STRANGER),
    lambda _, message: reply(message, Level.PRIVATE, KEYS, user=b"guest"),
    lambda _, message: reply(message, Level.PRIVATE, KEYS, engine_id=b"another engine"),
    lambda _, message: encode_message(
        CommunityMessage(Version.V2C, b"public", open_body(message, KEYS).pdu)
    ),
]


@pytest.mark.parametrize("forgery", FORGERIES, ids=range(len(FORGERIES)))
async def test_a_forged_answer_is_refused(
    forgery: Callable[[bytes, SecureMessage], bytes],
) -> None:
    client, network = manager(V3, lying(forgery))
    with pytest.raises(Forged):
        await client.get([ONE])
    assert len(network.sent) == 3


async def test_the_same_answer_unchanged_is_accepted() -> None:
    """What makes the forgeries above forgeries is what was changed, and nothing else."""
    client, _ = manager(V3, lying(lambda _, message: reply(message, Level.PRIVATE, KEYS)))
    assert await client.get([ONE]) == ((ONE, Integer(666)),)


async def test_a_forgery_before_the_true_answer_does_not_end_the_question() -> None:
    agent = Agent(dict(MIB), dict(USERS))

    def both(data: bytes) -> list[bytes]:
        (answer,) = agent(data)
        message = decode_message(answer)
        assert isinstance(message, SecureMessage)
        return [answer] if message.level is Level.PLAIN else [flipped(answer, message), answer]

    client, _ = manager(V3, both)
    assert await client.get([(*ROOT, 2, 0)]) == (((*ROOT, 2, 0), OctetString(b"end")),)


async def test_an_old_answer_is_refused() -> None:
    def old(_: bytes, message: SecureMessage) -> bytes:
        return reply(message, Level.PRIVATE, KEYS, time=message.time - 151 if old_times else 1000)

    old_times: list[int] = []
    client, _ = manager(V3, lying(old))
    await client.get([ONE])
    old_times.append(1)
    with pytest.raises(Forged, match="window"):
        await client.get([ONE])


async def test_another_message_id_or_context_is_refused() -> None:
    other = lying(lambda _, message: reply(message, Level.PRIVATE, KEYS, msg_id=1))
    client, _ = manager(V3, other)
    with pytest.raises(Silent):
        await client.get([ONE])
    client, _ = manager(
        replace(V3, context="Jetdirect"),
        lying(lambda _, message: reply(message, Level.PRIVATE, KEYS)),
    )
    with pytest.raises(WireError, match="context"):
        await client.get([ONE])


@pytest.mark.parametrize(
    ("oid", "error"),
    [
        ((1, 3, 6, 1, 6, 3, 12, 1, 5, 0), ContextRefused),
        ((1, 3, 6, 1, 6, 3, 11, 2, 1, 3, 0), Denied),
        ((1, 3, 6, 1), Denied),
        (Fault.UNSUPPORTED_LEVEL.counter, LevelRefused),
    ],
)
async def test_reports(oid: Oid, error: type[Denied]) -> None:
    def change(_: bytes, message: SecureMessage) -> bytes:
        pdu = encode_pdu(Pdu(Kind.REPORT, 0, 0, 0, ((oid, Counter32(1)),)))
        body = encode_scoped(ENGINE_ID, b"", pdu)
        return seal(replace(message, level=Level.PLAIN, body=body, digest=b"", salt=b""), KEYS, 1)

    client, _ = manager(V3, lying(change))
    with pytest.raises(error):
        await client.get([ONE])


async def test_a_plain_report_about_the_clock_is_not_followed() -> None:
    def change(_: bytes, message: SecureMessage) -> bytes:
        varbinds: tuple[VarBind, ...] = ((Fault.NOT_IN_TIME_WINDOW.counter, Counter32(1)),)
        body = encode_scoped(ENGINE_ID, b"", encode_pdu(Pdu(Kind.REPORT, 0, 0, 0, varbinds)))
        plain = replace(message, level=Level.PLAIN, body=body, digest=b"", salt=b"", boots=99)
        return seal(plain, Keys(), 1)

    client, _ = manager(V3, lying(change))
    with pytest.raises(Forged):
        await client.get([ONE])
    assert client.engine[1] == 3


def test_credentials_do_not_print_their_secrets() -> None:
    shown = repr((Community("sesame"), V3))
    assert "sesame" not in shown
    assert "sage" not in shown
    assert "rosemary" not in shown
    assert "root" in shown
