"""Writes settings through a device's own web pages. Not for those who only look."""

from __future__ import annotations

from dataclasses import dataclass

from frisket.catalog.setting import Setting, Type
from frisket.drivers.access.snmp import Around
from frisket.drivers.access.web import WebReader, open_web, slug_of
from frisket.drivers.base import Pin, Settings
from frisket.drivers.credential import Login
from frisket.errors import SettingRefused
from frisket.model.reading import Value
from frisket.net.dial import Dialer


def fields_of(setting: Setting, value: Value) -> list[tuple[str, str]]:
    """Return the fields that a browser would post for a setting."""
    key = setting.key
    match value:
        case bool():
            return [(key, "on")] if value else []
        case tuple() if setting.type is Type.SET:
            return [(key, item) for item in value]
        case tuple():
            return [(key, "\n".join(value))]
        case _:
            return [(key, str(value))]


@dataclass(slots=True)
class WebHand(WebReader):
    """Reads and writes one device by its Remote UI. Opened by `open_web_hand`."""

    async def write(self, values: Settings) -> None:
        """Post each page once with what changes on it. Raises `SettingRefused`."""
        by_menu: dict[str, list[str]] = {}
        for key in values:
            by_menu.setdefault(self.around.catalog[key].menu, []).append(key)
        for keys in by_menu.values():
            await self._post([self.around.catalog[key] for key in keys], values)

    async def _post(self, settings: list[Setting], values: Settings) -> None:
        page = await self.page(settings[0])
        offered = page.hidden.get(self.table.shown, ())
        for setting in settings:
            if setting.key not in offered:
                raise SettingRefused(f"{setting.key} cannot be changed in the Remote UI")
        token = page.hidden.get(self.table.token, ("",))[0]
        fields = [(self.table.token, token)]
        for setting in settings:
            fields.append((self.table.shown, setting.key))
            fields += fields_of(setting, values[setting.key])
        path = self.table.page.replace("{menu}", slug_of(settings[0].menu))
        response = await self.browser.send("POST", path, fields)
        if response.status != 302:
            names = ", ".join(setting.key for setting in settings)
            raise SettingRefused(f"{names}: the Remote UI answers {response.status}")

    async def pending(self) -> int:
        """Return 0: what needs a restart is not written here."""
        return 0

    async def restart(self) -> None:
        """Refuse: what needs a restart is not written here."""
        raise SettingRefused("the Remote UI is not used to restart a device")


async def open_web_hand(
    dialer: Dialer, login: Login, expected: Pin, around: Around, seen: Pin
) -> WebHand:
    """Open a device to change it. Raises as `open_web`."""
    r = await open_web(dialer, login, expected, around, seen)
    return WebHand(r.browser, r.driver, r.table, r.around, r.pin, r.descr)
