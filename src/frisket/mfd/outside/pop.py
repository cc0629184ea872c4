"""Fetching mail by POP3 and printing it: I-fax reception without a server of its own.

What was taken is deleted on the server; what could not be taken stays there for the next visit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from frisket.errors import UsageError
from frisket.mfd.auditlog import LogKind
from frisket.mfd.device import Device
from frisket.mfd.outside.attempt import attempt
from frisket.mfd.outside.mailbox import Way, session, way_of
from frisket.mfd.outside.received import take_mail
from frisket.net.blocking import Lifeline, in_thread

_MOST_MAILS = 20  # a visit; the rest waits for the next one
_LARGEST = 20 << 20
_VISIT = 180.0


@dataclass(frozen=True, slots=True)
class Fetched:
    """A visit to the mailbox: how many mails were taken, and how many documents they held."""

    mails: int
    documents: int


def _collect(way: Way, take: Callable[[bytes], int | None], line: Lifeline) -> Fetched:
    mails = documents = 0
    with session(way, line) as client:
        for row in client.list()[1][:_MOST_MAILS]:
            number, _, octets = row.decode("ascii", "replace").partition(" ")
            if not (number.isdigit() and octets.isdigit()) or int(octets) > _LARGEST:
                continue
            mail = b"\r\n".join(client.retr(int(number))[1])
            taken = take(mail)
            if taken is None:
                continue
            client.dele(int(number))
            mails, documents = mails + 1, documents + taken
    return Fetched(mails, documents)


async def fetch(device: Device, actor: str) -> Fetched:
    """Take the mails that wait on the POP server as received documents, and delete them there.

    Raises `UsageError` where POP is off or has no server, `OutsideFault` (login), `TlsFailed`,
    `LinkError`; each is in the audit log. A mail that could not be kept stays on the server.
    """
    with attempt(device, LogKind.TRANSMISSION, actor, "Receive E-Mail", "by POP") as note:
        if not device.store.on("pop.enabled"):
            raise UsageError("<POP> is off")
        way = way_of(device)
        note.detail = f"by POP from {way.server}"
        loop = asyncio.get_running_loop()

        def take(mail: bytes) -> int | None:
            # Jobs belong to the event loop's thread.
            return asyncio.run_coroutine_threadsafe(
                take_mail(device, mail, texts=True), loop
            ).result()

        fetched = await in_thread(
            lambda line: _collect(way, take, line), f"POP server {way.server}", _VISIT
        )
        note.detail += f": {fetched.mails} mails, {fetched.documents} documents"
    return fetched
