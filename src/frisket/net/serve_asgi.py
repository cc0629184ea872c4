"""Serves an ASGI application over HTTP or HTTPS; the only place that knows uvicorn."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn

from frisket.errors import UsageError
from frisket.net.listen import bound_tcp

Application = Callable[
    [
        MutableMapping[str, Any],
        Callable[[], Awaitable[MutableMapping[str, Any]]],
        Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ],
    Awaitable[None],
]
_SUITES = "ECDHE+AESGCM:ECDHE+CHACHA20"  # of TLS 1.2; those of 1.3 are all of this kind
_GRACE = 5  # seconds that open requests may still take when the server is told to stop


@dataclass(frozen=True, slots=True)
class Serving:
    """A server that answers: on which port, and how it is told to stop (from any thread)."""

    port: int
    stop: Callable[[], None]


class _Server(uvicorn.Server):
    """Tells when it is ready and when it is about to stop, so that endless streams can end."""

    def __init__(
        self, config: uvicorn.Config, ready: Callable[[], None], stopping: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._ready = ready
        self._stopping = stopping

    async def startup(self, sockets: list[Any] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._stopping()
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[Any] | None = None) -> None:
        self._stopping()
        await super().shutdown(sockets)


def check_pair(certificate: Path | None, key: Path | None) -> None:
    """Make sure that a certificate and its key can be used. Raises `UsageError`."""
    if (certificate is None) != (key is None):
        raise UsageError("a certificate and its key go together")
    if certificate is not None and key is not None:
        tls_of(certificate, key)


def tls_of(certificate: Path, key: Path) -> ssl.SSLContext:
    """Return how TLS is served: 1.3 or 1.2, forward secret and authenticated suites alone.

    Raises `UsageError` where certificate or key cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_SUITES)
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as fault:
        raise UsageError(f"the certificate or its key cannot be used: {fault}") from fault
    return context


def free_port(address: str) -> int:
    """Return a port that was free a moment ago. Raises `LinkError`."""
    sock = bound_tcp(address, 0)
    try:
        return int(sock.getsockname()[1])
    finally:
        sock.close()


def serve_asgi(
    app: Application,
    address: str,
    port: int,
    *,
    certificate: Path | None = None,
    key: Path | None = None,
    ready: Callable[[Serving], None],
    stopping: Callable[[], None],
    shared: bool = False,
) -> None:
    """Serve until SIGINT or SIGTERM; open requests end first, for a few seconds at most.

    A `shared` port is served by several processes.
    `ready(serving)` is called once requests are answered, `stopping()` when the end begins.
    Raises `LinkError` where the port cannot be had, `UsageError` for a certificate that is none.
    """
    check_pair(certificate, key)
    sock = bound_tcp(address, port, shared=shared)
    bound = int(sock.getsockname()[1])
    tls = tls_of(certificate, key) if certificate is not None and key is not None else None
    config = uvicorn.Config(
        app,
        ssl_context_factory=None if tls is None else lambda *_: tls,
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        lifespan="off",
        timeout_graceful_shutdown=_GRACE,
        timeout_keep_alive=30,
        limit_concurrency=1000,
        h11_max_incomplete_event_size=1 << 16,
    )

    def stop() -> None:
        server.should_exit = True

    server = _Server(config, lambda: ready(Serving(bound, stop)), stopping)
    try:
        asyncio.run(server.serve(sockets=[sock]))
    finally:
        sock.close()
