"""WS-Discovery (April 2005) and device metadata (DPWS, February 2006) in SOAP 1.2.

Sent as datagrams on port 3702 and over HTTP; what Windows calls Web Services for Devices.
"""

from __future__ import annotations

from dataclasses import dataclass

from frisket.errors import WireError
from frisket.proto.xml.wire import Element, escape, read_xml

SOAP = "http://www.w3.org/2003/05/soap-envelope"
ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
DISCOVERY = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
METADATA = "http://schemas.xmlsoap.org/ws/2004/09/mex"
DEVICES = "http://schemas.xmlsoap.org/ws/2006/02/devprof"
PRINT = "http://schemas.microsoft.com/windows/2006/08/wdp/print"
SCAN = "http://schemas.microsoft.com/windows/2006/08/wdp/scan"
EVERYONE = "urn:schemas-xmlsoap-org:ws:2005:04:discovery"
ANONYMOUS = f"{ADDRESSING}/role/anonymous"

QualifiedName = tuple[str, str]
PRINTER: QualifiedName = (PRINT, "PrintDeviceType")
SCANNER: QualifiedName = (SCAN, "ScanDeviceType")
DEVICE: QualifiedName = (DEVICES, "Device")


@dataclass(frozen=True, slots=True)
class Device:
    """An endpoint: its `urn:uuid:` address, types, scopes, and where it is served."""

    address: str
    types: tuple[QualifiedName, ...] = ()
    scopes: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    metadata_version: int = 1


@dataclass(frozen=True, slots=True)
class Probe:
    """Asks who is of all these types, in all these scopes."""

    types: tuple[QualifiedName, ...] = ()
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProbeMatches:
    """The devices that match a probe."""

    devices: tuple[Device, ...]


@dataclass(frozen=True, slots=True)
class Resolve:
    """Asks where the device of this address is served."""

    address: str


@dataclass(frozen=True, slots=True)
class ResolveMatches:
    """The device that was looked for, or none."""

    device: Device | None


@dataclass(frozen=True, slots=True)
class Hello:
    """A device announces itself."""

    device: Device


@dataclass(frozen=True, slots=True)
class Bye:
    """A device leaves."""

    device: Device


@dataclass(frozen=True, slots=True)
class Get:
    """WS-Transfer Get: describe yourself."""


@dataclass(frozen=True, slots=True)
class Hosted:
    """A service on a device: print or scan."""

    address: str
    types: tuple[QualifiedName, ...] = ()
    identifier: str = ""


@dataclass(frozen=True, slots=True)
class Description:
    """WS-Transfer GetResponse: ThisDevice, ThisModel and Relationship; empty is not given."""

    friendly_name: str = ""
    firmware_version: str = ""
    serial_number: str = ""
    manufacturer: str = ""
    manufacturer_url: str = ""
    model_name: str = ""
    model_number: str = ""
    model_url: str = ""
    presentation_url: str = ""
    hosted: tuple[Hosted, ...] = ()


Body = Probe | ProbeMatches | Resolve | ResolveMatches | Hello | Bye | Get | Description


@dataclass(frozen=True, slots=True)
class Envelope:
    """A body, and the SOAP header around it; `sequence` is AppSequence (instance, number)."""

    body: Body
    message: str
    to: str = EVERYONE
    relates_to: str = ""
    reply_to: str = ""
    sequence: tuple[int, int] | None = None


_ACTIONS: dict[type, str] = {
    Probe: f"{DISCOVERY}/Probe",
    ProbeMatches: f"{DISCOVERY}/ProbeMatches",
    Resolve: f"{DISCOVERY}/Resolve",
    ResolveMatches: f"{DISCOVERY}/ResolveMatches",
    Hello: f"{DISCOVERY}/Hello",
    Bye: f"{DISCOVERY}/Bye",
    Get: f"{TRANSFER}/Get",
    Description: f"{TRANSFER}/GetResponse",
}
_DEVICE_FIELDS = ("FriendlyName", "FirmwareVersion", "SerialNumber")
_MODEL_FIELDS = (
    "Manufacturer",
    "ManufacturerUrl",
    "ModelName",
    "ModelNumber",
    "ModelUrl",
    "PresentationUrl",
)


