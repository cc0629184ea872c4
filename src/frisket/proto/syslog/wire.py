"""Syslog messages (RFC 5424), and octet counting over TCP and TLS (RFC 5425, RFC 6587).

A message is one line of header, structured data and text. Text is UTF-8 behind a byte order mark,
as section 6.4 asks where it is known to be UTF-8.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from frisket.errors import WireError
from frisket.proto.cursor import Incomplete

_BOM = b"\xef\xbb\xbf"
_HEADER = re.compile(
    rb"<(0|[1-9][0-9]{0,2})>1 ([!-~]{1,40}) ([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128})"
    rb" ([!-~]{1,32}) "
)
_NAME = re.compile(rb"[!#-<>-\\^-~]{1,32}")  # printable, without = ] " and space
_VALUE = re.compile(rb'"((?:[^"\\\]]|\\.)*)"', re.DOTALL)
_ESCAPED = re.compile(r'\\(["\\\]])')
_LENGTH = re.compile(rb"([1-9][0-9]{0,8}) ")
_ELEMENTS, _PARAMETERS = 32, 64


@dataclass(frozen=True, slots=True)
class Message:
    """One message. "-" stands for what is not known; `timestamp` is RFC 3339 text.

    `data` maps an element's name (`name@enterprise`) to its parameters.
    """

    facility: int
    severity: int
    timestamp: str = "-"
    host: str = "-"
    application: str = "-"
    process: str = "-"
    identifier: str = "-"
    data: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    text: str = ""


def _word(text: str, longest: int) -> bytes:
    """Return a header field: printable ASCII, never empty."""
    kept = "".join(c if "!" <= c <= "~" else "_" for c in text)[:longest]
    return kept.encode("ascii") or b"-"


def _element(name: str, parameters: Mapping[str, str]) -> bytes:
    written = [name.encode("ascii", "replace")]
    for key, value in parameters.items():
        escaped = re.sub(r'(["\\\]])', r"\\\1", value)
        written.append(key.encode("ascii", "replace") + b'="' + escaped.encode("utf-8") + b'"')
    return b"[" + b" ".join(written) + b"]"


def encode(message: Message) -> bytes:
    """Return a message's octets; what a header field may not hold is written as `_`."""
    if not 0 <= message.facility <= 23 or not 0 <= message.severity <= 7:
        raise WireError("facility 0 to 23, severity 0 to 7")
    header = [
        b"<%d>1" % (message.facility * 8 + message.severity),
        _word(message.timestamp, 40),
        _word(message.host, 255),
        _word(message.application, 48),
        _word(message.process, 128),
        _word(message.identifier, 32),
        b"".join(_element(name, values) for name, values in message.data.items()) or b"-",
    ]
    if message.text:
        header.append(_BOM + message.text.encode("utf-8", "replace"))
    return b" ".join(header)


def frame(message: bytes) -> bytes:
    """Return a message with its length before it, as TCP and TLS carry it."""
    return b"%d %s" % (len(message), message)


def unframe(data: bytes, *, longest: int = 65536) -> tuple[bytes, int]:
    """Return the first framed message and the octets used. Raises `Incomplete`, `WireError`."""
    found = _LENGTH.match(data)
    if not found:
        if len(data) < 10 and re.fullmatch(rb"(?:[1-9][0-9]*)?", data):
            raise Incomplete(len(data) + 1)
        raise WireError("no octet count before a message")
    length = int(found[1])
    if length > longest:
        raise WireError(f"a message of {length} octets")
    end = found.end() + length
    if len(data) < end:
        raise Incomplete(end)
    return data[found.end() : end], end


def _read_element(data: bytes, at: int) -> tuple[str, dict[str, str], int]:
    name = _NAME.match(data, at)
    if not name:
        raise WireError("an element without a name")
    at = name.end()
    values: dict[str, str] = {}
    while data[at : at + 1] == b" ":
        key = _NAME.match(data, at + 1)
        value = _VALUE.match(data, key.end() + 1) if key else None
        if not key or not value or data[key.end() : key.end() + 1] != b"=":
            raise WireError('a parameter is NAME="value"')
        if len(values) == _PARAMETERS:
            raise WireError(f"more than {_PARAMETERS} parameters")
        text = value[1].decode("utf-8", "replace")
        values[key[0].decode("ascii")] = _ESCAPED.sub(r"\1", text)
        at = value.end()
    if data[at : at + 1] != b"]":
        raise WireError("an element that does not end")
    return name[0].decode("ascii"), values, at + 1


def decode(data: bytes, *, longest: int = 65536) -> Message:
    """Read one message. Raises `WireError`."""
    if len(data) > longest:
        raise WireError(f"a message of {len(data)} octets")
    found = _HEADER.match(data)
    if not found or int(found[1]) > 191:
        raise WireError("no header of RFC 5424")
    at = found.end()
    elements: dict[str, dict[str, str]] = {}
    if data[at : at + 1] == b"-":
        at += 1
    else:
        while data[at : at + 1] == b"[":
            name, values, at = _read_element(data, at + 1)
            if name in elements or len(elements) == _ELEMENTS:
                raise WireError("an element twice, or too many")
            elements[name] = values
        if not elements:
            raise WireError("no structured data")
    if at < len(data) and data[at : at + 1] != b" ":
        raise WireError("something between structured data and text")
    text = data[at + 1 :].removeprefix(_BOM).decode("utf-8", "replace")
    facility, severity = divmod(int(found[1]), 8)
    stamp, host, application, process, identifier = (found[n].decode("ascii") for n in range(2, 7))
    return Message(
        facility, severity, stamp, host, application, process, identifier, elements, text
    )
