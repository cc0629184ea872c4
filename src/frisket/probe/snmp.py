"""SNMP: which versions answer, whether `public` is accepted, who the device says it is.

Asked is only what a person with the factory community could read; no other name is ever tried.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from frisket.errors import FrisketError, LinkError, Refused, Silent, WireError
from frisket.model.reading import Reading, Readings, Unread, Why
from frisket.probe.base import Probe, Sighting, Visit, unread
from frisket.probe.identity import clean, recognise
from frisket.probe.snmp_identity import (
    ASKED,
    PUBLIC,
    SYS_DESCR,
    SYS_OBJECT_ID,
    clues_of,
    identifier_of,
    text,
)
from frisket.proto.snmp.client import Manager
from frisket.proto.snmp.credential import Community, Credential, UserCredential
from frisket.proto.snmp.errors import SnmpError, StatusError, WalkBroken
from frisket.proto.snmp.wire.crypto import User
from frisket.proto.snmp.wire.message import Version
from frisket.proto.snmp.wire.oid import Oid, parse_oid
from frisket.proto.snmp.wire.values import OctetString, Value

VIA = "snmp"
AWAKE_TIMEOUT = 1.0  # seconds for each of two attempts, once another version has answered
PHYSICAL_ADDRESSES = parse_oid("1.3.6.1.2.1.2.2.1.6")
# Printer-MIB prtChannelTable: type and information ("port=9100"), RFC 3805 section 6.
CHANNEL_TYPES = parse_oid("1.3.6.1.2.1.43.14.1.1.2")
CHANNEL_INFORMATION = parse_oid("1.3.6.1.2.1.43.14.1.1.9")
# chPort9100, chAppSocket, chPortTCP, chBidirPortTCP: whatever arrives is printed.
_RAW_CHANNELS = frozenset({11, 12, 37, 38})
_PORT = re.compile(rb"port\W{0,3}(\d{1,5})", re.IGNORECASE)

KEYS = frozenset(
    {
        "snmp.v1.enabled",
        "snmp.v2c.answers",
        "snmp.v3.enabled",
        "snmp.community.public",
    }
)


@dataclass(frozen=True, slots=True)
class Answers:
    """What came back. A fault is what stood in the way of an answer; None is an answer."""

    v1: FrisketError | None
    v2c: FrisketError | None
    v3: FrisketError | None
    engine_id: bytes = b""
    values: Mapping[Oid, Value] = field(default_factory=dict)
    addresses: tuple[Value, ...] = ()
    channels: tuple[tuple[int, bytes], ...] = ()  # prtChannelType, prtChannelInformation


def print_ports(channels: Iterable[tuple[int, bytes]]) -> frozenset[int]:
    """Return the TCP ports that the device's channel table says print what they receive."""
    ports = (
        int(found[1])
        for kind, information in channels
        if kind in _RAW_CHANNELS
        for found in [_PORT.search(information)]
        if found
    )
    return frozenset(port for port in ports if 0 < port < 65536)


def _version(visit: Visit, fault: FrisketError | None, said: str, silence: str) -> Reading:
    if fault is None:
        return visit.known(True, VIA, said)
    if isinstance(fault, Refused):
        return visit.known(False, VIA, "port 161/udp is closed (ICMP port unreachable)")
    if isinstance(fault, Silent):
        return Unread(Why.SILENT, VIA, silence)
    return unread(fault, VIA)


def _public(visit: Visit, answers: Answers) -> Reading:
    """Say whether `public` is accepted.

    Silence says so only where the agent is known to be awake and reachable from here, because it
    answered SNMPv3 in the same visit; this key is about the answer, not about a setting.
    """
    if answers.v1 is None or answers.v2c is None:
        by = "SNMPv1" if answers.v1 is None else "SNMPv2c"
        return visit.known(True, VIA, f"a read of sysObjectID by {by} as `public` was answered")
    both = (answers.v1, answers.v2c)
    if all(isinstance(fault, Refused) for fault in both):
        return visit.known(False, VIA, "port 161/udp is closed (ICMP port unreachable)")
    if answers.v3 is None and all(isinstance(fault, Silent) for fault in both):
        detail = "the agent answers SNMPv3, and neither SNMPv1 nor SNMPv2c as `public`"
        return visit.known(False, VIA, detail)
    return _version(visit, answers.v1, "", "no answer; nothing on this port may have been reached")


