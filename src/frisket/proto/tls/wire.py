"""ClientHello octets, and what a server's first flight says, for a prober without cryptography.

Sources: RFC 6101 (SSL 3.0), RFC 2246, 4346, 5246 (TLS 1.0 to 1.2), RFC 8446 (TLS 1.3).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from ipaddress import ip_address

from frisket.errors import WireError

ENTROPY = 96  # octets of randomness a hello uses up: random, session id, key share


class Version(IntEnum):
    """A protocol version as hellos carry it."""

    SSL_3_0 = 0x0300
    TLS_1_0 = 0x0301
    TLS_1_1 = 0x0302
    TLS_1_2 = 0x0303
    TLS_1_3 = 0x0304


class Description(IntEnum):
    """Alert descriptions that say why a hello was refused (RFC 8446 section 6)."""

    CLOSE_NOTIFY = 0
    UNEXPECTED_MESSAGE = 10
    HANDSHAKE_FAILURE = 40
    ILLEGAL_PARAMETER = 47
    DECODE_ERROR = 50
    PROTOCOL_VERSION = 70
    INSUFFICIENT_SECURITY = 71
    INTERNAL_ERROR = 80
    INAPPROPRIATE_FALLBACK = 86
    MISSING_EXTENSION = 109
    UNRECOGNIZED_NAME = 112


@dataclass(frozen=True, slots=True)
class Accepted:
    """The server answered the hello with its own.

    `version` and `suite` are what it chose (as numbers, perhaps none of those offered); `retry`
    says that a TLS 1.3 server first wants another key share; `certificates` are the DER octets of
    the chain in the order sent, empty when not asked for, encrypted (TLS 1.3) or absent.
    """

    version: int
    suite: int
    retry: bool = False
    certificates: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Alert:
    """The server refused: `level` 1 is a warning, 2 fatal; `description` says why."""

    level: int
    description: int


def version_name(version: int) -> str:
    """Give the name of a version as the key tls.versions writes it, or its number as 0x0305."""
    if version == Version.SSL_3_0:
        return "SSLv3"
    if version in range(Version.TLS_1_0, Version.TLS_1_3 + 1):
        return f"TLSv1.{version - Version.TLS_1_0}"
    return f"0x{version:04x}"


def client_hello(
    version: int, suites: Sequence[int], *, entropy: bytes, server_name: str = ""
) -> bytes:
    """Give the record of a ClientHello whose highest version is `version`.

    A server may answer with an older version, except to TLS 1.3, which is offered alone. `entropy`
    is ENTROPY fresh random octets; the X25519 share made of them needs no private key because the
    handshake goes no further. An IP address or empty `server_name` is not sent, nor is any
    extension in SSL 3.0. Raises WireError for what a hello cannot carry.
    """
    if len(entropy) != ENTROPY:
        raise WireError(f"a hello needs {ENTROPY} random octets, not {len(entropy)}")
    if not suites or version not in list(Version):
        raise WireError("a hello needs a version from SSL 3.0 to TLS 1.3 and a cipher suite")
    modern = version == Version.TLS_1_3
    old = version == Version.SSL_3_0
    # Without extensions this number says that renegotiation is secure (RFC 5746 section 3.3).
    listed = [*suites, 0x00FF] if old else list(suites)
    try:
        body = struct.pack(">H", min(version, Version.TLS_1_2)) + entropy[:32]
        body += _vector(1, entropy[32:64] if modern else b"")
        body += _numbers(listed) + b"\x01\x00"
        if not old:
            body += _extensions(version, entropy[64:96], server_name, len(body) + 4)
        handshake = b"\x01" + _vector(3, body)
        return struct.pack(">BH", _HANDSHAKE, 0x0300 if old else 0x0301) + _vector(2, handshake)
    except (struct.error, OverflowError, UnicodeError) as error:
        raise WireError(f"not a hello: {error}") from error


def read_flight(
    data: bytes,
    *,
    certificates: bool = False,
    limit: int = 100_000,
    max_certificates: int = 10,
) -> Accepted | Alert | None:
    """Give the outcome of a hello from everything the server has sent so far; None: need more.

    With `certificates` an answer up to TLS 1.2 is only complete once the chain has come (or the
    server shows that it sends none). `limit` bounds the octets of all messages and of the chain.
    Warnings are passed over, but for close_notify. Raises WireError when this is not TLS.
    """
    stream = bytearray()
    alert: Alert | None = None
    for kind, payload in _records(bytes(data), 2 * limit):
        if kind == _HANDSHAKE:
            stream += payload
            if len(stream) > limit:
                raise WireError(f"TLS flight of more than {limit} octets")
        elif kind == _ALERT:
            alert = _alert(payload)
            if alert is not None:
                break
        elif not stream:
            raise WireError(f"TLS record of kind {kind} before any hello")
        else:
            # Nothing readable comes after this; a chain that is not here will not come.
            return _outcome(bytes(stream), limit, 0)
    wanted = max_certificates if certificates else 0
    outcome = _outcome(bytes(stream), limit, wanted)
    if outcome is None and alert is not None:
        return _outcome(bytes(stream), limit, 0) or alert
    return outcome


_CHANGE_CIPHER, _ALERT, _HANDSHAKE, _APPLICATION = 20, 21, 22, 23
_SERVER_HELLO, _CERTIFICATE, _SERVER_KEY_EXCHANGE, _HELLO_DONE = 2, 11, 12, 14
_LONGEST_RECORD = (1 << 14) + 2048
# RFC 8446 section 4.1.3: a HelloRetryRequest is a ServerHello with this "random".
_RETRY = sha256(b"HelloRetryRequest").digest()
_X25519 = 0x001D
_GROUPS = (_X25519, 0x0017, 0x0018, 0x0019)
_SIGNATURES = bytes.fromhex(
    "0403 0503 0603 0807 0808 0804 0805 0806 0809 080a 080b 0401 0501 0601 0203 0201 0202"
)


def _vector(width: int, data: bytes) -> bytes:
    return len(data).to_bytes(width, "big") + data


def _numbers(values: Sequence[int]) -> bytes:
    return _vector(2, struct.pack(f">{len(values)}H", *values))


def _extensions(version: int, share: bytes, server_name: str, before: int) -> bytes:
    items: list[tuple[int, bytes]] = []
    if server_name and not _is_address(server_name):
        name = server_name.rstrip(".").encode("idna" if not server_name.isascii() else "ascii")
        items.append((0, _vector(2, b"\x00" + _vector(2, name))))
    items += [(10, _numbers(_GROUPS)), (11, b"\x01\x00")]
    if version >= Version.TLS_1_2:
        items.append((13, _vector(2, _SIGNATURES)))
    if version == Version.TLS_1_3:
        items += [
            (43, _vector(1, struct.pack(">H", version))),
            (45, b"\x01\x01"),
            (51, _vector(2, struct.pack(">H", _X25519) + _vector(2, share))),
        ]
    else:
        items += [(23, b""), (0xFF01, b"\x00")]
    raw = b"".join(struct.pack(">H", kind) + _vector(2, body) for kind, body in items)
    size = before + 2 + len(raw)
    if 256 <= size < 512:
        # Some load balancers hang on hellos of 256 to 511 octets (RFC 7685).
        raw += struct.pack(">H", 21) + _vector(2, bytes(max(512 - size - 4, 1)))
    return _vector(2, raw)


def _is_address(name: str) -> bool:
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _records(data: bytes, limit: int) -> Iterator[tuple[int, bytes]]:
    """Cut `data` into records; the last one may be a part of what is still coming."""
    position = 0
    while position < len(data):
        head = data[position : position + 5]
        if not _CHANGE_CIPHER <= head[0] <= _APPLICATION or head[1:2] not in (b"", b"\3"):
            raise WireError("not a TLS record")
        if len(head) < 5:
            return
        length = int.from_bytes(head[3:5], "big")
        if length > _LONGEST_RECORD:
            raise WireError(f"TLS record of {length} octets")
        payload = data[position + 5 : position + 5 + length]
        if head[0] == _HANDSHAKE or len(payload) == length:
            yield head[0], payload
        position += 5 + length
        if position > limit:
            raise WireError(f"TLS flight of more than {limit} octets")


def _alert(payload: bytes) -> Alert | None:
    if not payload or len(payload) % 2:
        raise WireError(f"TLS alert of {len(payload)} octets")
    for level, description in zip(payload[::2], payload[1::2], strict=True):
        if level != 1 or description == Description.CLOSE_NOTIFY:
            return Alert(level, description)
    return None


def _messages(stream: bytes, limit: int) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position + 4 <= len(stream):
        length = int.from_bytes(stream[position + 1 : position + 4], "big")
        if length > limit:
            raise WireError(f"TLS handshake message of {length} octets")
        if position + 4 + length > len(stream):
            return
        yield stream[position], stream[position + 4 : position + 4 + length]
        position += 4 + length


def _outcome(stream: bytes, limit: int, most: int) -> Accepted | None:
    """Read the handshake messages; with `most` 0 the hello alone is enough."""
    if stream and stream[0] not in (0, _SERVER_HELLO):
        raise WireError(f"TLS handshake message of kind {stream[0]} instead of a hello")
    hello: Accepted | None = None
    for kind, body in _messages(stream, limit):
        if hello is None:
            if kind == 0:  # HelloRequest: servers may send one at any time
                continue
            if kind != _SERVER_HELLO:
                raise WireError(f"TLS handshake message of kind {kind} instead of a hello")
            hello = _server_hello(body)
            if not most or hello.version >= Version.TLS_1_3:
                return hello
        elif kind == _CERTIFICATE:
            return Accepted(hello.version, hello.suite, hello.retry, _chain(body, most))
        elif kind in (_SERVER_KEY_EXCHANGE, _HELLO_DONE):
            return hello
    return None


def _server_hello(body: bytes) -> Accepted:
    if len(body) < 38 or body[34] > 32 or len(body) < 38 + body[34]:
        raise WireError("TLS ServerHello too short")
    version, random = int.from_bytes(body[:2], "big"), body[2:34]
    position = 35 + body[34]
    suite = int.from_bytes(body[position : position + 2], "big")
    for kind, value in _read_extensions(body[position + 3 :]):
        if kind == 43:
            if len(value) != 2:
                raise WireError("TLS supported_versions of a server holds one version")
            version = int.from_bytes(value, "big")
    return Accepted(version, suite, random == _RETRY)


def _read_extensions(raw: bytes) -> Iterator[tuple[int, bytes]]:
    if not raw:
        return
    if len(raw) < 2 or int.from_bytes(raw[:2], "big") != len(raw) - 2:
        raise WireError("TLS extensions of the wrong length")
    position = 2
    while position < len(raw):
        if position + 4 > len(raw):
            raise WireError("TLS extension cut short")
        kind, length = struct.unpack_from(">HH", raw, position)
        position += 4 + length
        if position > len(raw):
            raise WireError("TLS extension cut short")
        yield kind, raw[position - length : position]


def _chain(body: bytes, most: int) -> tuple[bytes, ...]:
    if len(body) < 3 or int.from_bytes(body[:3], "big") != len(body) - 3:
        raise WireError("TLS certificate list of the wrong length")
    chain: list[bytes] = []
    position = 3
    while position < len(body):
        length = int.from_bytes(body[position : position + 3], "big")
        position += 3 + length
        if position > len(body) or not length:
            raise WireError("TLS certificate cut short")
        chain.append(body[position - length : position])
        if len(chain) > most:
            raise WireError(f"more than {most} TLS certificates")
    return tuple(chain)
