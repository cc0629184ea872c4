"""Secrets that the console must read again (a TOTP key): sealed by a key beside the database."""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from dataclasses import dataclass
from pathlib import Path
from secrets import token_bytes

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from frisket.errors import FrisketError


class KeyFault(FrisketError):
    """A key file is missing its bytes, or what it sealed was changed."""


@dataclass(frozen=True, slots=True)
class Sealer:
    """Seals texts with AES-256-GCM; `purpose` binds each one to its row, so none can be swapped."""

    key: bytes

    def seal(self, text: str, purpose: str) -> str:
        """Return a text that only `open` with the same purpose reads."""
        nonce = token_bytes(12)
        sealed = AESGCM(self.key).encrypt(nonce, text.encode(), purpose.encode())
        return b64encode(nonce + sealed).decode()

    def open(self, sealed: str, purpose: str) -> str:
        """Return what was sealed. Raises `KeyFault`."""
        try:
            raw = b64decode(sealed, validate=True)
            return AESGCM(self.key).decrypt(raw[:12], raw[12:], purpose.encode()).decode()
        except (InvalidTag, ValueError):
            raise KeyFault("a sealed secret does not open: it or the key was changed") from None


def kept_bytes(path: Path, length: int = 32) -> bytes:
    """Return the key in a file, made at first (readable by its owner only). Raises `KeyFault`."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(token_bytes(length))
                file.flush()
                os.fsync(file.fileno())
            try:
                # Of two processes that start at once, one key wins.
                os.link(fresh, path)
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        found = path.read_bytes()
    except OSError as fault:
        raise KeyFault(f"the key {path.name} cannot be kept: {fault.strerror}") from fault
    if len(found) != length:
        raise KeyFault(f"the key {path.name} has {len(found)} bytes, not {length}")
    return found


def sealer(folder: Path) -> Sealer:
    """Return the sealer of a data folder."""
    return Sealer(kept_bytes(folder / "keys" / "console.key"))


def log_key(folder: Path) -> Ed25519PrivateKey:
    """Return the key that signs a data folder's audit log."""
    return Ed25519PrivateKey.from_private_bytes(kept_bytes(folder / "keys" / "log.key"))
