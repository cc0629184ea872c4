"""Sealed envelopes: what a collector and its gateway tell each other, signed, by any carrier.

An envelope is a MessagePack array of two octet strings: what is signed, and an Ed25519 signature
(RFC 8032) over it behind a fixed prefix. What is signed is an array of version, kind, audience,
time of sending, the sender's X.509 certificate (DER) and the body. Pure;
why not mutual TLS: docs/adr/0012.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final
from urllib.parse import quote, unquote, urlsplit

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding
from msgspec import Meta

from frisket.errors import WireError

MEDIA_TYPE: Final = "application/vnd.frisket.envelope"
SIGNATURE_HEADER: Final = "Frisket-Signature"
MOST_OCTETS: Final = 4 << 20
_MOST_CERTIFICATE: Final = 4096
_VERSION: Final = 1
_SIGNED: Final = b"frisket envelope 1\0"
_REPLY: Final = b"frisket reply 1\0"
_SCHEME: Final = "frisket"

Name = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[\x21-\x7e]+\Z")]


class Kind(StrEnum):
    """What an envelope carries."""

    BATCH = "batch"
    RENEW = "renew"
    ORDERS = "orders"


class Why(StrEnum):
    """Why an envelope is not believed."""

    FORGED = "forged"  # the signature is not this certificate's, or the certificate not ours
    EXPIRED = "expired"  # the certificate's time is over by our own clock: renew it
    ASTRAY = "astray"  # meant for another gateway
    KIND = "kind"  # carries something else than what is done here


class Untrusted(WireError):
    """The envelope is well formed and not to be believed. `why` says so in one word."""

    def __init__(self, why: Why, message: str) -> None:
        super().__init__(message)
        self.why = why


class _Signed(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    version: Annotated[int, Meta(ge=1, le=255)]
    kind: Kind
    audience: Name
    sent: Annotated[float, Meta(ge=0, le=1 << 34)]
    certificate: Annotated[bytes, Meta(max_length=_MOST_CERTIFICATE)]
    body: bytes


class _Outer(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    signed: bytes
    signature: Annotated[bytes, Meta(min_length=64, max_length=64)]


@dataclass(frozen=True, slots=True)
class Envelope:
    """What an envelope says before anybody believes it. `sent` is seconds since 1970, sender's."""

    kind: Kind
    audience: str
    sent: float
    certificate: bytes
    body: bytes
    signed: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Sender:
    """Whom the gateway's authority calls a collector: it speaks for one site only."""

    collector: str
    site: str
    serial: int
    key: bytes  # the public key, 32 octets
    not_after: datetime


_FAULTS: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, OverflowError)
_UNREADABLE: Final = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.ExtensionNotFound,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
_OUTER_DECODER: Final = msgspec.msgpack.Decoder(_Outer)
_SIGNED_DECODER: Final = msgspec.msgpack.Decoder(_Signed)


def seal(
    kind: Kind,
    body: bytes,
    *,
    audience: str,
    certificate: bytes,
    key: Ed25519PrivateKey,
    sent: float,
) -> bytes:
    """Return the octets of an envelope, the same for HTTPS and for mail. Raises `WireError`."""
    signed = msgspec.msgpack.encode(_Signed(_VERSION, kind, audience, sent, certificate, body))
    octets = msgspec.msgpack.encode(_Outer(signed, key.sign(_SIGNED + signed)))
    open_envelope(octets)
    return octets


def open_envelope(octets: bytes, *, limit: int = MOST_OCTETS) -> Envelope:
    """Return what an envelope says; nothing of it is believed yet. Raises `WireError`."""
    if len(octets) > limit:
        raise WireError(f"an envelope of {len(octets)} octets; at most {limit}")
    try:
        outer = _OUTER_DECODER.decode(octets)
        signed = _SIGNED_DECODER.decode(outer.signed)
    except _FAULTS as fault:
        raise WireError(f"no envelope: {fault}") from fault
    if signed.version != _VERSION:
        raise WireError(f"version {signed.version} of the envelope is not known here")
    return Envelope(
        signed.kind,
        signed.audience,
        signed.sent,
        signed.certificate,
        signed.body,
        outer.signed,
        outer.signature,
    )


