"""Who a device is, and whether it prints at all: decided from what protocols said. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from frisket.catalog.load import build, content, read_toml
from frisket.errors import ContentError
from frisket.model.target import Identity

# A pattern never sees more of a device's text than this; names and descriptions are shorter.
TEXT_LENGTH = 512
FIELD_LENGTH = 120
ENTERPRISES = (1, 3, 6, 1, 4, 1)
# hrDeviceType of RFC 2790: hrDevicePrinter.
PRINTER_TYPE = (1, 3, 6, 1, 2, 1, 25, 3, 1, 5)

_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class Clues:
    """What the protocols said, as text; empty where they did not."""

    sys_descr: str = ""
    sys_object_id: tuple[int, ...] = ()
    device_descr: str = ""  # hrDeviceDescr.1
    device_type: tuple[int, ...] = ()  # hrDeviceType.1
    device_id: str = ""  # IEEE 1284
    product: str = ""  # the vendor's own variable for the model's name
    make_and_model: str = ""  # IPP
    serial: str = ""
    printer_mib: bool = False
    firmware: str = ""
    server: str = ""  # HTTP
    title: str = ""  # HTML
    greeting: str = ""  # FTP
    name: str = ""
    location: str = ""
    mac: str = ""


@dataclass(frozen=True, slots=True)
class Vendor:
    """How a vendor's texts begin, and the places below `enterprises` that are its printers."""

    name: str
    begins: str
    arcs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pattern:
    """A text that gives a device away; groups model, firmware, serial."""

    match: str
    vendor: str = ""


@dataclass(frozen=True, slots=True)
class Recognition:
    """The content of devices/recognition.toml, compiled."""

    vendors: tuple[tuple[str, re.Pattern[str]], ...]
    arcs: Mapping[tuple[int, ...], str]
    printers: tuple[tuple[str, re.Pattern[str]], ...]
    web: tuple[tuple[str, re.Pattern[str]], ...]
    greetings: tuple[tuple[str, re.Pattern[str]], ...] = ()


