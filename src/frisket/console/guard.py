"""Stands before every route: which host was meant, who sent it, how long it may be; headers."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from frisket.console.faults import Fault
from frisket.console.settings import Settings

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_FIXED: Final = {
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


class TooLong(Fault):
    """More was sent than is taken here."""

    status = 413
    title = "Too long"


def content_policy(nonce: str) -> str:
    """Return what a page may load: its own files, and nothing that was written into it."""
    return (
        "default-src 'none'; "
        f"script-src 'self' 'nonce-{nonce}'; "
        "style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'; object-src 'none'; "
        "require-trusted-types-for 'script'; trusted-types htmx default; report-uri /csp-report"
    )


def comes_from_here(headers: Headers, host: str) -> bool:
    """Say whether a request that changes something was sent by a page of ours or by a program.

    Browsers say it in Sec-Fetch-Site, older ones in Origin; a program that sends neither carries
    no cookie that it did not choose to send.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = headers.get("origin")
    if origin is None:
        return True
    return bool(origin != "null" and urlsplit(origin).netloc.lower() == host.lower())


def bounded(receive: Receive, most: int) -> Receive:
    """Return a `receive` that raises `TooLong` after so many bytes."""
    have = 0

    async def next_part() -> Message:
        nonlocal have
        message = await receive()
        have += len(message.get("body", b""))
        if have > most:
            raise TooLong
        return message

    return next_part


@dataclass(frozen=True, slots=True)
class Guard:
    """The outermost part of the console. `most` is the longest body that any page takes."""

    app: ASGIApp
    settings: Settings
    most: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or let the request in with a nonce in its state."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        nonce = token_urlsafe(16)
        state: MutableMapping[str, Any] = scope.setdefault("state", {})
        state["nonce"] = nonce

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._dress(MutableHeaders(scope=message), nonce)
            await send(message)

        refusal = self._refusal(scope, headers)
        if refusal is None:
            await self.app(scope, bounded(receive, self.most), dressed)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": refusal[1]})
        else:
            await PlainTextResponse(f"{refusal[1]}\n", refusal[0])(scope, receive, dressed)

    def _refusal(self, scope: Scope, headers: Headers) -> tuple[int, str] | None:
        host = headers.get("host", "")
        if not self.settings.answers_to(host):
            return 421, "this console has another name; start it with --origin to give it this one"
        changes = scope["type"] == "websocket" or scope["method"] not in _SAFE
        if changes and not comes_from_here(headers, host):
            return 403, "this was sent by a page of another site"
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > self.most:
            return 413, "more was sent than is taken here"
        return None

    def _dress(self, headers: MutableHeaders, nonce: str) -> None:
        for name, value in _FIXED.items():
            headers.setdefault(name, value)
        headers.setdefault("content-security-policy", content_policy(nonce))
        headers.setdefault("cache-control", "no-store")
        if self.settings.origin.startswith("https:"):
            headers.setdefault("strict-transport-security", "max-age=31536000; includeSubDomains")