def interpret(visit: Visit, answers: Answers) -> Sighting:
    """Judge what came back. UDP silence is never *off*: another community would look the same."""
    silence = (
        "no answer as community `public`: the version is off, another community is set, "
        "or this address is not allowed"
    )
    readings: dict[str, Reading] = {
        "snmp.v1.enabled": _version(
            visit, answers.v1, "SNMPv1 answers as community `public`", silence
        ),
        "snmp.v2c.answers": _version(
            visit, answers.v2c, "SNMPv2c answers as community `public`", silence
        ),
        "snmp.v3.enabled": _version(
            visit,
            answers.v3,
            f"SNMPv3 engine {answers.engine_id.hex()}",
            "no answer to an SNMPv3 discovery: it is off, or this address is not allowed",
        ),
        "snmp.community.public": _public(visit, answers),
    }
    identity, printer = recognise(
        clues_of(answers.values, answers.addresses, printer_mib=bool(answers.channels))
    )
    versions = [
        name
        for name, fault in (("v1", answers.v1), ("v2c", answers.v2c), ("v3", answers.v3))
        if fault is None
    ]
    facts = {"snmp": f"answers {', '.join(versions)}"} if versions else {}
    if described := clean(text(answers.values.get(SYS_DESCR))):
        facts["snmp-system"] = described
    if answers.engine_id:
        facts["snmp-engine"] = answers.engine_id.hex()
    return Sighting(Readings.single(readings), identity, printer, facts)


async def run(visit: Visit) -> Sighting:
    """Ask each version once, then read who it is with one that answered."""
    timeouts = (visit.options.patience * 0.4, visit.options.patience * 0.6)
    first = asyncio.create_task(_answers(visit, Version.V1, timeouts))
    await asyncio.wait({first}, timeout=AWAKE_TIMEOUT)
    if first.done():
        v1 = await first
        if isinstance(v1, Refused):
            return interpret(visit, Answers(v1, v1, v1))
        # Awake: what else it speaks, it will say at once.
        timeouts = (min(timeouts[0], AWAKE_TIMEOUT), min(timeouts[1], AWAKE_TIMEOUT))
    v1, v2c, (v3, engine_id) = await asyncio.gather(
        first, _answers(visit, Version.V2C, timeouts), _discover(visit, timeouts)
    )
    answers = Answers(v1, v2c, v3, engine_id)
    if v2c is None or v1 is None:
        version = Version.V2C if v2c is None else Version.V1
        answers = await _read(visit, answers, version, timeouts)
    visit.dialer.guard.add(print_ports(answers.channels))
    return interpret(visit, answers)


async def _open(visit: Visit, credential: Credential, timeouts: tuple[float, ...]) -> Manager:
    return await Manager.open(visit.dialer, credential, timeouts=timeouts)


async def _answers(
    visit: Visit, version: Version, timeouts: tuple[float, ...]
) -> FrisketError | None:
    try:
        async with await _open(visit, Community(PUBLIC, version), timeouts) as manager:
            await manager.get([SYS_OBJECT_ID])
    except StatusError:
        return None  # an agent that says no has answered
    except (LinkError, WireError, SnmpError) as fault:
        return fault
    return None


async def _discover(visit: Visit, timeouts: tuple[float, ...]) -> tuple[FrisketError | None, bytes]:
    try:
        async with await _open(visit, UserCredential(User("")), timeouts) as manager:
            engine_id, _, _ = await manager.discover()
    except (LinkError, WireError, SnmpError) as fault:
        return fault, b""
    return None, engine_id


async def _read(
    visit: Visit, answers: Answers, version: Version, timeouts: tuple[float, ...]
) -> Answers:
    """Read identity and channel table; what the agent does not have, or cuts short, is left out."""
    async with await _open(visit, Community(PUBLIC, version), timeouts) as manager:
        try:
            found = await manager.get(ASKED)
        except (StatusError, LinkError, WireError):
            found = ()
        addresses = await _column(manager, PHYSICAL_ADDRESSES, 8)
        types = await _column(manager, CHANNEL_TYPES, 32)
        information = await _column(manager, CHANNEL_INFORMATION, 32) if types else {}
    channels = tuple(
        (int(kind), bytes(value) if isinstance(value, OctetString) else b"")
        for index, kind in types.items()
        if isinstance(kind, int)
        for value in [information.get(index)]
    )
    values = {oid: value for oid, value in found if text(value) or identifier_of(value)}
    return Answers(
        answers.v1,
        answers.v2c,
        answers.v3,
        answers.engine_id,
        values,
        tuple(addresses.values()),
        channels,
    )


async def _column(manager: Manager, column: Oid, most: int) -> dict[Oid, Value]:
    """Read at most `most` rows of a column: index -> value."""
    try:
        rows = await manager.walk(column, max_varbinds=most)
    except WalkBroken as broken:
        rows = broken.partial
    except (StatusError, LinkError, WireError):
        rows = ()
    return {oid[len(column) :]: value for oid, value in rows}


PROBE = Probe(name="snmp", reads=KEYS, run=run, identifies=True)