def read_envelope(
    data: bytes, *, max_bytes: int = 1048576, max_depth: int = 32, max_items: int = 256
) -> Envelope:
    """Read one SOAP message; `WireError` for other actions, faults, and beyond the limits."""
    root = read_xml(data, max_bytes=max_bytes, max_depth=max_depth)
    header, body = root.child(SOAP, "Header"), root.child(SOAP, "Body")
    if (root.namespace, root.name) != (SOAP, "Envelope") or header is None or body is None:
        raise WireError("not a SOAP 1.2 envelope with header and body")
    action = header.text_of(ADDRESSING, "Action")
    kind = next((kind for kind, known in _ACTIONS.items() if known == action), None)
    if kind is None:
        raise WireError(f"WSD action {action[:80]!r}")
    return Envelope(
        _read_body(kind, body, max_items),
        header.text_of(ADDRESSING, "MessageID"),
        header.text_of(ADDRESSING, "To"),
        header.text_of(ADDRESSING, "RelatesTo"),
        _address(header, "ReplyTo"),
        _read_sequence(header),
    )


def encode_envelope(envelope: Envelope) -> bytes:
    """Return the SOAP message, every text escaped."""
    head = _tag("a:Action", _ACTIONS[type(envelope.body)]) + _tag("a:To", envelope.to)
    head += _tag("a:MessageID", envelope.message) if envelope.message else ""
    if envelope.reply_to:
        head += f"<a:ReplyTo>{_tag('a:Address', envelope.reply_to)}</a:ReplyTo>"
    if envelope.relates_to:
        head += _tag("a:RelatesTo", envelope.relates_to)
    if envelope.sequence:
        instance, number = envelope.sequence
        head += f'<d:AppSequence InstanceId="{instance}" MessageNumber="{number}"/>'
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<s:Envelope xmlns:s="{SOAP}" xmlns:a="{ADDRESSING}" xmlns:d="{DISCOVERY}"'
        f' xmlns:m="{METADATA}" xmlns:p="{DEVICES}">'
        f"<s:Header>{head}</s:Header><s:Body>{_spell_body(envelope.body)}</s:Body></s:Envelope>"
    ).encode()


def _read_body(kind: type, body: Element, limit: int) -> Body:
    if kind is Get:
        return Get()
    if kind is Description:
        return _read_description(_required(body, METADATA, "Metadata"), limit)
    content = _required(body, DISCOVERY, kind.__name__)
    if kind is Probe:
        return Probe(_types(content, DISCOVERY), _words(content, "Scopes"))
    if kind is Resolve:
        return Resolve(_reference(content))
    if kind is Hello:
        return Hello(_read_device(content))
    if kind is Bye:
        return Bye(_read_device(content))
    name = "ProbeMatch" if kind is ProbeMatches else "ResolveMatch"
    matches = list(content.all(DISCOVERY, name))
    if len(matches) > limit:
        raise WireError(f"WSD answer of {len(matches)} devices, more than {limit}")
    devices = tuple(map(_read_device, matches))
    return (
        ProbeMatches(devices) if kind is ProbeMatches else ResolveMatches(next(iter(devices), None))
    )


def _read_device(element: Element) -> Device:
    version = element.text_of(DISCOVERY, "MetadataVersion") or "0"
    return Device(
        _reference(element),
        _types(element, DISCOVERY),
        _words(element, "Scopes"),
        _words(element, "XAddrs"),
        _bounded(version, "MetadataVersion"),
    )


def _read_description(metadata: Element, limit: int) -> Description:
    texts: list[str] = []
    sections = list(metadata.all(METADATA, "MetadataSection"))
    for part, names in (("ThisDevice", _DEVICE_FIELDS), ("ThisModel", _MODEL_FIELDS)):
        found = next((each for s in sections if (each := s.child(DEVICES, part))), None)
        texts.extend(found.text_of(DEVICES, name) if found else "" for name in names)
    relations = [each for s in sections for each in s.all(DEVICES, "Relationship")]
    hosted = [each for relation in relations for each in relation.all(DEVICES, "Hosted")]
    if len(hosted) > limit:
        raise WireError(f"WSD description of {len(hosted)} services, more than {limit}")
    services = (
        Hosted(_reference(each), _types(each, DEVICES), each.text_of(DEVICES, "ServiceId"))
        for each in hosted
    )
    (friendly, firmware, serial, maker, maker_url, model, number, model_url, page) = texts
    return Description(
        friendly,
        firmware,
        serial,
        maker,
        maker_url,
        model,
        number,
        model_url,
        page,
        tuple(services),
    )


def _read_sequence(header: Element) -> tuple[int, int] | None:
    found = header.child(DISCOVERY, "AppSequence")
    if found is None:
        return None
    return _number(found, "InstanceId"), _number(found, "MessageNumber")


