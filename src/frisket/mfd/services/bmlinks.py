"""BMLinkS: answers to SSDP searches on UDP port 1900 (UPnP Device Architecture 1.1, 1.3).

BMLinkS' own service types are those of a Japanese industry body and not public; the device
answers for itself as a root device and a printer, and says that it is a virtual one.
"""

from __future__ import annotations

from email.utils import format_datetime

from frisket.errors import WireError
from frisket.mfd.announce import server_name, web_address
from frisket.mfd.device import Device
from frisket.mfd.service import Open, Port, Service
from frisket.net.multicast import listen_group
from frisket.proto.http.wire import Limits, Request, Response, ServerSide

SSDP = Port(1900, "udp")
GROUP = "239.255.255.250"
ROOT = "upnp:rootdevice"
PRINTER = "urn:schemas-upnp-org:device:Printer:1"
_ALL = "ssdp:all"
_LIMITS = Limits(head=2 << 10, fields=30, body=0)


def targets(device: Device) -> tuple[str, ...]:
    """Return what the device may be searched as; the first stands for all of it."""
    return (ROOT, f"uuid:{device.plan.uuid}", PRINTER)


def read_search(data: bytes) -> tuple[ServerSide, Request]:
    """Read one M-SEARCH. Raises `WireError`."""
    side = ServerSide(_LIMITS)
    side.receive(data)
    request = side.request()
    if request is None or (request.method, request.target) != ("M-SEARCH", "*"):
        raise WireError("not an SSDP search")
    if request.header("man").strip('" ') != "ssdp:discover" or not request.header("st"):
        raise WireError("an SSDP search without MAN or ST")
    return side, request


def respond(device: Device, data: bytes) -> bytes | None:
    """Answer one search; None for silence. Raises nothing.

    `ssdp:all` gets one answer, for the root device: three would multiply what was asked.
    """
    try:
        side, request = read_search(data)
        wanted = request.header("st")
        found = ROOT if wanted == _ALL else wanted
        if found not in targets(device) or device.power.wake("bmlinks") > 0:
            return None
        own = f"uuid:{device.plan.uuid}"
        headers = [
            ("cache-control", "max-age=1800"),
            ("date", format_datetime(device.now(), usegmt=True)),
            ("ext", ""),
            ("server", server_name(device)),
            ("st", found),
            ("usn", own if found == own else f"{own}::{found}"),
        ]
        if address := web_address(device):
            headers.insert(3, ("location", address))
        return side.respond(Response(200, tuple(headers), reason="OK"))
    except WireError:
        return None


def ports(device: Device) -> tuple[Port, ...]:
    """Return the port while <BMLinkS Settings> is on."""
    return (SSDP,) if device.store.on("bmlinks.enabled") else ()


async def open_port(device: Device, port: Port) -> Open:
    """Listen on the device's address and, beyond loopback, in the multicast group."""
    where = device.port(port.number)
    return listen_group(device.address, where, GROUP, lambda data, _: respond(device, data))


SERVICE = Service(name="bmlinks", ports=ports, open_port=open_port)
