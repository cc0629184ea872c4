"""FTP printing on port 21: whether it is there, offers TLS, and, if allowed, takes anyone.

No name is sent unless `Options.anonymous_ftp` allows one anonymous login; no file, ever.
"""

from __future__ import annotations

from dataclasses import dataclass

from frisket.errors import FrisketError, LinkError, WireError
from frisket.model.reading import Reading, Readings, Unread, Why
from frisket.probe.absent import absent
from frisket.probe.base import Probe, Sighting, Visit, unread
from frisket.probe.dialogue import Dialogue
from frisket.probe.identity import clean, from_greeting
from frisket.proto.reply.wire import Reply

VIA = "ftp"
PORT = 21
ENABLED = "ftp.print.enabled"
AUTHENTICATION = "ftp.print.authentication"
TLS = "ftp.tls-offered"
KEYS = frozenset({ENABLED, AUTHENTICATION, TLS})
MOST_DELAYS = 3
# RFC 959 asks for a password that looks like the visitor's address; this names nobody.
_PASSWORD = "audit@frisket.invalid"  # noqa: S105 - what anonymous FTP calls one
_SECURED = frozenset({234, 334})  # RFC 2228: the mechanism is taken


@dataclass(frozen=True, slots=True)
class Answers:
    """What was said. A fault is what came instead; None was not asked."""

    banner: Reply
    features: Reply | FrisketError | None = None
    auth: Reply | FrisketError | None = None
    login: Reply | FrisketError | None = None


def lists_tls(features: object) -> bool:
    """Say whether a reply to FEAT names AUTH with TLS or SSL (RFC 4217 section 6)."""
    if not isinstance(features, Reply) or features.code != 211:
        return False
    lines = (line.strip().upper() for line in features.lines)
    return any(line.startswith("AUTH ") and ("TLS" in line or "SSL" in line) for line in lines)


def _tls(visit: Visit, answers: Answers) -> Reading:
    if lists_tls(answers.features):
        return visit.known(True, VIA, "FEAT lists AUTH TLS")
    if isinstance(answers.auth, Reply):
        said = clean(f"AUTH TLS is answered {answers.auth.code} {answers.auth.lines[0]}", 200)
        if answers.auth.code in _SECURED:
            return visit.known(True, VIA, said)
        if answers.auth.code >= 500:
            return visit.known(False, VIA, said)
        return Unread(Why.UNSUPPORTED, VIA, said)
    if answers.auth is None:
        return Unread(Why.NOT_ASKED, VIA, f"the server greets with {answers.banner.code}")
    return unread(answers.auth, VIA)


def _authentication(visit: Visit, answers: Answers, tls: Reading) -> Reading:
    login = answers.login
    if login is None:
        detail = "an anonymous login would tell; it is tried only where that is allowed"
        return Unread(Why.NOT_ASKED, VIA, detail)
    if isinstance(login, FrisketError):
        return unread(login, VIA)
    said = clean(f"an anonymous login is answered {login.code} {login.lines[0]}", 200)
    if 200 <= login.code < 300:
        return visit.known(False, VIA, said)
    if login.code == 530 and getattr(tls, "value", None) is False:
        return visit.known(True, VIA, said)
    # Where TLS is offered, servers may take nobody without it, or no anonymous user with it.
    return Unread(Why.UNSUPPORTED, VIA, said)


def interpret(visit: Visit, answers: Answers) -> Sighting:
    """Judge what the server said."""
    greeting = clean(f"{answers.banner.code} {answers.banner.lines[0]}", 200)
    tls = _tls(visit, answers)
    readings: dict[str, Reading] = {
        ENABLED: visit.known(True, VIA, f"port {PORT}/tcp greets: {greeting}"),
        TLS: tls,
        AUTHENTICATION: _authentication(visit, answers, tls),
    }
    identity = from_greeting(answers.banner.lines[0])
    return Sighting(Readings.single(readings), identity, facts={"ftp": greeting})


async def run(visit: Visit) -> Sighting:
    """Greet, ask for features and TLS, log in if that is allowed, take leave."""
    try:
        dialogue, banner = await Dialogue.greet(visit, PORT)
    except LinkError as fault:
        return absent(visit, fault, VIA, [ENABLED], KEYS - {ENABLED})
    try:
        for _ in range(MOST_DELAYS):
            if banner.code != 120:  # ready in some minutes, says RFC 959; or soon
                break
            banner = await dialogue.reply()
        if banner.code != 220:
            return interpret(visit, Answers(banner))
        features = await _ask(dialogue, "FEAT")
        auth = None if lists_tls(features) else await _ask(dialogue, "AUTH TLS")
        login = await _login(dialogue, auth) if visit.options.anonymous_ftp else None
        if login is None and isinstance(auth, Reply) and auth.code in _SECURED:
            await _encrypt(dialogue)
        return interpret(visit, Answers(banner, features, auth, login))
    finally:
        await dialogue.quit()


async def _ask(dialogue: Dialogue, line: str) -> Reply | FrisketError:
    try:
        return await dialogue.command(line)
    except (LinkError, WireError) as fault:
        return fault


async def _encrypt(dialogue: Dialogue) -> LinkError | None:
    """Shake hands where AUTH TLS was taken, since no other word is understood from then on."""
    try:
        await dialogue.encrypt()
    except LinkError as fault:
        return fault
    return None


async def _login(dialogue: Dialogue, auth: Reply | FrisketError | None) -> Reply | FrisketError:
    if isinstance(auth, Reply) and auth.code in _SECURED and (fault := await _encrypt(dialogue)):
        return fault
    user = await _ask(dialogue, "USER anonymous")
    if isinstance(user, Reply) and user.code == 331:
        return await _ask(dialogue, f"PASS {_PASSWORD}")
    return user


PROBE = Probe(name="ftp", reads=KEYS, run=run)
