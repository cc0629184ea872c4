"""Signing notes and checking their signatures, with Ed25519 (RFC 8032)."""

from __future__ import annotations

from dataclasses import replace

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from frisket.proto.tlog.wire import COSIGNATURE, ED25519, Note, Signature, cosigned, key_id


def sign(text: str, name: str, key: Ed25519PrivateKey) -> Signature:
    """Return the signature of a log under its own checkpoint."""
    public = key.public_key().public_bytes_raw()
    return Signature(name, key_id(name, ED25519, public), key.sign(text.encode()))


def is_signed(note: Note, name: str, key: Ed25519PublicKey) -> bool:
    """Say whether a note bears the signature of the key of that name."""
    wanted = key_id(name, ED25519, key.public_bytes_raw())
    mine = [one for one in note.signatures if one.name == name and one.key_id == wanted]
    return bool(mine) and all(_holds(key, one.value, note.text.encode()) for one in mine)


def cosign(note: Note, name: str, key: Ed25519PrivateKey, seconds: int) -> Note:
    """Return a note with a witness' signature below: it saw it at `seconds` since 1970."""
    public = key.public_key().public_bytes_raw()
    value = seconds.to_bytes(8, "big") + key.sign(cosigned(note.text, seconds))
    mine = Signature(name, key_id(name, COSIGNATURE, public), value)
    return replace(note, signatures=(*note.signatures, mine))


def cosigned_at(note: Note, name: str, key: Ed25519PublicKey) -> int | None:
    """Return when this witness cosigned a note, in seconds since 1970; None where it did not."""
    wanted = key_id(name, COSIGNATURE, key.public_bytes_raw())
    for one in note.signatures:
        if one.name != name or one.key_id != wanted or len(one.value) != 72:
            continue
        seconds = int.from_bytes(one.value[:8], "big")
        if _holds(key, one.value[8:], cosigned(note.text, seconds)):
            return seconds
    return None


def _holds(key: Ed25519PublicKey, signature: bytes, octets: bytes) -> bool:
    try:
        key.verify(signature, octets)
    except InvalidSignature:
        return False
    return True
