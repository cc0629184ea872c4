"""Enrolment tokens: used once, never sent, and no use to who steals the gateway's database. Pure.

A token is the gateway's id and the seed of an Ed25519 key, in letters. The gateway keeps the public
half only. Who enrols signs its certificate request with the token's key: a proxy that looks into
TLS sees a request that serves nobody but the collector that made it.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Annotated, Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Meta

from frisket.errors import UsageError, WireError

PREFIX: Final = "frisket1"
MOST_OCTETS: Final = 16_384
_SIGNED: Final = b"frisket enrolment 1\0"


@dataclass(frozen=True, slots=True)
class Token:
    """One enrolment. `gateway` is the id of the only gateway it is shown to be meant for."""

    gateway: str
    key: Ed25519PrivateKey

    @property
    def public(self) -> str:
        """Return what the gateway keeps: 43 characters."""
        return _letters(self.key.public_key().public_bytes_raw())

    def __str__(self) -> str:
        return f"{PREFIX}.{self.gateway}.{_letters(self.key.private_bytes_raw())}"


class Enrolment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a collector asks with: JSON. `csr` is a PKCS #10 request as PEM."""

    token: Annotated[str, Meta(min_length=43, max_length=43)]
    site: Annotated[str, Meta(min_length=1, max_length=100)]
    csr: Annotated[str, Meta(max_length=8192)]
    signature: Annotated[str, Meta(min_length=86, max_length=86)]


class Enrolled(msgspec.Struct, frozen=True):
    """What the gateway answers to enrolment and renewal: JSON; certificates as PEM.

    `renew_after` is in seconds from now: no clock is compared.
    """

    collector: str
    gateway: str
    certificate: str
    authority: str
    renew_after: int


def make_token(gateway: str) -> Token:
    """Return a fresh token of 256 bits."""
    return Token(gateway, Ed25519PrivateKey.generate())


def read_token(text: str) -> Token:
    """Return the token that a person typed. Raises `UsageError`."""
    match text.strip().split("."):
        case [prefix, gateway, seed] if prefix == PREFIX and len(gateway) == 43:
            try:
                return Token(gateway, Ed25519PrivateKey.from_private_bytes(_octets(seed)))
            except ValueError:
                pass
        case _:
            pass
    raise UsageError(
        "this is no enrolment token", hint=f"it begins with {PREFIX}. and has two more parts"
    )


def ask(token: Token, site: str, request: str) -> bytes:
    """Return the body of an enrolment for a certificate request (PEM)."""
    signature = _letters(token.key.sign(_signed(site, request)))
    return msgspec.json.encode(Enrolment(token.public, site, request, signature))


def read_ask(body: bytes) -> Enrolment:
    """Return an enrolment whose signature is its token's; whether we know that is not asked here.

    Raises `WireError`.
    """
    if len(body) > MOST_OCTETS:
        raise WireError("an enrolment this long is none")
    try:
        asked = msgspec.json.decode(body, type=Enrolment)
        key = Ed25519PublicKey.from_public_bytes(_octets(asked.token))
        key.verify(_octets(asked.signature), _signed(asked.site, asked.csr))
    except InvalidSignature:
        raise WireError("the enrolment is not signed by its token") from None
    except (msgspec.MsgspecError, ValueError, RecursionError) as fault:
        raise WireError(f"no enrolment: {fault}") from fault
    return asked


def _signed(site: str, request: str) -> bytes:
    return _SIGNED + msgspec.msgpack.encode([site, request])


def _letters(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _octets(letters: str) -> bytes:
    try:
        return base64.b64decode(letters + "=" * (-len(letters) % 4), altchars=b"-_", validate=True)
    except binascii.Error as fault:
        raise ValueError(str(fault)) from fault
