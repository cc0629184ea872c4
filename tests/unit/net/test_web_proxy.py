"""A site's proxy carries the conversation without being able to read it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.unit.telemetry.collector.gateways import Gateway, serve

from frisket.errors import LinkError
from frisket.net.web import Web, own_trust


class Proxy:
    """An HTTP proxy that knows CONNECT, and keeps what it carried."""

    def __init__(self, answer: bytes = b"HTTP/1.1 200 ok\r\n\r\n") -> None:
        self.answer, self.asked, self.carried = answer, list[str](), bytearray()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.asked.append(head.split(b"\r\n")[0].decode())
        writer.write(self.answer)
        if b" 200 " in self.answer:
            host, _, port = self.asked[-1].split()[1].rpartition(":")
            there, back = await asyncio.open_connection(host, int(port))
            await asyncio.gather(self.pump(reader, back), self.pump(there, writer))
        writer.close()

    async def pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                self.carried += data
                writer.write(data)
        except ConnectionError:
            return
        finally:
            writer.close()


async def test_a_proxy_carries_what_it_cannot_read(tmp_path: Path) -> None:
    gateway, proxy = Gateway(), Proxy()
    server = await asyncio.start_server(proxy, "127.0.0.1", 0)
    where = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with serve(gateway, tmp_path) as port:
        web = Web(f"https://localhost:{port}", own_trust(gateway.authority.pem), proxy=where)
        answer = await web.post("gateway/v1/enrol", b"a secret word", "text/plain")
        await web.close()
    server.close()
    assert answer.status == 400
    assert proxy.asked == [f"CONNECT localhost:{port} HTTP/1.1"]
    assert gateway.requests[0][1] == b"a secret word"
    assert b"secret" not in proxy.carried


async def test_a_proxy_that_refuses_is_said_to(tmp_path: Path) -> None:
    proxy = Proxy(b"HTTP/1.1 407 who are you\r\n\r\n")
    server = await asyncio.start_server(proxy, "127.0.0.1", 0)
    where = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    web = Web("https://localhost:4444", own_trust(Gateway().authority.pem), proxy=where)
    with pytest.raises(LinkError, match="proxy"):
        await web.post("gateway/v1/enrol", b"x", "text/plain")
    await web.close()
    server.close()
