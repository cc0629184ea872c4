"""The printer's attributes: those of its model, and those that change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from frisket.mfd.device import Device
from frisket.mfd.ipp.build import (
    enum,
    flag,
    keyword,
    moment,
    named,
    number,
    octets,
    text,
    uri,
)
from frisket.mfd.ipp.template import Model, fixed_attributes, media_database, template_attributes
from frisket.mfd.mib.condition import (
    COVER_OPEN,
    JAM,
    PAPER_EMPTY,
    PAPER_LOW,
    TONER_EMPTY,
    TONER_LOW,
    UNRECOVERABLE,
    WASTE_FULL,
    WASTE_NEARLY_FULL,
    conditions,
    is_waste,
    ready_text,
    supply_level,
    tray_level,
)
from frisket.proto.ipp.names import PrinterState
from frisket.proto.ipp.values import Attribute, DateTime

PATHS = ("/ipp/print", "/ipp")
_REASONS = {
    JAM: "media-jam",
    COVER_OPEN: "cover-open",
    UNRECOVERABLE: "other",
    PAPER_LOW: "media-low",
    PAPER_EMPTY: "media-empty",
    TONER_LOW: "toner-low",
    TONER_EMPTY: "toner-empty",
    WASTE_NEARLY_FULL: "marker-waste-almost-full",
    WASTE_FULL: "marker-waste-full",
}
_COLORS = {
    "black": "#000000",
    "cyan": "#00FFFF",
    "magenta": "#FF00FF",
    "yellow": "#FFFF00",
}
_KINDS = {"toner": "toner-cartridge", "wastetoner": "waste-toner"}


def printer_uris(device: Device) -> tuple[tuple[str, str], ...]:
    """Return (URI, security) of each way to print; with TLS required only `ipps` (facts 3.5)."""
    where = f"{device.address}:{device.port(631)}"
    secured = tuple((f"ipps://{where}{path}", "tls") for path in PATHS)
    if device.store.on("ipp.tls-only"):
        return secured
    return (*((f"ipp://{where}{path}", "none") for path in PATHS), secured[0])


def up_time(device: Device, at: datetime | None = None) -> int:
    """Return the seconds from the device's start to a moment (default: now), at least 1."""
    return max(1, int(((at or device.now()) - device.jobs.since).total_seconds()) + 1)


def state_reasons(device: Device) -> tuple[str, ...]:
    """Return printer-state-reasons: what jobs wait for, then what runs low."""
    found = dict.fromkeys(device.jobs.reasons)
    for condition in conditions(device):
        word = _REASONS.get(condition.code)
        if word and word not in found:
            found[f"{word}-{'error' if condition.critical else 'warning'}"] = None
    return tuple(found) or ("none",)


def _state(device: Device) -> Iterator[Attribute]:
    state = device.jobs.state
    active = device.jobs.active()
    yield enum("printer-state", state)
    yield keyword("printer-state-reasons", *state_reasons(device))
    message = "Paused." if device.jobs.paused else ready_text(device)
    if state is PrinterState.PROCESSING:
        message = "Printing."
    yield text("printer-state-message", message)
    yield flag("printer-is-accepting-jobs", value=True)
    yield number("queued-job-count", len(active))
    yield number("printer-up-time", up_time(device))
    yield moment("printer-current-time", DateTime.of(device.now()))
    yield number("printer-state-change-time", 1)
    yield moment("printer-state-change-date-time", DateTime.of(device.jobs.since))
    yield number("printer-config-change-time", 1)
    yield moment("printer-config-change-date-time", DateTime.of(device.jobs.since))
    yield number("printer-impressions-completed", device.counters.values[101])
    yield number("printer-pages-completed", device.counters.values[301])
    yield number("printer-media-sheets-completed", device.journal.counts["sheets"])


