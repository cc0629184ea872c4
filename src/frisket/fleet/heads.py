"""Heads of the audit log: signed every minute, and sent to syslog servers until these have them.

A receiver gets every checkpoint in order. One that was taken just before this process was killed
comes once more, with the same words.
"""

from __future__ import annotations

import asyncio
import platform
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Self

from frisket.errors import FrisketError, TlsFailed, UsageError
from frisket.fleet.alert_sending import check_channel
from frisket.fleet.chain import Act, Checkpoint, stamp
from frisket.fleet.log import AuditLog, point_of_row
from frisket.net.call import call
from frisket.net.web import trust_of
from frisket.proto.syslog.wire import Message, encode, frame
from frisket.store.cosignatures import (
    Place,
    Receiver,
    Receivers,
    add_receiver,
    drop_receiver,
)
from frisket.store.database import StoreFault
from frisket.store.work import Work
from frisket.telemetry.witness import log_name

EVERY: Final = 60.0  # seconds
MOST_RECEIVERS: Final = 10
_AUDIT, _NOTICE = 13, 5  # facility and severity, RFC 5424 tables 1 and 2
_ELEMENT: Final = "frisket@32473"  # the enterprise number that RFC 5612 keeps for documentation
_PATIENCE: Final = 30.0  # seconds for one connection
_AT_ONCE: Final = 500  # checkpoints on one connection
_LONGEST: Final = 60  # minutes between two tries
_LEASE: Final = "audit-log:heads"
_LEASE_SECONDS: Final = 300.0


def read_place(host: str, port: str, ca: str) -> Place:
    """Return where a syslog server is. Raises `UsageError`."""
    found = check_channel("syslog", {"host": host, "port": port, "ca": ca}, "")
    try:
        trust_of(str(found.get("ca", "")))
    except TlsFailed as fault:
        raise UsageError("the authority is no certificate in PEM") from fault
    return Place(str(found["host"]), int(found["port"]), str(found.get("ca", "")))


def syslog_of(point: Checkpoint, host: str) -> bytes:
    """Return a checkpoint as a syslog message (RFC 5424), unframed."""
    origin = log_name(point.key)
    data = {
        "origin": origin,
        "size": str(point.size),
        "root": point.root,
        "chain": point.digest,
        "at": stamp(point.at),
        "signature": point.signature,
    }
    text = f"audit log of {point.size} entries, head {point.size}:{point.digest}"
    at = point.at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    head = (_AUDIT, _NOTICE, at, host, "frisket", "-", "CHECKPOINT")
    return encode(Message(*head, {_ELEMENT: data}, text))


def again_after(tries: int) -> timedelta:
    """Return how long after a failure the next try is: ever longer, at most an hour."""
    return timedelta(minutes=min(2 ** min(tries - 1, 10), _LONGEST))


@dataclass(frozen=True, slots=True)
class Heads:
    """Signs and sends. `executor` names this process: of several, one sends at a time."""

    log: AuditLog
    receivers: Receivers
    now: Callable[[], datetime]
    executor: str = "local"

    def add(self, place: Place, who: str) -> None:
        """Send every checkpoint there from now on. Raises `UsageError`, `StoreFault`."""
        if len(self.receivers.all()) >= MOST_RECEIVERS:
            raise UsageError(f"at most {MOST_RECEIVERS} servers get the log's heads")
        about = f"{place.host}:{place.port}"
        with self.receivers.database.write() as connection:
            self.log.record_within(connection, Act(who, "log.receiver.add", about))
            add_receiver(connection, place, who, self.now())

    def drop(self, number: int, who: str) -> None:
        """Send nothing there any more. Raises `UsageError`, `StoreFault`."""
        found = next((one for one in self.receivers.all() if one.id == number), None)
        if found is None:
            raise UsageError("there is no such server")
        with self.receivers.database.write() as connection:
            act = Act(who, "log.receiver.drop", f"{found.host}:{found.port}")
            self.log.record_within(connection, act)
            drop_receiver(connection, number)

    def turn(self) -> None:
        """Sign the head where it is new, and send what receivers lack. Raises `StoreFault`."""
        self.log.checkpoint()
        if not self.receivers.all():
            return
        work = Work(self.receivers.database)
        fence = work.take_lease(_LEASE, self.executor, _LEASE_SECONDS)
        if fence is None:
            return
        try:
            for receiver in self.receivers.all():
                self._serve(receiver)
        finally:
            work.give_back(_LEASE, fence)

    def _serve(self, receiver: Receiver) -> None:
        if receiver.again is not None and self.now() < receiver.again:
            return
        points = [
            point_of_row(row) for row in self.log.store.checkpoints_after(receiver.sent, _AT_ONCE)
        ]
        if not points:
            return
        try:
            asyncio.run(_send(receiver, points))
        except FrisketError as fault:
            tries = receiver.tries + 1
            again = self.now() + again_after(tries)
            self.receivers.failed(receiver.id, tries, again, str(fault))
        else:
            self.receivers.delivered(receiver.id, points[-1].size, self.now())


async def _send(receiver: Receiver, points: list[Checkpoint]) -> None:
    """Hand checkpoints over on one connection. Raises `LinkError`, `UsageError`."""
    host, context = platform.node() or "-", trust_of(receiver.ca)
    async with call(receiver.host, receiver.port, context, _PATIENCE) as (_, writer):
        async with asyncio.timeout(_PATIENCE):
            for point in points:
                writer.write(frame(syslog_of(point, host)))
                await writer.drain()
            # Syslog acknowledges nothing. That the server ends TLS in turn shows that it read on.
            writer.close()
            await writer.wait_closed()


@dataclass(slots=True)
class Minutely:
    """A thread that gives heads their turn every minute, until it is closed."""

    heads: Heads
    say: Callable[[str], None]
    every: float = EVERY
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _said: str = ""

    def __enter__(self) -> Self:
        """Begin."""
        self._thread = threading.Thread(target=self._run, name="audit log", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End, with a last turn."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        with suppress(StoreFault):
            self.heads.turn()

    def _run(self) -> None:
        wait = 0.0
        while not self._stop.wait(wait):
            wait, said = self.every, ""
            try:
                self.heads.turn()
                said = self.heads.log.contradiction()
            except StoreFault as fault:
                said = str(fault)
            if said and said != self._said:
                self.say(f"the audit log's head cannot be signed: {said}")
            self._said = said
