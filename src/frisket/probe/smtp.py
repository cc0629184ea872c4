"""SMTP reception on port 25: whether it is there and offers TLS. No mail is ever begun."""

from __future__ import annotations

from frisket.errors import FrisketError, LinkError, WireError
from frisket.model.reading import Reading, Readings, Unread, Why
from frisket.probe.absent import absent
from frisket.probe.base import Probe, Sighting, Visit, unread
from frisket.probe.dialogue import Dialogue
from frisket.probe.identity import clean
from frisket.proto.reply.wire import Reply

VIA = "smtp"
PORT = 25
ENABLED = "smtp.receive.enabled"
TLS = "smtp.receive.tls"
KEYS = frozenset({ENABLED, TLS})
# Canon refuses a greeting without a domain; RFC 2606 keeps this one from ever being somebody's.
_NAME = "frisket.invalid"


def _enabled(visit: Visit, banner: Reply) -> Reading:
    said = clean(f"port {PORT}/tcp greets: {banner.code} {banner.lines[0]}", 200)
    if banner.code == 554:  # RFC 5321 section 3.1: no SMTP service here
        return Unread(Why.UNSUPPORTED, VIA, said)
    return visit.known(True, VIA, said)


def _tls(visit: Visit, banner: Reply, extensions: Reply | FrisketError | None) -> Reading:
    """Read <Allow TLS>: *on* and *always* differ only in what happens to a mail without TLS."""
    if extensions is None:
        return Unread(Why.NOT_ASKED, VIA, f"the server greets with {banner.code}")
    if isinstance(extensions, FrisketError):
        return unread(extensions, VIA)
    said = clean(f"EHLO is answered {extensions.code} {extensions.lines[0]}", 120)
    if extensions.code == 250:
        keywords = {line.strip().upper().partition(" ")[0] for line in extensions.lines[1:]}
        if "STARTTLS" not in keywords:
            return visit.known("off", VIA, f"{said}, without STARTTLS")
        detail = "STARTTLS is offered; only a mail without it would tell `on` from `always`"
        return Unread(Why.NOT_ASKED, VIA, detail)
    if extensions.code in {500, 502}:
        return visit.known("off", VIA, f"{said}: no extensions, so no STARTTLS")
    return Unread(Why.UNSUPPORTED, VIA, said)


def interpret(visit: Visit, banner: Reply, extensions: Reply | FrisketError | None) -> Sighting:
    """Judge the greeting and the answer to EHLO (None: not asked)."""
    readings = {ENABLED: _enabled(visit, banner), TLS: _tls(visit, banner, extensions)}
    said = clean(f"{banner.code} {banner.lines[0]}", 200)
    return Sighting(Readings.single(readings), facts={"smtp": said})


async def run(visit: Visit) -> Sighting:
    """Greet, ask for the extensions, take leave."""
    try:
        dialogue, banner = await Dialogue.greet(visit, PORT)
    except LinkError as fault:
        return absent(visit, fault, VIA, [ENABLED], [TLS])
    try:
        extensions: Reply | FrisketError | None = None
        if banner.code == 220:
            try:
                extensions = await dialogue.command(f"EHLO {_NAME}")
            except (LinkError, WireError) as fault:
                extensions = fault
        return interpret(visit, banner, extensions)
    finally:
        await dialogue.quit()


PROBE = Probe(name="smtp", reads=KEYS, run=run)
