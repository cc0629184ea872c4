"""The gateway's own authority: it names collectors for some days, and the gateway's web server.

Key and certificate lie in the gateway's folder, readable by its user alone. The authority's key is
Ed25519, that of the web server ECDSA P-256: proxies that look into TLS know no Ed25519.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from frisket.errors import FrisketError, WireError
from frisket.telemetry.envelope import gateway_id, written_name

LIFE: Final = timedelta(days=7)  # a line may be down over a weekend
GRACE: Final = timedelta(days=60)  # how long after that a certificate may still be renewed
_AUTHORITY_LIFE: Final = timedelta(days=20 * 365)
_SERVER_LIFE: Final = timedelta(days=825)
_BACKDATED: Final = timedelta(days=1)
_MOST_REQUEST: Final = 8192
_KEY, _CERTIFICATE = "authority.key", "authority.pem"
_SERVER: Final = "server.pem"


class AuthorityFault(FrisketError):
    """The authority's key or certificate cannot be read or made."""


@dataclass(frozen=True, slots=True)
class Authority:
    """The key that names collectors. `identifier` is what envelopes are addressed to."""

    key: Ed25519PrivateKey
    certificate: x509.Certificate

    @property
    def identifier(self) -> str:
        """Return the gateway's id: the fingerprint that enrolment tokens carry."""
        return gateway_id(self.certificate)

    @property
    def pem(self) -> str:
        """Return the certificate as PEM."""
        return self.certificate.public_bytes(Encoding.PEM).decode()


def open_authority(folder: Path, now: datetime) -> Authority:
    """Return the authority of a gateway's folder; the first run makes it. Raises `AuthorityFault`.

    A folder with only one of the two files is refused: a new key would strand every collector.
    """
    key_file, certificate_file = folder / _KEY, folder / _CERTIFICATE
    if not key_file.exists() and not certificate_file.exists():
        made = new_authority(now)
        _keep(key_file, _private(made.key))
        _keep(certificate_file, made.pem.encode())
        return made
    try:
        key = load_pem_private_key(key_file.read_bytes(), None)
        certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as fault:
        raise AuthorityFault(
            f"the gateway's key or certificate cannot be read: {fault}",
            hint=f"give {folder} back from a backup; collectors trust only this key",
        ) from fault
    if not isinstance(key, Ed25519PrivateKey) or key.public_key() != certificate.public_key():
        raise AuthorityFault(f"{_KEY} and {_CERTIFICATE} in {folder} do not belong together")
    return Authority(key, certificate)


def issue(
    authority: Authority, request: str, collector: str, site: str, now: datetime
) -> tuple[bytes, bytes]:
    """Return certificate (DER) and public key for a PKCS #10 request (PEM).

    Of the request only the key counts: names are the gateway's to give. Raises `WireError`.
    """
    key = _requested(request)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, collector)])
    uri = x509.UniformResourceIdentifier(written_name(collector, site))
    purposes = [ExtendedKeyUsageOID.CLIENT_AUTH]
    certificate = (
        _builder(name, authority.certificate.subject, key, now, LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([uri]), critical=True)
        .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        .sign(authority.key, None)
    )
    return certificate.public_bytes(Encoding.DER), key.public_bytes_raw()


def make_request(key: Ed25519PrivateKey) -> str:
    """Return a PKCS #10 request (PEM) for a collector's own key, signed by it."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "collector")])
    made = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, None)
    return made.public_bytes(Encoding.PEM).decode()


def server_files(authority: Authority, folder: Path, names: Sequence[str], now: datetime) -> Path:
    """Return a PEM file with the web server's key and chain, made where it is missing or runs out.

    `names` are the host names and addresses it serves. Raises `AuthorityFault`.
    """
    file = folder / _SERVER
    if _still_good(file, names, now):
        return file
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Frisket gateway")])
    purposes = [ExtendedKeyUsageOID.SERVER_AUTH]
    certificate = (
        _builder(subject, authority.certificate.subject, key.public_key(), now, _SERVER_LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([_general(n) for n in names]), critical=False)
        .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        .sign(authority.key, None)
    )
    chain = certificate.public_bytes(Encoding.PEM) + authority.pem.encode()
    _keep(file, _private(key) + chain)
    return file


def new_authority(now: datetime) -> Authority:
    """Return an authority that is kept nowhere yet."""
    key = Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Frisket gateway authority")])
    certificate = (
        _builder(name, name, key.public_key(), now, _AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, None)
    )
    return Authority(key, certificate)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: Ed25519PublicKey | ec.EllipticCurvePublicKey,
    now: datetime,
    life: timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + life)
    )


def _requested(request: str) -> Ed25519PublicKey:
    if len(request) > _MOST_REQUEST:
        raise WireError("a certificate request this long is none")
    try:
        read = x509.load_pem_x509_csr(request.encode())
        key = read.public_key()
        good = isinstance(key, Ed25519PublicKey) and read.is_signature_valid
    except (ValueError, TypeError, UnsupportedAlgorithm, InvalidSignature, x509.InvalidVersion):
        raise WireError("no certificate request") from None
    if not good or not isinstance(key, Ed25519PublicKey):
        raise WireError("a certificate request is signed by its own Ed25519 key")
    return key


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _still_good(file: Path, names: Sequence[str], now: datetime) -> bool:
    try:
        found = x509.load_pem_x509_certificate(file.read_bytes())
        held = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, x509.ExtensionNotFound):
        return False
    return now + timedelta(days=30) < found.not_valid_after_utc and set(held) == {
        _general(name) for name in names
    }


def _private(key: Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _keep(file: Path, octets: bytes) -> None:
    """Write a file whole or not at all, readable by its owner alone."""
    fresh = file.with_suffix(".new")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            out.write(octets)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(file)
    except OSError as fault:
        raise AuthorityFault(f"{file} cannot be written: {fault.strerror}") from fault
