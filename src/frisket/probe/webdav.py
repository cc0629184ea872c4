"""WebDAV server of the Advanced Space: OPTIONS at /webdav/ on ports 80 and 443, nothing else.

RFC 4918 section 10.1 makes a DAV header the mark of a WebDAV resource. A login comes before it,
so a path that asks for one is compared with a path that cannot exist.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from frisket.errors import FrisketError, LinkError, Refused, WireError
from frisket.model.reading import Reading, Readings, Unread, Why
from frisket.net.tls import open_context
from frisket.probe.absent import absent
from frisket.probe.base import Probe, Sighting, Visit, unread
from frisket.probe.identity import clean
from frisket.proto.http.client import ask, get
from frisket.proto.http.wire import Limits, Response

VIA = "webdav"
PLAIN, ENCRYPTED = 80, 443
PATH = "/webdav/"
NOWHERE = "/webdav-is-not-here/"
LIMITS = Limits(body=64 << 10)
ENABLED = "webdav.server.enabled"
AUTHENTICATION = "webdav.server.authentication"
TLS = "webdav.server.tls"
# To lead elsewhere, to refuse or to be busy is no answer about one path.
_NO_ANSWER = frozenset({403, 429, *range(300, 400), *range(500, 600)})
KEYS = frozenset({ENABLED, AUTHENTICATION, TLS})


@dataclass(frozen=True, slots=True)
class Answer:
    """What OPTIONS brought at /webdav/, and where that asks for a login, at a path beside it."""

    response: Response
    beside: Response | FrisketError | None = None

    @property
    def served(self) -> bool | None:
        """Say whether WebDAV is served here; None where the answer does not tell."""
        status = self.response.status
        if self.response.header("dav"):
            return True
        if status == 401:
            other = self.beside
            alone = isinstance(other, Response) and other.status not in _NO_ANSWER | {401}
            return True if alone else None
        return None if status in _NO_ANSWER else False

    @property
    def in_words(self) -> str:
        """Return the answer for a person."""
        level = clean(self.response.header("dav"), 60)
        said = f"OPTIONS {PATH} is answered {self.response.status}"
        return f"{said}, DAV: {level}" if level else said


def _schemes(response: Response) -> set[str]:
    offers = (value for name, value in response.headers if name == "www-authenticate")
    return {offer.strip().partition(" ")[0].lower() for offer in offers}


def _authentication(visit: Visit, answer: Answer) -> Reading:
    """Read <Authentication Type>: where both are offered, the weaker one is taken."""
    if answer.response.status != 401:
        detail = "OPTIONS is answered without a login; other requests may still ask for one"
        return Unread(Why.NOT_ASKED, VIA, detail)
    schemes = _schemes(answer.response)
    for scheme in ("basic", "digest"):
        if scheme in schemes:
            shown = clean(", ".join(sorted(schemes)), 100)
            return visit.known(scheme, VIA, f"{answer.in_words}, offering {shown}")
    return Unread(Why.UNSUPPORTED, VIA, f"{answer.in_words} with no scheme of the setting's")


def interpret(visit: Visit, met: Mapping[int, Answer | FrisketError]) -> Sighting:
    """Judge what ports 80 and, where that does not serve WebDAV, 443 said."""
    served = [(port, a) for port, a in met.items() if isinstance(a, Answer) and a.served]
    if served:
        port, answer = served[0]
        readings: dict[str, Reading] = {
            ENABLED: visit.known(True, VIA, f"port {port}: {answer.in_words}"),
            AUTHENTICATION: _authentication(visit, answer),
            TLS: _tls(visit, met, port),
        }
        return Sighting(Readings.single(readings), facts={"webdav": f"port {port}{PATH}"})
    faults = [fault for fault in met.values() if isinstance(fault, FrisketError)]
    worst = next((fault for fault in faults if not isinstance(fault, Refused)), None)
    answers = [answer for answer in met.values() if isinstance(answer, Answer)]
    if answers:
        # Another path may serve it: only ports that refuse are an answer for all of them.
        detail = f"{answers[0].in_words}, which does not tell whether WebDAV is served elsewhere"
        nothing = Unread(Why.UNSUPPORTED, VIA, detail)
        return Sighting(Readings.single(dict.fromkeys(sorted(KEYS), nothing)))
    return absent(visit, worst or faults[0], VIA, [ENABLED], KEYS - {ENABLED})


def _tls(visit: Visit, met: Mapping[int, Answer | FrisketError], port: int) -> Reading:
    if port == PLAIN:
        return visit.known(False, VIA, "port 80 serves WebDAV without TLS")
    plain = met[PLAIN]
    if isinstance(plain, Answer):
        away = 300 <= plain.response.status < 400
        if away or plain.served is False:
            detail = f"port 443 serves WebDAV; on port 80 {plain.in_words}"
            return visit.known(True, VIA, detail)
        return Unread(Why.UNSUPPORTED, VIA, f"on port 80 {plain.in_words}")
    if isinstance(plain, Refused):
        return visit.known(True, VIA, "port 443 serves WebDAV, and port 80 refuses")
    return unread(plain, VIA)


async def run(visit: Visit) -> Sighting:
    """Ask port 80; ask port 443 only where WebDAV is not served in plain text already."""
    met: dict[int, Answer | FrisketError] = {PLAIN: await _visit(visit, PLAIN)}
    plain = met[PLAIN]
    if not (isinstance(plain, Answer) and plain.served):
        met[ENCRYPTED] = await _visit(visit, ENCRYPTED)
    return interpret(visit, met)


async def _visit(visit: Visit, port: int) -> Answer | FrisketError:
    response = await _options(visit, port, PATH)
    if isinstance(response, FrisketError):
        return response
    asks = response.status == 401 and not response.header("dav")
    return Answer(response, await _options(visit, port, NOWHERE) if asks else None)


async def _options(visit: Visit, port: int, path: str) -> Response | FrisketError:
    patience = visit.options.patience
    try:
        stream = await visit.connect(port)
    except LinkError as fault:
        return fault
    try:
        sent = get(visit.dialer.target.address, path, "OPTIONS")
        line = stream if port == PLAIN else await visit.dialer.tls(stream, open_context(), patience)
        return await ask(line, sent, timeout=patience, total=4 * patience, limits=LIMITS)
    except (LinkError, WireError) as fault:
        return fault
    finally:
        stream.close()


PROBE = Probe(name="webdav", reads=KEYS, run=run)
