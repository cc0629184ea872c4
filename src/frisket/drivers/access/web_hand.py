"""Writes settings through a device's own web pages. Not for those who only look."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field

from frisket.catalog.setting import Setting, Type
from frisket.drivers.access.form import read_page
from frisket.drivers.access.snmp import Around, NoDriver, NoLogin
from frisket.drivers.access.web import LoginRefused, WebReader, open_web, slug_of
from frisket.drivers.base import Pin, Settings
from frisket.drivers.credential import Login
from frisket.errors import Busy, LinkError, SettingRefused, Silent, WireError
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

    _shut: set[str] = field(default_factory=set, init=False)

    async def write(self, values: Settings) -> None:
        """Post each page once with what changes on it: all of a page, or nothing of it.

        Raises `SettingRefused`, also where our own login would not be accepted any more.
        """
        by_menu: dict[str, list[str]] = {}
        for key in values:
            by_menu.setdefault(self.around.catalog[key].menu, []).append(key)
        for keys in by_menu.values():
            await self._post([self.around.catalog[key] for key in keys], values)
        self._note(values)
        # A factory password that is about to be refused was foreseen, and confirmed.
        if self.driver.logins(self.name) & set(values) and not self.factory:
            await self._prove()

    def _note(self, values: Settings) -> None:
        """Remember what was told to close the Remote UI, with TLS and without."""
        ways = [way for way in self.driver.ways if way.access == self.name]
        for key, value in values.items():
            if all(key in way.when and way.when[key] != value for way in ways):
                self._shut.add(key)
            else:
                self._shut.discard(key)

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
        names = ", ".join(setting.key for setting in settings)
        if response.status == 503:
            raise Busy(f"{names}: the Remote UI is busy")
        if response.status != 302:
            raise SettingRefused(f"{names}: the Remote UI answers {response.status}")

    async def _prove(self) -> None:
        """Log in once more, in a session of its own. Raises `SettingRefused`.

        The present session goes on, so what shut the login out can still be put back.
        """
        try:
            fresh = await self._anew()
        except LoginRefused as fault:
            raise SettingRefused(f"it would shut our own login out: {fault}") from fault
        self.browser = fresh.browser

    async def _anew(self) -> WebReader:
        return await open_web(self.browser.dialer, self.login, self.pin, self.around, Pin())

    async def pending(self) -> int:
        """Return how many settings wait for a restart; 0 where the pages do not say."""
        if not self.table.pending:
            return 0
        page = await self.browser.send("GET", self.table.waiting)
        if page.status != 200:
            raise WireError(f"the Remote UI answers {page.status} for {self.table.waiting}")
        found = re.search(self.table.pending, page.body.decode("utf-8", "replace"))
        return int(found[1]) if found else 0

    async def restart(self) -> None:
        """Restart the device and return when it lets us in again. Raises `Silent`.

        A device that has restarted knows the session no more.
        """
        if not self.table.restart:
            raise SettingRefused("the Remote UI does not offer a restart")
        page = await self.browser.send("GET", self.table.waiting)
        token = read_page(page.body).hidden.get(self.table.token, ("",))[0]
        answer = await self.browser.send("POST", self.table.restart, [(self.table.token, token)])
        if answer.status != 200:
            raise Busy("the device does not restart now: it is busy")
        await self.wait_back()

    async def wait_back(self) -> None:
        """Return when a device that is about to restart lets us in again. Raises `Silent`."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self.around.restart_seconds
        wait = 0.25
        while loop.time() < end:
            await asyncio.sleep(wait)
            wait = min(wait * 1.5, 5.0)
            # What we closed ourselves does not come back: that it is gone is all there is to see.
            if await (self._is_gone() if self._shut else self._is_back()):
                return
        seconds = self.around.restart_seconds
        raise Silent(f"the Remote UI has not come back {seconds:.0f} s after the restart")

    async def _is_gone(self) -> bool:
        """Say whether nobody answers any more where our session was."""
        try:
            await self.browser.send("GET", self.table.portal)
        except (LinkError, WireError):
            return True
        return False

    async def _is_back(self) -> bool:
        """Say whether the device has restarted and lets us in; its port may be another one."""
        try:
            if (await self.browser.send("GET", self.table.portal)).status == 200:
                return False  # it knows our session: it has not gone down yet
        except (LinkError, WireError):
            pass  # closed while it restarts, or for good where TLS took its place
        try:
            fresh = await self._anew()
        except (LinkError, WireError, NoDriver):
            return False  # closed, or not all of it is up yet
        except (LoginRefused, NoLogin) as fault:
            raise SettingRefused(f"it is back and does not let us in: {fault}") from fault
        self.browser, self.factory = fresh.browser, fresh.factory
        self.pin = self.pin | fresh.pin
        return True


async def open_web_hand(
    dialer: Dialer, login: Login, expected: Pin, around: Around, seen: Pin
) -> WebHand:
    """Open a device to change it. Raises as `open_web`."""
    r = await open_web(dialer, login, expected, around, seen)
    return WebHand(r.browser, r.driver, r.table, r.around, r.login, r.pin, r.factory, r.descr)
