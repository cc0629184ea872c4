"""The manager against good, slow, broken and lying agents."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from tests.unit.proto.snmp.agent import ENGINE_ID, Agent, Network

from frisket.errors import Refused, Silent, UsageError, WireError
from frisket.proto.snmp.client import Manager
from frisket.proto.snmp.credential import Community, Credential, UserCredential
from frisket.proto.snmp.errors import (
    ClockRefused,
    ContextRefused,
    Denied,
    EngineChanged,
    Forged,
    LevelRefused,
    StatusError,
    UnknownUser,
    WalkBroken,
    WrongKey,
    WrongPrivacy,
)
from frisket.proto.snmp.session import Question
from frisket.proto.snmp.wire import (
    END_OF_MIB_VIEW,
    NO_SUCH_OBJECT,
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
from frisket.proto.snmp.write import Writer

ROOT: Oid = (1, 3, 6, 1, 4, 1, 1602)
MIB = {(*ROOT, 1, i): Integer(i) for i in range(1, 101)} | {(*ROOT, 2, 0): OctetString(b"end")}
USER = User("root", Auth.SHA1, "sage and onion", Priv.AES128, "rosemary")
USERS = {b"root": USER, b"guest": User("guest")}
V1 = Community("public", Version.V1)
V2C = Community("public")
V3 = UserCredential(USER)
GUEST = UserCredential(User("guest"))


def manager(
    credential: Credential, respond: Callable[[bytes], Iterable[bytes]], **options: Any
) -> tuple[Manager, Network]:
    """Return a manager and the network it uses."""
    network = Network(respond)
    timeouts = options.pop("timeouts", (1.0, 1.0))
    made = Writer(
        network, credential, random=Random(1), clock=network.clock, timeouts=timeouts, **options
    )
    return made, network


@pytest.mark.parametrize("credential", [V1, V2C, V3, GUEST])
async def test_get_and_walk(credential: Credential) -> None:
    client, _ = manager(credential, Agent(dict(MIB), dict(USERS)))
    wanted = [(*ROOT, 2, 0), (*ROOT, 9), (*ROOT, 1, 5)]
    found = await client.get(wanted)
    assert [oid for oid, _ in found] == wanted
    assert [value for _, value in found] == [OctetString(b"end"), NO_SUCH_OBJECT, Integer(5)]
    walked = await client.walk((*ROOT, 1))
    assert walked == tuple((oid, value) for oid, value in MIB.items() if oid[7] == 1)
    assert len(await client.walk(ROOT)) == 101
    assert await client.walk((1, 3, 6, 1, 5)) == ()
    assert (await client.get_next([(*ROOT, 1)]))[0] == ((*ROOT, 1, 1), Integer(1))


async def test_many_variables_are_asked_in_portions() -> None:
    agent = Agent(dict(MIB))
    client, network = manager(V2C, agent, per_request=10)
    assert len(await client.get(list(MIB))) == 101
    assert len(network.sent) == 11


@pytest.mark.parametrize("credential", [V2C, V3])
async def test_too_big_is_halved(credential: Credential) -> None:
    agent = Agent(dict(MIB), dict(USERS), largest=7)
    client, _ = manager(credential, agent)
    assert len(await client.get(list(MIB)[:40])) == 40
    assert len(await client.walk(ROOT)) == 101
    assert max(len(pdu.varbinds) for pdu in agent.asked[-10:]) == 1


@pytest.mark.parametrize("credential", [V1, V2C])
async def test_too_big_for_ever_ends(credential: Credential) -> None:
    client, network = manager(credential, Agent(dict(MIB), largest=0))
    with pytest.raises(StatusError, match="too big"):
        await client.get(list(MIB)[:8])
    with pytest.raises(StatusError, match="too big"):
        await client.walk(ROOT)
    assert len(network.sent) < 20


async def test_bulk() -> None:
    client, _ = manager(V2C, Agent(dict(MIB)))
    found = await client.get_bulk([(*ROOT, 1)], repetitions=3)
    assert [value for _, value in found] == [Integer(1), Integer(2), Integer(3)]
    old, _ = manager(V1, Agent(dict(MIB)))
    with pytest.raises(UsageError):
        await old.get_bulk([ROOT])


def scripted(answers: dict[Oid, list[VarBind]]) -> Callable[[bytes], list[bytes]]:
    """Return a v2c agent that answers a variable with a list, whatever was asked."""

    def respond(data: bytes) -> list[bytes]:
        message = decode_message(data)
        assert isinstance(message, CommunityMessage)
        assert isinstance(message.pdu, Pdu)
        found = tuple(answers[message.pdu.varbinds[0][0]])
        pdu = replace(
            message.pdu, kind=Kind.RESPONSE, error_status=0, error_index=0, varbinds=found
        )
        return [encode_message(replace(message, pdu=pdu))]

    return respond


ONE, TWO, THREE = ((*ROOT, i) for i in (1, 2, 3))
VALUE = Integer(0)


@pytest.mark.parametrize(
    ("answers", "partial"),
    [
        ({ROOT: [(ROOT, VALUE)]}, 0),
        ({ROOT: [(ONE, VALUE), (ONE, VALUE)]}, 1),
        ({ROOT: [(TWO, VALUE), (ONE, VALUE)]}, 1),
        (
            {
                ROOT: [(ONE, VALUE)],
                ONE: [(TWO, VALUE)],
                TWO: [(THREE, VALUE)],
                THREE: [(ONE, VALUE)],
            },
            3,
        ),
    ],
)
async def test_a_walk_that_does_not_go_forward(
    answers: dict[Oid, list[VarBind]], partial: int
) -> None:
    client, _ = manager(V2C, scripted(answers))
    with pytest.raises(WalkBroken, match="forward") as caught:
        await client.walk(ROOT)
    assert len(caught.value.partial) == partial


@pytest.mark.parametrize(
    "behind",
    [[], [((1, 3, 6, 1, 5), VALUE)], [(ONE, END_OF_MIB_VIEW)], [((1, 3, 6), VALUE)]],
)
async def test_where_a_walk_ends(behind: list[VarBind]) -> None:
    client, _ = manager(V2C, scripted({ROOT: [(ONE, VALUE)], ONE: behind}))
    assert await client.walk(ROOT) == ((ONE, VALUE),)


async def test_a_walk_has_limits() -> None:
    client, _ = manager(V2C, Agent(dict(MIB)))
    with pytest.raises(WalkBroken, match="more than 50 variables") as caught:
        await client.walk(ROOT, max_varbinds=50)
    assert len(caught.value.partial) == 50
    with pytest.raises(WalkBroken, match="octets"):
        await client.walk(ROOT, max_bytes=500)


async def test_silence_is_asked_again_with_another_request_id() -> None:
    client, network = manager(V2C, lambda _: [], timeouts=(2.0, 3.0, 5.0))
    with pytest.raises(Silent):
        await client.get([ONE])
    assert network.now == pytest.approx(60.0)
    assert len(set(network.sent)) == 3


async def test_a_late_answer_to_the_first_attempt_is_an_answer() -> None:
    agent = Agent(dict(MIB))
    held: list[bytes] = []

    def late(data: bytes) -> list[bytes]:
        held.extend(agent(data))
        return held[:1] if len(held) == 2 else []

    client, _ = manager(V2C, late)
    assert await client.get([(*ROOT, 2, 0)]) == (((*ROOT, 2, 0), OctetString(b"end")),)


async def test_an_answer_to_another_question_is_none() -> None:
    agent = Agent(dict(MIB))
    first: list[bytes] = []

    def stale(data: bytes) -> list[bytes]:
        first.extend(agent(data)[: 0 if first else 1])
        return first

    client, _ = manager(V2C, stale)
    await client.get([(*ROOT, 2, 0)])
    with pytest.raises(Silent):
        await client.get([(*ROOT, 2, 0)])


async def test_garbage_is_skipped_and_named_if_nothing_else_comes() -> None:
    agent = Agent(dict(MIB))
    client, _ = manager(V2C, lambda data: [b"garbage", *agent(data)])
    assert len(await client.get([(*ROOT, 2, 0)])) == 1
    client, _ = manager(V2C, lambda _: [b"garbage"])
    with pytest.raises(WireError):
        await client.get([(*ROOT, 2, 0)])


async def test_a_closed_port_is_not_asked_again() -> None:
    def refuse(_: bytes) -> list[bytes]:
        raise Refused

    client, network = manager(V2C, refuse)
    with pytest.raises(Refused):
        await client.get([ONE])
    assert network.sent == [network.sent[0]]


async def test_other_variables_than_asked() -> None:
    client, _ = manager(V2C, scripted({ONE: [(TWO, VALUE)]}))
    with pytest.raises(WireError):
        await client.get([ONE])


async def test_only_a_writer_writes() -> None:
    agent = Agent(dict(MIB), dict(USERS))
    network = Network(agent)
    reader = Manager(network, V3, random=Random(1), clock=network.clock)
    with pytest.raises(UsageError):
        await reader._exchange(Question(Kind.SET, b""))
    assert not hasattr(reader, "set")
    writer = Writer(network, V3, random=Random(1), clock=network.clock)
    assert await writer.set([(ONE, Integer(7))]) == ((ONE, Integer(7)),)
    assert agent.mib[ONE] == Integer(7)


async def test_a_lost_answer_to_a_set_is_not_followed_by_another() -> None:
    network = Network(lambda _: [])
    writer = Writer(network, V2C, random=Random(1), clock=network.clock)
    with pytest.raises(Silent):
        await writer.set([(ONE, Integer(7))])
    assert len(network.sent) == 1


# SNMPv3


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
