"""Hostile devices, met again and again: each poll costs its budget, and none leaves a trace."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from itertools import count

import pytest
from tests.loop.bench import bench
from tests.loop.test_poll_again import polled
from tests.loop.test_poll_loop import CANON, HOSTILE, LOGIN

from frisket.net.listen import listen_udp
from frisket.proto.snmp.wire import (
    CommunityMessage,
    Counter32,
    Integer,
    Kind,
    Level,
    OctetString,
    Pdu,
    SecureMessage,
    Value,
    decode_message,
    encode_community,
    encode_message,
    encode_pdu,
    encode_scoped,
)
from frisket.telemetry import contact, poll, reading
from frisket.telemetry.acquaintance import Acquaintance
from frisket.telemetry.answers import MOST_KEPT
from frisket.telemetry.poll import LIMITS, Access

ENGINE = bytes.fromhex("8000137001c0000201")
STATS = (1, 3, 6, 1, 6, 3, 15, 1, 1, 4, 0)  # usmStatsUnknownEngineIDs
Answer = Callable[[bytes, tuple[str, int]], bytes | None]


def forging(level: Level, digest: bytes) -> Answer:
    """Name an engine to whoever asks, then answer signed questions without knowing a key."""

    def answer(data: bytes, _: tuple[str, int]) -> bytes | None:
        asked = decode_message(data)
        if not isinstance(asked, SecureMessage):
            return None
        discovery = asked.level is Level.PLAIN
        kind = Kind.REPORT if discovery else Kind.RESPONSE
        name = STATS if discovery else (1, 3, 6, 1, 2, 1, 43, 5, 1, 1, 17, 1)
        value: Value = Counter32(1) if discovery else OctetString(b"FORGED01")
        body = encode_scoped(ENGINE, b"", encode_pdu(Pdu(kind, 1, 0, 0, ((name, value),))))
        return encode_message(
            SecureMessage(
                asked.msg_id,
                Level.PLAIN if discovery else level,
                reportable=False,
                engine_id=ENGINE,
                boots=1,
                time=1,
                user=b"" if discovery else asked.user,
                body=body,
                digest=b"" if discovery else digest,
                salt=b"" if discovery or level is not Level.PRIVATE else bytes(8),
            )
        )

    return answer


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait a tenth of the time for answers that never come."""
    for module in (contact, poll, reading):
        monkeypatch.setattr(module, "AWAKE", (0.2, 0.3, 0.5))


@pytest.mark.parametrize(
    ("level", "digest"),
    [
        (Level.PLAIN, b""),
        (Level.AUTHENTIC, bytes(12)),
        (Level.AUTHENTIC, b""),
        (Level.PRIVATE, bytes(12)),
    ],
)
async def test_a_forged_answer_is_no_answer(level: Level, digest: bytes) -> None:
    async with bench() as device:
        sock = listen_udp("127.0.0.1", 0, forging(level, digest))
        try:
            device.ports[161] = sock.port
            async with asyncio.timeout(60):
                found = await polled(
                    device.target, access=Access(login=LOGIN, patience=0.5, ipp="never")
                )
        finally:
            sock.close()
    assert not found.sample
    assert "FORGED01" not in repr(found)
    assert found.packets <= 20
    assert found.why


def changing() -> Answer:
    """Answer as another device each time: new serial number, new rows, new counts."""
    numbers = count(1)

    def answer(data: bytes, _: tuple[str, int]) -> bytes | None:
        message = decode_message(data)
        assert isinstance(message, CommunityMessage)
        assert isinstance(message.pdu, Pdu)
        pdu, number = message.pdu, next(numbers)
        found: list[tuple[tuple[int, ...], Value]] = []
        for oid, _none in pdu.varbinds:
            if pdu.kind is Kind.GET:
                serial = OctetString(f"SERIAL{number}".encode())
                found.append((oid, CANON if oid[-3:] == (1, 2, 0) else serial))
            else:
                found.append(((*oid, number % 1000), Integer(number)))
        reply = encode_pdu(Pdu(Kind.RESPONSE, pdu.request_id, 0, 0, tuple(found)))
        return encode_community(message.version, message.community, reply)

    return answer


@pytest.mark.parametrize("name", [*HOSTILE, "changing"])
async def test_meeting_it_again_costs_no_more(name: str) -> None:
    answer = changing() if name == "changing" else HOSTILE[name]
    met = Acquaintance()
    async with bench() as device:
        sock = listen_udp("127.0.0.1", 0, answer)
        try:
            device.ports[161] = sock.port
            for _ in range(2):
                start = time.process_time()
                async with asyncio.timeout(60):
                    access = Access(patience=0.6, ipp="never")
                    found = await polled(device.target, met, access)
                assert found.packets <= LIMITS.packets
                assert found.received <= LIMITS.bytes_received + 70_000
                assert time.process_time() - start < 10
                met = found.acquaintance
                kept = met.remembered
                assert kept is None or len(kept.outline.oids) <= MOST_KEPT
                assert len(found.sample.notes) <= 120
        finally:
            sock.close()
