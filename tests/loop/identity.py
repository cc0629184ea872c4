"""Certificates for servers under test."""

from __future__ import annotations

import ssl
from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from tests.loop.bench import NOW


def _certificate(key: Any, days: int) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Canon Imaging Product")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=100))
        .not_valid_after(NOW + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )


def make_certificate(days: int = 90) -> bytes:
    """Return a DER certificate, self-signed and valid for `days`."""
    key = ec.generate_private_key(ec.SECP256R1())
    return _certificate(key, days).public_bytes(Encoding.DER)


def write_identity(folder: Path, key: Any = None, days: int = 90) -> Path:
    """Write key.pem and cert.pem, self-signed and valid for `days`."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    certificate = _certificate(key, days)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "key.pem").write_bytes(pem)
    (folder / "cert.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    return folder


def server_context(folder: Path) -> ssl.SSLContext:
    """Return a server's context with a fresh identity kept in `folder`."""
    write_identity(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context
