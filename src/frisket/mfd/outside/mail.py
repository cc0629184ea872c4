"""Sending mail: e-mail and I-fax over SMTP, as the device's SMTP settings ask (guide SO-06, EN-06).

With <Allow TLS> on, a server without STARTTLS is refused rather than spoken to in the clear; port
465 begins with TLS. smtplib is given its own name: it would ask the resolver for one.
"""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

from frisket.errors import UsageError
from frisket.mfd.device import Device
from frisket.mfd.outside.attempt import OutsideFault
from frisket.mfd.outside.mailbox import log_in_first
from frisket.mfd.outside.server import Server, read_server
from frisket.mfd.outside.trust import client_context
from frisket.net.blocking import STEP, Bounded, Lifeline, in_thread

_PORT = 25
_TLS_FIRST = 465
_REPLIES = 1 << 16
LARGEST = 50 << 20


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file in a mail. `kind` is its MIME type."""

    name: str
    kind: str
    octets: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail to one address."""

    to: str
    subject: str
    text: str
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class _Way:
    """How the settings let a mail go: server, TLS context (None: no TLS), login, greeting."""

    server: Server
    context: ssl.SSLContext | None
    login: tuple[str, str] | None
    greeting: str


class _Client(smtplib.SMTP):
    """A client that reads bounded replies only."""

    def getreply(self) -> tuple[int, bytes]:
        """Return a reply, from a file that ends."""
        if self.file is None and self.sock is not None:
            self.file = Bounded(self.sock.makefile("rb"), _REPLIES)
        return super().getreply()


class _TlsClient(_Client, smtplib.SMTP_SSL):
    """The same for a server that begins with TLS."""


def compose(device: Device, mail: Mail) -> EmailMessage:
    """Return the message as the device writes it. Raises `UsageError` for a bad address."""
    sender = device.store.text("smtp.send.sender") or f"{device.name}@{device.name}.invalid"
    message = EmailMessage()
    if any(c in mail.to for c in ' ,;<>"()'):
        raise UsageError("this is no single e-mail address")
    try:
        message["From"] = sender
        message["To"] = mail.to
        message["Subject"] = mail.subject
    except (ValueError, IndexError, AttributeError) as fault:
        # The standard library's address parser fails in several ways on odd addresses.
        raise UsageError("this is no e-mail address") from fault
    message["Date"] = format_datetime(device.now())
    message["Message-ID"] = make_msgid(domain=f"{device.plan.serial.lower()}.invalid")
    message.set_content(mail.text)
    for each in mail.attachments:
        main, _, sub = each.kind.partition("/")
        message.add_attachment(each.octets, maintype=main, subtype=sub, filename=each.name)
    return message


def _way(device: Device) -> _Way:
    store = device.store
    server = read_server(store.text("smtp.send.server"), _PORT, "SMTP server")
    context = None
    if store.on("smtp.send.tls"):
        context = client_context(
            device, verify=store.on("smtp.send.verify"), verify_name=store.on("smtp.send.verify-cn")
        )
    login = None
    if store.on("smtp.send.authentication"):
        login = (store.text("smtp.send.user"), store.text("smtp.send.password"))
    return _Way(server, context, login, f"[{device.address}]")


def _connect(way: _Way, line: Lifeline) -> smtplib.SMTP:
    host, port = way.server.host, way.server.port
    client: smtplib.SMTP
    if way.context is not None and port == _TLS_FIRST:
        client = _TlsClient(host, port, way.greeting, timeout=STEP, context=way.context)
    else:
        client = _Client(host, port, way.greeting, timeout=STEP)
    line.hold(client.sock)
    return client


def _converse(way: _Way, message: EmailMessage, line: Lifeline) -> None:
    try:
        with _connect(way, line) as client:
            client.ehlo_or_helo_if_needed()
            if way.context is not None and way.server.port != _TLS_FIRST:
                if not client.has_extn("starttls"):
                    raise OutsideFault("the SMTP server offers no TLS")
                client.starttls(context=way.context)
                line.hold(client.sock)
                client.ehlo()
            if way.login is not None:
                client.login(*way.login)
            client.send_message(message, to_addrs=[message["To"]])
    except smtplib.SMTPAuthenticationError as fault:
        raise OutsideFault(f"the SMTP server refused the login: {fault.smtp_code}") from fault
    except smtplib.SMTPRecipientsRefused as fault:
        raise OutsideFault(f"the SMTP server refused the recipient: {_said(fault)}") from fault
    except smtplib.SMTPResponseException as fault:
        said = fault.smtp_error
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        raise OutsideFault(f"the SMTP server said {fault.smtp_code} {text[:80]}") from fault
    except (smtplib.SMTPException, UnicodeError) as fault:
        raise OutsideFault(f"SMTP: {str(fault)[:120]}") from fault


def _said(fault: smtplib.SMTPRecipientsRefused) -> str:
    codes = [code for code, _ in fault.recipients.values()]
    return ", ".join(str(code) for code in codes)


async def send_mail(device: Device, mail: Mail) -> None:
    """Send a mail. Raises `UsageError`, `OutsideFault`, `TlsFailed`, `LinkError`.

    <POP Authentication before Sending> asks the POP server first; where that fails nothing is sent.
    """
    way = _way(device)
    message = compose(device, mail)
    if sum(len(each.octets) for each in mail.attachments) > LARGEST:
        raise UsageError(f"a mail has at most {LARGEST >> 20} MB of attachments")
    if device.store.on("smtp.send.pop-before-smtp"):
        await log_in_first(device)
    await in_thread(lambda line: _converse(way, message, line), f"SMTP server {way.server}")
