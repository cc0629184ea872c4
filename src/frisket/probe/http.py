"""Remote UI: what ports 80, 8000, 443 and 8443 show to somebody who is not logged in.

Only the first page is read, and redirects of this very address followed a short way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from frisket.errors import FrisketError, LinkError, Refused, WireError
from frisket.model.reading import Reading, Readings, Unread, Why
from frisket.model.target import Target
from frisket.net.tls import open_context
from frisket.probe.base import Probe, Sighting, Visit, unread
from frisket.probe.identity import Clues, clean, recognise
from frisket.probe.page import Hop, asks_for_login, has_content, hop_of, title_of
from frisket.proto.http.client import ask, get
from frisket.proto.http.wire import Limits, Response

VIA = "http"
PLAIN = (80, 8000)
ENCRYPTED = (443, 8443)
PORTS = PLAIN + ENCRYPTED
MAX_HOPS = 3
# One handshake a TLS port, and this many more for hops: the TLS probe needs the rest.
TLS_HOPS = 1
LIMITS = Limits(body=256 << 10)

KEYS = frozenset(
    {
        "remote-ui.enabled",
        "http.enabled",
        "remote-ui.tls.enabled",
        "remote-ui.plaintext",
        "remote-ui.session-cookie.secure",
        "remote-ui.hsts",
        "remote-ui.login",
    }
)


@dataclass(frozen=True, slots=True)
class Step:
    """One response: where it came from, and what it was."""

    port: int
    path: str
    response: Response


@dataclass(frozen=True, slots=True)
class Shown:
    """What one port showed: the responses on the way to the page a browser ends at."""

    steps: tuple[Step, ...]

    @property
    def last(self) -> Step:
        """The page a browser ends at, as far as it was followed."""
        return self.steps[-1]

    @property
    def plain(self) -> tuple[Step, ...]:
        """The responses that came without TLS."""
        return tuple(step for step in self.steps if step.port in PLAIN)

    @property
    def encrypted(self) -> tuple[Step, ...]:
        """The responses that came over TLS."""
        return tuple(step for step in self.steps if step.port in ENCRYPTED)


Seen = Mapping[int, Shown | FrisketError]


def next_port(hop: Hop, here: int, target: Target) -> int | None:
    """Return the port a hop leads to if it may be followed: same address, never away from TLS.

    Another host's address is data. A virtual device may name the port it really listens on.
    """
    if not hop.scheme and not hop.host:
        return here
    if hop.host != target.address.lower():
        return None
    named = hop.port or {"http": 80, "https": 443}.get(hop.scheme, here)
    port = next((p for p in PORTS if target.port(p) == named), named)
    if port not in PORTS or (hop.scheme == "https") != (port in ENCRYPTED):
        return None
    return None if here in ENCRYPTED and port in PLAIN else port


def _shown(seen: Seen) -> list[Shown]:
    """Return what ports showed, TLS first: there the real page stands where both are served."""
    return [s for port in (*ENCRYPTED, *PLAIN) if isinstance(s := seen.get(port), Shown)]


def _faults(seen: Seen, ports: Iterable[int]) -> list[FrisketError]:
    return [fault for port in ports if isinstance(fault := seen.get(port), FrisketError)]


def _first(faults: Iterable[FrisketError], instead: Reading) -> Reading:
    """Return why nothing was learnt, from the first fault that is not a refusal."""
    return next((unread(f, VIA) for f in faults if not isinstance(f, Refused)), instead)


def _is_interface(step: Step) -> bool:
    return has_content(step.response) or hop_of(step.response) is not None


def _enabled(visit: Visit, seen: Seen) -> Reading:
    steps = [step for shown in _shown(seen) for step in shown.steps]
    for step in steps:
        if _is_interface(step):
            detail = f"port {step.port} answers HTTP {step.response.status} to GET {step.path}"
            return visit.known(True, VIA, clean(detail, 200))
    if steps:
        detail = f"port {steps[0].port} answers HTTP {steps[0].response.status}, and shows no page"
        return Unread(Why.UNSUPPORTED, VIA, detail)
    off = visit.known(False, VIA, "ports 80, 443, 8000 and 8443 refuse connections")
    return _first(_faults(seen, PORTS), off)


def _http(visit: Visit, seen: Seen) -> Reading:
    """Read <Use HTTP>: closed ports do not say off, as turning Remote UI off closes them too."""
    if shown := _shown(seen):
        return visit.known(True, VIA, f"port {shown[0].last.port} answers HTTP")
    detail = "ports 80, 443, 8000 and 8443 refuse connections; turning Remote UI off does that too"
    return _first(_faults(seen, PORTS), Unread(Why.REFUSED, VIA, detail))


def _plaintext(visit: Visit, seen: Seen) -> Reading:
    for shown in _shown(seen):
        for step in shown.plain:
            if has_content(step.response):
                detail = f"port {step.port} gives a page without TLS (GET {step.path})"
                return visit.known(True, VIA, clean(detail, 200))
    for port in PLAIN:
        found = seen.get(port)
        hop = hop_of(found.last.response) if isinstance(found, Shown) else None
        if hop is not None and hop.scheme != "https":
            # Often the device's own name, at which the page would stand in plain text.
            detail = f"port {port} leads to {hop.scheme or 'http'}://{hop.host}{hop.path}, not read"
            return Unread(Why.NOT_ASKED, VIA, clean(detail, 200))
    nothing = visit.known(False, VIA, "ports 80 and 8000 refuse, or only lead to TLS")
    return _first(_faults(seen, PLAIN), nothing)


def _tls(visit: Visit, seen: Seen, plaintext: Reading) -> Reading:
    """Read <Use TLS> of Remote UI: a page over TLS says on; a plain page and no TLS port, off."""
    for shown in _shown(seen):
        for step in shown.encrypted:
            if _is_interface(step):
                return visit.known(True, VIA, f"port {step.port} shows Remote UI over TLS")
    faults = _faults(seen, ENCRYPTED)
    refused = all(isinstance(fault, Refused) for fault in faults) and len(faults) == len(ENCRYPTED)
    if refused and getattr(plaintext, "value", False) is True:
        detail = "Remote UI is shown without TLS, and ports 443 and 8443 refuse connections"
        return visit.known(False, VIA, detail)
    detail = "no port shows Remote UI, so nothing tells how it would be shown"
    return _first(faults, Unread(Why.REFUSED, VIA, detail))


def _cookies(visit: Visit, encrypted: list[Step]) -> Reading:
    cookies = [(step, cookie) for step in encrypted for cookie in step.response.cookies()]
    if not cookies:
        return Unread(Why.NOT_ASKED, VIA, "no cookie was set over TLS before a login")
    for step, cookie in cookies:
        if not (cookie.secure and cookie.http_only):
            lacks = "HttpOnly" if cookie.secure else "Secure"
            detail = f"port {step.port} sets cookie {clean(cookie.name, 60)} without {lacks}"
            return visit.known(False, VIA, detail)
    names = ", ".join(clean(cookie.name, 40) for _, cookie in cookies[:5])
    return visit.known(True, VIA, f"{names}: Secure, HttpOnly")


def lasting(header: str) -> bool:
    """Say whether a Strict-Transport-Security value holds (RFC 6797: max-age 0 takes it back)."""
    for part in header.split(";"):
        name, _, value = part.partition("=")
        if name.strip().lower() == "max-age":
            age = value.strip().strip('"')
            return age.isascii() and age.isdigit() and age.strip("0") != ""
    return False


def _hsts(visit: Visit, encrypted: list[Step]) -> Reading:
    pages = [step for step in encrypted if _is_interface(step)]
    if not pages:
        return Unread(Why.NOT_ASKED, VIA, "no page was shown over TLS")
    sending = {
        step.port
        for step in encrypted
        if lasting(step.response.header("strict-transport-security"))
    }
    for step in pages:
        if step.port not in sending:
            return visit.known(False, VIA, f"port {step.port} sends no Strict-Transport-Security")
    return visit.known(True, VIA, "Strict-Transport-Security is sent")


def _login(visit: Visit, seen: Seen) -> Reading:
    hidden = False
    for shown in _shown(seen):
        for step in shown.steps:
            if not has_content(step.response):
                continue
            asked = asks_for_login(step.response, step.path)
            if asked is not None:
                word = "is a login page" if asked else "is shown without a login"
                detail = f"the page at port {step.port} {step.path} {word}"
                return visit.known(asked, VIA, clean(detail, 200))
            hidden = True
    if hidden:
        return Unread(Why.UNSUPPORTED, VIA, "the first page shows itself to scripts only")
    instead = Unread(Why.REFUSED, VIA, "no port shows a page")
    return _first(_faults(seen, PORTS), instead)


def interpret(visit: Visit, seen: Seen) -> Sighting:
    """Judge what each port showed, or what was met instead."""
    encrypted = [step for shown in _shown(seen) for step in shown.encrypted]
    plaintext = _plaintext(visit, seen)
    readings = {
        "remote-ui.enabled": _enabled(visit, seen),
        "http.enabled": _http(visit, seen),
        "remote-ui.tls.enabled": _tls(visit, seen, plaintext),
        "remote-ui.plaintext": plaintext,
        "remote-ui.session-cookie.secure": _cookies(visit, encrypted),
        "remote-ui.hsts": _hsts(visit, encrypted),
        "remote-ui.login": _login(visit, seen),
    }
    steps = [step for shown in _shown(seen) for step in shown.steps]
    server = next((s for x in steps if (s := clean(x.response.header("server")))), "")
    title = next((t for x in steps if (t := clean(title_of(x.response)))), "")
    identity, printer = recognise(Clues(server=server, title=title))
    facts: dict[str, str] = {}
    if steps:
        ports = ", ".join(str(shown.steps[0].port) for shown in _shown(seen))
        facts["http"] = " ".join(part for part in (f"port {ports}:", title, server) if part)
    return Sighting(Readings.single(readings), identity, printer, facts)


async def run(visit: Visit) -> Sighting:
    """Read the first page of each open port."""
    closed = await asyncio.gather(*(visit.closed(port) for port in PORTS))
    way = Way(visit)
    seen: dict[int, Shown | FrisketError] = {}
    for port, fault in zip(PORTS, closed, strict=True):
        seen[port] = fault if fault is not None else await way.show(port)
    return interpret(visit, seen)


@dataclass(slots=True)
class Way:
    """The pages of one visit; `tls_hops` is how many hops may still shake hands."""

    visit: Visit
    tls_hops: int = TLS_HOPS

    async def show(self, port: int) -> Shown | FrisketError:
        """Read a page and those it leads to; a fault on the way ends the way."""
        steps: list[Step] = []
        path = "/"
        while True:
            try:
                steps.append(Step(port, path, await _fetch(self.visit, port, path)))
            except (LinkError, WireError) as fault:
                return Shown(tuple(steps)) if steps else fault
            hop = hop_of(steps[-1].response)
            if hop is None or len(steps) > MAX_HOPS:
                return Shown(tuple(steps))
            following = next_port(hop, port, self.visit.dialer.target)
            if following is None or any((s.port, s.path) == (following, hop.path) for s in steps):
                return Shown(tuple(steps))
            if following in ENCRYPTED:
                # From a plain port the way ends here: the TLS port is read by itself.
                if port in PLAIN or not self.tls_hops:
                    return Shown(tuple(steps))
                self.tls_hops -= 1
            port, path = following, hop.path


async def _fetch(visit: Visit, port: int, path: str) -> Response:
    stream = await visit.connect(port)
    try:
        patience = visit.options.patience
        sent = get(visit.dialer.target.address, path)
        if port in PLAIN:
            return await ask(stream, sent, timeout=patience, total=4 * patience, limits=LIMITS)
        session = await visit.dialer.tls(stream, open_context(), patience)
        return await ask(session, sent, timeout=patience, total=4 * patience, limits=LIMITS)
    finally:
        stream.close()


PROBE = Probe(name="http", reads=KEYS, run=run, identifies=True)
