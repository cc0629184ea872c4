"""VNC authentication (RFC 6143 section 7.2.2): a DES challenge with mirrored key bits."""

from __future__ import annotations

import hmac

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

from frisket.errors import WireError

CHALLENGE_LENGTH = 16
PASSWORD_LENGTH = 8  # characters that count; more are ignored by every implementation


def respond(password: str, challenge: bytes) -> bytes:
    """Return the 16-byte answer to a 16-byte `challenge`; only 8 octets of `password` count.

    Raises `WireError` when the challenge has another length or the password is not Latin-1.
    """
    if len(challenge) != CHALLENGE_LENGTH:
        raise WireError(f"VNC challenge of {len(challenge)} bytes instead of {CHALLENGE_LENGTH}")
    try:
        octets = password.encode("latin-1")
    except UnicodeEncodeError:
        raise WireError("VNC passwords are limited to Latin-1 characters") from None
    key = bytes(map(_mirror, octets[:PASSWORD_LENGTH].ljust(PASSWORD_LENGTH, b"\0")))
    # Three times the same key turns Triple DES into the single DES the protocol asks for; the
    # blocks are enciphered one by one (ECB) because that is what is deployed.
    cipher = Cipher(TripleDES(key * 3), modes.ECB()).encryptor()  # noqa: S305
    return cipher.update(challenge) + cipher.finalize()


def accepts(password: str, challenge: bytes, response: bytes) -> bool:
    """Tell, in constant time, whether `response` answers `challenge` for `password`."""
    return hmac.compare_digest(respond(password, challenge), response)


def _mirror(octet: int) -> int:
    return int(f"{octet:08b}"[::-1], 2)
