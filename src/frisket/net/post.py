"""Mail as a carrier: handing messages to an SMTP server, fetching them from a POP3 mailbox.

TLS always, unless a person has written `none` for a server; blocking clients of the standard
library, in a thread that is cut off when it takes too long.
"""

from __future__ import annotations

import poplib
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from enum import StrEnum
from typing import Any, Final

from frisket.errors import LinkError, TlsFailed, WireError
from frisket.net.blocking import STEP, Bounded, Lifeline, in_thread
from frisket.net.guard import PrintGuard

_REPLIES: Final = 1 << 16
_CONVERSATION: Final = 300.0  # seconds


class Security(StrEnum):
    """How a mail server is spoken to."""

    STARTTLS = "starttls"  # refused where the server offers none
    TLS = "tls"  # from the first octet
    NONE = "none"


@dataclass(frozen=True, slots=True)
class MailServer:
    """A mail server. Without a `user` nobody logs in; `ca` is PEM, empty for the machine's own."""

    host: str
    port: int
    security: Security = Security.STARTTLS
    user: str = ""
    password: str = field(default="", repr=False)
    ca: str = ""

    def context(self) -> ssl.SSLContext:
        """Return whom to believe. Raises `TlsFailed` where `ca` is none."""
        try:
            return ssl.create_default_context(cadata=self.ca or None)
        except ssl.SSLError as fault:
            raise TlsFailed("the mail server's CA file holds no certificate") from fault

    def __str__(self) -> str:
        return f"{self.host} port {self.port}"


class MailRefused(LinkError):
    """The mail server does not take the login, the recipient or the message."""


class _Smtp(smtplib.SMTP):
    """A client that reads bounded replies only."""

    def getreply(self) -> tuple[int, bytes]:
        """Return a reply, from a file that ends."""
        if self.file is None and self.sock is not None:
            self.file = Bounded(self.sock.makefile("rb"), _REPLIES)
        return super().getreply()


class _SmtpTls(_Smtp, smtplib.SMTP_SSL):
    """The same for a server that begins with TLS."""


class _Pop(poplib.POP3):
    """A client that reads a bounded conversation, and closes its socket where it cannot begin."""

    file: Any
    bound: int = 64 << 20

    def __init__(self, *places: Any, **options: Any) -> None:
        try:
            super().__init__(*places, **options)
        except BaseException:
            if "file" in vars(self):
                self.close()
            raise
        self.file = Bounded(self.file, self.bound)


class _PopTls(_Pop, poplib.POP3_SSL):
    """The same for a server that begins with TLS."""


async def send_mail(server: MailServer, message: EmailMessage) -> None:
    """Hand a message over; on return the server has taken charge of it.

    Raises `MailRefused`, `TlsFailed`, `LinkError`, `Guarded`.
    """
    PrintGuard().check(server.port)
    await in_thread(lambda line: _send(server, message, line), f"SMTP server {server}")


def _send(server: MailServer, message: EmailMessage, line: Lifeline) -> None:
    context = server.context()
    client: smtplib.SMTP
    try:
        if server.security is Security.TLS:
            client = _SmtpTls(server.host, server.port, "localhost", timeout=STEP, context=context)
        else:
            client = _Smtp(server.host, server.port, "localhost", timeout=STEP)
        line.hold(client.sock)
        with client:
            client.ehlo()
            if server.security is Security.STARTTLS:
                if not client.has_extn("starttls"):
                    raise TlsFailed("the SMTP server offers no TLS")
                client.starttls(context=context)
                line.hold(client.sock)
                client.ehlo()
            if server.user:
                client.login(server.user, server.password)
            client.send_message(message)
    except smtplib.SMTPAuthenticationError as fault:
        raise MailRefused(f"the SMTP server refused the login: {fault.smtp_code}") from fault
    except smtplib.SMTPRecipientsRefused as fault:
        codes = ", ".join(str(code) for code, _ in fault.recipients.values())
        raise MailRefused(f"the SMTP server refused the recipient: {codes}") from fault
    except smtplib.SMTPResponseException as fault:
        raise MailRefused(f"the SMTP server said {fault.smtp_code}") from fault
    except (smtplib.SMTPException, UnicodeError) as fault:
        raise MailRefused(f"SMTP: {str(fault)[:120]}") from fault


@dataclass(frozen=True, slots=True)
class Fetching:
    """One visit to a mailbox: at most so many mails of at most so many octets."""

    mails: int = 100
    octets: int = 8 << 20


@dataclass(frozen=True, slots=True)
class Fetched:
    """A mail; of one that is too large only its headers, and `cut` says so."""

    octets: bytes
    cut: bool = False

    def whole(self) -> bytes:
        """Return all of it. Raises `WireError` where it was too large to be fetched."""
        if self.cut:
            raise WireError("the mail is too large")
        return self.octets


Take = Callable[[Fetched], bool]


async def fetch_mail(server: MailServer, take: Take, limits: Fetching = Fetching()) -> int:
    """Give each waiting mail to `take`, in a thread; where it says True, delete it there.

    Returns how many were deleted. A mail stays in the mailbox until the whole visit ends well, so
    that `take` may meet it again. Raises `MailRefused`, `TlsFailed`, `LinkError`, `Guarded`.
    """
    PrintGuard().check(server.port)
    return await in_thread(
        lambda line: _visit(server, take, limits, line), f"POP3 server {server}", _CONVERSATION
    )


def _open(server: MailServer, line: Lifeline) -> poplib.POP3:
    context = server.context()
    client: _Pop
    if server.security is Security.TLS:
        client = _PopTls(server.host, server.port, context=context, timeout=STEP)
    else:
        client = _Pop(server.host, server.port, timeout=STEP)
    line.hold(client.sock)
    if server.security is Security.STARTTLS:
        try:
            client.stls(context)
        except poplib.error_proto as fault:
            client.close()
            raise TlsFailed("the POP3 server offers no TLS") from fault
        except OSError:
            # The handshake has taken the socket away; only the file over it is left to close.
            client.file.close()
            raise
        client.file = Bounded(client.file, client.bound)
        line.hold(client.sock)
    return client


def _visit(server: MailServer, take: Take, limits: Fetching, line: Lifeline) -> int:
    taken = 0
    try:
        client = _open(server, line)
        try:
            _log_in(server, client)
            for row in client.list()[1][: limits.mails]:
                number, _, octets = row.decode("ascii", "replace").partition(" ")
                if not (number.isdigit() and octets.isdigit()):
                    continue
                large = int(octets) > limits.octets
                lines = client.top(int(number), 0)[1] if large else client.retr(int(number))[1]
                if take(Fetched(b"\r\n".join(lines), large)):
                    client.dele(int(number))
                    taken += 1
            client.quit()
        finally:
            client.close()
    except poplib.error_proto as fault:
        raise MailRefused(f"the POP3 server said {_said(fault)}") from fault
    return taken


def _log_in(server: MailServer, client: poplib.POP3) -> None:
    try:
        client.user(server.user)
        client.pass_(server.password)
    except poplib.error_proto as fault:
        raise MailRefused(f"the POP3 server refused the login: {_said(fault)}") from fault


def _said(fault: poplib.error_proto) -> str:
    said = fault.args[0] if fault.args else ""
    return (said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said))[:100]
