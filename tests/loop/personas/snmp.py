"""Agents that loop, lie, flood and forge."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count

from tests.loop.personas.base import Device, Furnish, Persona
from tests.unit.proto.snmp.agent import Agent

from frisket.probe import snmp, snmp_identity
from frisket.proto.snmp.wire import (
    CommunityMessage,
    Integer,
    Kind,
    ObjectIdentifier,
    OctetString,
    Oid,
    Pdu,
    Value,
    VarBind,
    decode_message,
    encode_community,
    encode_pdu,
)
from frisket.proto.snmp.wire.usm import Engine

COLUMNS = (snmp.PHYSICAL_ADDRESSES, snmp.CHANNEL_TYPES, snmp.CHANNEL_INFORMATION)
PRINTER: dict[Oid, Value] = {
    snmp_identity.SYS_DESCR: OctetString(b"Canon iR-ADV C5235 /P"),
    snmp_identity.SYS_OBJECT_ID: ObjectIdentifier((1, 3, 6, 1, 4, 1, 1602, 4, 7)),
    snmp_identity.SYS_NAME: OctetString(b"lobby"),
    snmp_identity.DEVICE_TYPE: ObjectIdentifier((1, 3, 6, 1, 2, 1, 25, 3, 1, 5)),
    snmp_identity.PRINTER_SERIAL: OctetString(b"ABC12345"),
    (*snmp.PHYSICAL_ADDRESSES, 1): OctetString(b"\0\0\x85\1\2\3"),
    (*snmp.CHANNEL_TYPES, 1, 1): Integer(11),
    (*snmp.CHANNEL_INFORMATION, 1, 1): OctetString(b"port=9100"),
}
ENGINE = bytes.fromhex("8000137001c0000201")
UP = {"snmp.v1.enabled": True, "snmp.community.public": True}

Behind = Callable[[Oid, int], Iterable[VarBind]]
Change = Callable[[Pdu], Pdu]


@dataclass
class Walker(Agent):
    """Goes on from a name as `step` says."""

    step: Behind = lambda oid, _: [(oid, Integer(1))]

    def behind(self, oid: Oid, count: int) -> list[VarBind]:
        """Return what comes next, says this agent."""
        return list(self.step(oid, count))


def _same(oid: Oid, most: int) -> list[VarBind]:
    return [((*oid[:9], 7), Integer(1))] * most


def _decreasing(oid: Oid, most: int) -> list[VarBind]:
    return [((*oid, 1000 - n), Integer(n)) for n in range(most)]


def _cyclic(oid: Oid, _: int) -> list[VarBind]:
    column = next((c for c in COLUMNS if oid[: len(c)] == c), oid)
    last = oid[-1] if len(oid) > len(column) else 0
    return [((*column, last % 3 + 1), Integer(11))]


def _outside(_: Oid, most: int) -> list[VarBind]:
    return [((1, 3, 6, 1, 4, 1, 9, n + 1), Integer(1)) for n in range(most)]


def _endless(oid: Oid, _: int) -> list[VarBind]:
    return [((*oid[:-1], oid[-1] + 1, 1)[-128:], OctetString(b"x" * 1200))]


def _deep(oid: Oid, _: int) -> list[VarBind]:
    return [((*oid, *[2**32 - 1] * 100)[:128], Integer(1))]


def walking(step: Behind) -> Furnish:
    """Return a printer whose tables go as `step` says."""

    async def furnish(device: Device) -> None:
        agent = Walker(dict(PRINTER), engine=Engine(ENGINE, 3, 1000), step=step)
        await device.udp(161, agent)

    return furnish


def _answered(data: bytes, agent: Agent, change: Change) -> Iterator[bytes]:
    """Answer, with the PDU of SNMPv1 and v2c changed."""
    message = decode_message(data)
    if isinstance(message, CommunityMessage):
        assert isinstance(message.pdu, Pdu)
        pdu = change(agent.answer(message.pdu, v1=int(message.version) == 0))
        yield encode_community(message.version, message.community, encode_pdu(pdu))
    else:
        yield from agent(data)


def lying(change: Change, times: int = 1, delay: float = 0.0) -> Furnish:
    """Return a printer whose answers are changed, and given `times` over, `delay` seconds late."""

    async def furnish(device: Device) -> None:
        agent = Agent(dict(PRINTER), engine=Engine(ENGINE, 3, 1000))
        await device.udp(161, lambda data: [*_answered(data, agent, change)] * times, delay)

    return furnish


def _refusing(status: int, index: int) -> Change:
    return lambda pdu: Pdu(Kind.RESPONSE, pdu.request_id, status, index)


def _numbered(shift: int) -> Change:
    return lambda pdu: replace(pdu, request_id=pdu.request_id + shift)


def raw(answer: Callable[[bytes], Iterable[bytes]]) -> Furnish:
    """Return a device that answers datagrams so."""

    async def furnish(device: Device) -> None:
        await device.udp(161, answer)

    return furnish


@dataclass
class Restless:
    """SNMPv3 engines: another one with each packet, or one whose time jumps, or a storm of both."""

    change: Callable[[int], Engine]
    times: int = 1
    turn: Iterator[int] = field(default_factory=count)

    def __call__(self, data: bytes) -> list[bytes]:
        """Answer as the next engine."""
        found: list[bytes] = []
        for _ in range(self.times):
            found += Agent(dict(PRINTER), engine=self.change(next(self.turn)))(data)
        return found


def _engine(number: int) -> Engine:
    return Engine(ENGINE[:-2] + struct.pack(">H", number % 65536), 3, 1000)


def _jumping(number: int) -> Engine:
    return Engine(ENGINE, number * 7919 % 2**31, number * 104729 % 2**31)


def texts(text: bytes) -> Furnish:
    """Return a printer every text of which is `text`."""

    async def furnish(device: Device) -> None:
        mib = {
            o: OctetString(text) if isinstance(v, OctetString) else v for o, v in named().items()
        }
        await device.udp(161, Agent(mib, engine=Engine(ENGINE, 3, 1000)))

    return furnish


def named() -> dict[Oid, Value]:
    """Return the printer with every text variable that is asked for."""
    asked = (
        snmp_identity.SYS_LOCATION,
        snmp_identity.DEVICE_DESCR,
        snmp_identity.DEVICE_ID,
        snmp_identity.CANON_PRODUCT,
    )
    return PRINTER | dict.fromkeys((*asked, snmp_identity.CANON_FIRMWARE), OctetString(b"x"))


async def from_another_port(device: Device) -> None:
    """Answer as a printer, but from a port that was not asked."""
    await device.masked(161, Agent(dict(PRINTER), engine=Engine(ENGINE, 3, 1000)))


PERSONAS = (
    Persona("answers from another port", from_another_port, unread=("snmp.v1.enabled",)),
    Persona("the same variable for ever", walking(_same), UP),
    Persona("variables in falling order", walking(_decreasing), UP),
    Persona("three variables in a circle", walking(_cyclic), UP),
    Persona("variables out of the subtree", walking(_outside), UP),
    Persona("no variables at all", walking(lambda _, __: ()), UP),
    Persona("a table without end", walking(_endless), UP),
    Persona("names of 128 arcs", walking(_deep), UP),
    Persona("too big, always", lying(_refusing(1, 0)), UP),
    Persona("general error, always", lying(_refusing(5, 1)), UP),
    Persona("an error at a variable that was not asked", lying(_refusing(2, 2**31 - 1)), UP),
    Persona("another request's number", lying(_numbered(1)), unread=("snmp.v1.enabled",)),
    Persona("late answers", lying(lambda pdu: pdu, delay=0.35)),
    Persona("every answer 60 times", lying(lambda pdu: pdu, times=60), UP),
    Persona("other variables than asked", lying(lambda pdu: replace(pdu, varbinds=()))),
    Persona("65 kB of garbage", raw(lambda _: [b"\x30" * 65000]), unread=("snmp.v1.enabled",)),
    Persona("empty datagrams by the hundred", raw(lambda _: [b""] * 300)),
    Persona("the question sent back", raw(lambda data: [data]), unread=("snmp.v1.enabled",)),
    Persona("an engine ID with each packet", raw(Restless(_engine)), UP),
    Persona("an engine whose time jumps", raw(Restless(_jumping)), UP),
    Persona("a storm of reports", raw(Restless(_engine, times=300)), UP),
    Persona("names of 40 kB", lying(lambda pdu: replace(pdu, varbinds=_swollen(pdu))), UP),
    Persona("texts that are markup", texts(b"<script>alert(1)</script>"), UP),
    Persona("texts with NUL and broken UTF-8", texts(b"\0\xff\xfe\x80a\0b"), UP),
)


def _swollen(pdu: Pdu) -> tuple[VarBind, ...]:
    """Return the variables with the first text grown to what a datagram just holds."""
    grown = list(pdu.varbinds)
    for at, (oid, value) in enumerate(grown):
        if isinstance(value, OctetString):
            grown[at] = (oid, OctetString(b"<b>" + b"A" * 40_000))
            break
    return tuple(grown)
