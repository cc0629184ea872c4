"""What certificates are worth, and what hostile ones cost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from frisket.errors import WireError
from frisket.probe.certificate import Certificate, read_certificate, weakness_of

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def der(
    key: Any, digest: Any = None, days: int = 365, subject: str = "printer", issuer: str = "printer"
) -> bytes:
    """Make a certificate valid for `days` from yesterday."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(issuer))
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(NOW - timedelta(days=max(1, 1 - days * 2)))
        .not_valid_after(NOW + timedelta(days=days))
    )
    return builder.sign(key, digest).public_bytes(Encoding.DER)


KEYS: dict[str, tuple[Callable[[], Any], Any, str, int, str]] = {
    "RSA": (
        lambda: rsa.generate_private_key(65537, 2048),
        hashes.SHA256(),
        "RSA 2048",
        2048,
        "SHA2",
    ),
    "EC": (
        lambda: ec.generate_private_key(ec.SECP256R1()),
        hashes.SHA384(),
        "EC secp256r1",
        3072,
        "SHA2",
    ),
    "EC521": (
        lambda: ec.generate_private_key(ec.SECP521R1()),
        hashes.SHA512(),
        "EC secp521r1",
        15360,
        "SHA2",
    ),
    "Ed25519": (ed25519.Ed25519PrivateKey.generate, None, "Ed25519", 3072, "none"),
}


@pytest.mark.parametrize("kind", KEYS)
def test_kinds_of_keys(kind: str) -> None:
    make, digest, words, bits, signature = KEYS[kind]
    found = read_certificate(der(make(), digest))
    assert (found.key, found.key_bits, found.signature_hash) == (words, bits, signature)
    assert found.weak_key == ""
    assert found.self_signed
    assert (found.subject, found.days_left(NOW), found.expired(NOW)) == ("CN=printer", 365, False)


def test_an_expired_certificate_of_an_authority() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    found = read_certificate(der(key, hashes.SHA256(), days=-10, issuer="authority"))
    assert found.expired(NOW)
    assert found.days_left(NOW) == -10
    assert not found.self_signed


def test_the_fingerprint_is_of_the_key_alone() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    one, two = (read_certificate(der(key, hashes.SHA256(), subject=s)) for s in ("a", "b"))
    other = read_certificate(der(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()))
    assert one.key_sha256 == two.key_sha256 != other.key_sha256


def next_prime(number: int) -> int:
    while pow(2, number - 1, number) != 1:
        number += 1
    return number


def test_close_primes_are_found() -> None:
    p = next_prime((1 << 511) + (1 << 510) + 12345)
    q = next_prime(p + 2)
    assert weakness_of(p * q, 65537) == "close primes (CVE-2022-26320)"


def test_a_key_of_a_broken_smart_card_library_is_found() -> None:
    """Primes of the form that ROCA describes: k * M + (65537 ** a mod M)."""
    modulus = 1
    for prime in [n for n in range(2, 168) if all(n % d for d in range(2, n))]:
        modulus *= prime
    p, q = (k * modulus + pow(65537, a, modulus) for k, a in ((1 << 400, 77), (3 << 401, 1234)))
    assert weakness_of(p * q, 65537).startswith(("ROCA", "small"))


def test_a_small_factor_is_found() -> None:
    assert weakness_of(65521 * next_prime(1 << 512), 65537) == "small prime factor"


def test_an_oversized_key_is_refused_before_it_costs() -> None:
    numbers = rsa.RSAPublicNumbers(65537, (1 << 17_000) + 1)
    with pytest.raises((WireError, ValueError)):
        read_certificate(
            x509.CertificateBuilder()
            .subject_name(name("a"))
            .issuer_name(name("a"))
            .public_key(numbers.public_key())
            .serial_number(1)
            .not_valid_before(NOW)
            .not_valid_after(NOW)
            .sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
            .public_bytes(Encoding.DER)
        )
    key = rsa.generate_private_key(65537, 2048)
    with pytest.raises(WireError, match="2048 bits"):
        read_certificate(der(key, hashes.SHA256()), max_rsa_bits=1024)
    with pytest.raises(WireError, match="octets"):
        read_certificate(b"0" * 100_001)


SEED = der(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())


@given(
    places=st.lists(st.tuples(st.integers(0, len(SEED) - 1), st.integers(0, 255)), max_size=4),
    cut=st.integers(0, len(SEED)),
)
def test_a_mutated_certificate_is_one_or_a_wire_error(
    places: list[tuple[int, int]], cut: int
) -> None:
    data = bytearray(SEED)
    for place, octet in places:
        data[place] = octet
    for candidate in (bytes(data), bytes(data[:cut])):
        try:
            assert isinstance(read_certificate(candidate), Certificate)
        except WireError:
            continue
