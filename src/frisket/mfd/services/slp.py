"""SLP on UDP port 427: a service agent for the device's own services (RFC 2608, <Response>).

It answers for `service:printer` (the IANA printer template); Canon's own types are not public.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from frisket.errors import WireError
from frisket.mfd.announce import formats, make_and_model, web_address
from frisket.mfd.device import Device
from frisket.mfd.service import Open, Port, Service
from frisket.net.multicast import listen_group
from frisket.proto.slp.wire import (
    AttributeReply,
    AttributeRequest,
    Body,
    Flag,
    Message,
    ServiceAdvert,
    ServiceReply,
    ServiceRequest,
    TypeReply,
    TypeRequest,
    Url,
    encode_message,
    read_message,
    spell_attributes,
)

SLP = Port(427, "udp")
GROUP = "239.255.255.253"
PRINTER = "service:printer"
_AGENT = "service:service-agent"
# RFC 2608 section 7
_PARSE_ERROR, _SCOPE_NOT_SUPPORTED, _AUTHENTICATION_UNKNOWN = 2, 4, 5
_FILTER = re.compile(r"\(([^()=<>~]{1,64})=([^()]{0,128})\)")
_LIFETIME = 10_800
_ROOM = 1400  # RFC 2608 section 6.1: what does not fit a datagram is cut, with a flag

Request = ServiceRequest | AttributeRequest | TypeRequest


def urls(device: Device) -> tuple[str, ...]:
    """Return the service URLs of the print services that are on now."""
    offered = []
    if device.store.on("ipp.enabled"):
        offered.append(f"{PRINTER}:ipp://{device.address}:{device.port(631)}/ipp/print")
    if device.store.on("lpd.enabled"):
        offered.append(f"{PRINTER}:lpr://{device.address}:{device.port(515)}/print")
    return tuple(offered)


def attributes(device: Device) -> dict[str, tuple[str, ...]]:
    """Return the printer's attributes by the names of the IANA printer template."""
    return {
        "printer-name": (device.name,),
        "printer-location": (device.store.text("device.location"),),
        "printer-make-and-model": (make_and_model(device),),
        "printer-more-info": (web_address(device),),
        "color-supported": ("true" if device.personality.color else "false",),
        "document-format-supported": formats(device),
    }


def _of_type(offered: tuple[str, ...], wanted: str) -> tuple[str, ...]:
    kind = wanted.lower()
    return tuple(url for url in offered if url == wanted or url.startswith((f"{kind}:", kind)))


def matches(predicate: str, known: dict[str, tuple[str, ...]]) -> bool:
    """Judge an LDAP filter of equalities and an & around them; `WireError` for any other."""
    inner = predicate[2:-1] if predicate.startswith("(&") else predicate
    found = _FILTER.findall(inner)
    if "".join(f"({name}={value})" for name, value in found) != inner:
        raise WireError("an SLP predicate beyond equality")
    return all(
        any(
            fnmatchcase(value.lower(), re.sub(r"([\[?])", r"[\1]", pattern.lower()))
            for value in known.get(name.lower(), ())
        )
        for name, pattern in found
    )


def _error(request: Request, code: int) -> Body:
    match request:
        case ServiceRequest():
            return ServiceReply(error=code)
        case AttributeRequest():
            return AttributeReply(error=code)
        case TypeRequest():
            return TypeReply(error=code)


def _answer_services(device: Device, asked: ServiceRequest) -> Body | None:
    kind = asked.service_type.lower()
    if kind == _AGENT:
        return ServiceAdvert(f"{_AGENT}://{device.address}", device.store.text("slp.scope"))
    if not kind.startswith(PRINTER):
        return ServiceReply()
    try:
        suits = not asked.predicate or matches(asked.predicate, attributes(device))
    except WireError:
        return _error(asked, _PARSE_ERROR)
    found = _of_type(urls(device), asked.service_type) if suits else ()
    return ServiceReply(tuple(Url(url, _LIFETIME) for url in found))


def _answer_attributes(device: Device, asked: AttributeRequest) -> Body:
    if not _of_type(urls(device), asked.url):
        return AttributeReply()
    wanted = [tag.strip().lower() for tag in asked.tags.split(",") if tag.strip()]
    chosen = {
        name: values
        for name, values in attributes(device).items()
        if not wanted or any(fnmatchcase(name, tag) for tag in wanted[:32])
    }
    return AttributeReply(spell_attributes(chosen))


def answer(device: Device, asked: Request) -> Body | None:
    """Return what the device says to a question; None where it leaves it to others."""
    if device.address in asked.previous_responders.split(","):
        return None
    mine = device.store.text("slp.scope").lower()
    if mine not in {scope.strip().lower() for scope in asked.scopes.split(",")}:
        return _error(asked, _SCOPE_NOT_SUPPORTED)
    if not isinstance(asked, TypeRequest) and asked.security:
        return _error(asked, _AUTHENTICATION_UNKNOWN)
    match asked:
        case ServiceRequest():
            return _answer_services(device, asked)
        case AttributeRequest():
            return _answer_attributes(device, asked)
        case TypeRequest(authority):
            named = () if authority else urls(device)
            return TypeReply(",".join(url.partition("://")[0] for url in named))


def _says_something(body: Body) -> bool:
    if isinstance(body, ServiceReply):
        return not body.error and bool(body.urls)
    if isinstance(body, AttributeReply):
        return not body.error and bool(body.attributes)
    return not isinstance(body, TypeReply) or (not body.error and bool(body.types))


def respond(device: Device, data: bytes) -> bytes | None:
    """Answer one datagram; None for silence. Raises nothing.

    To a multicast question an empty or failed answer is left out (RFC 2608 section 7).
    """
    try:
        message, _ = read_message(data)
    except WireError:
        return None
    asked = message.body
    if not isinstance(asked, ServiceRequest | AttributeRequest | TypeRequest):
        return None
    multicast = Flag.MULTICAST in message.flags
    if device.power.wake("slp") > 0:
        return None
    body = answer(device, asked)
    if body is None or (multicast and not _says_something(body)):
        return None
    whole = encode_message(Message(body, message.transaction, Flag.NONE, message.language))
    if len(whole) <= _ROOM:
        return whole
    short = _error(asked, 0)
    return encode_message(Message(short, message.transaction, Flag.OVERFLOW, message.language))


def ports(device: Device) -> tuple[Port, ...]:
    """Return the port while <Response> is on."""
    return (SLP,) if device.store.on("slp.response.enabled") else ()


async def open_port(device: Device, port: Port) -> Open:
    """Listen on the device's address and, beyond loopback, in the multicast group."""
    where = device.port(port.number)
    return listen_group(device.address, where, GROUP, lambda data, _: respond(device, data))


SERVICE = Service(name="slp", ports=ports, open_port=open_port)
