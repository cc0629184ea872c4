"""Status Monitor: jobs, paper and toner, errors, and the device itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from frisket.mfd.device import Device
from frisket.mfd.glass import PanelState
from frisket.mfd.job import Job
from frisket.mfd.panel.screen import Screen
from frisket.mfd.panel.view import (
    ACROSS,
    MARGIN,
    TOP,
    Bar,
    Button,
    Part,
    Text,
    card,
    pager,
    pages_of,
)
from frisket.mfd.troubles import TroubleKind

_EACH = 7
_TABS = (
    ("jobs", "Jobs"),
    ("paper", "Paper/Toner"),
    ("errors", "Errors"),
    ("device", "Device"),
)
_WORDS = {
    "media-empty": "There is no paper left.",
    "media-needed": "Paper of another size is needed.",
    "paused": "Printing is paused.",
}


_TROUBLES = {
    TroubleKind.JAM: "The paper has jammed ({}).",
    TroubleKind.DOOR: "A cover is open: {}.",
    TroubleKind.SERVICE_CALL: "Call your service representative: {}.",
}


def _administrator(state: PanelState) -> bool:
    return state.login is not None and state.login.is_administrator


def listed_jobs(state: PanelState, device: Device) -> list[Job]:
    """Return active jobs, then ended ones where <Display Job Log> shows them."""
    user = state.login.name if state.login else ""
    administrator = _administrator(state)
    active = device.jobs.visible(user, administrator=administrator)
    ended = device.jobs.history()
    if device.store.on("jobs.restrict-others") and not administrator:
        ended = [job for job in ended if user and job.ticket.user == user]
    return [*active, *ended[:28]]


def _jobs(state: PanelState, device: Device) -> list[Part]:
    jobs = listed_jobs(state, device)
    if not jobs:
        return [Text(ACROSS // 2, TOP + 150, "There are no jobs.", 20, "muted", "mm")]
    pages = pages_of(len(jobs), _EACH)
    page = min(state.page, pages - 1)
    parts: list[Part] = []
    for n, job in enumerate(jobs[page * _EACH : (page + 1) * _EACH]):
        y = TOP + 92 + n * 36
        parts += [
            Text(MARGIN + 20, y, str(job.id), 16, "muted"),
            Text(MARGIN + 72, y, job.ticket.name or "(no name)", 17, width=270),
            Text(MARGIN + 356, y, job.ticket.user or "-", 16, "muted", width=110),
            Text(MARGIN + 480, y, job.word, 16, "accent", width=120),
            Text(ACROSS - MARGIN - 20, y, f"{job.sheets} sh.", 16, "muted", "rm"),
        ]
    return [*parts, *pager(page, pages)]


def _tone(known: str) -> str:
    return known if known in {"black", "cyan", "magenta", "yellow"} else "muted"


def _paper(_: PanelState, device: Device) -> list[Part]:
    parts: list[Part] = []
    person, levels = device.personality, device.levels
    for n, tray in enumerate(person.trays[:7]):
        y = TOP + 88 + n * 38
        sheets = levels.tray(n)
        size = tray.media.split("_")[1].upper() if tray.media.count("_") > 1 else tray.media
        left = "unknown" if sheets < 0 else f"{sheets}/{tray.capacity}"
        fraction = None if sheets < 0 else sheets / max(1, tray.capacity)
        parts += [
            Text(MARGIN + 16, y, tray.name, 15, width=130),
            Text(MARGIN + 150, y, size, 13, "muted", width=54),
            Bar((MARGIN + 206, y - 7, 72, 14), fraction),
            Text(MARGIN + 344, y, left, 13, "danger" if sheets == 0 else "muted", "rm"),
        ]
    for n, supply in enumerate(person.supplies[:7]):
        y = TOP + 88 + n * 38
        level = -2 if device.quirks.supply_levels_unknown else levels.supply(n)
        words = {-3: "some left", -2: ""}.get(level, f"{level} %")
        parts += [
            Text(MARGIN + 372, y, supply.name, 15, width=130),
            Bar(
                (MARGIN + 506, y - 7, 76, 14),
                None if level < 0 else level / max(1, supply.capacity),
                _tone(supply.color),
            ),
            Text(ACROSS - MARGIN - 16, y, words, 14, "danger" if level == 0 else "muted", "rm"),
        ]
    return parts


def errors(device: Device) -> list[str]:
    """Return what needs a person, most pressing first."""
    found = [_TROUBLES[kind].format(each.code) for kind, each in device.troubles.active.items()]
    if not found:
        found = [_WORDS.get(word, f"Printing waits: {word}.") for word in device.jobs.reasons]
    if device.tpm.state == "lost":
        found.append("The TPM key is missing: restore it from the USB memory.")
    trays = device.personality.trays
    found += [f"{t.name} is empty." for n, t in enumerate(trays) if device.levels.tray(n) == 0]
    supplies = device.personality.supplies
    for n, supply in enumerate(supplies):
        level = device.levels.supply(n)
        if 0 <= level <= 5:
            word = "is empty" if level == 0 else f"is low ({level} %)"
            found.append(f"{supply.name} {word}.")
    return found


def _errors(_: PanelState, device: Device) -> list[Part]:
    found = errors(device)
    if not found:
        return [Text(ACROSS // 2, TOP + 150, "There are no errors.", 20, "good", "mm")]
    return [
        Text(MARGIN + 20, TOP + 92 + n * 36, text, 17, "danger", width=620)
        for n, text in enumerate(found[:8])
    ]


def _device(_: PanelState, device: Device) -> list[Part]:
    rows = (
        ("Device name", device.name),
        ("Model", device.personality.model),
        ("Serial number", device.plan.serial),
        ("Controller version", device.firmware),
        ("IP address", device.address),
        ("MAC address", device.plan.mac),
        ("Security policy", f"{len(device.policy.items)} items active"),
    )
    parts: list[Part] = []
    for n, (label, value) in enumerate(rows):
        y = TOP + 92 + n * 36
        parts += [
            Text(MARGIN + 20, y, label, 16, "muted"),
            Text(MARGIN + 240, y, value, 17, width=400),
        ]
    return parts


_SHOWN: dict[str, Callable[[PanelState, Device], list[Part]]] = {
    "jobs": _jobs,
    "paper": _paper,
    "errors": _errors,
    "device": _device,
}


def show(state: PanelState, device: Device) -> list[Part]:
    """Show the tabs and the one in view."""
    now = state.tab or "jobs"
    width = (ACROSS - 2 * MARGIN - 3 * 6) // 4
    parts: list[Part] = [card((MARGIN, TOP + 60, ACROSS - 2 * MARGIN, 288))]
    for n, (name, label) in enumerate(_TABS):
        area = (MARGIN + n * (width + 6), TOP + 10, width, 44)
        parts.append(Button(area, label, f"tab:{name}", "chosen" if name == now else "plain"))
    return [*parts, *_SHOWN[now](state, device)]


def act(state: PanelState, action: str, device: Device) -> PanelState:
    """Change the tab; Stop pauses nothing here, Start goes on after paper was put in."""
    verb, _, argument = action.partition(":")
    if verb == "tab" and argument in _SHOWN:
        return replace(state, tab=argument, page=0)
    if action == "key:start":
        device.jobs.resume()
    return state


SCREEN = Screen("status", "Status Monitor", show, act)
