"""The TPM of a virtual device: on after a restart, its key backed up once, restored never but once.

The rules are the device's (facts on the device, 1.2 item SP-38 and 2.6): the key may be saved to a
USB memory a single time, and may be put back only after the main board was replaced. Without it
such a board cannot read the passwords and keys that the old one sealed.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from frisket.errors import SettingRefused
from frisket.ledger import Ledger
from frisket.mfd.auditlog import AuditLog, LogKind
from frisket.mfd.store import Store

KEY = "tpm.enabled"
_KEY_OCTETS = 32
_HEAD = b"FRISKET-TPM-KEY\n"


class TpmRefused(SettingRefused):
    """The TPM does not do that now."""


@dataclass(frozen=True, slots=True)
class Seal:
    """What is kept: the key in hexadecimal ("" for none), and what happened to it.

    `mark` is the key's digest; it stays when a replaced board has lost the key itself.
    """

    key: str = ""
    mark: str = ""
    backed_up: bool = False


class Tpm:
    """The security chip. `memory` is the folder that plays the USB memory."""

    __slots__ = ("_ledger", "_log", "_seal", "_store")

    def __init__(self, ledger: Ledger, store: Store, log: AuditLog) -> None:
        self._ledger = ledger
        self._store = store
        self._log = log
        self._seal = Seal()
        for record in ledger.read():
            self._seal = Seal(**record)
        store.watch(self._changed)

    def _changed(self, key: str) -> None:
        # Turned off, or Initialize All: the key is worth nothing any more and is forgotten.
        if key == KEY and not self._store.on(KEY) and self._seal != Seal():
            self._put(Seal())

    def _put(self, seal: Seal) -> None:
        self._ledger.replace(
            [{"key": seal.key, "mark": seal.mark, "backed_up": seal.backed_up}]
            if seal != Seal()
            else []
        )
        self._seal = seal

    @property
    def state(self) -> str:
        """Return off, pending (a restart), on, or lost (the board was replaced)."""
        if KEY in self._store.pending:
            return "pending"
        if not self._store.on(KEY):
            return "off"
        return "lost" if self._seal.mark and not self._seal.key else "on"

    @property
    def backed_up(self) -> bool:
        """Say whether the one backup has been made."""
        return self._seal.backed_up

    def _sealed(self) -> Seal:
        """Return the seal with a key in it; the chip makes it when it is first needed."""
        if not self._seal.mark:
            key = os.urandom(_KEY_OCTETS)
            self._put(Seal(key.hex(), hashlib.sha256(key).hexdigest()))
        return self._seal

    def back_up(self, memory: Path, name: str, actor: str) -> Path:
        """Save the key to the USB memory, once. Raises `TpmRefused`; nothing is used up then."""
        if self.state != "on":
            self._refuse("Back Up TPM Key", actor, "the TPM is not in use")
        if self._seal.backed_up:
            self._refuse("Back Up TPM Key", actor, "the key has been backed up already")
        seal = self._sealed()
        target = memory / f"{name}.tpm"
        try:
            memory.mkdir(mode=0o700, parents=True, exist_ok=True)
            target.write_bytes(_HEAD + seal.key.encode() + b"\n")
            target.chmod(0o600)
        except OSError as fault:
            self._refuse("Back Up TPM Key", actor, f"the USB memory: {fault.strerror}")
        self._put(Seal(seal.key, seal.mark, backed_up=True))
        self._log.add(LogKind.MACHINE_MANAGEMENT, actor, "Back Up TPM Key")
        return target

    def replace_board(self, actor: str) -> None:
        """Exchange the main board, as a service engineer would: the new chip is empty."""
        self._log.add(LogKind.MAINTENANCE, actor, "Replace Main Board")
        if self._store.on(KEY):
            seal = self._sealed()
            self._put(Seal("", seal.mark, seal.backed_up))

    def restore(self, memory: Path, name: str, actor: str) -> None:
        """Put the key back from the USB memory. Raises `TpmRefused` unless the board is new."""
        if self.state != "lost":
            self._refuse("Restore TPM Key", actor, "the main board has not been replaced")
        try:
            with (memory / f"{name}.tpm").open("rb") as file:
                data = file.read(4096)
        except OSError:
            self._refuse("Restore TPM Key", actor, "there is no key on the USB memory")
        text = data.removeprefix(_HEAD).strip()
        try:
            key = bytes.fromhex(text.decode("ascii"))
        except ValueError:
            key = b""
        if not data.startswith(_HEAD) or hashlib.sha256(key).hexdigest() != self._seal.mark:
            self._refuse("Restore TPM Key", actor, "the key is not the one of this device")
        self._put(Seal(key.hex(), self._seal.mark, self._seal.backed_up))
        self._log.add(LogKind.MACHINE_MANAGEMENT, actor, "Restore TPM Key")

    def _refuse(self, what: str, actor: str, why: str) -> NoReturn:
        self._log.add(LogKind.MACHINE_MANAGEMENT, actor, what, why, ok=False)
        raise TpmRefused(why)
