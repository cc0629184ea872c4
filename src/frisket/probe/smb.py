"""SMB server on port 445: dialects it agrees to, and whether signatures are required.

Each dialect is offered by itself on a connection of its own; nobody logs in. That a server can
encrypt does not say that it demands it, so nothing is said of that.
"""

from __future__ import annotations

from collections.abc import Mapping

from frisket.errors import FrisketError, LinkError, Refused, Reset, WireError
from frisket.model.reading import Reading, Readings, Unread, Why
from frisket.probe.absent import absent
from frisket.probe.arriving import read_message
from frisket.probe.base import Probe, Sighting, Visit, unread
from frisket.proto.cursor import Incomplete
from frisket.proto.smb.messages import Declined, Negotiated
from frisket.proto.smb.names import NT_LM, Dialect, dialect_name, status_name
from frisket.proto.smb.wire import ask_1, ask_2, read_reply

VIA = "smb"
PORT = 445
NETBIOS_PORT = 139
ENABLED = "smb.server.enabled"
DIALECTS = "smb.server.dialects"
SIGNATURE = "smb.server.require-signature"
KEYS = frozenset({ENABLED, DIALECTS, SIGNATURE})
ASKED = (
    *(Dialect.SMB_1, Dialect.SMB_2_0_2, Dialect.SMB_2_1),
    *(Dialect.SMB_3_0, Dialect.SMB_3_0_2, Dialect.SMB_3_1_1),
)

Answer = Negotiated | Declined | FrisketError


def _declines(answer: Answer) -> bool:
    """Say whether a dialect was turned down: in words, or by hanging up as Samba and Windows do."""
    return isinstance(answer, Declined | Reset)


def _dialects(visit: Visit, answers: Mapping[Dialect, Answer]) -> Reading:
    for dialect, answer in answers.items():
        if not isinstance(answer, Negotiated) and not _declines(answer):
            assert isinstance(answer, FrisketError)
            reason = unread(answer, VIA)
            return Unread(reason.why, VIA, f"{dialect_name(dialect)}: {reason.detail}")
    taken = tuple(dialect_name(d) for d, a in answers.items() if isinstance(a, Negotiated))
    statuses = {status_name(a.status) for a in answers.values() if isinstance(a, Declined)}
    detail = f"agrees to {', '.join(taken)}"
    if statuses:
        detail += f"; declines others with {', '.join(sorted(statuses))}"
    return visit.known(taken, VIA, detail)


def interpret(visit: Visit, answers: Mapping[Dialect, Answer]) -> Sighting:
    """Judge the answer to each dialect offered."""
    agreed = {d: a for d, a in answers.items() if isinstance(a, Negotiated)}
    if not agreed:
        # Hanging up on every dialect is no SMB; a word of refusal would be.
        declined = any(isinstance(answer, Declined) for answer in answers.values())
        fault = next((a for a in answers.values() if isinstance(a, FrisketError)), None)
        reason: Reading = Unread(Why.UNSUPPORTED, VIA, "every dialect offered is declined")
        if fault is not None and not declined:
            reason = unread(fault, VIA)
        readings: dict[str, Reading] = dict.fromkeys(sorted(KEYS), reason)
        if declined:
            detail = f"port {PORT}/tcp answers SMB, and declines"
            readings[ENABLED] = visit.known(True, VIA, detail)
        return Sighting(Readings.single(readings))
    lax = [dialect_name(d) for d, answer in agreed.items() if not answer.signing_required]
    said = f"not required by {', '.join(lax)}" if lax else "required by every dialect agreed to"
    readings = {
        ENABLED: visit.known(True, VIA, f"port {PORT}/tcp negotiates SMB"),
        DIALECTS: _dialects(visit, answers),
        SIGNATURE: visit.known(not lax, VIA, said),
    }
    return Sighting(Readings.single(readings), facts={"smb": ", ".join(map(dialect_name, agreed))})


async def run(visit: Visit) -> Sighting:
    """Offer each dialect; where 445 is refused, see that 139 is too."""
    fault = await visit.closed(PORT)
    if isinstance(fault, Refused):
        other = await visit.closed(NETBIOS_PORT)
        if isinstance(other, Refused):
            both = Refused(f"ports {PORT} and {NETBIOS_PORT}/tcp refused")
            return absent(visit, both, VIA, [ENABLED], KEYS - {ENABLED})
        if other is not None:
            raise other
        detail = f"port {NETBIOS_PORT}/tcp is open, {PORT} is not: SMB over NetBIOS is not asked"
        reason = Unread(Why.NOT_ASKED, VIA, detail)
        return Sighting(Readings.single(dict.fromkeys(sorted(KEYS), reason)))
    if fault is not None:
        raise fault
    return interpret(visit, {dialect: await _offer(visit, dialect) for dialect in ASKED})


async def _offer(visit: Visit, dialect: Dialect) -> Answer:
    fresh = visit.dialer.random
    question = (
        ask_1([NT_LM])
        if dialect is Dialect.SMB_1
        else ask_2([dialect], guid=fresh.randbytes(16), salt=fresh.randbytes(32))
    )
    try:
        answer = await _ask(visit, question)
    except (LinkError, WireError) as fault:
        return fault
    if isinstance(answer, Negotiated) and answer.dialect != dialect:
        return WireError(f"{dialect_name(answer.dialect)} was not offered")
    return answer


def read_answer(data: bytes) -> tuple[Negotiated | Declined, int]:
    """Return the server's answer; all that came belongs to it. Raises `Incomplete`."""
    answer = read_reply(data)
    if answer is None:
        raise Incomplete(len(data) + 1)
    return answer, len(data)


async def _ask(visit: Visit, question: bytes) -> Negotiated | Declined:
    stream = await visit.connect(PORT)
    try:
        await stream.write(question, visit.options.patience)
        return (await read_message(visit, stream, b"", read_answer))[0]
    finally:
        stream.close()


PROBE = Probe(name="smb", reads=KEYS, run=run)
