"""The panel's engine: what a state looks like, and what a touch or a key makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from frisket.errors import FrisketError
from frisket.mfd.auditlog import LogKind
from frisket.mfd.device import Device
from frisket.mfd.glass import PanelState
from frisket.mfd.panel.frame import dressed
from frisket.mfd.panel.keyboard import edit
from frisket.mfd.panel.screen import Needs, Screen, find_screens
from frisket.mfd.panel.view import HEIGHT, WIDTH, View

# X11 keysyms of the hardware keys: F1 to F7, and the XF86 keys that say the same.
KEYSYMS: Mapping[int, str] = {
    0xFFBE: "start",
    0xFFBF: "stop",
    0xFFC0: "id",
    0xFFC1: "counter",
    0xFFC2: "reset",
    0xFFC3: "sleep",
    0xFFC4: "home",
    0x1008FF14: "start",  # XF86AudioPlay
    0x1008FF28: "stop",  # XF86Stop
    0x1008FF61: "id",  # XF86LogOff
    0x1008FF2F: "sleep",  # XF86Sleep
    0x1008FF18: "home",  # XF86HomePage
}
HARDWARE = ("start", "stop", "id", "counter", "reset", "sleep", "home")
_EDITING: Mapping[int, str] = {
    0xFF08: "erase",
    0xFFFF: "erase",
    0xFF09: "next",
    0xFF0D: "submit",
    0xFF8D: "submit",
    0xFF1B: "back",
}
# The way into Service Mode: these keys in a row, wherever one is; the digits by the keyboard.
SERVICE_KEYS = ("counter", "2", "8", "counter")


@dataclass(frozen=True, slots=True)
class Tap:
    """A touch at a place in pixels."""

    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Key:
    """A hardware key, one of `HARDWARE`; an editing action; or one character."""

    name: str


Event = Tap | Key


def key_of(keysym: int) -> Key | None:
    """Return the key that an X11 keysym stands for; Latin-1 keysyms are their characters."""
    if keysym in KEYSYMS:
        return Key(KEYSYMS[keysym])
    if keysym in _EDITING:
        return Key(_EDITING[keysym])
    if 0x20 <= keysym <= 0x7E or 0xA1 <= keysym <= 0xFF:
        return Key(chr(keysym))
    if 0xFFB0 <= keysym <= 0xFFB9:  # the number keys of a keypad
        return Key(str(keysym - 0xFFB0))
    return None


def look(state: PanelState, device: Device) -> View:
    """Return what the panel shows."""
    if device.power.asleep:
        return View("asleep", dark=True)
    screen = find_screens()[state.screen]
    return dressed(screen, state, device)


def aged(state: PanelState, device: Device) -> PanelState:
    """Return the state after the time that has passed: <Auto Reset Time> logs out."""
    store = device.store
    if state == PanelState():
        return first(device)
    if state.service and store.on("service-mode.restrict-representative"):
        # Restricted from elsewhere meanwhile: whoever is in is put out.
        return first(device)
    if not store.on("auth.auto-logout.enabled"):
        return state
    if device.clock() - state.seen <= store.number("auth.auto-logout.time"):
        return state
    if state.login is not None:
        device.log.add(LogKind.USER_AUTHENTICATION, state.login.name, "Logout", "panel: timed out")
    return first(device)


def first(device: Device) -> PanelState:
    """Return the state after switching on: the first screen, or the login that comes before."""
    return _opened(PanelState(), device)


def press(state: PanelState, event: Event, device: Device) -> PanelState:
    """Return the state after a touch or a key; a refusal stands in the message line."""
    if device.power.asleep:
        device.power.wake("panel")
        return replace(first(device), seen=device.clock())
    state = aged(state, device)
    action = _action(state, event, device)
    if not action:
        return replace(state, seen=device.clock())
    state = replace(state, notice="", typed=_typed(state, action))
    try:
        after = _act(state, action, device)
        if not after.ready:
            after = _opened(after, device)
    except FrisketError as fault:
        after = replace(state, notice=_sentence(str(fault)))
    return replace(after, seen=device.clock())


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}".rstrip(".") + "."


def _typed(state: PanelState, action: str) -> tuple[str, ...]:
    verb, _, name = action.partition(":")
    if verb not in {"key", "digit"}:
        return ()
    return (*state.typed, name)[-len(SERVICE_KEYS) :]


def _action(state: PanelState, event: Event, device: Device) -> str:
    match event:
        case Tap(x, y):
            inside = 0 <= x < WIDTH and 0 <= y < HEIGHT
            return look(state, device).action_at(x, y) if inside else ""
        case Key(name) if name in HARDWARE:
            return f"key:{name}"
        case Key("submit") if state.entry and state.entry.at + 1 < len(state.entry.fields):
            return "next"
        case Key(name) if name in _EDITING.values():
            return name
        case Key(name) if len(name) == 1 and state.entry is not None:
            return f"type:{name}"
        case Key(name) if len(name) == 1 and name.isdecimal():
            return f"digit:{name}"
        case _:
            return ""


def _act(state: PanelState, action: str, device: Device) -> PanelState:
    if action.startswith("key:"):
        if state.typed == SERVICE_KEYS:
            return state.goto("service-login")
        return _hardware(state, action[4:], device)
    verb = action.partition(":")[0]
    if state.entry is not None and verb in {"type", "erase", "layer", "field", "next"}:
        return replace(state, entry=edit(state.entry, action))
    screen = find_screens()[state.screen]
    if verb == "open":
        return state.goto(action[5:])
    if verb == "page":
        return replace(state, page=max(0, state.page + int(action[5:])))
    if verb == "digit":
        return state
    after = screen.act(state, action, device)
    if after is state and action == "back":
        return state.goto(screen.above)
    return after


def _hardware(state: PanelState, name: str, device: Device) -> PanelState:
    match name:
        case "home" | "reset":
            return replace(state.goto("home"), path=(), service=False)
        case "counter":
            return state.goto("counter")
        case "sleep":
            device.power.sleep()
            return _logged_out(state, device)
        case "id" if state.login is not None:
            return _logged_out(state, device)
        case "id":
            return replace(state.goto("login"), then="home")
        case _:
            return find_screens()[state.screen].act(state, f"key:{name}", device)


def _logged_out(state: PanelState, device: Device) -> PanelState:
    if state.login is not None:
        device.log.add(LogKind.USER_AUTHENTICATION, state.login.name, "Logout", "panel")
    return first(device)


def _refused(screen: Screen, state: PanelState, device: Device) -> bool:
    """Say whether a login stands before a screen."""
    store = device.store
    if state.login is not None or screen.name in {"login", "service-login", "counter"}:
        return False
    if screen.needs is Needs.SERVICE or state.service:
        return False
    managed = store.on("auth.management")
    if managed and store.text("auth.login-screen") == "device-operation":
        return True
    return screen.needs is Needs.LOGIN or (screen.needs is Needs.FUNCTION and managed)


def _opened(state: PanelState, device: Device) -> PanelState:
    """Return the state with its screen prepared, or with the login that must come first."""
    screen = find_screens()[state.screen]
    if screen.needs is Needs.SERVICE and not state.service:
        state, screen = state.goto("home"), find_screens()["home"]
    if _refused(screen, state, device):
        state = replace(state.goto("login"), then=screen.name, notice=state.notice)
        screen = find_screens()["login"]
    return replace(screen.enter(state, device), ready=True)
