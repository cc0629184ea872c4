"""Talking to the gateway: every request is sealed, and no answer counts that it did not sign."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, TypeVar

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from frisket.errors import FrisketError, TlsFailed, WireError
from frisket.net.web import Answer, Web, no_trust, own_trust, system_trust
from frisket.telemetry.authority import make_request
from frisket.telemetry.collector.identity import (
    ENROL,
    Identity,
    Papers,
    keep_papers,
    own_key,
    read_identity,
)
from frisket.telemetry.collector.moments import Moments
from frisket.telemetry.enrolment import Enrolled, Token, ask
from frisket.telemetry.envelope import (
    MEDIA_TYPE,
    SIGNATURE_HEADER,
    Kind,
    check_reply,
    gateway_id,
    read_sender,
    seal,
)

_ROOT: Final = "gateway/v1/"
_SIGNATURE: Final = SIGNATURE_HEADER.lower()
_LONGEST_WAIT: Final = 3600.0
_LATER: Final = 600.0  # seconds after which what was refused for good is tried once more


class GatewayRefused(FrisketError):
    """The gateway said no. `again` is after how many seconds asking once more makes sense.

    `reason` is its own word: expired, revoked, token, site, forged …
    """

    def __init__(
        self, message: str, *, again: float, status: int = 0, reason: str = "", hint: str = ""
    ) -> None:
        super().__init__(message, hint=hint)
        self.again, self.status, self.reason = again, status, reason


T = TypeVar("T")


def _read(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as fault:
        raise WireError(f"the gateway's answer is none: {fault}") from fault


class _Error(msgspec.Struct):
    error: str = ""


def _refused(answer: Answer) -> GatewayRefused:
    """Return what an answer other than 200 means (docs/reference/collector-protocol.md)."""
    try:
        reason = msgspec.json.decode(answer.body, type=_Error).error[:40]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        reason = ""
    status, said = answer.status, reason or "no reason given"
    if status in {429, 503}:
        wait = answer.headers.get("retry-after", "")
        again = min(float(wait), _LONGEST_WAIT) if wait.isdigit() else 0.0
        return GatewayRefused(f"the gateway is busy ({status})", again=again, status=status)
    if status == 403:
        hint = ENROL if reason == "revoked" else "a token works once, for minutes, and for one site"
        return GatewayRefused(
            f"the gateway refuses this collector: {said}",
            again=_LATER,
            status=status,
            reason=reason,
            hint=hint,
        )
    if status == 401:
        hint = "" if reason == "expired" else "is this the gateway it was enrolled at?"
        return GatewayRefused(
            f"the gateway does not believe this collector: {said}",
            again=0.0 if reason == "expired" else _LATER,
            status=status,
            reason=reason,
            hint=hint,
        )
    if status == 409:
        return GatewayRefused(
            "another collector reports under this one's name",
            again=_LATER,
            status=status,
            reason=reason,
            hint=f"its folder was copied or put back: take a new --data folder, and {ENROL}",
        )
    if status >= 500:
        return GatewayRefused(f"the gateway fails ({status})", again=0.0, status=status)
    return GatewayRefused(
        f"the gateway does not take what was sent ({status}): {said}",
        again=_LATER if status != 413 else 0.0,
        status=status,
        reason=reason,
        hint="is there a gateway at this address?" if status in {404, 405} else "",
    )


class Carrier(Protocol):
    """What takes a request to the gateway: HTTPS, and in tests what stands for it."""

    async def post(self, path: str, body: bytes, kind: str, *, timeout: float = 60.0) -> Answer:
        """Return the answer. Raises `LinkError`."""

    async def close(self) -> None:
        """Close."""


@dataclass(slots=True)
class Exchange:
    """One enrolled collector's conversation with its gateway."""

    folder: Path
    identity: Identity
    carrier: Carrier
    moments: Moments

    def sealed(self, kind: Kind, body: bytes) -> bytes:
        """Return the octets of an envelope to the gateway."""
        return seal(
            kind,
            body,
            audience=self.identity.papers.gateway,
            certificate=self.identity.certificate,
            key=self.identity.key,
            sent=self.moments.at() / 1000,
        )

    async def ask(self, path: str, kind: Kind, body: bytes, timeout: float = 60.0) -> bytes:
        """Return the gateway's signed answer. An expired certificate is renewed on the way.

        Raises `GatewayRefused`, `LinkError`, `WireError` (also where the answer is not signed).
        """
        try:
            return await self._ask(path, kind, body, timeout)
        except GatewayRefused as fault:
            if fault.reason != "expired" or kind is Kind.RENEW:
                raise
            await self.renew()
            return await self._ask(path, kind, body, timeout)

    async def _ask(self, path: str, kind: Kind, body: bytes, timeout: float) -> bytes:
        request = self.sealed(kind, body)
        answer = await self.carrier.post(_ROOT + path, request, MEDIA_TYPE, timeout=timeout)
        if answer.status != 200:
            raise _refused(answer)
        signature = answer.headers.get(_SIGNATURE, "")
        check_reply(self.identity.authority, request, answer.body, signature)
        return answer.body

    async def renew(self) -> None:
        """Get a fresh certificate for the same key. Raises as `ask`."""
        request = make_request(self.identity.key).encode()
        self.renewed(await self.ask("renew", Kind.RENEW, request))

    def renewed(self, body: bytes) -> None:
        """Take over what the gateway signed on a renewal. Raises `WireError`, `IdentityFault`."""
        got = _read(body, Enrolled)
        papers = self.identity.papers
        if got.collector != papers.collector or got.gateway != papers.gateway:
            raise WireError("the certificate is for another collector")
        _check(got, self.identity.key, papers.gateway, papers.site)
        renew_at = self.moments.running() + got.renew_after * 1000
        self.identity = self.identity.renewed(got.certificate, renew_at)
        keep_papers(self.folder, self.identity.papers)

    @property
    def renewal_due(self) -> bool:
        """Say whether two thirds of the certificate's life are over."""
        return self.moments.running() >= self.identity.papers.renew_at


