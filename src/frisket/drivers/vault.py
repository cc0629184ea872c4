"""Keeps passwords that were generated for single devices, the old and the new, until one is sure.

A new password is kept before it is sent, and the old one until the new one has let us in. So at any
moment one of the two that are kept is the device's, whatever was killed when.
"""

from __future__ import annotations

import fcntl
import json
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Protocol

from frisket.drivers.base import Pin
from frisket.drivers.credential import Login, Secret
from frisket.errors import FrisketError

FORMAT: Final = 1
SERVICE: Final = "frisket"
_INDEX: Final = "index"
_PRIVATE: Final = stat.S_IRWXG | stat.S_IRWXO


class VaultFault(FrisketError):
    """The kept passwords cannot be read, or a new one cannot be kept; then none is sent."""


class Unfinished(FrisketError):
    """A change of this device's password was interrupted."""


class Kind(StrEnum):
    """Which password of a device."""

    REMOTE_UI = "remote-ui"
    POLICY = "policy"
    AUTHENTICATION = "snmp-authentication"
    ENCRYPTION = "snmp-encryption"


class State(StrEnum):
    """How far a change has come."""

    KEPT = "kept"  # nothing was sent: the old one counts
    SENDING = "sending"  # it may have arrived: only the device knows which counts
    SETTLED = "settled"  # the new one has let us in, and the old one is forgotten


@dataclass(frozen=True, slots=True)
class Password:
    """One password of one device. `old` is None once it is settled.

    `again`: the old one was kept here too, and is to be so again where the change comes to nothing.
    """

    address: str
    kind: Kind
    serial: str
    state: State
    new: Secret
    old: Secret | None = None
    again: bool = False
    at: str = ""


class Vault(Protocol):
    """Where passwords are kept. Every method raises `VaultFault`."""

    def find(self, address: str, kind: Kind) -> Password | None:
        """Return what is kept of a device's password."""

    def put(self, password: Password) -> None:
        """Keep a password; return when it is safe."""

    def drop(self, address: str, kind: Kind) -> None:
        """Forget a password."""

    def all(self) -> tuple[Password, ...]:
        """Return everything that is kept."""


def _row(password: Password) -> dict[str, Any]:
    old = password.old
    return {
        "address": password.address,
        "kind": password.kind.value,
        "serial": password.serial,
        "state": password.state.value,
        "new": password.new.reveal(),
        "old": None if old is None else old.reveal(),
        "again": password.again,
        "at": password.at,
    }


def _password(row: Mapping[str, Any]) -> Password:
    return Password(
        str(row["address"]),
        Kind(row["kind"]),
        str(row["serial"]),
        State(row["state"]),
        Secret(str(row["new"])),
        None if row["old"] is None else Secret(str(row["old"])),
        bool(row["again"]),
        str(row["at"]),
    )


class FileVault:
    """Keeps passwords in one file that only its owner may read, replaced as a whole."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[tuple[int, int, int], list[Password]] = ((0, 0, 0), [])

    def find(self, address: str, kind: Kind) -> Password | None:
        """Return what is kept of a device's password."""
        return next((p for p in self.all() if (p.address, p.kind) == (address, kind)), None)

    def put(self, password: Password) -> None:
        """Keep a password; return when it is on disk."""
        with self._locked():
            key = (password.address, password.kind)
            others = [p for p in self._read() if (p.address, p.kind) != key]
            self._write([*others, password])

    def drop(self, address: str, kind: Kind) -> None:
        """Forget a password."""
        with self._locked():
            self._write([p for p in self._read() if (p.address, p.kind) != (address, kind)])

    def all(self) -> tuple[Password, ...]:
        """Return everything that is kept."""
        return tuple(self._read())

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep other runs from writing between our reading and writing."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self._path.with_suffix(".lock"), os.O_CREAT | os.O_RDWR, 0o600)
        except OSError as fault:
            raise VaultFault(f"cannot keep passwords in {self._path}: {fault.strerror}") from fault
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _read(self) -> list[Password]:
        try:
            with self._path.open(encoding="utf-8") as file:
                found = os.fstat(file.fileno())
                if found.st_mode & _PRIVATE:
                    hint = f"chmod 600 {self._path}"
                    raise VaultFault(f"{self._path} can be read by others than you", hint=hint)
                version = (found.st_ino, found.st_size, found.st_mtime_ns)
                if self._seen[0] == version:
                    return self._seen[1]
                raw = json.load(file)
            if raw["frisket_passwords"] != FORMAT:
                raise VaultFault(f"{self._path} has another format than {FORMAT}")
            self._seen = (version, [_password(row) for row in raw["entries"]])
            return self._seen[1]
        except FileNotFoundError:
            return []
        except OSError as fault:
            raise VaultFault(f"cannot read {self._path}: {fault.strerror}") from fault
        except (ValueError, KeyError, TypeError, RecursionError):
            # The parser's own words may quote a password.
            raise VaultFault(f"{self._path} is damaged") from None

    def _write(self, passwords: Sequence[Password]) -> None:
        document = {"frisket_passwords": FORMAT, "entries": [_row(p) for p in passwords]}
        fresh = self._path.with_suffix(".new")
        try:
            fresh.unlink(missing_ok=True)
            descriptor = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(document, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._path)
            folder = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as fault:
            raise VaultFault(f"cannot keep passwords in {self._path}: {fault.strerror}") from fault


class Ring(Protocol):
    """A system's keyring, as the `keyring` library offers it."""

    def get_password(self, service: str, username: str) -> str | None:
        """Return a password, None where there is none."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep a password."""

    def delete_password(self, service: str, username: str) -> None:
        """Forget a password."""


