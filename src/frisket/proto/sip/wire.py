"""SIP requests and responses (RFC 3261), from datagrams and streams, and answers to requests."""

from __future__ import annotations

import re
from dataclasses import dataclass

from frisket.errors import WireError
from frisket.proto.cursor import Incomplete
from frisket.proto.sip.fields import (
    Via,
    canonical,
    read_cseq,
    read_parameters,
    read_via,
    split_outside,
)

REASONS = {
    100: "Trying",
    180: "Ringing",
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    415: "Unsupported Media Type",
    481: "Call/Transaction Does Not Exist",
    486: "Busy Here",
    488: "Not Acceptable Here",
    501: "Not Implemented",
    603: "Decline",
}

_TOKEN = r"[A-Za-z0-9.!%*_+`'~-]+"  # noqa: S105 a grammar, not a secret
_REQUEST_LINE = re.compile(rf"({_TOKEN}) (\S+) SIP/2\.0", re.ASCII)
_STATUS_LINE = re.compile(r"SIP/2\.0 ([1-6][0-9][0-9])(?: (.*))?", re.ASCII)
_HEADER = re.compile(rf"({_TOKEN})[ \t]*:(.*)", re.ASCII)
_BLANK_LINE = b"\r\n\r\n"

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Message:
    headers: Headers = ()
    body: bytes = b""

    def header(self, name: str) -> str:
        """Return the first header `name` (full name), or nothing."""
        return next((value for key, value in self.headers if key == name), "")

    def all(self, name: str) -> tuple[str, ...]:
        """Return every header `name`."""
        return tuple(value for key, value in self.headers if key == name)

    @property
    def vias(self) -> tuple[Via, ...]:
        """Return the hops, nearest first; `WireError` when one is malformed."""
        return tuple(read_via(hop) for line in self.all("Via") for hop in split_outside(line, ","))

    @property
    def sequence(self) -> tuple[int, str]:
        """Return CSeq as (number, method); `WireError` when it is missing or malformed."""
        return read_cseq(self.header("CSeq"))

    def tag(self, name: str) -> str:
        """Return the tag of header `name`, From or To, or nothing."""
        return dict(read_parameters(self.header(name))[1]).get("tag") or ""


@dataclass(frozen=True, slots=True)
class Request(_Message):
    """A SIP request; header names are the full ones, Content-Length is left to the encoder."""

    method: str = "OPTIONS"
    uri: str = ""


@dataclass(frozen=True, slots=True)
class Response(_Message):
    """A SIP response; header names are the full ones, Content-Length is left to the encoder."""

    status: int = 200
    reason: str = ""


def read_datagram(
    data: bytes, *, max_head: int = 16384, max_headers: int = 128, max_body: int = 65536
) -> Request | Response:
    """Read the message one datagram holds; octets behind Content-Length are padding.

    `WireError` for anything else, a body cut short included (RFC 3261 section 18.3).
    """
    head, start = _split_head(data, max_head)
    if start > len(data):
        raise WireError("SIP message without the blank line behind its headers")
    message, length = _read_head(head, max_headers)
    body = data[start:] if length is None else data[start : start + length]
    if length is not None and len(body) < length:
        raise WireError(f"SIP body of {len(body)} bytes, {length} announced")
    return _with_body(message, body, max_body)


def read_stream(
    data: bytes, *, max_head: int = 16384, max_headers: int = 128, max_body: int = 65536
) -> tuple[Request | Response, int]:
    """Read one message from the start of a stream; return it and the bytes used.

    Line ends sent to keep a connection alive are skipped. `Incomplete` until the whole message
    has come; `WireError` beyond a limit, and without Content-Length, which streams require.
    """
    skipped = len(data) - len(data.lstrip(b"\r\n"))
    head, start = _split_head(data[skipped:], max_head)
    if start > len(data) - skipped:
        raise Incomplete(len(data) + 1)
    message, length = _read_head(head, max_headers)
    if length is None:
        raise WireError("SIP message without Content-Length on a stream")
    if length > max_body:
        raise WireError(f"SIP body of {length} bytes, more than {max_body}")
    end = skipped + start + length
    if end > len(data):
        raise Incomplete(end)
    return _with_body(message, data[skipped + start : end], max_body), end


