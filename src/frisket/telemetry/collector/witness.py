"""Witnessing the console's audit log: remember its newest head, sign only what grew out of it.

What was signed is on disk before anybody hears of it: a collector that forgets could be told
another story. The memory is `log-witness.json` in the collector's folder.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from frisket.errors import WireError
from frisket.proto.tlog.signed import cosign, is_signed
from frisket.proto.tlog.tree import is_consistent
from frisket.proto.tlog.wire import Checkpoint, Note, read_checkpoint, read_note, write_note
from frisket.telemetry.collector import disk
from frisket.telemetry.collector.identity import Identity
from frisket.telemetry.witness import (
    Fault,
    Hash,
    Memory,
    NoteText,
    Offer,
    Refused,
    log_name,
    witness_name,
)

_FILE: Final = "log-witness.json"
_SAID: Final = {
    Fault.SHRUNK: "it is shorter than it was",
    Fault.FORKED: "what was seen of it before is not in it any more",
    Fault.REKEYED: "it is signed by another key than before",
    Fault.UNSIGNED: "its head is not signed by it",
}


class Kept(msgspec.Struct, frozen=True):
    """What is remembered: the log's key, the head that was signed last, and what was refused."""

    key: Hash
    note: NoteText
    refused: Refused | None = None


def kept_witness(folder: Path) -> Kept | None:
    """Return what the collector of a folder remembers of the log. Raises `WireError`, `OSError`."""
    try:
        found = msgspec.json.decode((folder / _FILE).read_bytes(), type=Kept)
    except FileNotFoundError:
        return None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as fault:
        raise WireError(f"{folder / _FILE} cannot be read: {fault}") from fault
    read_checkpoint(read_note(found.note).text)
    return found


def forget_witness(folder: Path) -> bool:
    """Forget what is remembered of the log, on its owner's word; say whether there was anything."""
    there = (folder / _FILE).exists()
    (folder / _FILE).unlink(missing_ok=True)
    return there


def statement(kept: Kept, identity: Identity) -> dict[str, Any]:
    """Return what this collector says of the log, as a line of its export has it."""
    return {
        "witness": identity.papers.collector,
        "note": kept.note,
        "certificate": b64encode(identity.certificate).decode(),
    }


@dataclass(slots=True)
class LogWitness:
    """One collector as a witness. `now` gives seconds since 1970; `identity` who it is now."""

    folder: Path
    identity: Callable[[], Identity]
    now: Callable[[], float]
    say: Callable[[str], None]
    kept: Kept | None = field(default=None, init=False)
    _broken: bool = field(default=False, init=False)

    def begin(self) -> None:
        """Recall. A memory that cannot be read is not begun anew: its owner has to say so."""
        try:
            self.kept = kept_witness(self.folder)
        except (WireError, OSError) as fault:
            self._broken = True
            self.say(f"the audit log is not witnessed: {fault}")

    def memory(self) -> Memory | None:
        """Return what to say of the log; None where nothing is witnessed."""
        if self._broken:
            return None
        if self.kept is None:
            return Memory()
        size = read_checkpoint(read_note(self.kept.note).text).size
        return Memory(size, self.kept.note, self.kept.refused)

    def take(self, offer: Offer) -> bool:
        """Sign a head or refuse it; say whether there is something new to tell."""
        if self._broken:
            return False
        try:
            note = read_note(offer.note)
            head = read_checkpoint(note.text)
        except WireError:
            return self._refuse(Fault.UNSIGNED, 0)
        fault = self._judge(offer, note, head)
        if fault is not None:
            return self._refuse(fault, head.size)
        known = self._known()
        if known is not None and known.size == head.size and self._refused() is None:
            return False
        return self._sign(offer.key, note)

    def _judge(self, offer: Offer, note: Note, head: Checkpoint) -> Fault | None:
        octets = bytes.fromhex(offer.key)
        name = log_name(hashlib.sha256(octets).hexdigest())
        key = Ed25519PublicKey.from_public_bytes(octets)
        if head.origin != name or not is_signed(note, name, key):
            return Fault.UNSIGNED
        known = self._known()
        if known is None or self.kept is None:
            return None
        if self.kept.key != offer.key:
            return Fault.REKEYED
        if head.size < known.size:
            return Fault.SHRUNK
        proof = [bytes.fromhex(one) for one in offer.proof]
        grew = is_consistent(known.size, known.root, head.size, head.root, proof)
        return None if grew else Fault.FORKED

    def _known(self) -> Checkpoint | None:
        if self.kept is None:
            return None
        return read_checkpoint(read_note(self.kept.note).text)

    def _refused(self) -> Refused | None:
        return self.kept.refused if self.kept is not None else None

    def _sign(self, key: str, note: Note) -> bool:
        identity = self.identity()
        name = witness_name(identity.papers.collector)
        # Only the log's own signature is passed on with ours.
        bare = Note(note.text, tuple(one for one in note.signatures if one.name != name)[:1])
        signed = write_note(cosign(bare, name, identity.key, int(self.now())))
        was = self._refused()
        if self._keep(Kept(key, signed)):
            if was is not None:
                self.say("the console's audit log is witnessed again")
            return True
        return False

    def _refuse(self, fault: Fault, size: int) -> bool:
        known = self._refused()
        if self.kept is None or (known is not None and known.why is fault):
            return False
        self.say(
            f"ALARM: the console's audit log is not what it was: {_SAID[fault]}. It is witnessed no"
            " more until it is; ask those who keep it (docs/reference/audit-log.md)."
        )
        refused = Refused(fault, self.kept.note, size)
        kept = msgspec.structs.replace(self.kept, refused=refused)
        if not self._keep(kept):
            self.kept = kept  # not on disk: told all the same
        return True

    def _keep(self, kept: Kept) -> bool:
        try:
            disk.replace(self.folder / _FILE, msgspec.json.encode(kept))
        except OSError as fault:
            self.say(f"the audit log is not witnessed: {fault.strerror}")
            return False
        self.kept = kept
        return True
