"""Two certificate authorities for the servers under test: one that is trusted, one that is not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(subject: str, issuer: str, key: rsa.RSAPrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=5))
    )


@dataclass(frozen=True, slots=True)
class Authority:
    """A CA. `pem` is what a client is told to trust."""

    name: str
    key: rsa.RSAPrivateKey
    pem: bytes

    def issue(self, folder: Path, *names: str) -> tuple[Path, Path]:
        """Write a key and a certificate for host names and addresses; return their paths."""
        key = rsa.generate_private_key(65537, 2048)
        kinds: list[x509.GeneralName] = [
            x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
            for name in names
        ]
        certificate = (
            _builder(names[0], self.name, key)
            .add_extension(x509.SubjectAlternativeName(kinds), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        key_path, path = folder / "server.key", folder / "server.pem"
        key_path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.TraditionalOpenSSL,
                serialization.NoEncryption(),
            )
        )
        path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + self.pem)
        return key_path, path


def authority(name: str) -> Authority:
    """Make a CA."""
    key = rsa.generate_private_key(65537, 2048)
    certificate = (
        _builder(name, name, key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Authority(name, key, certificate.public_bytes(serialization.Encoding.PEM))
