"""Keys, digests and ciphers of the user-based security model.

Sources: RFC 3414 (MD5, SHA-1, DES), RFC 7860 (SHA-2), RFC 3826 (AES-128); longer AES keys:
draft-blumenthal-aes-usm-04, and draft-reeder-snmpv3-usm-3desede-00 as Cisco and others use it.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import Final

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from frisket.errors import WireError

_EXPANDED: Final = 1_048_576  # RFC 3414 section A.2: a password is repeated to one mebioctet


class Auth(Enum):
    """How a message is authenticated: hash and length of the digest in the message."""

    MD5 = ("md5", 12)
    SHA1 = ("sha1", 12)
    SHA224 = ("sha224", 16)
    SHA256 = ("sha256", 24)
    SHA384 = ("sha384", 32)
    SHA512 = ("sha512", 48)

    @property
    def hash_name(self) -> str:
        """The name of the hash in hashlib."""
        return self.value[0]

    @property
    def digest_size(self) -> int:
        """The octets of the digest that a message carries."""
        return self.value[1]


class Priv(Enum):
    """How a message is encrypted: cipher, octets of key, and who says how short keys grow."""

    DES = ("des", 16, "")
    AES128 = ("aes", 16, "")
    AES192 = ("aes", 24, "blumenthal")
    AES256 = ("aes", 32, "blumenthal")
    AES192_CISCO = ("aes", 24, "reeder")
    AES256_CISCO = ("aes", 32, "reeder")

    @property
    def key_size(self) -> int:
        """The octets of key (of DES: key and pre-IV)."""
        return self.value[1]

    @property
    def growth(self) -> str:
        """Whose rule lengthens a key that the hash leaves too short."""
        return self.value[2]


@dataclass(frozen=True, slots=True)
class User:
    """A user of SNMPv3, without `auth` or `priv` where it has none. Secrets are not printed."""

    name: str
    auth: Auth | None = None
    auth_password: str = field(default="", repr=False)
    priv: Priv | None = None
    priv_password: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if self.priv and not self.auth:
            raise WireError("privacy needs authentication (RFC 3411 section 3.4.3)")
        if (self.auth and not self.auth_password) or (self.priv and not self.priv_password):
            raise WireError(f"user {self.name!r} lacks a password")
        if not 0 <= len(self.name.encode()) <= 32:
            raise WireError("a user name has at most 32 octets")


@dataclass(frozen=True, slots=True)
class Keys:
    """One user's keys at one engine; not printed."""

    auth: Auth | None = None
    auth_key: bytes = field(default=b"", repr=False)
    priv: Priv | None = None
    priv_key: bytes = field(default=b"", repr=False)


@lru_cache(maxsize=256)
def master_key(auth: Auth, password: bytes) -> bytes:
    """Hash a password into Ku (RFC 3414 section A.2); kept, since it costs a millisecond."""
    if not password:
        raise WireError("a password is empty")
    return _expand(auth, password)


def _expand(auth: Auth, secret: bytes) -> bytes:
    repeated = (secret * (_EXPANDED // len(secret) + 1))[:_EXPANDED]
    return hashlib.new(auth.hash_name, repeated, usedforsecurity=False).digest()


def localized_key(auth: Auth, master: bytes, engine_id: bytes) -> bytes:
    """Bind Ku to one engine (RFC 3414 section 2.6)."""
    content = master + engine_id + master
    return hashlib.new(auth.hash_name, content, usedforsecurity=False).digest()


def privacy_key(auth: Auth, priv: Priv, localized: bytes, engine_id: bytes) -> bytes:
    """Cut or grow a localized key to what the cipher needs.

    Blumenthal appends hashes of what is there; Reeder treats the localized key as one more
    password. Both call themselves AES-192 and AES-256, so a device may need either.
    """
    key = localized
    while len(key) < priv.key_size:
        if priv.growth == "reeder":
            key += localized_key(auth, _expand(auth, localized), engine_id)
        else:
            key += hashlib.new(auth.hash_name, key, usedforsecurity=False).digest()
    return key[: priv.key_size]


def localize(user: User, engine_id: bytes) -> Keys:
    """Derive a user's keys at one engine."""
    if user.auth is None:
        return Keys()
    master = master_key(user.auth, user.auth_password.encode())
    auth_key = localized_key(user.auth, master, engine_id)
    if user.priv is None:
        return Keys(user.auth, auth_key)
    master = master_key(user.auth, user.priv_password.encode())
    local = localized_key(user.auth, master, engine_id)
    priv_key = privacy_key(user.auth, user.priv, local, engine_id)
    return Keys(user.auth, auth_key, user.priv, priv_key)


def digest(keys: Keys, data: bytes) -> bytes:
    """Return the digest of a whole datagram whose digest field is zeros."""
    assert keys.auth is not None
    return hmac.digest(keys.auth_key, data, keys.auth.hash_name)[: keys.auth.digest_size]


def _cipher(keys: Keys, boots: int, time: int, salt: bytes) -> Cipher[CBC] | Cipher[CFB]:
    key = keys.priv_key
    if keys.priv is Priv.DES:
        vector = bytes(a ^ b for a, b in zip(key[8:16], salt, strict=True))
        # Three times the same key is single DES, which OpenSSL keeps in its legacy provider.
        return Cipher(TripleDES(key[:8] * 3), CBC(vector))
    return Cipher(AES(key), CFB(struct.pack(">II", boots, time) + salt))


def encrypt(keys: Keys, boots: int, time: int, salt: int, plain: bytes) -> tuple[bytes, bytes]:
    """Encrypt: the ciphertext and the salt field. `salt` must never repeat under one key."""
    if keys.priv is Priv.DES:
        field_ = struct.pack(">II", boots, salt & 0xFFFF_FFFF)
        plain += bytes(-len(plain) % 8)
    else:
        field_ = struct.pack(">Q", salt & 0xFFFF_FFFF_FFFF_FFFF)
    encryptor = _cipher(keys, boots, time, field_).encryptor()
    return encryptor.update(plain) + encryptor.finalize(), field_


def decrypt(keys: Keys, boots: int, time: int, salt: bytes, secret: bytes) -> bytes:
    """Decrypt; WireError where salt or length cannot be right."""
    if len(salt) != 8 or (keys.priv is Priv.DES and (len(secret) % 8 or not secret)):
        raise WireError("the encrypted part is malformed")
    decryptor = _cipher(keys, boots, time, salt).decryptor()
    return decryptor.update(secret) + decryptor.finalize()


class LocalKeys:
    """The keys of users at engines, derived once; the oldest go when there are too many.

    Agents of one fleet share one: a pair of user and engine takes some 300 bytes.
    """

    __slots__ = ("_known", "_limit")

    def __init__(self, limit: int = 20_000) -> None:
        self._known: dict[tuple[User, bytes], Keys] = {}
        self._limit = limit

    def get(self, user: User, engine_id: bytes) -> Keys:
        """Return the keys of `user` at the engine."""
        keys = self._known.get((user, engine_id))
        if keys is None:
            keys = localize(user, engine_id)
            while len(self._known) >= self._limit:
                del self._known[next(iter(self._known))]
            self._known[user, engine_id] = keys
        return keys
