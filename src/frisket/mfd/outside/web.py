"""One HTTPS request to a server that the device was told of, through its proxy where it has one.

The server's certificate is always verified against the registered CA certificates, and must name
the server. The proxy may ask for Basic; one that wants anything else is not used, as the real
device's is not.
"""

from __future__ import annotations

import asyncio
import ssl
from base64 import b64encode
from dataclasses import dataclass

from frisket.errors import Silent, TlsFailed, UsageError, WireError
from frisket.mfd.device import Device
from frisket.mfd.outside.attempt import OutsideFault
from frisket.mfd.outside.server import Server, read_server
from frisket.mfd.outside.trust import client_context
from frisket.net.call import call, tls_reason
from frisket.net.tls import TlsSession
from frisket.proto.http.client import ask
from frisket.proto.http.wire import Header, Limits, Request, Response

_STEP, _WHOLE = 15.0, 60.0
_ANSWER = Limits(head=16 << 10, fields=60, body=64 << 10)
_CONNECT = Limits(head=16 << 10, fields=60, body=1)


@dataclass(frozen=True, slots=True)
class _Streams:
    """asyncio's two streams as one `ByteStream`."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def read(self, timeout: float) -> bytes:
        """Return what comes next, b"" at the end."""
        async with asyncio.timeout(timeout):
            return await self.reader.read(1 << 16)

    async def write(self, data: bytes, timeout: float = 10.0) -> None:
        """Send all of it."""
        self.writer.write(data)
        async with asyncio.timeout(timeout):
            await self.writer.drain()

    def close(self) -> None:
        """Cut the connection."""
        self.writer.transport.abort()


def proxy_of(device: Device) -> Server | None:
    """Return the proxy that the settings name, None where none is used. Raises `UsageError`."""
    store = device.store
    if not store.on("proxy.enabled"):
        return None
    return read_server(store.text("proxy.server"), store.number("proxy.port"), "proxy server")


def _login(device: Device) -> tuple[Header, ...]:
    store = device.store
    if not store.on("proxy.authentication.enabled"):
        return ()
    pair = f"{store.text('proxy.user')}:{store.text('proxy.password')}"
    return (("proxy-authorization", "Basic " + b64encode(pair.encode()).decode("ascii")),)


async def _tunnel(device: Device, stream: _Streams, server: Server) -> None:
    """Have the proxy connect to the server (RFC 9110 section 9.3.6). Raises `OutsideFault`."""
    host = f"[{server.host}]" if ":" in server.host else server.host
    where = f"{host}:{server.port}"
    request = Request("CONNECT", where, (("host", where), *_login(device)))
    answer = await ask(stream, request, timeout=_STEP, total=_WHOLE, limits=_CONNECT)
    if answer.status == 407:
        offered = [v.split(" ")[0].lower() for k, v in answer.headers if k == "proxy-authenticate"]
        if "basic" not in offered:
            raise OutsideFault("the proxy asks for a login that the device does not know")
    if answer.status in {401, 407}:  # 401: tinyproxy, where a login was wrong
        raise OutsideFault("the proxy did not accept the user name and password")
    if not 200 <= answer.status < 300:
        raise OutsideFault(f"the proxy answered {answer.status}")


async def _secure(stream: _Streams, context: ssl.SSLContext, server: Server) -> TlsSession:
    session = TlsSession(stream, context, server.host)
    try:
        await session.handshake(_STEP)
    except TlsFailed as fault:
        if isinstance(fault.__cause__, ssl.SSLError):
            raise TlsFailed(tls_reason(fault.__cause__)) from fault
        raise
    return session


async def post(
    device: Device, server: Server, target: str, headers: tuple[Header, ...], body: bytes
) -> Response:
    """Post octets and return the answer, of at most 64 kB; redirects are not followed.

    Raises `UsageError`, `OutsideFault`, `TlsFailed`, `LinkError`.
    """
    context = client_context(device, verify=True, verify_name=True)
    proxy = proxy_of(device)
    first = proxy or server
    host = f"[{server.host}]" if ":" in server.host else server.host
    fixed = (("host", f"{host}:{server.port}"), ("connection", "close"))
    try:
        request = Request("POST", target, (*fixed, *headers), body)
        async with asyncio.timeout(_WHOLE), call(first.host, first.port) as (reader, writer):
            stream = _Streams(reader, writer)
            if proxy is not None:
                await _tunnel(device, stream, server)
            session = await _secure(stream, context, server)
            answer = await ask(session, request, timeout=_STEP, total=_WHOLE, limits=_ANSWER)
    except TimeoutError:
        raise Silent(f"{server} took longer than {_WHOLE:.0f} s") from None
    except WireError as fault:
        raise OutsideFault(f"{server} does not speak HTTP as it must: {fault}") from fault
    except ValueError as fault:  # a name that TLS cannot ask for
        raise UsageError(f"{server} is no server name") from fault
    if answer.cut:
        raise OutsideFault(f"{server} answered too much")
    return answer
