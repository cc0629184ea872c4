"""Mail boxes 00 to 99 and the memory inbox: stored documents, behind a PIN where one is set."""

from __future__ import annotations

import hmac
import itertools
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from frisket.errors import FrisketError, SettingRefused
from frisket.ledger import Ledger, Record
from frisket.mfd.auditlog import AuditLog, LogKind
from frisket.mfd.ticket import Ticket, parse_ticket

NUMBERS = range(100)
MEMORY_INBOX = 100  # where faxes wait under memory lock; no mail box of a person
_MOST_DOCUMENTS = 2000


class BoxRefused(FrisketError):
    """A wrong PIN, or no such document."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One stored document: where it came from (`ticket`), its file, and when (ISO 8601)."""

    id: int
    box: int
    ticket: Ticket
    file: str
    octets: int
    stored: str


class Boxes:
    """The documents of one device. Deleting hands the file to `discard`, which erases it."""

    __slots__ = ("_discard", "_documents", "_ledger", "_log", "_next", "_now", "_pins")

    def __init__(
        self, ledger: Ledger, log: AuditLog, now: Callable[[], str], discard: Callable[[Path], None]
    ) -> None:
        self._ledger = ledger
        self._log = log
        self._now = now
        self._discard = discard
        self._documents: dict[int, Stored] = {}
        self._pins: dict[int, str] = {}
        self._next = 1
        for record in ledger.read():
            self._replay(record)

    def _replay(self, record: Record) -> None:
        if "pin" in record:
            self._pins[record["box"]] = record["pin"]
        elif "gone" in record:
            self._documents.pop(record["gone"], None)
        else:
            stored = Stored(**{**record, "ticket": parse_ticket(record["ticket"])})
            self._documents[stored.id] = stored
            self._next = stored.id + 1

    def __iter__(self) -> Iterator[Stored]:
        return iter(self._documents.values())

    def has_pin(self, box: int) -> bool:
        """Say whether a mail box asks for a PIN."""
        return bool(self._pins.get(box))

    def set_pin(self, box: int, pin: str, actor: str) -> None:
        """Set a mail box's PIN, "" to take it away. Raises `SettingRefused`."""
        if box not in NUMBERS and box != MEMORY_INBOX:
            raise SettingRefused("mail boxes are numbered 00 to 99")
        if len(pin) > 7 or (pin and not (pin.isascii() and pin.isdigit())):
            raise SettingRefused("a PIN has up to 7 digits")
        self._ledger.append({"box": box, "pin": pin})
        self._pins[box] = pin
        self._log.add(LogKind.MAIL_BOX, actor, "Set PIN", f"box {box:02}")

    def open(self, box: int, pin: str, actor: str) -> list[Stored]:
        """Return what a box holds, oldest first. Raises `BoxRefused` for a wrong PIN."""
        right = hmac.compare_digest(self._pins.get(box, "").encode(), pin.encode())
        if self.has_pin(box):
            detail = f"box {box:02}"
            self._log.add(LogKind.MAIL_BOX_AUTHENTICATION, actor, "Open Box", detail, ok=right)
            if not right:
                raise BoxRefused("wrong PIN")
        return [stored for stored in self._documents.values() if stored.box == box]

    def find(self, number: int, pin: str, actor: str) -> Stored:
        """Return one document. Raises `BoxRefused` where there is none, or for a wrong PIN."""
        found = self._documents.get(number)
        if found is None:
            raise BoxRefused("no such document")
        self.open(found.box, pin, actor)
        return found

    def store(self, box: int, ticket: Ticket, path: Path, octets: int) -> Stored:
        """Keep a document's file. Raises `SettingRefused` where it cannot be stored."""
        if box not in NUMBERS and box != MEMORY_INBOX:
            raise SettingRefused("mail boxes are numbered 00 to 99")
        if len(self._documents) >= _MOST_DOCUMENTS:
            raise SettingRefused("the mail boxes are full")
        stored = Stored(self._next, box, ticket, str(path), octets, self._now())
        self._ledger.append(asdict(stored))
        self._documents[stored.id] = stored
        self._next += 1
        self._log.add(LogKind.MAIL_BOX, ticket.user or "-", "Store", f"box {box:02}: {ticket.name}")
        return stored

    def delete(self, number: int, pin: str, actor: str) -> None:
        """Delete a document. Raises `BoxRefused`."""
        stored = self.find(number, pin, actor)
        self._ledger.append({"gone": number})
        del self._documents[number]
        self._discard(Path(stored.file))
        detail = f"box {stored.box:02}: {stored.ticket.name}"
        self._log.add(LogKind.MAIL_BOX, actor, "Delete", detail)

    def counts(self) -> dict[int, int]:
        """Return box number -> documents, for the boxes that hold any."""
        boxes = sorted(stored.box for stored in self._documents.values())
        return {box: len(list(group)) for box, group in itertools.groupby(boxes)}
