"""Service Location Protocol messages, version 2 (RFC 2608), both directions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntFlag

from frisket.errors import WireError
from frisket.proto.cursor import Cursor, Incomplete

_HEAD_LENGTH = 14
_ANY_AUTHORITY = 0xFFFF
_ESCAPE = re.compile(r"\\([0-9A-Fa-f]{2})")


class Flag(IntFlag):
    """Header flags of RFC 2608 section 8."""

    NONE = 0
    OVERFLOW = 0x8000
    FRESH = 0x4000
    MULTICAST = 0x2000


@dataclass(frozen=True, slots=True)
class ServiceRequest:
    """SrvRqst: asks who has this service type. Lists are comma separated, as on the wire."""

    service_type: str
    scopes: str = "default"
    predicate: str = ""
    previous_responders: str = ""
    security: str = ""


@dataclass(frozen=True, slots=True)
class Url:
    """A service URL and for how many seconds it holds."""

    url: str
    lifetime: int = 65535


@dataclass(frozen=True, slots=True)
class ServiceReply:
    """SrvRply: an error code, 0 for none, and the URLs."""

    urls: tuple[Url, ...] = ()
    error: int = 0


@dataclass(frozen=True, slots=True)
class AttributeRequest:
    """AttrRqst: asks which attributes this URL or service type has."""

    url: str
    scopes: str = "default"
    tags: str = ""
    previous_responders: str = ""
    security: str = ""


@dataclass(frozen=True, slots=True)
class AttributeReply:
    """AttrRply: an error code and the attribute list; see `read_attributes`."""

    attributes: str = ""
    error: int = 0


@dataclass(frozen=True, slots=True)
class TypeRequest:
    """SrvTypeRqst: asks for service types; `authority` None means those of all authorities."""

    authority: str | None = None
    scopes: str = "default"
    previous_responders: str = ""


@dataclass(frozen=True, slots=True)
class TypeReply:
    """SrvTypeRply: an error code and the service types, comma separated."""

    types: str = ""
    error: int = 0


@dataclass(frozen=True, slots=True)
class DirectoryAdvert:
    """DAAdvert: a directory agent; `booted` is in seconds since 1970, 0 when it goes down."""

    url: str
    scopes: str = "default"
    attributes: str = ""
    security: str = ""
    booted: int = 0
    error: int = 0


@dataclass(frozen=True, slots=True)
class ServiceAdvert:
    """SAAdvert: a service agent."""

    url: str
    scopes: str = "default"
    attributes: str = ""


Body = (
    ServiceRequest
    | ServiceReply
    | AttributeRequest
    | AttributeReply
    | TypeRequest
    | TypeReply
    | DirectoryAdvert
    | ServiceAdvert
)


@dataclass(frozen=True, slots=True)
class Message:
    """A body under its header: transaction number, flags and language tag."""

    body: Body
    transaction: int = 0
    flags: Flag = Flag.NONE
    language: str = "en"


_FUNCTIONS: dict[type, int] = {
    ServiceRequest: 1,
    ServiceReply: 2,
    AttributeRequest: 6,
    AttributeReply: 7,
    DirectoryAdvert: 8,
    TypeRequest: 9,
    TypeReply: 10,
    ServiceAdvert: 11,
}


def read_message(data: bytes, *, max_bytes: int = 9000, max_urls: int = 256) -> tuple[Message, int]:
    """Read one message; return it and the bytes used.

    Authentication blocks and extensions are skipped: nothing in the field checks them. `Incomplete`
    while bytes are missing (in a datagram that means malformed), `WireError` for another version,
    a function not listed here, or beyond a limit.
    """
    start = Cursor(data)
    version = start.unsigned(1)
    if version != 2:
        raise WireError(f"SLP version {version} instead of 2")
    function, length = start.unsigned(1), start.unsigned(3)
    if not _HEAD_LENGTH <= length <= max_bytes:
        raise WireError(f"SLP message of {length} bytes")
    if length > len(data):
        raise Incomplete(length)
    head = Cursor(data[:length], start.position)
    flags, extension, transaction = head.unsigned(2), head.unsigned(3), head.unsigned(2)
    end = extension or length
    if not _HEAD_LENGTH <= end <= length:
        raise WireError(f"SLP extension at {extension} of {length} bytes")
    cursor = Cursor(data[:end], head.position)
    try:
        language = _string(cursor)
        body = _read_body(function, cursor, max_urls)
    except Incomplete:
        raise WireError(f"SLP fields run past the message's {length} bytes") from None
    known = Flag(flags & 0xE000)
    return Message(body, transaction, known, language), length


def encode_message(message: Message) -> bytes:
    """Return the octets of one message."""
    body = message.body
    rest = _spell(message.language) + _encode_body(body)
    length = _HEAD_LENGTH - 2 + len(rest)
    return (
        bytes((2, _FUNCTIONS[type(body)]))
        + length.to_bytes(3, "big")
        + int(message.flags).to_bytes(2, "big")
        + bytes(3)
        + message.transaction.to_bytes(2, "big")
        + rest
    )


def read_attributes(text: str, *, max_attributes: int = 256) -> dict[str, tuple[str, ...]]:
    r"""Read an attribute list, `(name=value,value),keyword`, with `\2c` escapes undone.

    A keyword has no values; an attribute given twice keeps its first values (RFC 2608 section 5).
    """
    attributes: dict[str, tuple[str, ...]] = {}
    position = 0
    while position < len(text):
        if len(attributes) == max_attributes:
            raise WireError(f"SLP list of more than {max_attributes} attributes")
        if text[position] == "(":
            end = text.find(")", position)
            name, mark, values = text[position + 1 : max(end, 0)].partition("=")
            if end < 0 or not mark:
                raise WireError(f"SLP attribute {text[position : position + 40]!r}")
            given = tuple(_unescape(value.strip()) for value in values.split(","))
            position = end + 1
        else:
            end = text.find(",", position)
            end = len(text) if end < 0 else end
            name, given, position = text[position:end], (), end
        if position < len(text) and text[position] != ",":
            raise WireError(f"SLP attribute list at {text[position : position + 40]!r}")
        position += 1
        attributes.setdefault(_unescape(name.strip()), given)
    return attributes


def spell_attributes(attributes: dict[str, tuple[str, ...]]) -> str:
    """Return the attribute list of names and values, reserved characters escaped."""
    spelt = []
    for name, values in attributes.items():
        joined = ",".join(map(_escape, values))
        spelt.append(f"({_escape(name)}={joined})" if values else _escape(name))
    return ",".join(spelt)


def _read_body(function: int, cursor: Cursor, max_urls: int) -> Body:
    match function:
        case 1:
            previous, kind, scopes, predicate, security = (_string(cursor) for _ in range(5))
            return ServiceRequest(kind, scopes, predicate, previous, security)
        case 2:
            error = cursor.unsigned(2)
            return ServiceReply(_urls(cursor, max_urls) if _more(cursor, error) else (), error)
        case 6:
            previous, url, scopes, tags, security = (_string(cursor) for _ in range(5))
            return AttributeRequest(url, scopes, tags, previous, security)
        case 7:
            error = cursor.unsigned(2)
            return AttributeReply(_string(cursor) if _more(cursor, error) else "", error)
        case 8:
            error, booted = cursor.unsigned(2), cursor.unsigned(4)
            url, scopes, attributes, security = (_string(cursor) for _ in range(4))
            return DirectoryAdvert(url, scopes, attributes, security, booted, error)
        case 9:
            previous, length = _string(cursor), cursor.unsigned(2)
            authority = None if length == _ANY_AUTHORITY else _text(cursor.take(length))
            return TypeRequest(authority, _string(cursor), previous)
        case 10:
            error = cursor.unsigned(2)
            return TypeReply(_string(cursor) if _more(cursor, error) else "", error)
        case 11:
            return ServiceAdvert(_string(cursor), _string(cursor), _string(cursor))
        case _:
            raise WireError(f"SLP function {function}")


def _encode_body(body: Body) -> bytes:
    match body:
        case ServiceRequest(kind, scopes, predicate, previous, security):
            return _spell(previous, kind, scopes, predicate, security)
        case ServiceReply(urls, error):
            entries = b"".join(
                b"\0" + each.lifetime.to_bytes(2, "big") + _spell(each.url) + b"\0" for each in urls
            )
            return error.to_bytes(2, "big") + len(urls).to_bytes(2, "big") + entries
        case AttributeRequest(url, scopes, tags, previous, security):
            return _spell(previous, url, scopes, tags, security)
        case AttributeReply(attributes, error):
            return error.to_bytes(2, "big") + _spell(attributes) + b"\0"
        case TypeRequest(authority, scopes, previous):
            named = b"\xff\xff" if authority is None else _spell(authority)
            return _spell(previous) + named + _spell(scopes)
        case TypeReply(types, error):
            return error.to_bytes(2, "big") + _spell(types)
        case DirectoryAdvert(url, scopes, attributes, security, booted, error):
            head = error.to_bytes(2, "big") + booted.to_bytes(4, "big")
            return head + _spell(url, scopes, attributes, security) + b"\0"
        case ServiceAdvert(url, scopes, attributes):
            return _spell(url, scopes, attributes) + b"\0"


def _more(cursor: Cursor, error: int) -> bool:
    # RFC 2608 section 7: a reply with an error may be cut off behind the error code.
    return not error or cursor.left > 0


def _urls(cursor: Cursor, limit: int) -> tuple[Url, ...]:
    count = cursor.unsigned(2)
    if count > limit:
        raise WireError(f"SLP reply of {count} URLs, more than {limit}")
    urls = []
    for _ in range(count):
        cursor.take(1)
        lifetime = cursor.unsigned(2)
        urls.append(Url(_string(cursor), lifetime))
        for _ in range(cursor.unsigned(1)):
            cursor.take(2)
            length = cursor.unsigned(2)  # counts the block from its first byte on
            if length < 4:
                raise WireError(f"SLP authentication block of {length} bytes")
            cursor.take(length - 4)
    return tuple(urls)


def _string(cursor: Cursor) -> str:
    return _text(cursor.take(cursor.unsigned(2)))


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "replace")


def _spell(*texts: str) -> bytes:
    octets = [text.encode("utf-8", "replace") for text in texts]
    return b"".join(len(each).to_bytes(2, "big") + each for each in octets)


def _unescape(text: str) -> str:
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)


def _escape(text: str) -> str:
    return re.sub(r"[(),\\!<=>~;*+\x00-\x1f\x7f]", lambda found: f"\\{ord(found[0]):02x}", text)
