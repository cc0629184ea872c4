"""WSD: whether a unicast probe on UDP port 3702 is answered, and with how much.

The addresses in an answer (XAddrs) are data: nothing connects to them.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from frisket.errors import FrisketError, LinkError, Refused, WireError
from frisket.model.reading import Reading, Readings, Unread, Why
from frisket.probe.base import Probe, Sighting, Visit, unread
from frisket.probe.datagram import Heard, ask
from frisket.probe.identity import clean
from frisket.proto.wsd import wire

VIA = "wsd"
PORT = 3702
# Where metadata is served: by imageRUNNER devices, and where Windows' own implementation does.
METADATA_PORTS = (60000, 5357)
ENABLED = "wsd.enabled"
AMPLIFICATION = "wsd.amplification"
KEYS = frozenset({ENABLED, AMPLIFICATION})


def read_matches(heard: Heard, message: str) -> wire.ProbeMatches:
    """Return the answer to probe `message` from the first datagram. Raises `WireError`."""
    envelope = wire.read_envelope(heard.answers[0], max_bytes=65536)
    if not isinstance(envelope.body, wire.ProbeMatches) or envelope.relates_to != message:
        raise WireError("not the answer to this WS-Discovery probe")
    return envelope.body


def interpret(visit: Visit, heard: Heard, matches: wire.ProbeMatches) -> Sighting:
    """Judge an answer."""
    names = [name for device in matches.devices for _, name in device.types]
    said = clean(", ".join(dict.fromkeys(names)), 120) or "a device of no type"
    readings = {
        ENABLED: visit.known(True, VIA, f"port {PORT}/udp answers a probe: {said}"),
        AMPLIFICATION: visit.known(heard.amplification, VIA, heard.in_words),
    }
    return Sighting(Readings.single(readings), facts={"wsd": said})


def interpret_nothing(
    visit: Visit, fault: FrisketError, metadata: Mapping[int, LinkError | None]
) -> Sighting:
    """Judge a probe that was not answered, with the state of the metadata ports.

    ICMP alone does not say off: a listener bound to the multicast address (wsdd) refuses unicast.
    """
    reason = unread(fault, VIA)
    enabled: Reading = reason
    served = [port for port, met in metadata.items() if met is None]
    refused = metadata and all(isinstance(met, Refused) for met in metadata.values())
    if isinstance(fault, Refused) and refused:
        ports = " and ".join(map(str, metadata))
        enabled = visit.known(False, VIA, f"ports {PORT}/udp, {ports}/tcp refuse")
    elif served:
        detail = f"{reason.detail}; port {served[0]}/tcp, where metadata is served, is open"
        enabled = Unread(reason.why, VIA, detail)
    rest = Unread(Why.REFUSED, VIA, str(fault)) if isinstance(fault, Refused) else reason
    return Sighting(Readings.single({ENABLED: enabled, AMPLIFICATION: rest}))


async def run(visit: Visit) -> Sighting:
    """Probe for any device; where nothing answers, touch the metadata ports."""
    number = uuid.UUID(int=visit.dialer.random.getrandbits(128), version=4)
    message = f"urn:uuid:{number}"
    # Devices of every kind are wsdp:Device too; a probe without a type is ignored by some.
    probe = wire.Envelope(wire.Probe((wire.DEVICE,)), message)
    try:
        heard = await ask(visit, PORT, wire.encode_envelope(probe))
        return interpret(visit, heard, read_matches(heard, message))
    except (LinkError, WireError) as fault:
        met = {port: await visit.closed(port) for port in METADATA_PORTS}
        return interpret_nothing(visit, fault, met)


PROBE = Probe(name="wsd", reads=KEYS, run=run)
