"""BMLinkS discovery: an SSDP search sent to UDP port 1900 of one device (UPnP 1.1, 1.3.2).

The guide's devices open this port for BMLinkS only. The LOCATION in an answer is never fetched.
"""

from __future__ import annotations

from frisket.errors import LinkError, WireError
from frisket.model.reading import Readings
from frisket.probe.absent import absent
from frisket.probe.base import Probe, Sighting, Visit
from frisket.probe.datagram import ask
from frisket.probe.identity import clean
from frisket.proto.http.wire import ClientSide, Limits, Request, Response

VIA = "ssdp"
PORT = 1900
ENABLED = "bmlinks.enabled"
LIMITS = Limits(head=8 << 10, fields=50, body=8 << 10)


def question(host: str) -> Request:
    """Return the search: root devices only, one second to answer."""
    shown = f"[{host}]" if ":" in host else host
    headers = (
        ("HOST", f"{shown}:{PORT}"),
        ("MAN", '"ssdp:discover"'),
        ("MX", "1"),
        ("ST", "upnp:rootdevice"),
    )
    return Request("M-SEARCH", "*", headers)


def read_response(side: ClientSide, datagram: bytes) -> Response:
    """Read one answer to what `side` asked. Raises `WireError`."""
    side.receive(datagram)
    side.receive(b"")
    response = side.response()
    if response is None or not (response.header("st") or response.header("usn")):
        raise WireError("HTTP, but no answer to an SSDP search")
    return response


def interpret(visit: Visit, response: Response) -> Sighting:
    """Judge an answer: the port is the service, whatever it calls itself."""
    named = [response.header(name) for name in ("st", "usn", "server")]
    said = clean(", ".join(filter(None, named)), 200)
    reading = visit.known(True, VIA, f"port {PORT}/udp answers an SSDP search: {said}")
    return Sighting(Readings.single({ENABLED: reading}), facts={"ssdp": said})


async def run(visit: Visit) -> Sighting:
    """Search once, by unicast."""
    side = ClientSide(LIMITS)
    sent = side.request(question(visit.dialer.target.address))
    try:
        heard = await ask(visit, PORT, sent)
        return interpret(visit, read_response(side, heard.answers[0]))
    except (LinkError, WireError) as fault:
        return absent(visit, fault, VIA, [ENABLED])


PROBE = Probe(name="bmlinks", reads=frozenset({ENABLED}), run=run)