def encode(message: Request | Response) -> bytes:
    """Return the message with its Content-Length; line breaks in values become blanks."""
    match message:
        case Request(method=method, uri=uri):
            first = f"{method} {uri} SIP/2.0"
        case Response(status=status, reason=reason):
            first = f"SIP/2.0 {status} {reason or REASONS.get(status, 'Unknown')}"
    lines = [first, *(f"{name}: {value}" for name, value in message.headers)]
    lines.append(f"Content-Length: {len(message.body)}")
    head = "\r\n".join(re.sub(r"[\r\n]+", " ", line) for line in lines)
    return head.encode("utf-8", "replace") + _BLANK_LINE + message.body


def answer(
    request: Request,
    status: int,
    *,
    source: tuple[str, int],
    tag: str = "",
    headers: Headers = (),
    body: bytes = b"",
) -> Response:
    """Return the response to `request` as RFC 3261 section 8.2.6 wants it.

    Via, From, To, Call-ID and CSeq are copied; `tag` is put on To unless it has one or the status
    is 100. `source`, where the request came from, goes into the nearest Via as `received` when it
    names another host (section 18.2.1), and as `rport` when asked for (RFC 3581).
    """
    vias = request.vias
    if not vias:
        raise WireError("SIP request without Via")
    hops = [str(_received(vias[0], source)), *map(str, vias[1:])]
    to = request.header("To")
    if tag and status != 100 and not request.tag("To"):
        to += f";tag={tag}"
    copied = (
        *(("Via", hop) for hop in hops),
        ("From", request.header("From")),
        ("To", to),
        ("Call-ID", request.header("Call-ID")),
        ("CSeq", request.header("CSeq")),
    )
    return Response((*copied, *headers), body, status, REASONS.get(status, ""))


def _received(via: Via, source: tuple[str, int]) -> Via:
    address, port = source
    wants_port = any(name == "rport" for name, _ in via.parameters)
    kept = tuple(pair for pair in via.parameters if pair[0] not in {"received", "rport"})
    if wants_port:
        kept = (*kept, ("rport", str(port)))
    if wants_port or via.host.strip("[]") != address:
        kept = (*kept, ("received", address))
    return Via(via.transport, via.host, via.port, kept)


def _split_head(data: bytes, limit: int) -> tuple[bytes, int]:
    """Return the head and where the body starts, which is beyond the data when it has no end."""
    end = data.find(_BLANK_LINE, 0, limit)
    if end < 0 and len(data) >= limit:
        raise WireError(f"SIP headers longer than {limit} bytes")
    if end < 0 and b"\r\n" in data:
        _read_first(_decode(data.partition(b"\r\n")[0]))
    return data[: max(end, 0)], end + len(_BLANK_LINE) if end >= 0 else len(data) + 1


def _decode(octets: bytes) -> str:
    return octets.decode("utf-8", "replace")


def _read_first(line: str) -> Request | Response:
    if found := _REQUEST_LINE.fullmatch(line):
        return Request(method=found[1], uri=found[2])
    if found := _STATUS_LINE.fullmatch(line):
        return Response(status=int(found[1]), reason=found[2] or "")
    raise WireError(f"not a SIP 2.0 message: {line[:60]!r}")


def _read_head(head: bytes, max_headers: int) -> tuple[Request | Response, int | None]:
    """Return the message without body, and its Content-Length or None."""
    first, *lines = re.sub(r"\r\n[ \t]+", " ", _decode(head)).split("\r\n")
    start = _read_first(first)
    if len(lines) > max_headers:
        raise WireError(f"SIP message of {len(lines)} headers, more than {max_headers}")
    headers: list[tuple[str, str]] = []
    lengths: set[int] = set()
    for line in lines:
        found = _HEADER.fullmatch(line)
        if not found:
            raise WireError(f"malformed SIP header {line[:60]!r}")
        name, value = canonical(found[1]), found[2].strip()
        if name != "Content-Length":
            headers.append((name, value))
        elif re.fullmatch(r"[0-9]{1,9}", value, re.ASCII):
            lengths.add(int(value))
        else:
            raise WireError(f"SIP Content-Length {value[:40]!r}")
    if len(lengths) > 1:
        raise WireError("SIP message with two lengths")
    kept = tuple(headers)
    if isinstance(start, Request):
        whole: Request | Response = Request(kept, b"", start.method, start.uri)
    else:
        whole = Response(kept, b"", start.status, start.reason)
    return whole, lengths.pop() if lengths else None


def _with_body(message: Request | Response, body: bytes, limit: int) -> Request | Response:
    if len(body) > limit:
        raise WireError(f"SIP body of {len(body)} bytes, more than {limit}")
    if isinstance(message, Request):
        return Request(message.headers, body, message.method, message.uri)
    return Response(message.headers, body, message.status, message.reason)
