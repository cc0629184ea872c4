"""Settings/Registration as the panel has it: what a menu holds, and who may change it."""

from __future__ import annotations

from dataclasses import dataclass

from frisket.catalog.setting import Setting, Type, show
from frisket.errors import SettingRefused
from frisket.mfd.device import Device
from frisket.mfd.glass import PanelState
from frisket.mfd.remote_ui.menu import may_change

SERVICE = "Service Mode"
SEPARATOR = " > "


@dataclass(frozen=True, slots=True)
class Menu:
    """One page of the menu: the menus below it, and its settings."""

    menus: tuple[str, ...]
    settings: tuple[Setting, ...]


def settings_of(device: Device, *, service: bool) -> list[Setting]:
    """Return what this model lets a panel show: Service Mode's settings, or all the others."""
    catalog = device.content.catalog
    found = [catalog[key] for key in device.store.keys()]  # noqa: SIM118 - not a dict
    return [s for s in found if "panel" in s.doors and s.menu.startswith(SERVICE) is service]


def menu_at(device: Device, path: tuple[str, ...], *, service: bool = False) -> Menu:
    """Return the page at a path of menu titles, in the catalogue's order."""
    menus: dict[str, None] = {}
    here: list[Setting] = []
    for setting in settings_of(device, service=service):
        steps = tuple(setting.menu.split(SEPARATOR))
        if steps == path:
            here.append(setting)
        elif steps[: len(path)] == path:
            menus[steps[len(path)]] = None
    return Menu(tuple(menus), tuple(here))


def is_own_door(setting: Setting) -> bool:
    """Say whether nothing but the panel can set it; then even a secret is typed here."""
    return setting.doors == ("panel",)


def shown(setting: Setting, device: Device) -> str:
    """Return a value as a row shows it."""
    value = device.reported(setting.key)
    if setting.secret:
        return "******" if value else "not set"
    if isinstance(value, bool):
        return "On" if value else "Off"
    return f"{show(value)} {setting.unit}".strip() or "not set"


def refusal(setting: Setting, state: PanelState, device: Device) -> str:
    """Return why a setting cannot be changed at the panel now; "" where it can."""
    if holder := device.policy.locked(setting.key):
        return f"Locked by the security policy: {holder}"
    return lacking(setting, state)


def lacking(setting: Setting, state: PanelState) -> str:
    """Return what is missing to change a setting that no policy locks; "" where nothing is."""
    if setting.secret and not is_own_door(setting):
        return "Secrets are not editable at the panel; use the Remote UI"
    if setting.type in {Type.LIST, Type.SET}:
        return "Lists are not editable at the panel; use the Remote UI"
    if state.service and setting.menu.startswith(SERVICE):
        return ""
    if state.login is None or not may_change(state.login.role, setting):
        return "Changing this needs administrator privileges"
    return ""


def change(setting: Setting, state: PanelState, device: Device) -> str:
    """Store what was chosen and say so; raises `SettingRefused` with the reason."""
    if state.draft is None:
        raise SettingRefused("nothing was chosen")
    # A locked setting is refused by the store, so that the attempt stands in the audit log.
    if why := lacking(setting, state):
        raise SettingRefused(why)
    changed = device.store.set(setting.key, state.draft, state.actor, "panel")
    if not changed:
        return "The setting was so already."
    if setting.key in device.store.pending:
        return f"{setting.label} is stored; it takes effect with [Apply Setting Changes]."
    return f"{setting.label} has been changed."
