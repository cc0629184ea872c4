"""Remote operation on port 5900: whether an RFB server is there and asks for a password.

The versions and the security types are read; the connection ends before anything is chosen.
"""

from __future__ import annotations

from dataclasses import dataclass

from frisket.errors import FrisketError, LinkError, WireError
from frisket.model.reading import Reading, Readings, Unread, Why
from frisket.probe.absent import absent
from frisket.probe.arriving import read_message
from frisket.probe.base import Probe, Sighting, Visit, unread
from frisket.probe.identity import clean
from frisket.proto.rfb.handshake import (
    Offer,
    Security,
    agreed,
    encode_version,
    read_offer,
    read_version,
)

VIA = "rfb"
PORT = 5900
ENABLED = "remote-operation.enabled"
ASKED = "remote-operation.password-asked"
KEYS = frozenset({ENABLED, ASKED})
# Types that ask who is there: VNC authentication, RA2 and RA2ne, MS-Logon II, Apple's, RSA-AES.
# Tight (16) and VeNCrypt (19) are left out: they wrap other types, none at all among them.
_ASKING = frozenset({Security.VNC_AUTHENTICATION, 5, 6, 13, 30, 113, 129, 130, 133})


@dataclass(frozen=True, slots=True)
class Answers:
    """The version announced, (major, minor), and the security types or what came instead."""

    version: tuple[int, int]
    offer: Offer | FrisketError


def _asked(visit: Visit, offer: Offer | FrisketError) -> Reading:
    if isinstance(offer, FrisketError):
        return unread(offer, VIA)
    shown = f"security types {', '.join(map(str, offer.types[:16]))}"
    if not offer.types:
        detail = clean(f"the server refuses: {offer.reason}", 200)
        return Unread(Why.UNSUPPORTED, VIA, detail)
    if Security.NONE in offer.types:
        return visit.known(False, VIA, f"{shown}: none is asked for")
    if _ASKING.issuperset(offer.types):
        return visit.known(True, VIA, shown)
    return Unread(Why.UNSUPPORTED, VIA, f"{shown}: only a handshake would tell what they ask")


def interpret(visit: Visit, answers: Answers) -> Sighting:
    """Judge the opening of the conversation."""
    version = f"RFB {answers.version[0]}.{answers.version[1]}"
    readings: dict[str, Reading] = {
        ENABLED: visit.known(True, VIA, f"port {PORT}/tcp announces {version}"),
        ASKED: _asked(visit, answers.offer),
    }
    return Sighting(Readings.single(readings), facts={"rfb": version})


async def run(visit: Visit) -> Sighting:
    """Read the version, repeat it, read the security types, leave."""
    try:
        stream = await visit.connect(PORT)
    except LinkError as fault:
        return absent(visit, fault, VIA, [ENABLED], [ASKED])
    try:
        announced, rest = await read_message(visit, stream, b"", read_version)
        try:
            version = agreed(announced)
            # In 3.3 the server dictates one type; the later versions list all they would take.
            await stream.write(encode_version(version), visit.options.patience)
            offer, _ = await read_message(
                visit, stream, rest, lambda data: read_offer(data, version)
            )
        except (LinkError, WireError) as fault:
            return interpret(visit, Answers(announced, fault))
        return interpret(visit, Answers(announced, offer))
    finally:
        stream.close()


PROBE = Probe(name="rfb", reads=KEYS, run=run)
