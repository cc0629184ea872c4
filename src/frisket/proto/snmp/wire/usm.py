"""Protect a v3 message, and decide whether one is genuine (RFC 3414 section 3).

`seal` and `unseal` serve both sides. `admit` and `report` are an agent's (or an inform receiver's)
side: is this request from one of my users, and if not, what do I say?
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from frisket.errors import WireError
from frisket.proto.snmp.wire.crypto import Keys, LocalKeys, User, decrypt, digest, encrypt
from frisket.proto.snmp.wire.message import (
    MAX_SIZE,
    Level,
    ScopedPdu,
    SecureMessage,
    decode_scoped,
    encode_scoped,
    encode_secure,
)
from frisket.proto.snmp.wire.oid import Oid
from frisket.proto.snmp.wire.pdu import Kind, Pdu, encode_pdu_parts, encode_varbind
from frisket.proto.snmp.wire.values import Counter32

TIME_WINDOW: Final = 150  # seconds
MAX_BOOTS: Final = 2**31 - 1  # an engine that reached it must be configured anew


class Fault(Enum):
    """Why a secure message is not accepted; the value is the counter a REPORT names."""

    UNSUPPORTED_LEVEL = (1, 3, 6, 1, 6, 3, 15, 1, 1, 1, 0)
    NOT_IN_TIME_WINDOW = (1, 3, 6, 1, 6, 3, 15, 1, 1, 2, 0)
    UNKNOWN_USER = (1, 3, 6, 1, 6, 3, 15, 1, 1, 3, 0)
    UNKNOWN_ENGINE = (1, 3, 6, 1, 6, 3, 15, 1, 1, 4, 0)
    WRONG_DIGEST = (1, 3, 6, 1, 6, 3, 15, 1, 1, 5, 0)
    DECRYPTION = (1, 3, 6, 1, 6, 3, 15, 1, 1, 6, 0)

    @property
    def counter(self) -> Oid:
        """The usmStats object, with its instance."""
        return self.value


FAULTS: Final[Mapping[Oid, Fault]] = {
    oid: fault for fault in Fault for oid in (fault.counter, fault.counter[:-1])
}


@dataclass(frozen=True, slots=True)
class Engine:
    """An authoritative engine now: `time` is seconds since its last boot."""

    engine_id: bytes
    boots: int
    time: int


@dataclass(frozen=True, slots=True)
class Admitted:
    """A genuine request: what it asks, from whom, and what an answer needs."""

    message: SecureMessage
    scoped: ScopedPdu
    user: User
    keys: Keys


@dataclass(frozen=True, slots=True)
class Denied:
    """A request that is not accepted; `keys` only if its digest was right."""

    message: SecureMessage
    fault: Fault
    keys: Keys | None = None


def level_of(keys: Keys | User) -> Level:
    """Return the strongest level these keys allow."""
    if keys.priv is not None:
        return Level.PRIVATE
    return Level.AUTHENTIC if keys.auth is not None else Level.PLAIN


def seal(message: SecureMessage, keys: Keys, salt: int) -> bytes:
    """Encrypt and sign as `message.level` says; its `body` is the encoded ScopedPdu.

    `salt` is 64 bits that must not repeat under these keys (DES uses the low 32).
    """
    if message.level is Level.PLAIN:
        return encode_secure(message)[0]
    if keys.auth is None or (message.level is Level.PRIVATE and keys.priv is None):
        raise WireError("these keys do not reach the level of the message")
    body, salt_field = message.body, b""
    if message.level is Level.PRIVATE:
        body, salt_field = encrypt(keys, message.boots, message.time, salt, body)
    blank = SecureMessage(
        msg_id=message.msg_id,
        level=message.level,
        reportable=message.reportable,
        engine_id=message.engine_id,
        boots=message.boots,
        time=message.time,
        user=message.user,
        body=body,
        digest=bytes(keys.auth.digest_size),
        salt=salt_field,
        max_size=message.max_size,
    )
    data, at = encode_secure(blank)
    return data[:at] + digest(keys, data) + data[at + keys.auth.digest_size :]


def is_authentic(data: bytes, message: SecureMessage, keys: Keys) -> bool:
    """Verify the digest of the datagram `message` was decoded from, in constant time."""
    if keys.auth is None or len(message.digest) != keys.auth.digest_size:
        return False
    at = message.digest_at
    blank = data[:at] + bytes(len(message.digest)) + data[at + len(message.digest) :]
    return hmac.compare_digest(digest(keys, blank), message.digest)


def open_body(message: SecureMessage, keys: Keys) -> ScopedPdu:
    """Decrypt if need be and read what is inside; WireError if it makes no sense."""
    if message.level is not Level.PRIVATE:
        return decode_scoped(message.body, padded=False)
    if keys.priv is None:
        raise WireError("an encrypted message without a key for it")
    plain = decrypt(keys, message.boots, message.time, message.salt, message.body)
    return decode_scoped(plain, padded=True)


def unseal(data: bytes, message: SecureMessage, keys: Keys) -> ScopedPdu | Fault:
    """Verify and open a message at exactly the level it claims; the caller checks that level."""
    if message.level is not Level.PLAIN and not is_authentic(data, message, keys):
        return Fault.WRONG_DIGEST
    if message.level is Level.PRIVATE:
        try:
            return open_body(message, keys)
        except WireError:
            return Fault.DECRYPTION
    return open_body(message, keys)


def in_window(message: SecureMessage, engine: Engine) -> bool:
    """Say whether a request is recent by the receiver's clock (RFC 3414 section 3.2, 7 a)."""
    return (
        message.boots == engine.boots != MAX_BOOTS
        and abs(message.time - engine.time) <= TIME_WINDOW
    )


