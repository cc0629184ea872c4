"""What a TLS certificate is worth. Pure; the certificate is hostile until it is read.

Key checks are those of badkeys that need no list from the network.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from types import MappingProxyType

from badkeys.checks import checkrsa  # type: ignore[import-untyped]
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.utils import CryptographyDeprecationWarning

from frisket.errors import WireError

MAX_SIZE = 100_000
# Beyond, a key that is made for it costs the search for weaknesses half a second.
MAX_RSA_BITS = 8192

# badkeys' name of a check -> what is wrong. Its blocklist needs a download and is not asked.
WEAKNESSES: Mapping[str, str] = MappingProxyType(
    {
        "rsainvalid": "invalid RSA exponent",
        "smallfactors": "small prime factor",
        "fermat": "close primes (CVE-2022-26320)",
        "roca": "ROCA (CVE-2017-15361)",
        "sharedprimes": "prime shared with other published keys",
        "rsapoly": "primes with a zero pattern",
        "pattern": "repeating pattern in the modulus",
        "xzbackdoor": "payload of the xz backdoor in the modulus",
    }
)
# NIST SP 800-57 part 1, table 2: bits of an elliptic-curve key -> RSA bits of the same strength.
_STRENGTHS = ((512, 15360), (384, 7680), (256, 3072), (224, 2048), (160, 1024), (0, 512))
_HASHES: Mapping[str, str] = MappingProxyType(
    {"md5": "MD5", "sha1": "SHA1"}
    | dict.fromkeys(("sha224", "sha256", "sha384", "sha512", "sha512-224", "sha512-256"), "SHA2")
)


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate as it is judged. `key_bits` 0 and `key` "" where the key cannot be read."""

    subject: str
    issuer: str
    self_signed: bool
    not_before: datetime
    not_after: datetime
    key: str  # kind and size in words
    key_bits: int  # as RSA strength
    weak_key: str
    signature_hash: str
    key_sha256: str  # of the SubjectPublicKeyInfo

    def expired(self, now: datetime) -> bool:
        """Say whether `now` (aware) is outside the validity period."""
        return not self.not_before <= now <= self.not_after

    def days_left(self, now: datetime) -> int:
        """Return whole days until the end of validity, negative after it."""
        return (self.not_after - now) // timedelta(days=1)


def _strength(bits: int) -> int:
    return next(strength for least, strength in _STRENGTHS if bits >= least)


def weakness_of(modulus: int, exponent: int) -> str:
    """Return the name of a known weakness of an RSA key, "" where none was found."""
    if not modulus & 1:
        return WEAKNESSES["smallfactors"]  # and badkeys divides by what is left of it, zero
    found = checkrsa(modulus, e=exponent, checks=tuple(WEAKNESSES))
    return next((words for check, words in WEAKNESSES.items() if check in found), "")


def _key(certificate: x509.Certificate, max_rsa_bits: int) -> tuple[str, int, str]:
    """Return kind in words, RSA strength and known weakness; nothing for a key of another kind."""
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return "", 0, ""
    match key:
        case rsa.RSAPublicKey():
            bits = key.key_size
            if bits > max_rsa_bits:
                raise WireError(f"an RSA key of {bits} bits")
            numbers = key.public_numbers()
            return f"RSA {bits}", bits, weakness_of(numbers.n, numbers.e)
        case ec.EllipticCurvePublicKey():
            return f"EC {key.curve.name}", _strength(key.curve.key_size), ""
        case ed25519.Ed25519PublicKey():
            return "Ed25519", 3072, ""
        case ed448.Ed448PublicKey():
            return "Ed448", 7680, ""
        case dsa.DSAPublicKey():
            return f"DSA {key.key_size}", key.key_size, ""
        case _:
            return "", 0, ""


def _hash(certificate: x509.Certificate) -> str:
    try:
        algorithm = certificate.signature_hash_algorithm
    except (ValueError, UnsupportedAlgorithm):
        return "other"
    return _HASHES.get(algorithm.name, "other") if algorithm else "none"


def _public_key_info(certificate: x509.Certificate) -> bytes:
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return certificate.tbs_certificate_bytes
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def read_certificate(
    der: bytes, *, limit: int = MAX_SIZE, max_rsa_bits: int = MAX_RSA_BITS
) -> Certificate:
    """Read a DER certificate. Raises `WireError` for anything that is none, or too big."""
    if len(der) > limit:
        raise WireError(f"a certificate of {len(der)} octets")
    with warnings.catch_warnings():
        # Serial numbers and version fields that devices get wrong are no news here.
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        try:
            certificate = x509.load_der_x509_certificate(der)
            key, bits, weak = _key(certificate, max_rsa_bits)
            return Certificate(
                subject=certificate.subject.rfc4514_string()[:200],
                issuer=certificate.issuer.rfc4514_string()[:200],
                self_signed=certificate.issuer == certificate.subject,
                not_before=certificate.not_valid_before_utc.astimezone(UTC),
                not_after=certificate.not_valid_after_utc.astimezone(UTC),
                key=key,
                key_bits=bits,
                weak_key=weak,
                signature_hash=_hash(certificate),
                key_sha256=sha256(_public_key_info(certificate)).hexdigest(),
            )
        except (ValueError, x509.InvalidVersion, OverflowError) as fault:
            raise WireError(f"not a certificate: {fault}") from fault