def verify(
    envelope: Envelope,
    sender: Sender,
    *,
    kind: Kind,
    audience: str,
    now: datetime,
    grace: bool = False,
) -> None:
    """Believe an envelope of `sender`, whose certificate `read_sender` believed, or raise.

    Time is `now`, the gateway's: a collector's clock may be a year off. `grace` accepts a
    certificate whose time is over. Raises `Untrusted`.
    """
    if envelope.kind is not kind:
        raise Untrusted(Why.KIND, f"an envelope with {envelope.kind} where {kind} is taken")
    if envelope.audience != audience:
        raise Untrusted(Why.ASTRAY, "the envelope is for another gateway")
    try:
        known = Ed25519PublicKey.from_public_bytes(sender.key)
        known.verify(envelope.signature, _SIGNED + envelope.signed)
    except InvalidSignature:
        raise Untrusted(Why.FORGED, "the signature is not the certificate's") from None
    if now > sender.not_after and not grace:
        raise Untrusted(Why.EXPIRED, "the collector's certificate has expired: renew it")


def read_sender(certificate: bytes, authority: x509.Certificate) -> Sender:
    """Return whom a collector's certificate names, once `authority` is seen to have signed it.

    Its time is not judged here, so that the answer can be kept. Raises `Untrusted`.
    """
    try:
        found = x509.load_der_x509_certificate(certificate)
        found.verify_directly_issued_by(authority)
        key = found.public_key()
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        (address,) = names.get_values_for_type(x509.UniformResourceIdentifier)
        purposes = found.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except InvalidSignature:
        raise Untrusted(Why.FORGED, "the certificate is not of this gateway") from None
    except _UNREADABLE as fault:
        raise Untrusted(Why.FORGED, f"no collector's certificate: {fault}") from fault
    collector, site = parse_name(address)
    clients = x509.oid.ExtendedKeyUsageOID.CLIENT_AUTH
    if not isinstance(key, Ed25519PublicKey) or clients not in purposes:
        raise Untrusted(Why.FORGED, "the certificate is not a collector's")
    return Sender(
        collector, site, found.serial_number, key.public_bytes_raw(), found.not_valid_after_utc
    )


def written_name(collector: str, site: str) -> str:
    """Return a collector as a certificate names it: `frisket://site/SITE/collector/ID`."""
    return f"{_SCHEME}://site/{quote(site, safe='')}/collector/{quote(collector, safe='')}"


def parse_name(address: str) -> tuple[str, str]:
    """Return collector and site of the name in a certificate. Raises `Untrusted`."""
    try:
        parts = urlsplit(address)
    except ValueError:
        parts = urlsplit("")
    match parts.scheme, parts.netloc, parts.path.split("/"):
        case str(scheme), "site", ["", str(site), "collector", str(collector)] if (
            scheme == _SCHEME and site and collector
        ):
            return unquote(collector), unquote(site)
        case _:
            raise Untrusted(Why.FORGED, "the certificate names no collector")


def gateway_id(authority: x509.Certificate) -> str:
    """Return who a gateway is: the SHA-256 of its authority's certificate, 43 characters."""
    digest = hashlib.sha256(authority.public_bytes(Encoding.DER)).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _reply(request: bytes, body: bytes) -> bytes:
    return _REPLY + hashlib.sha256(request).digest() + body


def sign_reply(key: Ed25519PrivateKey, request: bytes, body: bytes) -> str:
    """Return the value of `Frisket-Signature`: this answer belongs to that envelope."""
    return base64.b64encode(key.sign(_reply(request, body))).decode()


def check_reply(authority: x509.Certificate, request: bytes, body: bytes, signature: str) -> None:
    """Believe a gateway's answer or raise `Untrusted`: no proxy may acknowledge in its place."""
    key = authority.public_key()
    try:
        if not isinstance(key, Ed25519PublicKey):
            raise Untrusted(Why.FORGED, "the gateway's key is of another kind")
        key.verify(base64.b64decode(signature, validate=True), _reply(request, body))
    except (InvalidSignature, ValueError):
        raise Untrusted(Why.FORGED, "the answer is not the gateway's") from None
