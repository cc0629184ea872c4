"""The portal: status, supplies, paper, errors, device information, counters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from frisket.mfd.counters import NAMES
from frisket.mfd.device import Device
from frisket.mfd.personality import Supply, Tray
from frisket.mfd.remote_ui.visit import Needs, Route, Visit, draw, redirect
from frisket.proto.http.wire import Response

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


def supply_level(supply: Supply, *, unknown: bool = False) -> Level:
    """Return a supply as the portal shows it; -2 is unknown, -3 some."""
    if unknown or supply.level == -2:
        return Level(supply.name, supply.color, "unknown", None)
    percent = _percent(supply.level, supply.capacity)
    if percent is None:
        return Level(supply.name, supply.color, "OK", None)
    low = percent <= _FEW
    return Level(supply.name, supply.color, f"{percent} %{', low' if low else ''}", percent, low)


def tray_level(tray: Tray) -> Level:
    """Return a paper source as the portal shows it."""
    media = _MEDIA.get(tray.media, tray.media)
    percent = _percent(tray.level, tray.capacity)
    words = "no paper" if tray.level == 0 else f"{percent} %" if percent is not None else "OK"
    return Level(tray.name, media, words, percent, low=tray.level == 0)


def errors_of(device: Device) -> list[str]:
    """Return what the device complains about, worst first."""
    unknown = device.quirks.supply_levels_unknown
    supplies = [supply_level(s, unknown=unknown) for s in device.personality.supplies]
    lines = [f"{s.name} is low." for s in supplies if s.low]
    lines += [f"{t.name}: no paper." for t in device.personality.trays if t.level == 0]
    if device.store.pending:
        lines.append("Settings wait for a restart.")
    return lines


def status_of(device: Device) -> str:
    """Return the status line."""
    if device.power.busy:
        return "The device is busy."
    return "Ready to print and scan."


def portal(visit: Visit) -> Response:
    """Show the portal."""
    device = visit.device
    unknown = device.quirks.supply_levels_unknown
    return draw(
        visit,
        "portal.html.j2",
        status=status_of(device),
        errors=errors_of(device),
        supplies=[supply_level(s, unknown=unknown) for s in device.personality.supplies],
        trays=[tray_level(t) for t in device.personality.trays],
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
