"""The gateway's mailbox: reports that come by mail go the same way in as those by HTTPS.

A mail is deleted only after what it carried is on the gateway's disk. What is no report of ours is
put aside, bounded, and deleted as well: a mailbox full of junk must not keep reports out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from frisket.errors import FrisketError, LinkError, UsageError, WireError
from frisket.net.post import Fetched, Fetching, MailServer, fetch_mail, send_mail
from frisket.telemetry.junk import put_aside
from frisket.telemetry.mailing import Answer, answer_mail, digest, read_envelope

INTERVAL: Final = 300.0  # seconds between two visits
_LATER: Final = frozenset({429, 500, 502, 503, 504})  # the gateway's own trouble, not the mail's


@dataclass(frozen=True, slots=True)
class Reply:
    """What the gateway answers to an envelope, as by HTTPS: status, JSON and its signature."""

    status: int
    body: bytes = b""
    signature: str = ""


Receive = Callable[[bytes], Awaitable[Reply]]


@dataclass(slots=True)
class Visited:
    """What one visit did: mails taken in, put aside, and left for the next visit."""

    taken: int = 0
    junk: int = 0
    left: int = 0
    answers: list[tuple[str, Answer]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Where reports come in. Without `smtp` nothing is answered; `sender` is who answers."""

    pop: MailServer
    aside: Path
    smtp: MailServer | None = None
    sender: str = ""
    limits: Fetching = field(default_factory=Fetching)


async def visit_mailbox(mailbox: Mailbox, receive: Receive, now: Callable[[], float]) -> Visited:
    """Take in what waits; answer it where that is set up.

    `receive` is the gateway's one entry. Raises `LinkError` (`MailRefused`, `TlsFailed` …): what
    was taken in before is taken in, and its mail is met again harmlessly.
    """
    loop = asyncio.get_running_loop()
    visited = Visited()

    def take(mail: Fetched) -> bool:
        # The mailbox is read in a thread; the gateway's entry belongs to the event loop.
        done = asyncio.run_coroutine_threadsafe(_take(mail, mailbox, receive, visited), loop)
        return done.result()

    await fetch_mail(mailbox.pop, take, mailbox.limits)
    if mailbox.smtp is not None:
        for back, answer in visited.answers:
            message = answer_mail(answer, sender=mailbox.sender, to=back, at=now())
            await send_mail(mailbox.smtp, message)
    return visited


async def _take(mail: Fetched, mailbox: Mailbox, receive: Receive, visited: Visited) -> bool:
    """Take in one mail; say whether it may be deleted."""
    try:
        envelope, back = read_envelope(mail.whole())
        reply = await receive(envelope)
    except WireError:
        reply, envelope, back = Reply(400), b"", ""
    except FrisketError:
        reply, envelope, back = Reply(503), b"", ""
    if reply.status in _LATER:
        visited.left += 1
        return False
    if reply.status != 200:
        await asyncio.to_thread(put_aside, mailbox.aside, mail.octets)
        visited.junk += 1
        return True
    visited.taken += 1
    if back:
        visited.answers.append((back, Answer(digest(envelope), reply.body, reply.signature)))
    return True


async def watch_mailbox(
    mailbox: Mailbox,
    receive: Receive,
    now: Callable[[], float],
    say: Callable[[str], None],
    *,
    interval: float = INTERVAL,
) -> None:
    """Visit the mailbox for ever. What goes wrong is said once, and when it is over."""
    before = ""
    while True:
        try:
            visited = await visit_mailbox(mailbox, receive, now)
            said = f"{visited.left} mails wait: the gateway cannot take them" * bool(visited.left)
        except (LinkError, UsageError) as fault:
            said = str(fault)
        if said != before:
            say(said or "the mailbox is read again")
        before = said
        await asyncio.sleep(interval)