def admit(
    data: bytes,
    message: SecureMessage,
    engine: Engine,
    users: Mapping[bytes, User],
    keys: LocalKeys,
) -> Admitted | Denied:
    """Judge a request to this engine in the order of RFC 3414 section 3.2.

    `users` by name. A user may be admitted below its own level (`Admitted.message.level`):
    what it may see there is the agent's access control. WireError if an unencrypted body is
    malformed.
    """
    if message.engine_id != engine.engine_id:
        return Denied(message, Fault.UNKNOWN_ENGINE)
    user = users.get(message.user)
    if user is None:
        return Denied(message, Fault.UNKNOWN_USER)
    if message.level > level_of(user):
        return Denied(message, Fault.UNSUPPORTED_LEVEL)
    local = keys.get(user, engine.engine_id)
    if message.level is not Level.PLAIN:
        if not is_authentic(data, message, local):
            return Denied(message, Fault.WRONG_DIGEST)
        if not in_window(message, engine):
            return Denied(message, Fault.NOT_IN_TIME_WINDOW, local)
    try:
        scoped = open_body(message, local)
    except WireError:
        if message.level is Level.PRIVATE:
            return Denied(message, Fault.DECRYPTION, local)
        raise
    return Admitted(message, scoped, user, local)


def report(denied: Denied, engine: Engine, count: int) -> bytes | None:
    """Build the REPORT for a denied request; `count` is the counter's value including this one.

    None where the sender did not ask for reports. The one about time is signed, so that the
    sender may trust it; the others cannot be (RFC 3414 section 3.2).
    """
    message = denied.message
    if not message.reportable:
        return None
    fault = denied.fault
    varbind = encode_varbind(fault.counter, Counter32(count % 2**32))
    pdu = encode_pdu_parts(Kind.REPORT, _request_id(denied), varbind)
    keys = denied.keys or Keys()
    signed = fault is Fault.NOT_IN_TIME_WINDOW and keys.auth is not None
    answer = SecureMessage(
        msg_id=message.msg_id,
        level=Level.AUTHENTIC if signed else Level.PLAIN,
        reportable=False,
        engine_id=engine.engine_id,
        boots=engine.boots,
        time=engine.time,
        user=message.user,
        body=encode_scoped(engine.engine_id, b"", pdu),
    )
    return seal(answer, keys, 0)


def _request_id(denied: Denied) -> int:
    """Return the request's id if it can be read, else 0 (RFC 3412 section 7.1, 3 c)."""
    try:
        pdu = open_body(denied.message, denied.keys or Keys()).pdu
    except WireError:
        return 0
    return pdu.request_id if isinstance(pdu, Pdu) else 0


def respond(admitted: Admitted, engine: Engine, pdu: bytes, salt: int) -> bytes:
    """Answer an admitted request with an encoded PDU, at the level it was asked."""
    message = admitted.message
    scoped = admitted.scoped
    answer = SecureMessage(
        msg_id=message.msg_id,
        level=message.level,
        reportable=False,
        engine_id=engine.engine_id,
        boots=engine.boots,
        time=engine.time,
        user=message.user,
        body=encode_scoped(scoped.context_engine_id, scoped.context_name, pdu),
        max_size=MAX_SIZE,
    )
    return seal(answer, admitted.keys, salt)
