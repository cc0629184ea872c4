"""The manager against good, slow, broken and lying agents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest
from tests.unit.proto.snmp.agent import (
    GUEST,
    MIB,
    ROOT,
    USERS,
    V1,
    V2C,
    V3,
    Agent,
    Network,
    manager,
)

from frisket.errors import Refused, Silent, UsageError, WireError
from frisket.proto.snmp.client import Manager
from frisket.proto.snmp.credential import Credential
from frisket.proto.snmp.errors import (
    StatusError,
    WalkBroken,
)
from frisket.proto.snmp.session import Question
from frisket.proto.snmp.wire import (
    END_OF_MIB_VIEW,
    NO_SUCH_OBJECT,
    CommunityMessage,
    Integer,
    Kind,
    OctetString,
    Oid,
    Pdu,
    VarBind,
    decode_message,
    encode_message,
)
from frisket.proto.snmp.write import Writer


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


async def test_an_agent_that_cannot_send_large_answers_is_asked_for_less() -> None:
    agent = Agent(dict(MIB))
    client, network = manager(
        V2C, lambda data: [a for a in agent(data) if len(a) < 200], timeouts=(1.0,) * 5
    )
    assert len(await client.walk(ROOT)) == 101
    assert network.now < 50 + 5
