"""Any IPP request is answered, any HTTP octets are survived: the device stays up."""

from __future__ import annotations

import asyncio
import contextlib
import os
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.lab import make_device

from frisket.errors import WireError
from frisket.mfd.device import Device
from frisket.mfd.ipp.connection import IppConnection
from frisket.mfd.ipp.operations import OPERATIONS, WITH_DOCUMENT, respond
from frisket.proto.http.wire import Limits, StreamingSide
from frisket.proto.ipp.names import GroupTag, ValueTag
from frisket.proto.ipp.values import (
    Attribute,
    Collection,
    Group,
    Message,
    Range,
    Value,
    opening,
)
from frisket.proto.ipp.wire import decode, encode

NAMES = [
    "printer-uri", "job-uri", "job-id", "requesting-user-name", "job-name", "document-format",
    "compression", "copies", "sides", "media", "media-col", "media-size", "page-ranges", "x",
    "job-hold-until", "job-password", "print-quality", "requested-attributes", "which-jobs",
    "my-jobs", "limit", "last-document", "ipp-attribute-fidelity", "job-ids", "number-up",
]  # fmt: skip
DATA = st.one_of(
    st.sampled_from(
        ["ipp://h/ipp/print", "ipp://h/ipp/print/1", "gzip", "none", "all", "completed", "", "☃"]
    ),
    st.integers(-(2**31), 2**31 - 1),
    st.booleans(),
    st.binary(max_size=9),
    st.builds(Range, st.integers(-5, 5), st.integers(-5, 5)),
    st.none(),
)
TAGS = {str: ValueTag.KEYWORD, bool: ValueTag.BOOLEAN, int: ValueTag.INTEGER}
TAGS_OF = {**TAGS, bytes: ValueTag.OCTET_STRING, Range: ValueTag.RANGE, type(None): 0x13}


def value(data: Any) -> Value:
    return Value(int(TAGS_OF[type(data)]), data)


VALUES = st.lists(st.builds(value, DATA), min_size=1, max_size=3).map(tuple)
PLAIN = st.builds(Attribute, st.sampled_from(NAMES), VALUES)
NESTED = st.builds(
    lambda name, members: Attribute(name, (Value(0x34, Collection(tuple(members))),)),
    st.sampled_from(NAMES),
    st.lists(PLAIN, max_size=3),
)
ATTRIBUTES = st.lists(PLAIN | NESTED, max_size=6)
TARGET = Attribute("printer-uri", (Value(ValueTag.URI, "ipp://h/ipp/print"),))


@st.composite
def requests(draw: st.DrawFn) -> Message:
    first = (*opening(), TARGET) if draw(st.integers(0, 9)) else ()
    operation = Group(GroupTag.OPERATION, (*first, *draw(ATTRIBUTES)))
    job = Group(GroupTag.JOB, tuple(draw(ATTRIBUTES)))
    code = draw(st.sampled_from([*OPERATIONS, 0x3F, 0]))
    return Message(draw(st.sampled_from([(1, 1), (2, 0), (0, 0)])), code, 1, (operation, job))


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(made=st.lists(requests(), min_size=1, max_size=6), data=st.binary(max_size=30))
def test_every_request_is_answered(made: list[Message], data: bytes) -> None:
    async def converse(device: Device) -> None:
        for request in made:
            incoming = None
            if request.code in WITH_DOCUMENT:
                incoming = device.jobs.receive()
                incoming.write(data)
            answer = respond(device, request, incoming, None)
            assert decode(encode(answer)).code == answer.code
        await device.jobs.settled()
        for job in device.jobs.active():
            device.jobs.cancel(job.id, "test")
        await device.jobs.settled()
        assert device.journal.counts["bugs"] == 0, device.journal.summary()

    device = make_device(serial=f"FUZZ{os.getpid()}")
    device.jobs.pace = 0
    asyncio.run(converse(device))


class _Stream:
    """A connection that brings given octets in given pieces."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces, self.sent = pieces, b""

    async def read(self, timeout: float) -> bytes:
        return self.pieces.pop(0) if self.pieces else b""

    async def write(self, data: bytes, timeout: float = 0) -> None:
        self.sent += data

    def close(self) -> None:
        return


HTTP = [
    b"POST /ipp/print HTTP/1.1\r\n", b"Host: h\r\n", b"Content-Type: application/ipp\r\n",
    b"Content-Length: 9\r\n", b"Transfer-Encoding: chunked\r\n", b"Expect: 100-continue\r\n",
    b"\r\n", b"9\r\n", b"0\r\n\r\n", b"\1\1\0\2\0\0\0\1\3", b"\r\n", b"GET / HTTP/1.0\r\n\r\n",
]  # fmt: skip
PIECES = st.lists(
    st.binary(min_size=1, max_size=30) | st.lists(st.sampled_from(HTTP), min_size=1).map(b"".join),
    max_size=8,
)


@settings(deadline=None, max_examples=200)
@given(pieces=PIECES)
def test_any_octets_on_the_ipp_port(pieces: list[bytes]) -> None:
    async def converse(device: Device) -> None:
        stream = _Stream(list(pieces))
        with contextlib.suppress(WireError):
            await IppConnection(device, stream, 1.0, tls=False).serve()
        await device.jobs.settled()
        assert not stream.sent or stream.sent.startswith(b"HTTP/1.1 ")
        assert not list((device.spool() / "jobs").glob("*"))

    asyncio.run(converse(make_device(serial=f"FUZZ{os.getpid()}")))


@given(pieces=PIECES)
def test_streaming_side(pieces: list[bytes]) -> None:
    side = StreamingSide(Limits(head=500, fields=5))
    with contextlib.suppress(WireError):
        for piece in pieces:
            side.receive(piece)
            if side.head() is not None:
                while side.piece():
                    pass
                return
