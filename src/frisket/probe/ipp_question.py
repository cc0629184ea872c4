"""One Get-Printer-Attributes over HTTP: the question, and what came back. Pure.

What the answer says of addresses (printer-uri-supported, printer-more-info) is not followed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from frisket.errors import WireError
from frisket.proto.http.client import get
from frisket.proto.http.wire import Limits, Request, Response
from frisket.proto.ipp.names import Operation, ValueTag
from frisket.proto.ipp.values import Attribute, Message, request
from frisket.proto.ipp.wire import decode, encode

PORT = 631
PATHS = ("/ipp/print", "/ipp")
LIMITS = Limits(body=256 << 10)
WANTED = (
    "ipp-features-supported",
    "printer-device-id",
    "printer-dns-sd-name",
    "printer-firmware-string-version",
    "printer-info",
    "printer-location",
    "printer-make-and-model",
    "printer-name",
    "printer-state",
    "printer-uri-supported",
    "printer-uuid",
    "uri-authentication-supported",
    "uri-security-supported",
)
# What servers say to plain HTTP on a TLS port, and where the path is not served without TLS.
_TURNED_AWAY = frozenset({400, 403, 404, 426})


@dataclass(frozen=True, slots=True)
class Answer:
    """What one transport answered: an HTTP response, with the IPP message it carried if any."""

    response: Response
    message: Message | None = None

    @property
    def is_ipp(self) -> bool:
        """Say whether an IPP service stands behind the answer."""
        return self.message is not None or self.response.status == 401

    @property
    def turned_away(self) -> bool:
        """Say whether a transport is refused, or told to come back with TLS (RFC 2817)."""
        if 300 <= self.response.status < 400:
            return self.response.header("location").lower().startswith("https:")
        return self.response.status in _TURNED_AWAY


def read_answer(response: Response) -> Answer:
    """Take the IPP message out of an HTTP response. Raises `WireError` for a broken one."""
    kind = response.header("content-type").partition(";")[0].strip().lower()
    if response.status != 200 or kind != "application/ipp":
        return Answer(response)
    if response.cut:
        raise WireError(f"an IPP answer of more than {LIMITS.body} octets")
    return Answer(response, decode(response.body, limit=LIMITS.body, max_attributes=2000))


def question(
    host: str, path: str, request_id: int, *, tls: bool, wanted: Sequence[str] = WANTED
) -> Request:
    """Return the one request this probe sends, and a poll for more attributes."""
    shown = f"[{host}]" if ":" in host else host
    attributes = Attribute.of("requested-attributes", ValueTag.KEYWORD, *wanted)
    uri = f"{'ipps' if tls else 'ipp'}://{shown}:{PORT}{path}"
    message = request(Operation.GET_PRINTER_ATTRIBUTES, request_id, uri, attributes)
    head = get(host, path, "POST")
    kind = (("content-type", "application/ipp"),)
    return Request(head.method, head.target, head.headers + kind, encode(message))
