"""Asking one web server over HTTPS, bounded: the only module that knows the HTTP library.

No redirect is followed, no cookie kept, nothing decompressed; proxies are those of the environment
(HTTPS_PROXY, NO_PROXY) or the one that is named.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from frisket.errors import (
    Filtered,
    LinkError,
    Refused,
    Reset,
    Silent,
    TlsFailed,
    Unreachable,
    UsageError,
)
from frisket.net.call import tls_reason
from frisket.net.guard import PrintGuard
from frisket.net.http_library import httpx

_CONNECT: Final = 10.0  # seconds
_IDLE: Final = 4.0  # seconds a connection waits for its next use: servers close theirs after five
_NO_CHECK_TIME: Final = 0x200000  # X509_V_FLAG_NO_CHECK_TIME of OpenSSL


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said. Names of `headers` are in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def system_trust() -> ssl.SSLContext:
    """Return a context that believes the authorities this machine believes."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def trust_of(authorities: str) -> ssl.SSLContext:
    """Return a context that believes these authorities (PEM), or this machine's where none is told.

    Raises `TlsFailed` where the PEM is none.
    """
    try:
        context = ssl.create_default_context(cadata=authorities or None)
    except ssl.SSLError as fault:
        raise TlsFailed(tls_reason(fault)) from fault
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def own_trust(authority: str) -> ssl.SSLContext:
    """Return a context that believes one authority (PEM) and no other.

    Its certificates' times are not checked: a site's clock may be a year off, and this authority
    is not one of many. Raises `TlsFailed` where the PEM is none.
    """
    try:
        context = ssl.create_default_context(cadata=authority)
    except ssl.SSLError as fault:
        raise TlsFailed(tls_reason(fault)) from fault
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_flags = ssl.VerifyFlags(context.verify_flags | _NO_CHECK_TIME)
    return context


def no_trust() -> ssl.SSLContext:
    """Return a context that believes anybody: for answers that are signed otherwise."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class Web:
    """One server, by its `https://host[:port][/path]`."""

    def __init__(
        self, base: str, context: ssl.SSLContext, *, proxy: str = "", limit: int = 1 << 20
    ) -> None:
        """Open nothing yet. `limit`: octets of an answer. Raises `UsageError`, `Guarded`."""
        try:
            address = httpx.URL(base)
            self._where = f"{address.host} port {address.port or 443}"
            if address.scheme != "https" or not address.host or address.userinfo or address.query:
                raise UsageError(
                    f"{base[:100]!r} is no address of a gateway", hint="https://host:port"
                )
            PrintGuard().check(address.port or 443)
            self._limit = limit
            self._client = httpx.AsyncClient(
                base_url=address,
                verify=context,
                proxy=proxy or None,
                trust_env=not proxy,
                follow_redirects=False,
                timeout=httpx.Timeout(_CONNECT),
                limits=httpx.Limits(max_connections=4, keepalive_expiry=_IDLE),
                headers={"accept-encoding": "identity", "user-agent": "frisket"},
            )
        except (httpx.InvalidURL, ValueError) as fault:
            raise UsageError(f"{base[:100]!r} is no address of a gateway: {fault}") from fault

    async def post(
        self,
        path: str,
        body: bytes,
        kind: str,
        *,
        timeout: float = 60.0,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Post `body` of the media type `kind` and return the answer, whatever its status.

        A connection that the server had meanwhile closed is opened once more. Raises `LinkError`
        and its kinds.
        """
        try:
            return await self._post(path, body, {"content-type": kind, **(headers or {})}, timeout)
        except Reset:
            return await self._post(path, body, {"content-type": kind, **(headers or {})}, timeout)

    async def ask(
        self,
        method: str,
        path: str,
        body: bytes,
        headers: Mapping[str, str],
        *,
        timeout: float = 60.0,
    ) -> Answer:
        """Ask once by any method and return the answer, whatever its status. Raises `LinkError`."""
        return await self._ask(method, path, body, headers, timeout)

    async def _post(
        self, path: str, body: bytes, headers: Mapping[str, str], timeout: float
    ) -> Answer:
        return await self._ask("POST", path, body, headers, timeout)

    async def _ask(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str], timeout: float
    ) -> Answer:
        times = httpx.Timeout(timeout, connect=_CONNECT)
        try:
            async with self._client.stream(
                method, path, content=body, headers=headers, timeout=times
            ) as answer:
                said = bytearray()
                async for part in answer.aiter_raw():
                    said += part
                    if len(said) > self._limit:
                        raise LinkError(f"{self._where} answered with over {self._limit} octets")
                self._client.cookies.clear()
                return Answer(answer.status_code, _plain(answer.headers), bytes(said))
        except httpx.HTTPError as fault:
            raise self._explained(fault) from fault

    def _explained(self, fault: httpx.HTTPError) -> LinkError:
        where = self._where
        match fault:
            case httpx.ConnectTimeout() | httpx.PoolTimeout():
                return Filtered(f"{where} did not answer in {_CONNECT:.0f} s")
            case httpx.TimeoutException():
                return Silent(f"{where} did not answer in time")
            case httpx.ProxyError():
                return LinkError(f"the proxy to {where} refused: {str(fault)[:120]}")
            case httpx.ConnectError():
                return self._unconnected(fault)
            case httpx.RemoteProtocolError() | httpx.ReadError() | httpx.WriteError():
                return Reset(f"{where} cut the connection")
            case _:
                return LinkError(f"{where}: {str(fault)[:120] or type(fault).__name__}")

    def _unconnected(self, fault: httpx.ConnectError) -> LinkError:
        cause: BaseException | None = fault
        while cause is not None:
            if isinstance(cause, ssl.SSLError):
                return TlsFailed(tls_reason(cause))
            if isinstance(cause, ConnectionRefusedError):
                return Refused(f"{self._where} refused")
            cause = cause.__cause__ or cause.__context__
        said = str(fault)[:120]
        if "CERTIFICATE_VERIFY_FAILED" in said or "SSL" in said:
            return TlsFailed(f"TLS failed: {said}")
        return Unreachable(f"{self._where} cannot be reached: {said}")

    async def close(self) -> None:
        """Close; may be called twice."""
        await self._client.aclose()


def _plain(headers: httpx.Headers) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
