"""Certificates nobody would sign: DER put together by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

_RSA = bytes.fromhex("06092a864886f70d0101010500")
_MARK = b"MARK-IN-THE-NAME"  # 16 octets, replaced where a name shall hold what x509 refuses


def value(kind: int, body: bytes) -> bytes:
    """Return tag, length and body."""
    size = len(body)
    if size < 128:
        return bytes((kind, size)) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((kind, 0x80 | len(length))) + length + body


def _integer(number: int) -> bytes:
    return value(2, number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True))


def _inside(der: bytes) -> bytes:
    size = der[1]
    start = 2 + (size & 0x7F if size & 0x80 else 0)
    return der[start:]


@cache
def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def certificate(
    name: str = "printer",
    first: datetime = datetime(2020, 1, 1, tzinfo=UTC),
    last: datetime = datetime(2040, 1, 1, tzinfo=UTC),
    alternatives: int = 0,
) -> bytes:
    """Return a certificate with a P-256 key, self-signed."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(_key().public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(first)
        .not_valid_after(last)
    )
    if alternatives:
        names = [x509.DNSName(f"n{n}.{'x' * 20}.invalid") for n in range(alternatives)]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(_key(), hashes.SHA256()).public_bytes(Encoding.DER)


def with_rsa(modulus: int, exponent: int = 65537) -> bytes:
    """Return a certificate for an RSA key of which nobody has the other half."""
    own = _key().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    numbers = value(0x30, _integer(modulus) + _integer(exponent))
    other = value(0x30, value(0x30, _RSA) + value(3, b"\0" + numbers))
    whole = _inside(certificate())
    size = whole[1] & 0x7F if whole[1] & 0x80 else 0
    length = int.from_bytes(whole[2 : 2 + size], "big") if size else whole[1]
    end = 2 + size + length
    body, rest = _inside(whole[:end]), whole[end:]
    return value(0x30, value(0x30, body.replace(own, other)) + rest)


def with_name(octets: bytes) -> bytes:
    """Return a certificate whose name holds these octets, at most 16."""
    return certificate(_MARK.decode()).replace(_MARK, octets.ljust(len(_MARK), b"."))
