"""The gateway's end of eRDS: which reports are accepted, under whose key, and what is answered.

No I/O of its own: what is kept stands behind the `Devices` port, the clock is handed in. A device
speaks for its own serial number only; a report counts once however often it is sent.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

from frisket.errors import WireError
from frisket.proto.erds import seal
from frisket.proto.erds.message import (
    MOST_OCTETS,
    STATUS,
    AlertKind,
    Answer,
    Operation,
    Registration,
    Report,
    Result,
    Schedule,
)
from frisket.proto.erds.wire import answer_octets, read_report

WINDOW: Final = 1000  # how far behind the newest number a message may be
_LONGEST_WAIT: Final = timedelta(days=90)  # that a device may have kept a message back
# Checked against where no key is known, so that a stranger cannot tell serials by the time taken.
_NOBODY: Final = bytes.fromhex("5866666666666666666666666666666666666666666666666666666666666666")


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A device's public key, and the highest number kept under it (0 for none yet)."""

    key: bytes
    last: int = 0


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the gateway wants of a device."""

    schedule: Schedule = field(default_factory=Schedule)
    muted: tuple[AlertKind, ...] = ()
    operations: tuple[Operation, ...] = tuple(Operation)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A report to be kept, with its proof: `body` is signed by the key called `key`.

    `measured` is when it was made by our clock, `skew` how far the device's clock is ahead of
    ours; `sure` is False where the device's clock was moved before it was sent.
    """

    report: Report
    key: str
    received: datetime
    measured: datetime
    skew: timedelta
    sure: bool
    body: bytes
    signature: str

    def ours(self, at: datetime) -> datetime:
        """Return a time within the report (of an alert, a fault) by our clock."""
        return at - self.skew


class Devices(Protocol):
    """What the gateway keeps of reporting devices. Each call is one transaction, and may block."""

    def enrolled(self, serial: str) -> Enrolled | None:
        """Return the device of that serial number, None where none was registered."""

    def redeem(self, digest: str, serial: str, key: bytes, at: datetime) -> bool:
        """Use a code up, and make `key` the device's key in place of any other.

        False, and nothing changed, where no code of that digest (`seal.code_digest`) is there,
        unused, not expired at `at`, and for this serial number or for any.
        """

    def keep(self, accepted: Accepted) -> bool:
        """Store a report; return once it is on disk.

        False where (serial, key, sequence) is stored already; then nothing changed.
        """

    def wishes(self, serial: str) -> Wishes:
        """Return what is wanted of a device."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back: HTTP status and body; `accepted` is the report that was new.

    `note` says for the gateway's own log what was wrong; strangers are told less.
    """

    status: int
    body: bytes
    answer: Answer
    accepted: Accepted | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Pace:
    """How often one device may report: `burst` at once, then one every `seconds`."""

    burst: int = 120
    seconds: float = 15.0


@dataclass(slots=True)
class _Bucket:
    """What one device has left of its pace."""

    left: float
    at: datetime

    def take(self, pace: Pace, now: datetime) -> bool:
        passed = max(0.0, (now - self.at).total_seconds())
        self.left = min(float(pace.burst), self.left + passed / pace.seconds)
        self.at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


@dataclass(slots=True)
class Reception:
    """Judges what comes in at POST /erds/v1. `accept` blocks as its port does; run it in a thread.

    `known(serial)` may refuse devices that the provider does not serve (False: refused).
    """

    devices: Devices
    pace: Pace = Pace()
    known: Callable[[str], bool] = lambda _: True
    _buckets: dict[str, _Bucket] = field(default_factory=dict)

    def accept(self, body: bytes, signature: str, now: datetime) -> Reply:
        """Judge one message: its body and the value of its `erds-signature` field.

        `now` is UTC. What the port raises passes through; answer with `busy` then.
        """
        try:
            report = read_report(body, most=MOST_OCTETS)
        except WireError as fault:
            return _reply(Result.MALFORMED, _plain(str(fault)), note=str(fault))
        device = self.devices.enrolled(report.serial)
        registered = report.registration
        if registered is not None:
            return self._test(report, registered, device, (body, signature), now)
        signed = seal.fits(device.key if device else _NOBODY, body, signature)
        if device is None or not signed:
            note = "the signature is not of its key" if device else "never registered"
            return _unregistered(f"{report.serial}: {note}")
        return self._take(report, device, (body, signature), now)

    def _test(
        self,
        report: Report,
        registered: Registration,
        device: Enrolled | None,
        signed: tuple[bytes, str],
        now: datetime,
    ) -> Reply:
        """Answer a communication test; register the device where its code is good."""
        if not seal.fits(registered.key, *signed):
            return _unregistered(f"{report.serial}: the signature is not of the key it shows")
        if device is not None and hmac.compare_digest(device.key, registered.key):
            return self._take(report, device, signed, now)
        digest = seal.code_digest(registered.code)
        allowed = bool(registered.code) and self.known(report.serial)
        if not allowed or not self.devices.redeem(digest, report.serial, registered.key, now):
            reason = "the registration code is not valid for this device"
            return _reply(Result.REFUSED, reason, note=f"{report.serial}: {reason}")
        return self._take(report, Enrolled(registered.key), signed, now)

    def _take(
        self, report: Report, device: Enrolled, signed: tuple[bytes, str], now: datetime
    ) -> Reply:
        """Keep a message whose signature is good."""
        bucket = self._buckets.setdefault(report.serial, _Bucket(self.pace.burst, now))
        if not bucket.take(self.pace, now):
            return busy(int(self.pace.seconds) + 1, f"{report.serial} reports too often")
        if report.sequence <= device.last - WINDOW:
            return _reply(Result.STALE, f"number {report.sequence} is long past")
        accepted = _dated(report, seal.key_name(device.key), signed, now)
        new = self.devices.keep(accepted)
        answer = Answer(Result.ACCEPTED if new else Result.REPEATED)
        if report.operation is Operation.COMMUNICATION_TEST:
            wishes = self.devices.wishes(report.serial)
            answer = Answer(
                answer.result,
                schedule=wishes.schedule,
                operations=wishes.operations,
                muted=wishes.muted,
            )
        octets = answer_octets(answer)
        return Reply(STATUS[answer.result], octets, answer, accepted if new else None)


def busy(seconds: int, note: str = "") -> Reply:
    """Return the answer for when nothing can be kept now (database down, too many reports)."""
    answer = Answer(Result.BUSY, "come back later", retry_after=max(1, min(seconds, 86_400)))
    return Reply(STATUS[Result.BUSY], answer_octets(answer), answer, note=note)


def _plain(text: str) -> str:
    return text.encode("ascii", "replace").decode("ascii")[:200]


def _reply(result: Result, reason: str, note: str = "") -> Reply:
    answer = Answer(result, reason)
    return Reply(STATUS[result], answer_octets(answer), answer, note=note)


def _unregistered(note: str) -> Reply:
    # The same words whether or not the serial is known: strangers are not to try serials out.
    reason = "no such device is registered with this key"
    return _reply(Result.UNREGISTERED, reason, note=note)


def _dated(report: Report, key: str, signed: tuple[bytes, str], now: datetime) -> Accepted:
    """Put a report on our clock: how long the device kept it is right though its date may not be.

    Where that cannot be (its clock was set meanwhile), the time of arrival stands, marked unsure.
    """
    waited = report.sent - report.at
    sure = timedelta(0) <= waited <= _LONGEST_WAIT
    return Accepted(
        report=report,
        key=key,
        received=now,
        measured=now - waited if sure else now,
        skew=report.sent - now,
        sure=sure,
        body=signed[0],
        signature=signed[1],
    )
