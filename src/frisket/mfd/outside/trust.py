"""The certificates that the device trusts, and the TLS context of its clients."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from frisket.errors import UsageError
from frisket.mfd.auditlog import LogKind
from frisket.mfd.certificate import limit_versions
from frisket.mfd.device import Device

_LARGEST = 64 << 10
_MOST = 160


def authorities(device: Device) -> Path:
    """Return the folder of trusted CA certificates (PEM files), made on first use."""
    folder = device.spool() / "ca"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def trust(device: Device, pem: bytes, actor: str) -> tuple[str, ...]:
    """Register the CA certificates of a PEM text; return their subjects. Raises `UsageError`."""
    try:
        found = x509.load_pem_x509_certificates(pem[:_LARGEST])
    except ValueError as fault:
        raise UsageError("this is no certificate in PEM form") from fault
    folder = authorities(device)
    if len(list(folder.iterdir())) + len(found) > _MOST:
        raise UsageError(f"the device holds {_MOST} CA certificates")
    subjects = []
    for certificate in found:
        name = certificate.fingerprint(hashes.SHA256()).hex()[:32]
        data = certificate.public_bytes(serialization.Encoding.PEM)
        (folder / f"{name}.pem").write_bytes(data)
        subjects.append(certificate.subject.rfc4514_string())
        device.log.add(LogKind.MACHINE_MANAGEMENT, actor, "Register CA Certificate", subjects[-1])
    return tuple(subjects)


def trusted(device: Device) -> Mapping[str, x509.Certificate]:
    """Return the registered CA certificates by the name they are deleted by."""
    return {
        file.stem: x509.load_pem_x509_certificate(file.read_bytes())
        for file in sorted(authorities(device).glob("*.pem"))
    }


def distrust(device: Device, name: str, actor: str) -> None:
    """Delete a registered CA certificate. Raises `UsageError` where there is none."""
    found = trusted(device).get(name)
    if found is None:
        raise UsageError("no such CA certificate")
    (authorities(device) / f"{name}.pem").unlink(missing_ok=True)
    subject = found.subject.rfc4514_string()
    device.log.add(LogKind.MACHINE_MANAGEMENT, actor, "Delete CA Certificate", subject)


def distrust_all(device: Device) -> None:
    """Delete every registered CA certificate ([Initialize All Data/Settings])."""
    for file in authorities(device).glob("*.pem"):
        file.unlink(missing_ok=True)


def client_context(device: Device, *, verify: bool, verify_name: bool = False) -> ssl.SSLContext:
    """Return a client's TLS context under the device's TLS settings.

    `verify` is a <Confirm TLS Certificate …> setting: only what the registered CA certificates
    vouch for is accepted. `verify_name` is its <CN>: the certificate must name the server (by its
    subject alternative name, or the CN where it has none).
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    limit_versions(context, device.store)
    if not verify:
        context.verify_mode = ssl.CERT_NONE
        return context
    context.verify_mode = ssl.CERT_REQUIRED
    for file in sorted(authorities(device).glob("*.pem")):
        context.load_verify_locations(file)
    context.check_hostname = verify_name
    return context