def _check(got: Enrolled, key: Ed25519PrivateKey, gateway: str, site: str) -> None:
    """Raise `WireError` where the certificate is not ours, or not from our gateway."""
    try:
        authority = x509.load_pem_x509_certificate(got.authority.encode())
        certificate = x509.load_pem_x509_certificate(got.certificate.encode())
    except ValueError as fault:
        raise WireError(f"no certificate: {fault}") from fault
    if gateway_id(authority) != gateway:
        raise WireError(
            "this is another gateway than the one the token is from",
            hint="check the address; something between here and there may pretend to be it",
        )
    sender = read_sender(certificate.public_bytes(Encoding.DER), authority)
    if sender.key != key.public_key().public_bytes_raw() or sender.site != site:
        raise WireError("the certificate is for another collector")


Opener = Callable[[Papers], Carrier]


def over_https(proxy: str = "") -> Opener:
    """Return what opens the way to a gateway."""

    def opened(papers: Papers) -> Carrier:
        context = system_trust() if papers.system else own_trust(papers.authority)
        return Web(papers.url, context, proxy=proxy)

    return opened


async def enrol(
    folder: Path, url: str, site: str, token: Token, *, moments: Moments, proxy: str = ""
) -> Identity:
    """Show the token once, and keep the certificate that it gives.

    The token itself is never sent; whom TLS would trust does not matter here, since the answer must
    name the authority whose fingerprint the token carries. Raises `GatewayRefused`, `LinkError`,
    `WireError`, `IdentityFault`.
    """
    key = own_key(folder)
    body = ask(token, site, make_request(key))
    system = True
    try:
        answer = await _enrol_once(Web(url, system_trust(), proxy=proxy), body)
    except TlsFailed:
        system = False
        answer = await _enrol_once(Web(url, no_trust(), proxy=proxy), body)
    if answer.status != 200:
        raise _refused(answer)
    got = _read(answer.body, Enrolled)
    _check(got, key, token.gateway, site)
    authority = x509.load_pem_x509_certificate(got.authority.encode())
    check_reply(authority, body, answer.body, answer.headers.get(_SIGNATURE, ""))
    renew_at = moments.running() + got.renew_after * 1000
    papers = Papers(
        *(url, site, got.collector, token.gateway, got.certificate, got.authority),
        system=system,
        renew_at=renew_at,
    )
    keep_papers(folder, papers)
    return read_identity(folder)


async def _enrol_once(web: Web, body: bytes) -> Answer:
    try:
        return await web.post(f"{_ROOT}enrol", body, "application/json")
    finally:
        await web.close()