def _identity(device: Device) -> Iterator[Attribute]:
    store, person = device.store, device.personality
    host = f"http://{device.address}:{device.port(8000)}/"
    uris = printer_uris(device)
    yield uri("printer-uri-supported", *(where for where, _ in uris))
    yield keyword("uri-security-supported", *(security for _, security in uris))
    way = "basic" if store.on("ipp.authentication") else "none"
    yield keyword("uri-authentication-supported", *(way for _ in uris))
    yield named("printer-name", person.model[:127])
    yield named("printer-dns-sd-name", (store.text("mdns.name") or device.name)[:63])
    yield text("printer-info", (store.text("device.name") or person.model)[:127])
    yield text("printer-location", store.text("device.location")[:127])
    yield text("printer-make-and-model", f"{person.product} (virtual)"[:127])
    yield uri("printer-more-info", host)
    yield uri("printer-supply-info-uri", host)
    yield uri("printer-icons", f"{host}icon.png")
    yield uri("printer-uuid", f"urn:uuid:{device.plan.uuid}")
    languages = ",".join(person.languages)
    yield text(
        "printer-device-id",
        f"MFG:{person.vendor};MDL:{person.product.removeprefix(person.vendor).strip()} (virtual);"
        f"CLS:PRINTER;DES:{person.product};CMD:{languages};SN:{device.plan.serial};",
    )
    yield text("printer-organization", "")
    yield text("printer-organizational-unit", "")
    yield text("printer-message-from-operator", "")
    location = "geo:0,0"
    yield uri("printer-geo-location", location)
    yield named("printer-firmware-name", "Main Controller")
    yield text("printer-firmware-patches", "")
    yield text("printer-firmware-string-version", device.firmware)
    yield octets("printer-firmware-version", device.firmware.encode())


def _supplies(device: Device) -> Iterator[Attribute]:
    supplies = device.personality.supplies
    levels = [supply_level(device, n) for n in range(len(supplies))]
    rows = []
    for supply, level in zip(supplies, levels, strict=True):
        kind = "wasteToner" if is_waste(supply.kind) else supply.kind
        part = "receptacleThatIsFilled" if is_waste(supply.kind) else "supplyThatIsConsumed"
        rows.append(
            f"type={kind};maxcapacity={supply.capacity};level={level};class={part};unit=percent;"
            f"colorantname={supply.color or 'unknown'};"
        )
    if not supplies:
        return
    yield named("marker-names", *(supply.name for supply in supplies))
    yield keyword(
        "marker-types", *(_KINDS.get(supply.kind.lower(), "toner-cartridge") for supply in supplies)
    )
    yield named("marker-colors", *(_COLORS.get(supply.color, "none") for supply in supplies))
    # -1 unavailable, -2 unknown, -3 some: the same words as in the Printer MIB (CUPS extension).
    yield number("marker-levels", *levels)
    yield number("marker-low-levels", *(10 for _ in supplies))
    yield number("marker-high-levels", *(100 for _ in supplies))
    yield octets("printer-supply", *(row.encode() for row in rows))
    yield text("printer-supply-description", *(supply.name for supply in supplies))


def _trays(device: Device) -> Iterator[Attribute]:
    rows = [
        f"type=sheetFeedAutoRemovableTray;mediafeed=0;mediaxfeed=0;maxcapacity={tray.capacity};"
        f"level={tray_level(device, n)};status=0;name={tray.name};"
        for n, tray in enumerate(device.personality.trays)
    ]
    yield octets("printer-input-tray", *(row.encode() for row in rows))
    bin_row = b"type=unRemovableBin;maxcapacity=250;remaining=-2;status=0;name=face-down;"
    yield octets("printer-output-tray", bin_row)


def description(device: Device) -> tuple[Attribute, ...]:
    """Return the printer description attributes."""
    model = Model.of(device)
    return (
        *_identity(device),
        *_state(device),
        *fixed_attributes(model),
        *_supplies(device),
        *_trays(device),
    )


def printer_attributes(device: Device, wanted: frozenset[str]) -> tuple[Attribute, ...]:
    """Return the attributes that a request asks for: names, and the names of groups.

    `all` has everything but media-col-database, which is sent for its own name only.
    """
    model = Model.of(device)
    everything = "all" in wanted
    found: list[Attribute] = []
    for group, attributes in (
        ("printer-description", description(device)),
        ("job-template", template_attributes(model)),
    ):
        whole = everything or group in wanted
        found += [each for each in attributes if whole or each.name in wanted]
    if "media-col-database" in wanted:
        found.append(media_database(model))
    return tuple(found)
