"""TLS over any stream, with what the peer showed kept as evidence."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from typing import Protocol

from frisket.errors import Reset, Silent, TlsFailed


class ByteStream(Protocol):
    """What TLS runs over."""

    async def read(self, timeout: float) -> bytes:
        """Return what comes next, b"" at the end."""

    async def write(self, data: bytes, timeout: float = 10.0) -> None:
        """Send all of it."""

    def close(self) -> None:
        """Close."""


@dataclass(frozen=True, slots=True)
class TlsPeer:
    """What a TLS peer showed: protocol version, cipher name, certificate (DER, b"" if none)."""

    version: str
    cipher: str
    certificate: bytes


def open_context() -> ssl.SSLContext:
    """Return a client context that accepts any certificate: probes judge it, they do not trust it.

    It still offers old versions where OpenSSL has them, since a device may know nothing newer.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


class TlsSession:
    """A TLS connection over a stream, either end of it; itself a stream."""

    __slots__ = ("_ended", "_incoming", "_object", "_outgoing", "_stream")

    def __init__(
        self, stream: ByteStream, context: ssl.SSLContext, host: str = "", *, server: bool = False
    ) -> None:
        self._stream = stream
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._object = context.wrap_bio(
            self._incoming, self._outgoing, server_side=server, server_hostname=host or None
        )
        self._ended = False

    async def _flush(self, timeout: float) -> None:
        if data := self._outgoing.read():
            await self._stream.write(data, timeout)

    async def _feed(self, timeout: float) -> None:
        data = await self._stream.read(timeout)
        if data:
            self._incoming.write(data)
        else:
            self._ended = True
            self._incoming.write_eof()

    async def handshake(self, timeout: float) -> None:
        """Shake hands, or raise `TlsFailed` with OpenSSL's reason, `Silent` or `Reset`.

        `timeout` bounds each wait, four times as much the whole, so that a peer cannot drip.
        """
        end = asyncio.get_running_loop().time() + 4 * timeout
        while True:
            try:
                self._object.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush(timeout)
                if self._ended:
                    raise Reset("the connection ended during the TLS handshake") from None
                left = end - asyncio.get_running_loop().time()
                if left <= 0:
                    raise Silent(f"no TLS handshake after {4 * timeout:.0f} s") from None
                await self._feed(min(timeout, left))
            except ssl.SSLError as fault:
                reason = (fault.reason or str(fault)).replace("_", " ").lower()
                raise TlsFailed(f"TLS handshake failed: {reason}") from fault
            else:
                await self._flush(timeout)
                return

    @property
    def peer(self) -> TlsPeer:
        """Return what the peer showed in the handshake."""
        cipher = self._object.cipher()
        return TlsPeer(
            version=self._object.version() or "",
            cipher=cipher[0] if cipher else "",
            certificate=self._object.getpeercert(binary_form=True) or b"",
        )

    async def read(self, timeout: float) -> bytes:
        """Return decrypted bytes, b"" at the end. Raises `TlsFailed` on a broken record."""
        while True:
            try:
                return self._object.read(65536)
            except ssl.SSLWantReadError:
                await self._flush(timeout)
                await self._feed(timeout)
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""
            except ssl.SSLError as fault:
                raise TlsFailed(f"TLS record refused: {fault.reason or fault}") from fault

    async def write(self, data: bytes, timeout: float = 10.0) -> None:
        """Encrypt and send all of it."""
        try:
            self._object.write(data)
        except ssl.SSLError as fault:
            raise TlsFailed(f"TLS write refused: {fault.reason or fault}") from fault
        await self._flush(timeout)

    def close(self) -> None:
        """Close the stream below; no close_notify is waited for."""
        self._stream.close()
