"""Where the private wrapping keys are: FRISKET_KEY, else a file of the data folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_bytes
from typing import Final

from frisket.errors import UsageError
from frisket.fleet.sealing import KEY, Opener

NAME: Final = "FRISKET_KEY"


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of this process, the newest first: `given` by the environment, else in `path`."""

    path: Path
    given: str = ""

    def opener(self) -> Opener:
        """Return what opens logins; the first key is made here. Raises `UsageError`."""
        if self.given:
            return Opener(_keys(self.given.replace(",", "\n"), NAME))
        if not self.path.exists():
            with suppress(FileExistsError):
                _write(self.path, token_bytes(KEY).hex() + "\n", fresh=True)
        try:
            return Opener(_keys(self.path.read_text(encoding="ascii"), self.path.name))
        except (OSError, UnicodeDecodeError) as fault:
            raise UsageError(f"the key of the logins cannot be read: {fault}") from fault

    def add(self) -> Opener:
        """Put a new key before the others; one that was given stays as it is."""
        if self.given:
            return self.opener()
        old = self.opener().private
        text = "".join(f"{key.hex()}\n" for key in (token_bytes(KEY), *old))
        _write(self.path, text, fresh=False)
        return self.opener()

    def only_newest(self) -> None:
        """Forget all keys but the newest; those that were given are somebody else's to forget."""
        if not self.given:
            _write(self.path, f"{self.opener().private[0].hex()}\n", fresh=False)


def open_keys(folder: Path, environment: Mapping[str, str]) -> Keys:
    """Return the keys of a data folder."""
    return Keys(folder / "keys" / "logins.key", environment.get(NAME, ""))


def _keys(text: str, source: str) -> tuple[bytes, ...]:
    try:
        found = tuple(bytes.fromhex(word) for word in text.split())
    except ValueError:
        found = ()
    if not found or any(len(key) != KEY for key in found):
        raise UsageError(f"{source} holds no keys", hint=f"each is {KEY * 2} hexadecimal digits")
    return found


def _write(path: Path, text: str, *, fresh: bool) -> None:
    """Write a file that only its owner reads, whole or not at all. Raises `FileExistsError`."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = path.with_name(f"{path.name}.{os.getpid()}.new")
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if not fresh:
            beside.replace(path)
            return
        try:
            os.link(beside, path)  # of two processes that start at once, one key wins
        finally:
            beside.unlink()
    except FileExistsError:
        raise
    except OSError as fault:
        raise UsageError(f"the key of the logins cannot be kept: {fault.strerror}") from fault