def _required(element: Element, namespace: str, name: str) -> Element:
    found = element.child(namespace, name)
    if found is None:
        raise WireError(f"WSD {element.name} without {name}")
    return found


def _reference(element: Element) -> str:
    address = _required(element, ADDRESSING, "EndpointReference").text_of(ADDRESSING, "Address")
    if not address:
        raise WireError("WSD endpoint without an address")
    return address


def _address(element: Element, name: str) -> str:
    found = element.child(ADDRESSING, name)
    return found.text_of(ADDRESSING, "Address") if found else ""


def _types(element: Element, namespace: str) -> tuple[QualifiedName, ...]:
    found = element.child(namespace, "Types")
    return found.qualified_names() if found else ()


def _words(element: Element, name: str) -> tuple[str, ...]:
    return tuple(element.text_of(DISCOVERY, name).split())


def _number(element: Element, attribute: str) -> int:
    return _bounded(element.attributes.get(attribute, ""), attribute)


def _bounded(text: str, name: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) < 2**32):
        raise WireError(f"WSD {name} {text[:40]!r}")
    return int(text)


def _spell_body(body: Body) -> str:
    match body:
        case Probe(types, scopes):
            return f"<d:Probe>{_spell_types('d', types)}{_list('d:Scopes', scopes)}</d:Probe>"
        case Resolve(address):
            return f"<d:Resolve>{_spell_reference(address)}</d:Resolve>"
        case ProbeMatches(devices):
            matches = "".join(f"<d:ProbeMatch>{_spell_device(d)}</d:ProbeMatch>" for d in devices)
            return f"<d:ProbeMatches>{matches}</d:ProbeMatches>"
        case ResolveMatches(device):
            match = f"<d:ResolveMatch>{_spell_device(device)}</d:ResolveMatch>" if device else ""
            return f"<d:ResolveMatches>{match}</d:ResolveMatches>"
        case Hello(device):
            return f"<d:Hello>{_spell_device(device)}</d:Hello>"
        case Bye(device):
            return f"<d:Bye>{_spell_device(device)}</d:Bye>"
        case Get():
            return ""
        case Description():
            return f"<m:Metadata>{_spell_description(body)}</m:Metadata>"


def _spell_device(device: Device) -> str:
    return (
        _spell_reference(device.address)
        + _spell_types("d", device.types)
        + _list("d:Scopes", device.scopes)
        + _list("d:XAddrs", device.urls)
        + _tag("d:MetadataVersion", str(device.metadata_version))
    )


def _spell_description(body: Description) -> str:
    device = (body.friendly_name, body.firmware_version, body.serial_number)
    model = (
        body.manufacturer,
        body.manufacturer_url,
        body.model_name,
        body.model_number,
        body.model_url,
        body.presentation_url,
    )
    services = "".join(
        f"<p:Hosted>{_spell_reference(each.address)}{_spell_types('p', each.types)}"
        f"{_tag('p:ServiceId', each.identifier)}</p:Hosted>"
        for each in body.hosted
    )
    host = f'<p:Relationship Type="{DEVICES}/host">{services}</p:Relationship>'
    return (
        _section("ThisDevice", _fields("ThisDevice", _DEVICE_FIELDS, device))
        + _section("ThisModel", _fields("ThisModel", _MODEL_FIELDS, model))
        + _section("Relationship", host)
    )


def _section(dialect: str, content: str) -> str:
    return f'<m:MetadataSection Dialect="{DEVICES}/{dialect}">{content}</m:MetadataSection>'


def _fields(part: str, names: tuple[str, ...], values: tuple[str, ...]) -> str:
    given = "".join(_tag(f"p:{n}", v) for n, v in zip(names, values, strict=True) if v)
    return f"<p:{part}>{given}</p:{part}>"


def _spell_reference(address: str) -> str:
    return f"<a:EndpointReference>{_tag('a:Address', address)}</a:EndpointReference>"


def _spell_types(prefix: str, types: tuple[QualifiedName, ...]) -> str:
    if not types:
        return ""
    spaces = {space: f"t{number}" for number, (space, _) in enumerate(types)}
    declared = "".join(f' xmlns:{short}="{escape(space)}"' for space, short in spaces.items())
    words = " ".join(f"{spaces[space]}:{escape(local)}" for space, local in types)
    return f"<{prefix}:Types{declared}>{words}</{prefix}:Types>"


def _list(name: str, words: tuple[str, ...]) -> str:
    return _tag(name, " ".join(words)) if words else ""


def _tag(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>"
