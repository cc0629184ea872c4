"""Device Management: its first page, certificate, audit log, licence."""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from frisket.mfd.auditlog import LogKind
from frisket.mfd.remote_ui.visit import Needs, Route, Visit, download, draw, redirect
from frisket.proto.http.wire import Response

_SHOWN = 200


def index(visit: Visit) -> Response:
    """Show what can be managed."""
    return draw(visit, "management.html.j2")


def certificate(visit: Visit) -> Response:
    """Show the certificate that the TLS ports present."""
    found = visit.device.certificates.certificate()
    key = found.public_key()
    match key:
        case rsa.RSAPublicKey():
            kind = f"RSA {key.key_size} bits"
        case ec.EllipticCurvePublicKey():
            kind = f"ECDSA {key.curve.name}"
        case _:
            kind = "unknown"
    facts = [
        ("Subject", found.subject.rfc4514_string()),
        ("Issuer", found.issuer.rfc4514_string()),
        ("Serial number", f"{found.serial_number:x}"),
        ("Valid from", found.not_valid_before_utc.isoformat(sep=" ")),
        ("Valid to", found.not_valid_after_utc.isoformat(sep=" ")),
        ("Key", kind),
        ("SHA-256 fingerprint", found.fingerprint(hashes.SHA256()).hex(":")),
    ]
    return draw(visit, "certificate.html.j2", facts=facts)


def new_key(visit: Visit) -> Response:
    """Make a new key and certificate; the next TLS connection uses them."""
    device = visit.device
    device.certificates.replace()
    device.log.add(LogKind.MACHINE_MANAGEMENT, visit.actor, "Generate Key")
    notice = "A new key has been made. TLS connections use it from now on."
    return redirect("/rps/certificate", notice, visit)


def audit_log(visit: Visit) -> Response:
    """Show the newest entries of the audit log."""
    entries = list(visit.device.log)[: -_SHOWN - 1 : -1]
    return draw(
        visit,
        "audit_log.html.j2",
        entries=entries,
        total=len(visit.device.log),
        collecting=visit.device.log.collecting,
        tls=visit.tls,
    )


def export_log(visit: Visit) -> Response:
    """Hand out the audit log as CSV, over TLS only; cleared afterwards where that was ticked."""
    device = visit.device
    if not visit.tls:
        why = "Refused: the audit log is exported only over TLS. Turn on <Use TLS> first."
        device.log.add(LogKind.AUDIT_LOG, visit.actor, "Export Audit Log", "no TLS", ok=False)
        return redirect("/rps/audit-log", why, visit)
    data = device.log.export().encode()
    device.log.add(LogKind.AUDIT_LOG, visit.actor, "Export Audit Log")
    if visit.form.text("delete") == "on":
        device.log.clear(visit.actor)
    name = f"audit-log-{device.plan.serial}.csv"
    return download(name, "text/csv; charset=utf-8", data)


def clear_log(visit: Visit) -> Response:
    """Clear the audit log, exported or not."""
    visit.device.log.clear(visit.actor)
    return redirect("/rps/audit-log", "The audit log has been cleared.", visit)


def collect(visit: Visit) -> Response:
    """Start or stop the collection of audit logs; both are recorded."""
    log = visit.device.log
    if visit.form.text("collect") == "start":
        log.collecting = True
        log.add(LogKind.AUDIT_LOG, visit.actor, "Start Audit Log Collection")
        return redirect("/rps/audit-log", "Audit logs are collected.", visit)
    log.add(LogKind.AUDIT_LOG, visit.actor, "Stop Audit Log Collection")
    log.collecting = False
    return redirect("/rps/audit-log", "Audit logs are not collected any more.", visit)


def licence(visit: Visit) -> Response:
    """Show licences and the rest."""
    return draw(visit, "licence.html.j2")


ROUTES = (
    Route("GET", "/rps/management", index, Needs.MANAGER),
    Route("GET", "/rps/licence", licence, Needs.MANAGER),
    Route("GET", "/rps/certificate", certificate),
    Route("POST", "/rps/certificate/new", new_key),
    Route("GET", "/rps/audit-log", audit_log),
    Route("POST", "/rps/audit-log/export", export_log),
    Route("POST", "/rps/audit-log/clear", clear_log),
    Route("POST", "/rps/audit-log/collect", collect),
)
