"""Web Services for Devices: discovery on UDP port 3702, metadata on TCP port 60000.

<Use WSD> opens both, <Use WSD Browsing> lets the device be found, <Use WSD Scan> makes it a
scanner too. Printing by WSD is not carried: any other action gets a SOAP fault that says so.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from frisket.errors import WireError
from frisket.mfd.announce import make_and_model, web_address
from frisket.mfd.device import Device
from frisket.mfd.service import Open, Port, Service
from frisket.net.listen import listen_tcp
from frisket.net.multicast import listen_group
from frisket.proto.http.server import Caller, Serving
from frisket.proto.http.wire import Limits, Request, Response
from frisket.proto.wsd import wire

DISCOVERY = Port(3702, "udp")
METADATA = Port(60000)
GROUP = "239.255.255.250"
_LIMITS = Limits(head=8 << 10, fields=40, body=64 << 10)
_FAULT = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    f'<s:Envelope xmlns:s="{wire.SOAP}" xmlns:a="{wire.ADDRESSING}"><s:Header>'
    f"<a:Action>{wire.ADDRESSING}/fault</a:Action></s:Header><s:Body><s:Fault>"
    "<s:Code><s:Value>s:Sender</s:Value>"
    "<s:Subcode><s:Value>a:ActionNotSupported</s:Value></s:Subcode></s:Code>"
    '<s:Reason><s:Text xml:lang="en">This virtual device describes itself by WSD, '
    "and does not print or scan by it.</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>"
).encode()


@dataclass(frozen=True, slots=True)
class Turn:
    """What makes one answer differ from the next: its own address, and its place in the row."""

    message: str
    instance: int = 1
    number: int = 1


def turns(device: Device) -> Callable[[], Turn]:
    """Return a source of turns for a device that has just begun to answer."""
    instance = int(device.now().timestamp()) & 0xFFFF_FFFF
    numbers = count(1)
    return lambda: Turn(f"urn:uuid:{uuid.uuid4()}", instance, next(numbers) & 0xFFFF_FFFF)


def types(device: Device) -> tuple[wire.QualifiedName, ...]:
    """Return what the device is."""
    scanner = (wire.SCANNER,) if device.store.on("wsd.scan.enabled") else ()
    return (wire.DEVICE, wire.PRINTER, *scanner)


def endpoint(device: Device) -> wire.Device:
    """Return the device as discovery describes it."""
    address = f"http://{device.address}:{device.port(METADATA.number)}/wsd/{device.plan.uuid}"
    return wire.Device(f"urn:uuid:{device.plan.uuid}", types(device), urls=(address,))


def describe(device: Device) -> wire.Description:
    """Return the metadata of the device."""
    base = f"http://{device.address}:{device.port(METADATA.number)}/wsd"
    hosted = [wire.Hosted(f"{base}/print", ((wire.PRINT, "PrinterServiceType"),), "uri:print")]
    if device.store.on("wsd.scan.enabled"):
        scan = (wire.SCAN, "ScannerServiceType")
        hosted.append(wire.Hosted(f"{base}/scan", (scan,), "uri:scan"))
    return wire.Description(
        friendly_name=f"{make_and_model(device)} [{device.name}]",
        firmware_version=device.firmware,
        serial_number=device.plan.serial,
        manufacturer=device.personality.vendor,
        model_name=device.personality.model,
        model_number=device.personality.name,
        presentation_url=web_address(device),
        hosted=tuple(hosted),
    )


def answer(device: Device, asked: wire.Body) -> wire.Body | None:
    """Return what the device says to a message of discovery; None for silence."""
    mine = endpoint(device)
    match asked:
        case wire.Probe(wanted, scopes) if device.store.on("wsd.browsing.enabled"):
            # The device is in no scope, so a probe for one is for others.
            suits = set(wanted) <= set(mine.types) and not scopes
            return wire.ProbeMatches((mine,)) if suits else None
        case wire.Resolve(address) if address.lower() == mine.address:
            return wire.ResolveMatches(mine)
        case _:
            return None


def _spell(envelope: wire.Envelope, body: wire.Body, turn: Turn) -> bytes:
    told = isinstance(body, wire.Description)
    return wire.encode_envelope(
        wire.Envelope(
            body,
            turn.message,
            to=envelope.reply_to or wire.ANONYMOUS,
            relates_to=envelope.message,
            sequence=None if told else (turn.instance, turn.number),
        )
    )


def respond(device: Device, data: bytes, turn: Callable[[], Turn]) -> bytes | None:
    """Answer one datagram; None for silence. Raises nothing."""
    try:
        envelope = wire.read_envelope(data, max_bytes=16384)
    except WireError:
        return None
    body = answer(device, envelope.body)
    if body is None or device.power.wake("wsd") > 0:
        return None
    return _spell(envelope, body, turn())


def respond_http(device: Device, request: Request, turn: Callable[[], Turn]) -> Response:
    """Answer one request on the metadata port: Get, and directed probes."""
    if request.method != "POST":
        return Response(405, (("allow", "POST"),))
    head = (("content-type", "application/soap+xml; charset=utf-8"),)
    try:
        envelope = wire.read_envelope(request.body, max_bytes=_LIMITS.body)
    except WireError:
        return Response(400, head, _FAULT)
    body = (
        describe(device)
        if isinstance(envelope.body, wire.Get)
        else answer(device, envelope.body) or wire.ProbeMatches(())
    )
    return Response(200, head, _spell(envelope, body, turn()))


@dataclass(frozen=True, slots=True)
class _Metadata:
    """The open metadata port and the connections through it."""

    server: asyncio.Server
    serving: Serving

    def close(self) -> None:
        self.server.close()
        self.serving.close()


def ports(device: Device) -> tuple[Port, ...]:
    """Return both ports while <Use WSD> is on."""
    return (DISCOVERY, METADATA) if device.store.on("wsd.enabled") else ()


async def open_port(device: Device, port: Port) -> Open:
    """Listen on one of the ports."""
    turn = turns(device)
    where = device.port(port.number)
    if port == DISCOVERY:
        return listen_group(
            device.address, where, GROUP, lambda data, _: respond(device, data, turn)
        )

    async def reply(request: Request, _: Caller) -> Response:
        await asyncio.sleep(device.power.wake("wsd"))
        return respond_http(device, request, turn)

    serving = Serving(
        answer=reply,
        headers=(("server", device.personality.banner),),
        limits=_LIMITS,
        bug=lambda fault: device.journal.add("bugs", f"wsd: {fault!r}"),
    )
    return _Metadata(await listen_tcp(device.address, where, serving), serving)


SERVICE = Service(name="wsd", ports=ports, open_port=open_port)
