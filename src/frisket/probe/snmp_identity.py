"""Who an SNMP agent says it is: the variables to ask for, and the clues they give. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from frisket.probe.identity import Clues, clean
from frisket.proto.snmp.wire.oid import Oid, parse_oid
from frisket.proto.snmp.wire.values import ObjectIdentifier, OctetString, Value

PUBLIC = "public"  # the community as delivered; no other name is ever tried

SYS_DESCR = parse_oid("1.3.6.1.2.1.1.1.0")
SYS_OBJECT_ID = parse_oid("1.3.6.1.2.1.1.2.0")
SYS_NAME = parse_oid("1.3.6.1.2.1.1.5.0")
SYS_LOCATION = parse_oid("1.3.6.1.2.1.1.6.0")
DEVICE_TYPE = parse_oid("1.3.6.1.2.1.25.3.2.1.2.1")
DEVICE_DESCR = parse_oid("1.3.6.1.2.1.25.3.2.1.3.1")
PRINTER_SERIAL = parse_oid("1.3.6.1.2.1.43.5.1.1.17.1")
# PWG 5107.1, ppmPrinterIEEE1284DeviceId.
DEVICE_ID = parse_oid("1.3.6.1.4.1.2699.1.2.1.2.1.1.3.1")
# Canon's enterprise branch: product name, controller version, serial number (older, newer).
CANON_PRODUCT = parse_oid("1.3.6.1.4.1.1602.1.1.1.1.0")
CANON_FIRMWARE = parse_oid("1.3.6.1.4.1.1602.1.1.1.4.0")
CANON_SERIALS = (
    parse_oid("1.3.6.1.4.1.1602.1.2.1.4.0"),
    parse_oid("1.3.6.1.4.1.1602.1.2.1.8.1.3.1.1"),
)
ASKED = (
    *(SYS_DESCR, SYS_OBJECT_ID, SYS_NAME, SYS_LOCATION, DEVICE_TYPE, DEVICE_DESCR),
    *(PRINTER_SERIAL, DEVICE_ID, CANON_PRODUCT, CANON_FIRMWARE, *CANON_SERIALS),
)


def text(value: Value | None) -> str:
    """Return a string variable as text: UTF-8, else Latin-1; "" for anything else."""
    if not isinstance(value, OctetString):
        return ""
    octets = bytes(value).rstrip(b"\0")
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def identifier_of(value: Value | None) -> Oid:
    """Return an object identifier, empty for anything else."""
    return tuple(value) if isinstance(value, ObjectIdentifier) else ()


def mac_of(addresses: Iterable[Value]) -> str:
    """Return the first real Ethernet address among ifPhysAddress values."""
    for value in addresses:
        if isinstance(value, OctetString) and len(value) == 6 and any(value):
            return bytes(value).hex(":")
    return ""


def clues_of(
    values: Mapping[Oid, Value], addresses: Iterable[Value] = (), *, printer_mib: bool = False
) -> Clues:
    """Return what the variables say of the device's identity."""
    serials = (text(values.get(oid)) for oid in (PRINTER_SERIAL, *CANON_SERIALS))
    return Clues(
        sys_descr=text(values.get(SYS_DESCR)),
        sys_object_id=identifier_of(values.get(SYS_OBJECT_ID)),
        device_descr=text(values.get(DEVICE_DESCR)),
        device_type=identifier_of(values.get(DEVICE_TYPE)),
        device_id=text(values.get(DEVICE_ID)),
        product=text(values.get(CANON_PRODUCT)),
        firmware=text(values.get(CANON_FIRMWARE)),
        serial=next((serial for serial in serials if clean(serial)), ""),
        printer_mib=PRINTER_SERIAL in values or printer_mib,
        name=text(values.get(SYS_NAME)),
        location=text(values.get(SYS_LOCATION)),
        mac=mac_of(addresses),
    )
