"""The portal: status, supplies, paper, errors, device information, counters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from frisket.mfd.counters import NAMES
from frisket.mfd.device import Device
from frisket.mfd.personality import Supply, Tray
from frisket.mfd.remote_ui.visit import Needs, Route, Visit, draw, redirect
from frisket.proto.http.wire import Response
from frisket.proto.ipp.names import PrinterState

_MEDIA: Mapping[str, str] = {
    "iso_a4_210x297mm": "A4",
    "iso_a3_297x420mm": "A3",
    "na_letter_8.5x11in": "Letter",
}
_FEW = 10  # per cent


@dataclass(frozen=True, slots=True)
class Level:
    """How full something is, in words and where known as a number of 100."""

    name: str
    about: str
    words: str
    percent: int | None
    low: bool = False


def _percent(level: int, capacity: int) -> int | None:
    return round(100 * level / capacity) if level >= 0 and capacity > 0 else None


def supply_level(supply: Supply, level: int) -> Level:
    """Return a supply as the portal shows it; level -2 is unknown, -3 some."""
    if level == -2:
        return Level(supply.name, supply.color, "unknown", None)
    percent = _percent(level, supply.capacity)
    if percent is None:
        return Level(supply.name, supply.color, "OK", None)
    low = percent <= _FEW
    return Level(supply.name, supply.color, f"{percent} %{', low' if low else ''}", percent, low)


def tray_level(tray: Tray, level: int) -> Level:
    """Return a paper source as the portal shows it."""
    media = _MEDIA.get(tray.media, tray.media)
    percent = _percent(level, tray.capacity)
    words = "no paper" if level == 0 else f"{percent} %" if percent is not None else "OK"
    return Level(tray.name, media, words, percent, low=level == 0)


def supplies_of(device: Device) -> list[Level]:
    """Return the consumables as they are now."""
    hidden = device.quirks.supply_levels_unknown
    return [
        supply_level(supply, -2 if hidden else device.levels.supply(number))
        for number, supply in enumerate(device.personality.supplies)
    ]


def trays_of(device: Device) -> list[Level]:
    """Return the paper sources as they are now."""
    trays = device.personality.trays
    return [tray_level(tray, device.levels.tray(number)) for number, tray in enumerate(trays)]


def errors_of(device: Device) -> list[str]:
    """Return what the device complains about, worst first."""
    lines = [f"A job waits: {reason.replace('-', ' ')}." for reason in device.jobs.reasons]
    lines += [f"{supply.name} is low." for supply in supplies_of(device) if supply.low]
    lines += [f"{tray.name}: no paper." for tray in trays_of(device) if tray.low]
    if device.store.pending:
        lines.append("Settings wait for a restart.")
    return lines


def status_of(device: Device) -> str:
    """Return the status line."""
    match device.jobs.state:
        case PrinterState.PROCESSING:
            return "Printing."
        case PrinterState.STOPPED:
            return "Printing has stopped."
        case _:
            pass
    if device.power.busy:
        return "The device is busy."
    return "Ready to print and scan."


def portal(visit: Visit) -> Response:
    """Show the portal."""
    device = visit.device
    return draw(
        visit,
        "portal.html.j2",
        status=status_of(device),
        errors=errors_of(device),
        supplies=supplies_of(device),
        trays=trays_of(device),
        location=device.reported("device.location"),
        device_name=device.reported("device.name"),
    )


def counters(visit: Visit) -> Response:
    """Show the counters by Canon's numbers."""
    values = visit.device.counters.values
    rows = [(code, NAMES[code], values[code]) for code in sorted(NAMES)]
    return draw(visit, "counters.html.j2", rows=rows)


def to_portal(_: Visit) -> Response:
    """Send old addresses to the portal."""
    return redirect("/rps/")


def native_top(visit: Visit) -> Response:
    """Show the portal and set the second cookie that tools of the real device wait for."""
    answer = portal(visit)
    ending = "; Secure" if visit.tls else ""
    extra = ("set-cookie", f"iR=1; Path=/; HttpOnly; SameSite=Strict{ending}")
    return Response(answer.status, (*answer.headers, extra), answer.body)


ROUTES = (
    Route("GET", "/rps/", portal, Needs.USER),
    Route("GET", "/rps", to_portal, Needs.USER),
    Route("GET", "/rps/dstatus.cgi", portal, Needs.USER),
    Route("GET", "/rps/nativetop.cgi", native_top, Needs.USER),
    Route("GET", "/rps/counters", counters, Needs.USER),
    Route("GET", "/rps/dcounter.cgi", counters, Needs.USER),
    Route("GET", "/sysmonitor", to_portal, Needs.NOBODY),
    Route("GET", "/sysmonitor/", to_portal, Needs.NOBODY),
    Route("GET", "/portal_top.html", to_portal, Needs.NOBODY),
)
