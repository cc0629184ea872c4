"""The device's key and certificate, made when first needed and kept on disk."""

from __future__ import annotations

import random
import ssl
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from frisket.mfd.store import Store

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def _is_probably_prime(number: int) -> bool:
    if any(number % prime == 0 for prime in (3, 5, 7, 11, 13, 17, 19, 23, 29, 31)):
        return number in {3, 5, 7, 11, 13, 17, 19, 23, 29, 31}
    return all(pow(base, number - 1, number) == 1 for base in (2, 3, 5, 7, 11))


def _next_prime(number: int) -> int:
    number |= 1
    while not _is_probably_prime(number):
        number += 2
    return number


def close_prime_key(source: random.Random) -> rsa.RSAPrivateKey:
    """Make an RSA key whose primes lie close together, as CVE-2022-26320 did; for practice."""
    first = _next_prime(source.getrandbits(1024) | 1 << 1023)
    second = _next_prime(first + 2 + source.getrandbits(60) * 2)
    exponent = 65537
    secret = pow(exponent, -1, (first - 1) * (second - 1))
    numbers = rsa.RSAPrivateNumbers(
        p=first,
        q=second,
        d=secret,
        dmp1=secret % (first - 1),
        dmq1=secret % (second - 1),
        iqmp=pow(second, -1, first),
        public_numbers=rsa.RSAPublicNumbers(exponent, first * second),
    )
    return numbers.private_key()


def self_signed(key: PrivateKey, name: str, start: datetime, end: datetime) -> x509.Certificate:
    """Return a self-signed certificate for `name`."""
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Virtual MFD"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )


@dataclass(frozen=True, slots=True)
class KeyKind:
    """Which key a device makes: `ec`, `rsa` or `close-primes`; and whether it has expired."""

    kind: str = "ec"
    expired: bool = False
    seed: int = 0


def _make_key(kind: KeyKind) -> PrivateKey:
    if kind.kind == "close-primes":
        return close_prime_key(random.Random(kind.seed))  # noqa: S311 - weak on purpose
    if kind.kind == "rsa":
        return rsa.generate_private_key(65537, 2048)
    return ec.generate_private_key(ec.SECP256R1())


_VERSIONS = {
    "TLSv1.0": ssl.TLSVersion.TLSv1,
    "TLSv1.1": ssl.TLSVersion.TLSv1_1,
    "TLSv1.2": ssl.TLSVersion.TLSv1_2,
    "TLSv1.3": ssl.TLSVersion.TLSv1_3,
}

_SUITES = {
    "AES-GCM": ("AESGCM",),
    "ChaCha20": ("CHACHA20",),
    "AES-CBC": ("AES+SHA384", "AES+SHA256", "AES+SHA1"),
    "3DES": (),  # OpenSSL 3 has none left to offer
}


def _suites(store: Store) -> str:
    """Return OpenSSL's list for <Encryption Algorithm Settings>; TLS 1.3 has its own, fixed."""
    chosen = store.effective("tls.algorithms")
    assert isinstance(chosen, tuple)
    found = [suite for name in chosen for suite in _SUITES[name]] or _SUITES["AES-CBC"]
    exchanges = ("ECDHE", "DHE", "RSA")
    return ":".join(f"{exchange}+{suite}" for exchange in exchanges for suite in found)


def limit_versions(context: ssl.SSLContext, store: Store) -> None:
    """Hold a server's or client's context to <TLS Settings> and <Prohibit Use of Weak Encryption>.

    Without the prohibition the device offers what it is told to, however old.
    """
    strict = store.on("crypto.prohibit-weak")
    minimum = store.text("tls.minimum-version")
    least = _VERSIONS["TLSv1.2" if strict else minimum]
    with warnings.catch_warnings():
        # Python warns of old versions; offering them is what a factory device does.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = least
        context.maximum_version = max(_VERSIONS[store.text("tls.maximum-version")], least)
    if strict:
        context.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20")
    else:
        # OpenSSL refuses old versions above security level 0.
        level = ":@SECLEVEL=0" if minimum in {"TLSv1.0", "TLSv1.1"} else ""
        context.set_ciphers(_suites(store) + level)


class Certificates:
    """One device's TLS identity. The context follows the TLS settings; it is rebuilt on change."""

    __slots__ = ("_context", "_folder", "_key_kind", "_name", "_now", "_pem", "_store")

    def __init__(
        self,
        folder: Path | None,
        name: str,
        key_kind: KeyKind,
        store: Store,
        now: Callable[[], datetime],
    ) -> None:
        self._folder = folder
        self._name = name
        self._key_kind = key_kind
        self._store = store
        self._now = now
        self._context: ssl.SSLContext | None = None
        self._pem = b""
        store.watch(self._changed)

    def _changed(self, key: str) -> None:
        if key.startswith(("tls.", "crypto.")):
            self._context = None
        weak = self._key_kind.kind == "close-primes"
        if weak and key == "crypto.prohibit-weak-keys" and self._store.on(key):
            # SP-37: a weak TLS key in use gives way to the pre-installed one.
            self.replace()

    def pem(self) -> bytes:
        """Return key and certificate as PEM, making them where there are none yet."""
        path = self._folder / "tls.pem" if self._folder else None
        if path is not None and path.exists():
            return path.read_bytes()
        if path is None and self._pem:
            return self._pem
        kind = self._key_kind
        if kind.kind == "close-primes" and self._store.on("crypto.prohibit-weak-keys"):
            # SP-37: a weak TLS key is replaced by the pre-installed one.
            kind = KeyKind()
        key = _make_key(kind)
        now = self._now()
        start, end = now - timedelta(days=30), now + timedelta(days=1825)
        if kind.expired:
            start, end = now - timedelta(days=2000), now - timedelta(days=20)
        data = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ) + self_signed(key, self._name, start, end).public_bytes(serialization.Encoding.PEM)
        if path is not None:
            path.touch(mode=0o600)
            path.write_bytes(data)
        else:
            self._pem = data
        return data

    def certificate(self) -> x509.Certificate:
        """Return the certificate in use, making one where there is none yet."""
        return x509.load_pem_x509_certificate(self.pem())

    def replace(self) -> None:
        """Make a new key at the next use."""
        self._pem = b""
        if self._folder is not None:
            (self._folder / "tls.pem").unlink(missing_ok=True)
        self._context = None

    def context(self, folder: Path) -> ssl.SSLContext:
        """Return the server context that the TLS settings ask for; `folder` takes a file meanwhile.

        OpenSSL reads keys from files only: one is there while it is read, and gone afterwards.
        """
        if self._context is not None:
            return self._context
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.NamedTemporaryFile(dir=folder, prefix="tls-", suffix=".pem") as file:
            file.write(self.pem())
            file.flush()
            context.load_cert_chain(file.name)
        limit_versions(context, self._store)
        self._context = context
        return context