class RingVault:
    """Keeps passwords in a system's keyring: one entry each, and an index of them.

    `faults` are what the keyring raises.
    """

    def __init__(self, ring: Ring, faults: tuple[type[Exception], ...]) -> None:
        self._ring = ring
        self._faults = faults

    def find(self, address: str, kind: Kind) -> Password | None:
        """Return what is kept of a device's password."""
        text = self._get(f"{address}/{kind}")
        return None if text is None else self._parsed(text)

    def put(self, password: Password) -> None:
        """Keep a password. The index comes first: what is not in it would not be found."""
        name = f"{password.address}/{password.kind}"
        names = self._names()
        try:
            if name not in names:
                self._ring.set_password(SERVICE, _INDEX, json.dumps([*names, name]))
            self._ring.set_password(SERVICE, name, json.dumps(_row(password)))
        except self._faults as fault:
            raise VaultFault(f"the keyring does not keep it: {type(fault).__name__}") from None

    def drop(self, address: str, kind: Kind) -> None:
        """Forget a password."""
        name = f"{address}/{kind}"
        names = self._names()
        if name not in names:
            return
        try:
            if self._ring.get_password(SERVICE, name) is not None:
                self._ring.delete_password(SERVICE, name)
            rest = [other for other in names if other != name]
            self._ring.set_password(SERVICE, _INDEX, json.dumps(rest))
        except self._faults as fault:
            raise VaultFault(f"the keyring does not forget it: {type(fault).__name__}") from None

    def all(self) -> tuple[Password, ...]:
        """Return everything that is kept."""
        texts = (self._get(name) for name in self._names())
        return tuple(self._parsed(text) for text in texts if text is not None)

    def _names(self) -> list[str]:
        text = self._get(_INDEX)
        try:
            names = json.loads(text) if text else []
        except ValueError:
            raise VaultFault("the index in the keyring is damaged") from None
        return [str(name) for name in names]

    def _get(self, name: str) -> str | None:
        try:
            return self._ring.get_password(SERVICE, name)
        except self._faults as fault:
            raise VaultFault(f"the keyring does not open: {type(fault).__name__}") from None

    def _parsed(self, text: str) -> Password:
        try:
            return _password(json.loads(text))
        except (ValueError, KeyError, TypeError, RecursionError):
            raise VaultFault("an entry of the keyring is damaged") from None


@dataclass(frozen=True, slots=True)
class Overlay:
    """Puts kept passwords of some kinds in the place of those of a credentials file."""

    vault: Vault
    kinds: tuple[Kind, ...] = tuple(Kind)

    def over(self, address: str, login: Login | None) -> Login | None:
        """Return the login with what is kept for the device, and meant for that device alone.

        Raises `Unfinished` where it is not known which of two passwords counts, `VaultFault`.
        """
        if login is None:
            return None
        for kind in self.kinds:
            kept = self.vault.find(address, kind)
            if kept is None:
                continue
            counts: Secret | None = kept.new
            if kept.state is State.KEPT:
                # Nothing was sent. The old one is the file's, unless it was kept here too.
                counts = kept.old if kept.again else None
            if counts is None:
                continue
            if kept.state is State.SENDING:
                hint = f"find out which counts: frisket credentials recover {address}"
                raise Unfinished(f"a change of its {kind} password was interrupted", hint=hint)
            login = with_password(login, kind, counts)
            pin = replace(login.pin, serial=login.pin.serial or kept.serial)
            login = replace(login, pin=pin if kept.serial else login.pin)
        return login


def with_password(login: Login, kind: Kind, secret: Secret) -> Login:
    """Return the login with one of its passwords replaced; one that it has not got stays out."""
    match kind:
        case Kind.REMOTE_UI if login.web is not None:
            return replace(login, web=replace(login.web, password=secret))
        case Kind.POLICY:
            return replace(login, policy=secret)
        case Kind.AUTHENTICATION if login.user:
            return replace(login, authentication_password=secret)
        case Kind.ENCRYPTION if login.user:
            return replace(login, encryption_password=secret)
        case _:
            return login


def password_of(login: Login, kind: Kind) -> Secret | None:
    """Return a login's present password of a kind; None where it has none."""
    match kind:
        case Kind.REMOTE_UI:
            return login.web.password if login.web else None
        case Kind.POLICY:
            return login.policy
        case Kind.AUTHENTICATION:
            return login.authentication_password if login.user else None
        case Kind.ENCRYPTION:
            return login.encryption_password if login.user else None


# Which other passwords a login needs, in which the one of a kind is tried.
_BESIDE: Final = {
    Kind.REMOTE_UI: (),
    Kind.POLICY: (Kind.REMOTE_UI,),
    Kind.AUTHENTICATION: (Kind.ENCRYPTION,),
    Kind.ENCRYPTION: (Kind.AUTHENTICATION,),
}


def login_beside(vault: Vault, entry: Password, login: Login) -> Login:
    """Return the login in which the passwords of an interrupted change are tried.

    It is for the device of the entry alone, and has the other kept passwords that it takes. Raises
    `Unfinished` where one of those is not known to count, `VaultFault`.
    """
    found = Overlay(vault, _BESIDE[entry.kind]).over(entry.address, login) or login
    return meant_for(found, Pin(serial=entry.serial))


def meant_for(login: Login, pin: Pin) -> Login:
    """Return the login for one device alone."""
    return replace(login, pin=login.pin | pin)
