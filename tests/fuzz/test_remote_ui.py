"""The Remote UI under random and mutated octets: it answers or closes, and goes on working."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.lab import running_device

from frisket.errors import SettingRefused
from frisket.mfd.device import Device
from frisket.mfd.settings_file import unseal

Found = TypeVar("Found")
GOOD = (
    b"GET /" + b"a" * 3000 + b" HTTP/1.0\r\n\r\n",
    b"GET /rps/?a=b HTTP/1.1\r\nHost: mfd\r\nCookie: session=x; iR=1\r\n\r\n",
    (
        b"POST /login HTTP/1.1\r\nHost: mfd\r\nContent-Length: 29\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n\r\nusername=ann&password=nothing"
    ),
    (
        b"POST /rps/data/import HTTP/1.1\r\nHost: mfd\r\nTransfer-Encoding: chunked\r\n"
        b"Content-Type: multipart/form-data; boundary=x\r\n\r\n4\r\n--x\n\r\n0\r\n\r\n"
    ),
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(st.sampled_from(GOOD)))
    for _ in range(draw(st.integers(1, 6))):
        place = draw(st.integers(0, len(data)))
        match draw(st.sampled_from(["cut", "put", "flip"])):
            case "cut":
                del data[place : place + draw(st.integers(1, 20))]
            case "put":
                data[place:place] = draw(st.binary(min_size=1, max_size=20))
            case _ if place < len(data):
                data[place] ^= draw(st.integers(1, 255))
    return bytes(data)


async def sent(device: Device, data: bytes) -> bytes:
    """Send octets, close that half, and return the answer."""
    reader, writer = await asyncio.open_connection(device.address, device.port(8000))
    answer = b""
    try:
        async with asyncio.timeout(10):
            writer.write(data)
            writer.write_eof()
            answer = await reader.read()
    except OSError:
        pass
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
    return answer


async def on_a_device(work: Callable[[Device], Awaitable[Found]]) -> Found:
    unheard: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unheard.append(context))
    async with running_device(services=["http"]) as (device, _):
        found = await work(device)
        whole = await sent(device, b"GET / HTTP/1.1\r\nHost: mfd\r\nConnection: close\r\n\r\n")
        assert whole.startswith(b"HTTP/1.1 200 OK\r\n")
        assert not device.journal.counts["bugs"], list(device.journal.entries)
        assert not unheard
        return found


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.one_of(st.binary(max_size=400), mutated()), min_size=1, max_size=12))
def test_octets_are_answered_or_refused(messages: list[bytes]) -> None:
    async def work(device: Device) -> list[bytes]:
        return [await sent(device, message) for message in messages]

    for answer in asyncio.run(on_a_device(work)):
        assert answer == b"" or answer.startswith(b"HTTP/1.1 ")


@given(st.binary(max_size=400), st.text(max_size=20))
def test_no_octets_are_a_settings_file(data: bytes, password: str) -> None:
    with suppress(SettingRefused):
        unseal(data, password)
        raise AssertionError("opened")
