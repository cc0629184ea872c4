"""Who this collector is: its own key, the certificate its gateway gave it, and where that is."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import msgspec
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from frisket.errors import FrisketError
from frisket.telemetry.collector.disk import replace as replace_file

_KEY: Final = "collector.key"
_PAPERS: Final = "collector.json"
ENROL: Final = "ask the gateway's people for a token and run `frisket collect` with --token-file"


class IdentityFault(FrisketError):
    """The collector's key or certificate is missing or cannot be read."""


class Papers(msgspec.Struct, frozen=True):
    """What an enrolment gave, and where.

    `system` says that the gateway's web certificate is one that this machine's authorities vouch
    for; else it is one of the gateway's own. `renew_at` is in running milliseconds.
    """

    url: str
    site: str
    collector: str
    gateway: str
    certificate: str
    authority: str
    system: bool
    renew_at: int


@dataclass(frozen=True, slots=True)
class Identity:
    """An enrolled collector."""

    key: Ed25519PrivateKey
    papers: Papers

    @property
    def certificate(self) -> bytes:
        """Return the certificate as DER."""
        found = x509.load_pem_x509_certificate(self.papers.certificate.encode())
        return found.public_bytes(Encoding.DER)

    @property
    def authority(self) -> x509.Certificate:
        """Return the certificate of the gateway's authority."""
        return x509.load_pem_x509_certificate(self.papers.authority.encode())

    def renewed(self, certificate: str, renew_at: int) -> Identity:
        """Return it with a fresh certificate."""
        papers = msgspec.structs.replace(self.papers, certificate=certificate, renew_at=renew_at)
        return replace(self, papers=papers)


def own_key(folder: Path) -> Ed25519PrivateKey:
    """Return the collector's key; the first call makes it. Raises `IdentityFault`."""
    path = folder / _KEY
    if path.exists():
        return _read_key(path)
    key = Ed25519PrivateKey.generate()
    octets = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(octets)
            file.flush()
            os.fsync(file.fileno())
    except OSError as fault:
        raise IdentityFault(f"{path} cannot be written: {fault.strerror}") from fault
    return key


def _read_key(path: Path) -> Ed25519PrivateKey:
    try:
        if path.stat().st_mode & 0o077:
            raise IdentityFault(
                f"others may read {path}", hint=f"chmod 600 {path}, and enrol with a new key"
            )
        key = load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as fault:
        raise IdentityFault(f"{path} holds no key: {fault}", hint=ENROL) from fault
    if not isinstance(key, Ed25519PrivateKey):
        raise IdentityFault(f"{path} holds a key of another kind", hint=ENROL)
    return key


def is_enrolled(folder: Path) -> bool:
    """Say whether the folder is that of an enrolled collector."""
    return (folder / _PAPERS).exists()


def read_identity(folder: Path) -> Identity:
    """Return who the collector of this folder is. Raises `IdentityFault`, saying what to do."""
    path = folder / _PAPERS
    if not path.exists():
        raise IdentityFault("this collector is not enrolled", hint=ENROL)
    if not (folder / _KEY).exists():
        raise IdentityFault(
            f"the collector's key {folder / _KEY} is missing",
            hint=f"put it back from a backup, or remove {path}; then {ENROL}",
        )
    try:
        papers = msgspec.json.decode(path.read_bytes(), type=Papers)
        made = Identity(_read_key(folder / _KEY), papers)
        _ = made.certificate, made.authority
    except (OSError, msgspec.MsgspecError, ValueError) as fault:
        raise IdentityFault(f"{path} cannot be read: {fault}", hint=ENROL) from fault
    return made


def keep_papers(folder: Path, papers: Papers) -> None:
    """Write what an enrolment or a renewal gave. Raises `IdentityFault`."""
    path = folder / _PAPERS
    try:
        replace_file(path, msgspec.json.format(msgspec.json.encode(papers)))
        path.chmod(0o600)
    except OSError as fault:
        raise IdentityFault(f"{path} cannot be written: {fault.strerror}") from fault
