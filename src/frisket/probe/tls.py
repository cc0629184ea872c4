"""TLS: versions and weak ciphers that the device's ports accept, and the certificate they show.

Hellos are written by hand, because libraries refuse to ask for what is old; the handshake ends
with the server's first flight. At most `HANDSHAKES` a visit, one port in depth for each stack.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from frisket.errors import BudgetSpent, LinkError, Refused, Reset, Silent, WireError
from frisket.model.reading import Reading, Readings, Unread, Why
from frisket.net.tls import open_context
from frisket.probe.base import Probe, Sighting, Visit, unread
from frisket.probe.certificate import Certificate, read_certificate
from frisket.proto.tls.ciphers import WeakClass, suite_name, suites_for, suites_of, weak_classes
from frisket.proto.tls.wire import (
    ENTROPY,
    Accepted,
    Alert,
    Version,
    client_hello,
    read_flight,
    version_name,
)

VIA = "tls"
PORTS = (443, 8443)
SPARE_PORT = 631  # IPP over TLS; looked at only where no web port is open
HANDSHAKES = 10

# Broken by themselves, and merely dated: asked for apart, as old servers drop long lists.
_BROKEN = tuple(WeakClass)[:6]
_DATED = tuple(WeakClass)[6:]

VERSION_KEYS = ("tls.versions", "tls.weak-ciphers")
CERTIFICATE_KEYS = (
    "certificate.expired",
    "certificate.days-left",
    "certificate.self-signed",
    "certificate.key-bits",
    "certificate.weak-key",
    "certificate.signature-hash",
)
_WORST_HASH = ("MD5", "SHA1", "other", "none", "SHA2")

Outcome = Accepted | Alert | LinkError | WireError


@dataclass(slots=True)
class Port:
    """What one port was seen to accept; `unsure` versions are those no answer was given to."""

    number: int
    fault: LinkError | WireError | None = None
    versions: set[int] = field(default_factory=set)
    suites: set[int] = field(default_factory=set)
    chain: tuple[bytes, ...] = ()
    deep: bool = False
    unsure: set[int] = field(default_factory=set)
    weak_unsure: bool = False

    @property
    def weak(self) -> frozenset[WeakClass]:
        """Return the weak classes of the suites that were accepted."""
        return frozenset(weak for suite in self.suites for weak in weak_classes(suite))

    @property
    def stack(self) -> tuple[bytes, frozenset[int], frozenset[int]]:
        """Return what makes two ports look like one TLS stack after one hello each."""
        return (
            self.chain[0] if self.chain else b"",
            frozenset(self.versions),
            frozenset(self.suites),
        )


def interpret(visit: Visit, ports: Sequence[Port]) -> Sighting:
    """Judge what the ports accepted and showed; the worst of several ports counts."""
    spoken = [port for port in ports if port.versions]
    if not spoken:
        faults = [port.fault for port in ports if port.fault is not None]
        fault = next((f for f in faults if not isinstance(f, Refused)), None)
        reason: Reading = (
            unread(fault, VIA)
            if fault is not None
            else Unread(Why.REFUSED, VIA, "no TLS port accepts connections")
        )
        return Sighting(Readings.single(dict.fromkeys((*VERSION_KEYS, *CERTIFICATE_KEYS), reason)))
    readings = {"tls.versions": _versions(visit, spoken), "tls.weak-ciphers": _weak(visit, spoken)}
    shown, fault = _certificates(spoken)
    facts = {
        "tls": "; ".join(
            f"port {port.number}: {', '.join(version_name(v) for v in sorted(port.versions))}"
            for port in spoken
        )
    }
    if shown:
        readings |= _judge(visit, shown)
        facts["certificate-key"] = shown[0][1].key_sha256
        facts["certificate"] = f"{shown[0][1].subject}, {shown[0][1].key}"
    else:
        why = (
            unread(fault, VIA)
            if fault
            else Unread(Why.UNSUPPORTED, VIA, "no certificate was shown")
        )
        readings |= dict.fromkeys(CERTIFICATE_KEYS, why)
    return Sighting(Readings.single(readings), facts=facts)


def _where(ports: Sequence[Port]) -> str:
    return "port " + ", ".join(str(port.number) for port in ports)


def _versions(visit: Visit, spoken: Sequence[Port]) -> Reading:
    found = {version for port in spoken for version in port.versions}
    unsure = sorted({version for port in spoken for version in port.unsure})
    names = tuple(version_name(version) for version in sorted(found) if version in list(Version))
    if unsure and min(found) >= Version.TLS_1_2:
        detail = (
            f"{', '.join(names)} accepted; no answer about {', '.join(map(version_name, unsure))}"
        )
        return Unread(Why.SILENT, VIA, detail)
    return visit.known(names, VIA, f"{_where(spoken)} accepted {', '.join(names)}")


def _weak(visit: Visit, spoken: Sequence[Port]) -> Reading:
    found = {weak for port in spoken for weak in port.weak}
    names = tuple(weak.value for weak in WeakClass if weak in found)
    if names:
        suites = sorted(s for port in spoken for s in port.suites if weak_classes(s))
        shown = ", ".join(dict.fromkeys(suite_name(suite) for suite in suites))
        return visit.known(names, VIA, f"{_where(spoken)} accepted {shown}")
    if any(port.weak_unsure for port in spoken) or not any(p.deep for p in spoken):
        return Unread(
            Why.SILENT, VIA, "no weak cipher was accepted, but not all questions answered"
        )
    return visit.known((), VIA, f"{_where(spoken)} refused every weak cipher class")


def _certificates(
    spoken: Sequence[Port],
) -> tuple[list[tuple[int, Certificate]], WireError | None]:
    shown: list[tuple[int, Certificate]] = []
    fault: WireError | None = None
    for port in spoken:
        if not port.chain:
            continue
        try:
            shown.append((port.number, read_certificate(port.chain[0])))
        except WireError as found:
            fault = found
    return shown, fault


def _judge(visit: Visit, shown: Sequence[tuple[int, Certificate]]) -> dict[str, Reading]:
    now = visit.now()

    def known(value: bool | int | str, by: tuple[int, Certificate], detail: str) -> Reading:  # noqa: FBT001
        return visit.known(value, VIA, f"port {by[0]}: {detail}")

    oldest = min(shown, key=lambda item: item[1].days_left(now))
    expired = next((item for item in shown if item[1].expired(now)), None)
    own = next((item for item in shown if item[1].self_signed), shown[0])
    hashed = min(shown, key=lambda item: _WORST_HASH.index(item[1].signature_hash))
    until = f"valid {oldest[1].not_before:%Y-%m-%d} to {oldest[1].not_after:%Y-%m-%d}"
    readings = {
        "certificate.expired": known(expired is not None, expired or oldest, until),
        "certificate.days-left": known(oldest[1].days_left(now), oldest, until),
        "certificate.self-signed": known(
            own[1].self_signed, own, f"subject {own[1].subject}, issuer {own[1].issuer}"
        ),
        "certificate.signature-hash": known(
            hashed[1].signature_hash, hashed, f"signed with {hashed[1].signature_hash}"
        ),
    }
    keyed = [item for item in shown if item[1].key_bits]
    if not keyed:
        unknown = Unread(Why.GARBLED, VIA, "a key of a kind that is not known here")
        return readings | dict.fromkeys(("certificate.key-bits", "certificate.weak-key"), unknown)
    small = min(keyed, key=lambda item: item[1].key_bits)
    weak = next((item for item in keyed if item[1].weak_key), keyed[0])
    said = weak[1].weak_key or "no known weakness found"
    readings["certificate.key-bits"] = known(small[1].key_bits, small, small[1].key)
    readings["certificate.weak-key"] = known(weak[1].weak_key, weak, f"{weak[1].key}: {said}")
    return readings


@dataclass(slots=True)
class Asker:
    """Sends hellos of one visit, and counts them."""

    visit: Visit
    left: int = HANDSHAKES

    async def hello(
        self, port: int, version: int, suites: Sequence[int], *, chain: bool = False
    ) -> Outcome:
        """Send one hello; return what the server made of it, or what was met instead."""
        if self.left <= 0:
            return BudgetSpent(f"a visit makes {HANDSHAKES} TLS handshakes and has")
        self.left -= 1
        entropy = self.visit.dialer.random.randbytes(ENTROPY)
        try:
            stream = await self.visit.connect(port)
        except LinkError as fault:
            return fault
        received = b""
        patience = self.visit.options.patience
        end = asyncio.get_running_loop().time() + 4 * patience
        try:
            await stream.write(client_hello(version, suites, entropy=entropy))
            while True:
                left = end - asyncio.get_running_loop().time()
                if left <= 0:
                    return Silent(f"the TLS flight was not complete after {4 * patience:.0f} s")
                more = await stream.read(min(patience, left))
                received += more
                outcome = read_flight(received, certificates=chain)
                if outcome is not None:
                    return outcome
                if not more:
                    return Reset("the connection was closed on a TLS hello")
        except (LinkError, WireError) as fault:
            return fault
        finally:
            stream.close()

    async def survey(self, number: int) -> Port:
        """Find a version that the port speaks, and its certificate.

        Old servers pick their own version from a hello of TLS 1.2; those that choke on it, and
        those that speak only the newest, are asked once more.
        """
        port = Port(number)
        for version in (Version.TLS_1_2, Version.TLS_1_3, Version.TLS_1_0, Version.SSL_3_0):
            outcome = await self.hello(number, version, suites_for(version), chain=True)
            if isinstance(outcome, Accepted):
                port.fault = None
                _note(port, outcome)
                modern = outcome.version >= Version.TLS_1_3
                chain = await self._encrypted_chain(number) if modern else outcome.certificates
                port.chain = chain
                return port
            # A server that alerts speaks TLS, but nothing that was asked for.
            refused = WireError("every hello is refused")
            port.fault = refused if isinstance(outcome, Alert) else outcome
            if not isinstance(outcome, Alert | Reset):
                break
        return port

    async def _encrypted_chain(self, number: int) -> tuple[bytes, ...]:
        """Return the certificate of a port that speaks only TLS 1.3, which encrypts it."""
        if self.left <= 0:
            return ()
        self.left -= 1
        try:
            stream = await self.visit.connect(number)
        except LinkError:
            return ()
        try:
            session = await self.visit.dialer.tls(
                stream, open_context(), self.visit.options.patience
            )
        except LinkError:
            return ()
        else:
            shown = session.peer.certificate
            return (shown,) if shown else ()
        finally:
            stream.close()

    async def deepen(self, port: Port) -> None:
        """Ask for each other version, then for weak ciphers until none is accepted."""
        port.deep = True
        highest = max((v for v in port.versions if v < Version.TLS_1_3), default=0)
        for version in reversed(Version):
            if version in port.versions or (highest and highest < version < Version.TLS_1_3):
                continue
            outcome = await self.hello(port.number, version, suites_for(version))
            if isinstance(outcome, Accepted):
                _note(port, outcome)
            elif isinstance(outcome, Silent | BudgetSpent):
                port.unsure.add(version)
        if old := [version for version in port.versions if version < Version.TLS_1_3]:
            for classes in (_BROKEN, _DATED):
                await self._climb(port, max(old), classes)

    async def _climb(self, port: Port, version: int, classes: Sequence[WeakClass]) -> None:
        """Offer the suites of weak classes that would still tell something new."""
        everything = {suite for weak in classes for suite in suites_of(weak)}
        while offered := sorted(s for s in everything if not weak_classes(s) <= port.weak):
            outcome = await self.hello(port.number, version, offered)
            if not isinstance(outcome, Accepted):
                if isinstance(outcome, Silent | BudgetSpent):
                    port.weak_unsure = True
                return
            before = port.weak
            _note(port, outcome)
            if port.weak == before:
                return  # it chose what was not offered


def _note(port: Port, accepted: Accepted) -> None:
    port.versions.add(accepted.version)
    port.suites.add(accepted.suite)


async def run(visit: Visit) -> Sighting:
    """Look at each open TLS port once, and at each different one in depth."""
    asker = Asker(visit)
    ports = [await _look(asker, number) for number in PORTS]
    if not any(port.versions for port in ports):
        ports.append(await _look(asker, SPARE_PORT))
    stacks: set[tuple[bytes, frozenset[int], frozenset[int]]] = set()
    for port in ports:
        if port.versions and port.stack not in stacks:
            stacks.add(port.stack)
            await asker.deepen(port)
    return interpret(visit, ports)


async def _look(asker: Asker, number: int) -> Port:
    fault = await asker.visit.closed(number)
    return Port(number, fault) if fault is not None else await asker.survey(number)


PROBE = Probe(name="tls", reads=frozenset({*VERSION_KEYS, *CERTIFICATE_KEYS}), run=run)
