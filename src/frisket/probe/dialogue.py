"""A conversation in commands and numbered replies, as FTP and SMTP hold it."""

from __future__ import annotations

from dataclasses import dataclass, field

from frisket.errors import LinkError, WireError
from frisket.net.dial import Stream
from frisket.net.tls import TlsSession, open_context
from frisket.probe.arriving import read_message
from frisket.probe.base import Visit
from frisket.proto.reply.wire import Reply, read_reply


@dataclass(slots=True)
class Dialogue:
    """One open connection and what has arrived on it; `close` ends it."""

    visit: Visit
    stream: Stream | TlsSession
    _arrived: bytes = field(default=b"")

    @classmethod
    async def greet(cls, visit: Visit, port: int) -> tuple[Dialogue, Reply]:
        """Connect and read the greeting. Raises `LinkError`, or `WireError` where it is none."""
        dialogue = cls(visit, await visit.connect(port))
        try:
            return dialogue, await dialogue.reply()
        except BaseException:
            dialogue.close()
            raise

    async def reply(self) -> Reply:
        """Return the next reply. Raises `WireError`, `Silent`, `Reset`."""
        reply, self._arrived = await read_message(
            self.visit, self.stream, self._arrived, read_reply
        )
        return reply

    async def command(self, line: str) -> Reply:
        """Send one command and return its reply."""
        await self.stream.write(f"{line}\r\n".encode("ascii"), self.visit.options.patience)
        return await self.reply()

    async def encrypt(self) -> None:
        """Go on over TLS, or close and raise `LinkError`. What came before it is dropped."""
        self._arrived = b""
        patience = self.visit.options.patience
        try:
            self.stream = await self.visit.dialer.tls(self.stream, open_context(), patience)
        except LinkError:
            self.close()
            raise

    async def quit(self) -> None:
        """Take leave and close: a printer whose FTP was cut off has locked up before (Lexmark)."""
        try:
            await self.command("QUIT")
        except (LinkError, WireError):
            return
        finally:
            self.close()

    def close(self) -> None:
        """Close; may be called twice."""
        self.stream.close()
