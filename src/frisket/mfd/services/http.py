"""Remote UI over HTTP and HTTPS: ports 80 and 8000, with TLS 443 and 8443 (device facts 3.1, 3.4).

With <Use TLS> on, the ports without TLS give no content: they send the browser to port 8443.
Ports 80 and 443 also carry the WebDAV server (`mfd/webdav.py`), which has a TLS setting of its own.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from frisket.mfd.device import Device
from frisket.mfd.remote_ui.router import date, respond, secure_headers
from frisket.mfd.service import Open, Port, Service
from frisket.mfd.webdav import Spaces, is_webdav, serve_webdav
from frisket.net.listen import listen_tcp
from frisket.proto.http.server import Caller, Serving
from frisket.proto.http.wire import Limits, Request, Response

PLAIN = (80, 8000)
ENCRYPTED = (443, 8443)
WEBDAV = (80, 443)
_LIMITS = Limits(head=16 << 10, fields=60, body=1 << 20)
_FILE_LIMITS = Limits(head=16 << 10, fields=60, body=32 << 20)  # held in memory
# A host name or address, as far as it may stand in a Location.
_HOST = re.compile(r"(\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(:[0-9]{1,5})?")


def ports(device: Device) -> tuple[Port, ...]:
    """Return the ports that the settings open; <Use HTTP> or <Remote UI> off closes all."""
    store = device.store
    if not (store.on("remote-ui.enabled") and store.on("http.enabled")):
        return ()
    numbers = PLAIN + ENCRYPTED if store.on("remote-ui.tls.enabled") else PLAIN
    if store.on("webdav.server.enabled") and store.on("webdav.server.tls"):
        numbers = (*numbers, 443)
    return tuple(Port(number) for number in dict.fromkeys(numbers))


def to_tls(device: Device, request: Request) -> Response:
    """Send the browser to the encrypted Remote UI, without a byte of content."""
    found = _HOST.fullmatch(request.header("host"))
    host = found[1] if found else device.address
    head = (("location", f"https://{host}:{device.port(8443)}/"), ("connection", "close"))
    return Response(302, head, reason="Moved Temporarily")


@dataclass(frozen=True, slots=True)
class _Listener:
    """One open port and the connections through it."""

    server: asyncio.Server
    serving: Serving

    def close(self) -> None:
        self.server.close()
        self.serving.close()


async def _open_port(device: Device, port: Port, spaces: Spaces) -> _Listener:
    encrypted = port.number in ENCRYPTED
    files = port.number in WEBDAV and device.store.on("webdav.server.enabled")

    async def answer(request: Request, caller: Caller) -> Response:
        await asyncio.sleep(device.power.wake("http"))
        extra = (*date(device), *secure_headers(device, tls=caller.tls))
        if files and is_webdav(request.target):
            response = await serve_webdav(spaces.of(device), request, caller)
        elif caller.tls != device.store.on("remote-ui.tls.enabled"):
            # Over TLS without <Use TLS>: the port is open for WebDAV alone.
            response = Response(404) if caller.tls else to_tls(device, request)
            extra = date(device)
        else:
            response = respond(device, request, tls=caller.tls)
        return Response(
            response.status, (*extra, *response.headers), response.body, response.reason
        )

    serving = Serving(
        answer=answer,
        headers=(("server", device.personality.banner),),
        context=(lambda: device.certificates.context(device.spool())) if encrypted else None,
        limits=_FILE_LIMITS if files else _LIMITS,
        bug=lambda fault: device.journal.add("bugs", f"http: {fault!r}"),
        refusal=lambda: date(device),
        malformed=500,  # what these devices say to what is no request
        target=2048,
    )
    server = await listen_tcp(device.address, device.port(port.number), serving)
    return _Listener(server, serving)


def opener(spaces: Spaces) -> Callable[[Device, Port], Awaitable[Open]]:
    """Return a way to open a port; the ports of one device share its WebDAV server."""

    async def open_port(device: Device, port: Port) -> _Listener:
        """Listen on one port. The TLS key is made when the first client comes."""
        return await _open_port(device, port, spaces)

    return open_port


SERVICE = Service(
    name="http", ports=ports, open_port=opener(Spaces()), reopen_on=("webdav.server.enabled",)
)
