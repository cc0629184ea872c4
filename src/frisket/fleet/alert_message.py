"""What people and programs are told of an alert, by each kind of channel. Pure.

Words of devices are in the texts: they are made visible, cut, and escaped for where they go.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any, Final

from frisket.fleet.alerting import UNITS, Change, Signal, Told
from frisket.proto.syslog.wire import Message, encode
from frisket.report.escape import visible

SIGNATURE: Final = "x-frisket-signature"
TIMESTAMP: Final = "x-frisket-timestamp"
DELIVERY: Final = "x-frisket-delivery"
_LONGEST: Final = 500
_LOCAL0: Final = 16
_SYSLOG: Final = {"critical": 2, "warning": 4, "info": 6}  # RFC 5424 table 2
_CEF: Final = {"critical": 9, "warning": 6, "info": 3}
_ELEMENT: Final = "frisket@32473"  # the enterprise number that RFC 5612 keeps for documentation


def document_of(told: Told) -> dict[str, Any]:
    """Return what is told as a table: the same whatever it is sent by."""
    standing, rule = told.standing, told.rule
    return {
        "rule": rule.name,
        "signal": rule.signal.value,
        "severity": rule.severity,
        "change": told.change.value,
        "about": visible(standing.about, _LONGEST),
        "value": None if standing.value is None else round(standing.value, 1),
        "limit": rule.limit if told.change is Change.RAISED else rule.back,
        "unit": UNITS[rule.signal],
        "device": standing.device_id,
        "at": told.at.astimezone(UTC).isoformat(timespec="seconds"),
    }


@dataclass(frozen=True, slots=True)
class Words:
    """A document in words: a line for a subject, and a few lines."""

    title: str
    body: str


def words_of(document: Mapping[str, Any]) -> Words:
    """Return what a person reads."""
    over = document["change"] == Change.CLEARED
    head = "Over" if over else str(document["severity"]).capitalize()
    title = visible(f"{head}: {document['rule']}: {document['about']}", 200)
    unit = document["unit"]
    watched = _WATCHED[Signal(document["signal"])]
    limit = f"(limit {_number(document['limit'])} {unit})"
    lines = [
        visible(str(document["about"]), _LONGEST),
        f"{watched}: {_number(document['value'])} {unit} {limit}",
        f"Rule: {visible(str(document['rule']), 200)}",
        f"At: {document['at']}",
    ]
    return Words(title, "\n".join(lines) + "\n")


_WATCHED: Final[Mapping[Signal, str]] = {
    Signal.SUPPLY: "Left",
    Signal.SUPPLY_DAYS: "May be empty in",
    Signal.SILENT: "Not heard of for",
    Signal.COMPLIANCE: "Compliance",
    Signal.CERTIFICATE: "Certificate expires in",
    Signal.DRIFT: "Settings that have moved",
    Signal.ALARM: "Alarms about its identity",
    Signal.EVENT: "Critical alerts",
    Signal.LOG: "Heads of the audit log that it disputes",
}


def _number(value: Any) -> str:
    return "-" if value is None else f"{value:g}"


def mail_of(
    document: Mapping[str, Any], number: int, sender: str, to: str, at: datetime
) -> EmailMessage:
    """Return a mail; the same notice has the same Message-ID, so that a copy is known as one."""
    words = words_of(document)
    mail = EmailMessage()
    mail["From"], mail["To"] = sender, to
    mail["Subject"] = words.title
    mail["Date"] = format_datetime(at)
    host = sender.rpartition("@")[2] or "localhost"
    mail["Message-ID"] = f"<alert-{number}@{host}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(words.body)
    return mail


def webhook_of(
    document: Mapping[str, Any], number: int, secret: str, at: datetime
) -> tuple[bytes, dict[str, str]]:
    """Return body and headers of a webhook.

    The signature is HMAC-SHA-256, in hexadecimal, of `timestamp.body`: an old one is known as old.
    """
    body = json.dumps({"id": number, **document}, sort_keys=True).encode("ascii")
    stamp = str(int(at.timestamp()))
    signed = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    headers = {TIMESTAMP: stamp, DELIVERY: str(number)}
    return body, headers | ({SIGNATURE: f"sha256={signed}"} if secret else {})


def syslog_of(document: Mapping[str, Any], number: int, host: str, *, cef: bool) -> bytes:
    """Return a syslog message (RFC 5424), unframed; with `cef` its text is CEF."""
    severity = 6 if document["change"] == Change.CLEARED else _SYSLOG[str(document["severity"])]
    data = {
        _ELEMENT: {
            "id": str(number),
            **{
                name: visible(str(document[name]), _LONGEST)
                for name in ("rule", "signal", "change", "about", "value")
            },
        }
    }
    text = cef_of(document, number) if cef else words_of(document).title
    stamp = str(document["at"]).replace("+00:00", "Z")
    message = Message(
        _LOCAL0, severity, stamp, host, "frisket", "-", "ALERT", {} if cef else data, text
    )
    return encode(message)


def cef_of(document: Mapping[str, Any], number: int) -> str:
    """Return an alert in the Common Event Format, version 0."""
    level = 1 if document["change"] == Change.CLEARED else _CEF[str(document["severity"])]
    name = f"{document['rule']} {document['change']}"
    head = ["CEF:0", "Frisket", "Frisket", "1", str(document["signal"]), name, str(level)]
    at = int(datetime.fromisoformat(str(document["at"])).timestamp() * 1000)
    extension = {
        "rt": str(at),
        "externalId": str(number),
        "msg": str(document["about"]),
        "cs1Label": "value",
        "cs1": f"{_number(document['value'])} {document['unit']}",
        "act": str(document["change"]),
    }
    told = " ".join(f"{key}={_extension(value)}" for key, value in extension.items())
    return "|".join([head[0], *(_header(part) for part in head[1:]), told])


def _header(text: str) -> str:
    return visible(text, _LONGEST).replace("\\", "\\\\").replace("|", "\\|")


def _extension(text: str) -> str:
    return visible(text, _LONGEST).replace("\\", "\\\\").replace("=", "\\=")
