"""What a job asks for, and the pure decision what becomes of it under the device's settings."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from frisket.mfd.store import Store

MOST_COPIES = 999
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_PIN = re.compile(r"[0-9]{1,7}")


@dataclass(frozen=True, slots=True)
class Ticket:
    """One job's wishes, whichever protocol (`via`) brought it.

    `authenticated` is true where the service checked a password. `media` is a PWG media name (""
    takes what the document says), `color` is auto, color or monochrome. A `pin` of 1 to 7 digits
    makes it a Secure Print job; `encrypted` marks Encrypted Secure Print; `box` is a mail box
    number to store into, -1 for none; `hold` holds it for its owner. `ranges` are the pages wanted,
    rising and apart, all of them when empty.
    """

    via: str
    user: str = ""
    name: str = ""
    format: str = ""
    copies: int = 1
    two_sided: bool = False
    color: str = "auto"
    media: str = ""
    pin: str = ""
    encrypted: bool = False
    hold: bool = False
    box: int = -1
    authenticated: bool = False
    host: str = ""
    ranges: tuple[tuple[int, int], ...] = ()

    def pages_of(self, pages: int) -> int:
        """Return how many of a document's pages are asked for."""
        chosen = [(max(1, low), min(pages, high)) for low, high in self.ranges]
        return sum(high - low + 1 for low, high in chosen if low <= high) if chosen else pages

    @property
    def secured(self) -> bool:
        """Say whether it waits for a PIN at the device."""
        return bool(self.pin) or self.encrypted

    def cleaned(self) -> Ticket:
        """Return it with texts and numbers bounded: they come from the network."""
        return replace(
            self,
            user=_CONTROL.sub("", self.user)[:64],
            name=_CONTROL.sub("", self.name)[:128],
            host=_CONTROL.sub("", self.host)[:64],
            copies=max(1, min(self.copies, MOST_COPIES)),
        )


def parse_ticket(record: Mapping[str, Any]) -> Ticket:
    """Return the ticket that a ledger keeps."""
    ranges = tuple((low, high) for low, high in record.get("ranges", ()))
    return Ticket(**{**record, "ranges": ranges})


class Action(StrEnum):
    """What becomes of a received job."""

    PRINT = "print"
    HOLD = "hold"
    CANCEL = "cancel"
    STORE = "store"


@dataclass(frozen=True, slots=True)
class Decision:
    """An action, and the reason the job log gives for it."""

    action: Action
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings that decide about jobs, as they are in effect."""

    restrict_remote: bool = False
    secured_only: bool = False
    forced_hold: bool = False
    known_users_only: bool = False
    secure_print: bool = True

    @classmethod
    def of(cls, store: Store) -> Rules:
        """Read them from a device's store."""
        return cls(
            restrict_remote=store.on("auth.restrict-remote-jobs"),
            secured_only=store.on("print.restrict-jobs"),
            forced_hold=store.on("print.hold.forced"),
            known_users_only=store.on("print.hold.prohibit-unknown-user"),
            secure_print=store.on("print.secure-print.enabled"),
        )


def decide(ticket: Ticket, rules: Rules, is_known: Callable[[str], bool]) -> Decision:
    """Return what becomes of a job; `is_known` says whether a user name is registered.

    Refusals come before holds: a job that nobody may print is not kept either (guide SP-23, SP-41).
    """
    if rules.restrict_remote and not ticket.authenticated:
        return Decision(Action.CANCEL, "jobs without user authentication are restricted")
    if rules.known_users_only and not is_known(ticket.user):
        return Decision(Action.CANCEL, "jobs of unknown users are prohibited")
    if ticket.pin and not _PIN.fullmatch(ticket.pin):
        return Decision(Action.CANCEL, "a PIN has 1 to 7 digits")
    if ticket.encrypted and rules.secured_only:
        # Guide EN-13: Encrypted Secure Print needs <Restrict Printer Jobs> off.
        return Decision(Action.CANCEL, "<Restrict Printer Jobs> excludes Encrypted Secure Print")
    if ticket.encrypted and not ticket.pin:
        return Decision(Action.CANCEL, "Encrypted Secure Print needs a PIN")
    if ticket.secured and not rules.secure_print:
        return Decision(Action.CANCEL, "Secure Print is off")
    if rules.secured_only and not ticket.secured:
        return Decision(Action.CANCEL, "only secured jobs are accepted")
    if ticket.box >= 0:
        return Decision(Action.STORE, "stored in a mail box")
    if ticket.secured:
        return Decision(Action.HOLD, "Secure Print")
    if rules.forced_hold:
        return Decision(Action.HOLD, "Forced Hold")
    if ticket.hold:
        return Decision(Action.HOLD, "held on request")
    return Decision(Action.PRINT)
