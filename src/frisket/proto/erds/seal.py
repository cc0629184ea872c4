"""Signing and checking reports (Ed25519, RFC 8032), and one-time registration codes.

The signature is over a fixed prefix and the octets of the body as they are sent, so nobody has to
agree on a canonical form, and no other message signed by the same key can be taken for a report.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from frisket.errors import WireError
from frisket.proto.erds.wire import read_signature, signature_text

_PREFIX: Final = b"frisket erds 1\n"
CODE_OCTETS: Final = 10  # 80 bits: sixteen characters, beyond guessing


def public_key(seed: bytes) -> bytes:
    """Return the public key (32 octets) that belongs to a private key (32 octets)."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def sign(seed: bytes, body: bytes) -> str:
    """Return the signature field of a body."""
    return signature_text(Ed25519PrivateKey.from_private_bytes(seed).sign(_PREFIX + body))


def fits(key: bytes, body: bytes, signature: str) -> bool:
    """Say whether a body was signed with the private key that belongs to `key`."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(read_signature(signature), _PREFIX + body)
    except (InvalidSignature, WireError, ValueError):
        return False
    return True


def key_name(key: bytes) -> str:
    """Return a short name of a public key, for logs and ledgers: 32 hexadecimal digits."""
    return hashlib.sha256(key).hexdigest()[:32]


def registration_code(randomness: bytes) -> str:
    """Return a code for the customer, four groups of four, from `CODE_OCTETS` random octets."""
    text = base64.b32encode(randomness[:CODE_OCTETS]).decode("ascii")
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


def code_digest(code: str) -> str:
    """Return what is stored of a code: SHA-256 of it, without dashes, blanks and letter case."""
    plain = "".join(c for c in code.upper() if c.isalnum())
    return hashlib.sha256(b"frisket erds code\n" + plain.encode("utf-8", "replace")).hexdigest()
