"""Envelope encryption: each secret under a data key of its own, wrapped for one who may open it.

The wrapping key is an X25519 pair. Whoever has the public half can set secrets, as the pages do;
only the crew, which has the private half, opens them. Pure but for chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from secrets import token_bytes
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from frisket.errors import FrisketError

_NONCE: Final = 12
_PUBLIC: Final = 32
KEY: Final = 32


class SealFault(FrisketError):
    """A secret does not open: it was changed, or this process has not got its key."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed secret: its text under a data key, and that key wrapped for a pair of keys."""

    wrapped_for: str
    data_key: bytes
    text: bytes


def name_of(public: bytes) -> str:
    """Return the name by which a public key is told from others."""
    return sha256(public).hexdigest()[:32]


def public_of(private: bytes) -> bytes:
    """Return the public half. Raises `SealFault` for what is no key."""
    if len(private) != KEY:
        raise SealFault(f"a wrapping key has {KEY} bytes, not {len(private)}")
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def seal(text: bytes, purpose: str, public: bytes) -> Sealed:
    """Seal a text; `purpose` binds it to its row, so that none can be put in another's place."""
    data_key = AESGCM.generate_key(256)
    return Sealed(name_of(public), _wrap(data_key, public), _encrypt(data_key, text, purpose))


@dataclass(frozen=True, slots=True, repr=False)
class Opener:
    """Opens what was sealed for any of its private keys, the newest first."""

    private: Sequence[bytes]

    @property
    def public(self) -> bytes:
        """Return the public half of the newest key."""
        return public_of(self.private[0])

    def open(self, sealed: Sealed, purpose: str) -> bytes:
        """Return the text. Raises `SealFault`."""
        return _decrypt(self._data_key(sealed), sealed.text, purpose)

    def rewrapped(self, sealed: Sealed, public: bytes) -> Sealed:
        """Return the same secret with its data key wrapped for another key. Raises `SealFault`."""
        return Sealed(name_of(public), _wrap(self._data_key(sealed), public), sealed.text)

    def _data_key(self, sealed: Sealed) -> bytes:
        for private in self.private:
            if name_of(public_of(private)) == sealed.wrapped_for:
                return _unwrap(sealed.data_key, private)
        raise SealFault(
            "this process has not got the key of a login",
            hint="give every worker the same FRISKET_KEY, or the same key file",
        )


def _encrypt(key: bytes, text: bytes, purpose: str) -> bytes:
    nonce = token_bytes(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, text, purpose.encode())


def _decrypt(key: bytes, raw: bytes, purpose: str) -> bytes:
    try:
        return AESGCM(key).decrypt(raw[:_NONCE], raw[_NONCE:], purpose.encode())
    except (InvalidTag, ValueError):
        raise SealFault("a sealed secret does not open: it was changed") from None


def _agreed(mine: X25519PrivateKey, other: bytes, passing: bytes, public: bytes) -> bytes:
    shared = mine.exchange(X25519PublicKey.from_public_bytes(other))
    about = b"frisket data key" + passing + public
    return HKDF(SHA256(), KEY, salt=None, info=about).derive(shared)


def _wrap(data_key: bytes, public: bytes) -> bytes:
    passing = X25519PrivateKey.generate()
    own = passing.public_key().public_bytes_raw()
    return own + _encrypt(_agreed(passing, public, own, public), data_key, name_of(public))


def _unwrap(raw: bytes, private: bytes) -> bytes:
    own, rest, public = raw[:_PUBLIC], raw[_PUBLIC:], public_of(private)
    try:
        key = _agreed(X25519PrivateKey.from_private_bytes(private), own, own, public)
    except ValueError:
        raise SealFault("a sealed secret does not open: it was changed") from None
    return _decrypt(key, rest, name_of(public))
