"""SMTP reception on port 25: Internet fax and mail to the device (<SMTP RX>, RFC 3965).

What becomes of the mails is the business of `mfd/outside/received.py`.
<Allow TLS> offers STARTTLS, or with *always* refuses a mail without it (530).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from aiosmtpd.smtp import SMTP, Envelope, Session, syntax

from frisket.mfd.device import Device
from frisket.mfd.listening import Listening
from frisket.mfd.outside.received import take_mail
from frisket.mfd.service import Open, Port, Service
from frisket.net.listen import listen_tcp

MAIL = Port(25)
LARGEST = 20 << 20
_MOST_RECIPIENTS = 100
_MOST_CONNECTIONS = 16
_PATIENCE = 60.0


# No slots: aiosmtpd looks through every member, which Python 3.11.2 refuses for slotted classes.
@dataclass(frozen=True)
class _Desk:
    """What aiosmtpd asks when a command comes; the names are its own."""

    device: Device

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, _: SMTP, session: Session, __: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        # Nobody logs in to a printer to send it a fax.
        return [line for line in responses if not line[4:].startswith("AUTH")]

    async def handle_VRFY(self, *_: object) -> str:  # noqa: N802 - aiosmtpd's name
        return "502 VRFY is not provided"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]
    ) -> str:
        if len(envelope.rcpt_tos) >= _MOST_RECIPIENTS:
            return "452 Too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        assert isinstance(content, bytes)
        if await take_mail(self.device, content, envelope.mail_from or "") is None:
            return "452 Insufficient system storage"
        return "250 OK"

    async def handle_exception(self, fault: Exception) -> str:
        self.device.journal.add("bugs", f"smtp: {fault!r}")
        return "451 Local error"


class Receiver(SMTP):
    """One connection, with the words that nmap's fingerprints know of these devices."""

    def __init__(self, device: Device, open_now: set[Receiver]) -> None:
        self._device = device
        self._open_now = open_now
        tls = device.store.text("smtp.receive.tls")
        super().__init__(
            _Desk(device),
            data_size_limit=LARGEST,
            hostname=device.name,  # asked of the resolver otherwise, which may take minutes
            ident="ESMTP Ready",
            tls_context=None if tls == "off" else device.certificates.context(device.spool()),
            require_starttls=tls == "always",
            timeout=_PATIENCE,
            loop=asyncio.get_running_loop(),
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection, unless there are too many."""
        if len(self._open_now) >= _MOST_CONNECTIONS and self not in self._open_now:
            assert isinstance(transport, asyncio.Transport)
            transport.abort()
        self._open_now.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the connection."""
        self._open_now.discard(self)
        super().connection_lost(error)

    def cut(self) -> None:
        """End the connection at once."""
        if isinstance(self.transport, asyncio.Transport):
            self.transport.abort()

    async def _handle_client(self) -> None:
        await asyncio.sleep(self._device.power.wake("smtp"))
        await super()._handle_client()

    @syntax("HELO hostname")
    async def smtp_HELO(self, hostname: str) -> None:  # noqa: N802 - aiosmtpd's name
        """Refuse a greeting without a domain in Canon's words."""
        if not hostname:
            await self.push("501 HELO requires domain address")
            return
        await super().smtp_HELO(hostname)

    async def smtp_AUTH(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        """Refuse: there is nobody to log in as."""
        del arg
        await self.push("502 AUTH is not provided")


def ports(device: Device) -> tuple[Port, ...]:
    """Return the port while <SMTP RX> is on."""
    return (MAIL,) if device.store.on("smtp.receive.enabled") else ()


async def open_port(device: Device, port: Port) -> Open:
    """Listen; whether TLS is offered is asked at each connection."""
    connections: set[Receiver] = set()
    where = device.port(port.number)
    server = await listen_tcp(device.address, where, lambda: Receiver(device, connections))
    return Listening(server, connections)


SERVICE = Service(name="smtp", ports=ports, open_port=open_port)
