"""A conversation with the POP3 server, as the device's POP settings ask (guide SO-07, EN-07).

With <Allow TLS (POP)> on, a server without STLS is refused rather than spoken to in the clear; port
995 begins with TLS.
"""

from __future__ import annotations

import base64
import poplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from frisket.mfd.device import Device
from frisket.mfd.outside.attempt import OutsideFault
from frisket.mfd.outside.server import Server, read_server
from frisket.mfd.outside.trust import client_context
from frisket.net.blocking import STEP, Bounded, Lifeline, in_thread

_PORT = 110
_TLS_FIRST = 995
_MOST_OCTETS = 100 << 20


@dataclass(frozen=True, slots=True)
class Way:
    """How the settings let the mailbox be opened; `context` None is without TLS."""

    server: Server
    context: ssl.SSLContext | None
    user: str
    password: str
    method: str


def way_of(device: Device) -> Way:
    """Read the settings. Raises `UsageError` where no server is registered."""
    store = device.store
    context = None
    if store.on("pop.tls"):
        context = client_context(
            device, verify=store.on("pop.verify"), verify_name=store.on("pop.verify-cn")
        )
    return Way(
        read_server(store.text("pop.server"), _PORT, "POP server"),
        context,
        store.text("pop.user"),
        store.text("pop.password"),
        store.text("pop.authentication"),
    )


class _Client(poplib.POP3):
    """A client that reads a bounded conversation, and closes its socket where it cannot begin."""

    file: Any

    def __init__(self, *places: Any, **options: Any) -> None:
        try:
            super().__init__(*places, **options)
        except BaseException:
            if "file" in vars(self):
                self.close()
            raise
        self.file = Bounded(self.file, _MOST_OCTETS)


class _TlsClient(_Client, poplib.POP3_SSL):
    """The same for a server that begins with TLS."""


def _connect(way: Way, line: Lifeline) -> poplib.POP3:
    host, port = way.server.host, way.server.port
    client: _Client
    if way.context is not None and port == _TLS_FIRST:
        client = _TlsClient(host, port, context=way.context, timeout=STEP)
    else:
        client = _Client(host, port, timeout=STEP)
    line.hold(client.sock)
    if way.context is not None and port != _TLS_FIRST:
        try:
            client.stls(way.context)
        except poplib.error_proto as fault:
            client.close()
            raise OutsideFault("the POP server offers no TLS") from fault
        except OSError:
            # The handshake has taken the socket away; only the file over it is left to close.
            client.file.close()
            raise
        client.file = Bounded(client.file, _MOST_OCTETS)
        line.hold(client.sock)
    return client


def _log_in(way: Way, client: poplib.POP3) -> None:
    if way.method == "APOP":
        client.apop(way.user, way.password)
    elif way.method == "POP AUTH":
        # RFC 5034: SASL PLAIN is what every server has; its octets need TLS as much as PASS does.
        secret = base64.b64encode(f"\0{way.user}\0{way.password}".encode()).decode()
        client._shortcmd(f"AUTH PLAIN {secret}")  # type: ignore[attr-defined]  # noqa: SLF001
    else:
        client.user(way.user)
        client.pass_(way.password)


@contextmanager
def session(way: Way, line: Lifeline) -> Iterator[poplib.POP3]:
    """Log in; at the block's end QUIT makes the server delete what was marked."""
    try:
        client = _connect(way, line)
        try:
            try:
                _log_in(way, client)
            except poplib.error_proto as fault:
                raise OutsideFault(f"the POP server refused the login: {_said(fault)}") from fault
            yield client
            client.quit()
        finally:
            client.close()
    except poplib.error_proto as fault:
        raise OutsideFault(f"the POP server said {_said(fault)}") from fault


def _said(fault: poplib.error_proto) -> str:
    said = fault.args[0] if fault.args else ""
    return (said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said))[:100]


async def log_in_first(device: Device) -> None:
    """Log in and leave (<POP Authentication before Sending>). Raises as `fetch`."""
    way = way_of(device)

    def visit(line: Lifeline) -> None:
        with session(way, line):
            pass

    await in_thread(visit, f"POP server {way.server}")
