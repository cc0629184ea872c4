"""What gateway and collector tell each other of the console's audit log: JSON inside envelopes.

A collector remembers the newest head that it saw, and signs only a head that grew out of it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from frisket.proto.tlog.tree import MOST_PROOF
from frisket.proto.tlog.wire import MOST, MOST_SIZE

NoteText = Annotated[str, Meta(max_length=MOST)]
Hash = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
_WITNESS: Final = "frisket/collector/"
_LOG: Final = "frisket/log/"


class Fault(StrEnum):
    """Why a collector does not sign a head."""

    SHRUNK = "shrunk"  # the log is shorter than it was
    FORKED = "forked"  # what was seen before is not in it
    REKEYED = "rekeyed"  # it is signed by another key than before
    UNSIGNED = "unsigned"  # the log has not signed it, or it is none


class Refused(msgspec.Struct, frozen=True, omit_defaults=True):
    """A head that was not signed: why, and the note that was seen before it."""

    why: Fault
    note: NoteText = ""
    size: Annotated[int, Meta(ge=0, le=MOST_SIZE)] = 0  # of the head that was refused


class Memory(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a collector says of the log when it asks for orders. `note` bears its own signature."""

    size: Annotated[int, Meta(ge=0, le=MOST_SIZE)] = 0
    note: NoteText = ""
    refused: Refused | None = None


class Offer(msgspec.Struct, frozen=True):
    """A signed head to be witnessed, the log's key, and the proof that it grew out of a memory."""

    key: Hash
    note: NoteText
    proof: Annotated[list[Hash], Meta(max_length=MOST_PROOF)] = []


def witness_name(collector: str) -> str:
    """Return the name that a collector's key bears under a note."""
    return f"{_WITNESS}{collector}"


def log_name(fingerprint: str) -> str:
    """Return who a log is, by the fingerprint of its key; the key bears the same name."""
    return f"{_LOG}{fingerprint}"