def _compiled(patterns: Iterable[tuple[str, str]]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    try:
        return tuple((name, re.compile(text, re.IGNORECASE)) for name, text in patterns)
    except re.error as fault:
        raise ContentError(f"devices/recognition.toml: {fault}") from fault


def parse_recognition(raw: Mapping[str, Any]) -> Recognition:
    """Build from the parsed file. Raises `ContentError`."""
    where = "devices/recognition.toml"
    vendors = [build(Vendor, row, where) for row in raw.get("vendor", [])]
    printers = [build(Pattern, row, where) for row in raw.get("printer", [])]
    web = [build(Pattern, row, where) for row in raw.get("web", [])]
    greetings = [build(Pattern, row, where) for row in raw.get("greeting", [])]
    try:
        arcs = {
            (*ENTERPRISES, *map(int, arc.split("."))): vendor.name
            for vendor in vendors
            for arc in vendor.arcs
        }
    except ValueError as fault:
        raise ContentError(f"{where}: {fault}") from fault
    return Recognition(
        _compiled((v.name, rf"\s*(?:{v.begins})[\s,]*") for v in vendors),
        arcs,
        _compiled((p.vendor, p.match) for p in printers),
        _compiled((p.vendor, p.match) for p in web),
        _compiled((p.vendor, p.match) for p in greetings),
    )


@cache
def load_recognition() -> Recognition:
    """Return the packaged patterns. Raises `ContentError`."""
    return parse_recognition(read_toml(content("devices", "recognition.toml")))


def clean(text: str, limit: int = FIELD_LENGTH) -> str:
    """Return a device's text on one line, bounded."""
    return _CONTROL.sub(" ", text[:TEXT_LENGTH]).strip()[:limit].strip()


def parse_device_id(text: str) -> dict[str, str]:
    """Read an IEEE 1284 device id (`MFG:Canon;MDL:…;`); long keys become their short form."""
    short = {"MANUFACTURER": "MFG", "MODEL": "MDL", "DESCRIPTION": "DES", "SERIALNUMBER": "SN"}
    found: dict[str, str] = {}
    for part in text[:2048].split(";")[:40]:
        key, colon, value = part.partition(":")
        key = key.strip().upper()
        if colon and value.strip():
            found.setdefault(short.get(key, key), clean(value))
    return found


def vendor_of(text: str, recognition: Recognition | None = None) -> tuple[str, str]:
    """Return the vendor a text begins with and what follows its name; "" and the text if none."""
    for name, begins in (recognition or load_recognition()).vendors:
        if found := begins.match(text):
            return name, text[found.end() :].strip()
    return "", text.strip()


def _groups(found: re.Match[str], vendor: str, rules: Recognition) -> Identity:
    part = {key: clean(value or "") for key, value in found.groupdict().items()}
    return Identity(
        vendor=vendor or vendor_of(found.string, rules)[0],
        model=part.get("model", ""),
        firmware=part.get("firmware", ""),
        serial=part.get("serial", ""),
    )


def from_text(text: str, recognition: Recognition | None = None) -> tuple[Identity, bool]:
    """Read a description (sysDescr, hrDeviceDescr): who says it, and whether only a printer can."""
    rules = recognition or load_recognition()
    line = clean(text, TEXT_LENGTH)
    for vendor, pattern in rules.printers:
        if found := pattern.search(line):
            return _groups(found, vendor, rules), True
    return Identity(vendor=vendor_of(line, rules)[0]), False


def from_web(text: str, recognition: Recognition | None = None) -> Identity:
    """Read an HTTP Server field or a page's title."""
    rules = recognition or load_recognition()
    return _first(text, rules.web, rules)


def from_greeting(text: str, recognition: Recognition | None = None) -> Identity:
    """Read the greeting of an FTP server; the reply code may stand before it."""
    rules = recognition or load_recognition()
    return _first(text.removeprefix("220").lstrip("- "), rules.greetings, rules)


def _first(
    text: str, patterns: Iterable[tuple[str, re.Pattern[str]]], rules: Recognition
) -> Identity:
    line = clean(text, TEXT_LENGTH)
    for vendor, pattern in patterns:
        if found := pattern.search(line):
            return _groups(found, vendor, rules)
    return Identity()


def _named(text: str, rules: Recognition) -> Identity:
    """Read a text that is nothing but vendor and model, such as printer-make-and-model."""
    vendor, model = vendor_of(clean(text), rules)
    return Identity(vendor=vendor, model=model)


def _from_device_id(text: str, rules: Recognition) -> Identity:
    fields = parse_device_id(text)
    maker = fields.get("MFG", "")
    vendor = vendor_of(maker, rules)[0] or maker
    model = vendor_of(fields.get("MDL", "") or fields.get("DES", ""), rules)[1]
    return Identity(vendor=vendor, model=model, serial=fields.get("SN", fields.get("SERN", "")))


def _arc(oid: tuple[int, ...], rules: Recognition) -> str:
    for length in range(len(oid), len(ENTERPRISES), -1):
        if vendor := rules.arcs.get(oid[:length]):
            return vendor
    return ""


def recognise(clues: Clues, recognition: Recognition | None = None) -> tuple[Identity, str]:
    """Return who this is and why it is a printer ("" where nothing proves that it is one).

    The maker's own variable beats the description, which beats IPP and the 1284 id (these name
    driver families, `iR-ADV C5535/5540`), which beat what the web page is called.
    """
    rules = recognition or load_recognition()
    by_descr, descr_prints = from_text(clues.sys_descr, rules)
    by_device, device_prints = from_text(clues.device_descr, rules)
    by_id = _from_device_id(clues.device_id, rules)
    by_arc = _arc(clues.sys_object_id, rules)
    stated = Identity(
        model=clean(clues.product),
        serial=clean(clues.serial),
        firmware=clean(clues.firmware),
        name=clean(clues.name),
        location=clean(clues.location),
        mac=clues.mac,
    )
    described = by_device | by_descr
    if descr_prints and not described.model and clues.device_descr:
        # HP: sysDescr names the network card, hrDeviceDescr the printer.
        described = _named(clues.device_descr, rules) | described
    identity = stated | described | _named(clues.make_and_model, rules) | by_id
    identity |= Identity(vendor=by_arc) | from_web(clues.server, rules)
    identity |= from_web(clues.title, rules) | from_greeting(clues.greeting, rules)
    reasons = (
        ("its SNMP device type is printer", clues.device_type == PRINTER_TYPE),
        ("it answers the Printer MIB", clues.printer_mib),
        (f"its SNMP object identifier is a {by_arc} printer's", bool(by_arc)),
        ("its description is a printer's", descr_prints or device_prints),
        ("it has an IEEE 1284 device id", bool(by_id.model)),
        ("it answers IPP as a printer", bool(clues.make_and_model)),
    )
    return identity, next((reason for reason, holds in reasons if holds), "")
