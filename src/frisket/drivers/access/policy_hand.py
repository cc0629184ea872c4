"""Ticks the items of a security policy in a Remote UI. Not for those who only look."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial

from frisket.audit.load import Content, load_content
from frisket.audit.sheet import ITEMS, VALUES, Sheet, as_settings, forces, from_settings
from frisket.drivers.access.form import read_page
from frisket.drivers.access.policy import NAME, and_policy, plain, read_sheet, table_of
from frisket.drivers.access.policy_import import take_in, with_policy
from frisket.drivers.access.snmp import Around, NoLogin
from frisket.drivers.access.web import LoginRefused
from frisket.drivers.access.web_hand import WebHand, open_web_hand
from frisket.drivers.base import Driver, Pin, PolicyTable, Settings
from frisket.drivers.credential import Login, Secret
from frisket.errors import Busy, LinkError, SettingRefused, WireError
from frisket.model.reading import Known, Reading, Value
from frisket.net.dial import Dialer
from frisket.proto.http.wire import Response


class PolicyPasswordRefused(LoginRefused):
    """The device does not accept this policy password. Never tried again."""


@dataclass(slots=True)
class PolicyHand:
    """One device whose Security Policy Settings are open. Opened by `open_policy_hand`.

    It reads and writes ordinary settings too: what an item has forced stays when the tick is
    taken away, so the way back is untick first, then put back.
    """

    web: WebHand
    content: Content
    table: PolicyTable
    login: Login
    asked: bool = False  # whether the device has asked for the policy password
    entropy: Callable[[int], bytes] = os.urandom
    name: str = field(default=NAME, init=False)

    @property
    def driver(self) -> Driver:
        """Return the device's driver."""
        return self.web.driver

    @property
    def pin(self) -> Pin:
        """Return who the device proved to be."""
        return self.web.pin

    @property
    def descr(self) -> str:
        """Return what the device says it is."""
        return self.web.descr

    async def read(self, keys: Iterable[str]) -> Mapping[str, Reading]:
        """Return a reading for each key; each page is read once."""
        wanted = tuple(keys)
        found = await self.web.read(plain(wanted))
        return await and_policy(self.web, wanted, self.content, found)

    def frozen(self, keys: Iterable[str]) -> Mapping[str, str]:
        """Return what the pages do not let be changed; the policy itself can be."""
        return self.web.frozen(plain(keys))

    async def write(self, values: Settings) -> None:
        """Tick exactly the items wanted, then set what that has not set. Raises `SettingRefused`.

        What the items force is not posted once more: the device sets it.
        """
        sheet = await read_sheet(self.web, self.content)
        now = as_settings(sheet)
        wanted = {key: values.get(key, now[key]) for key in (ITEMS, VALUES)}
        if wanted != now:
            sheet = from_settings(wanted, self.content)
            await self._tick(sheet, {key: values[key] for key in plain(values)})
        forced = forces(sheet, self.content)
        rest = {key: values[key] for key in plain(values) if forced.get(key) != values[key]}
        if not rest:
            return
        shown = await self.web.read(rest)
        todo = {key: value for key, value in rest.items() if _value(shown.get(key)) != value}
        shut = self.web.frozen(todo)
        if free := {key: value for key, value in todo.items() if key not in shut}:
            await self.web.write(free)
        if shut:
            # Last, so that one setting of the panel's does not keep the others from being set.
            raise SettingRefused(f"{', '.join(shut)} cannot be changed in the Remote UI")

    async def _tick(self, sheet: Sheet, settings: Settings) -> None:
        page = await self._page()
        if page is None:
            settings = {**settings, **forces(sheet, self.content)}
            password = self.login.policy.reveal() if self.login.policy and self.asked else ""
            change = partial(with_policy, sheet=sheet, settings=settings, password=password)
            await take_in(self.web, self.table, change, self.entropy)
            await self.open()
            return
        fields = [(self.table.item, item) for item in sheet.items]
        fields += [(name, str(value)) for name, value in sheet.values.items()]
        token = (self.web.table.token, self._token(page))
        answer = await self.web.browser.send("POST", self.table.edit, [token, *fields])
        if answer.status == 503:
            raise Busy("the security policy: the Remote UI is busy")
        if answer.status != 200:
            raise SettingRefused(f"the security policy: {self._refusal(answer)}")

    async def change_password(self, new: Secret) -> None:
        """Set the policy password. Raises `SettingRefused`; the session stays open."""
        page = await self._page()
        if page is None:
            raise SettingRefused("this model takes a policy password with an import only")
        fields = [
            (self.web.table.token, self._token(page)),
            (self.table.new, new.reveal()),
            (self.table.again, new.reveal()),
        ]
        answer = await self.web.browser.send("POST", self.table.change, fields)
        if answer.status != 302:
            raise SettingRefused(f"the policy password: {self._refusal(answer)}")

    async def _page(self) -> Response | None:
        """Return the page of items; None where this model takes a policy by import only."""
        page = await self.web.browser.send("GET", self.table.edit)
        if page.status == 404 and self.table.enter:
            return None
        if page.status != 200 or page.cut:
            raise WireError(f"the Remote UI answers {page.status} for {self.table.edit}")
        return page

    def _token(self, page: Response) -> str:
        return read_page(page.body).hidden.get(self.web.table.token, ("",))[0]

    def _refusal(self, answer: Response) -> str:
        found = re.search(self.table.refusal, answer.body.decode("utf-8", "replace"))
        return found[1].strip() if found else f"the Remote UI answers {answer.status}"

    async def pending(self) -> int:
        """Return how many settings wait for a restart."""
        return await self.web.pending()

    async def restart(self) -> None:
        """Restart the device, and open its policy again. Raises `Silent`."""
        await self.web.restart()
        await self.open()

    async def open(self) -> None:
        """Show the policy password where the device asks for one.

        Raises `NoLogin` where none is given, `PolicyPasswordRefused` where it is wrong.
        """
        page = await self.web.browser.send("GET", self.table.open)
        if page.status == 403:
            raise NoLogin(
                "this login may not change the security policy: no administrator's rights"
            )
        if page.status != 200 or page.cut:
            raise WireError(f"the Remote UI answers {page.status} for {self.table.open}")
        self.asked = f'name="{self.table.password}"'.encode() in page.body
        if not self.asked:
            return
        if self.login.policy is None or not self.login.policy.reveal():
            hint = "give policy-password in the credentials, or FRISKET_POLICY_PASSWORD"
            raise NoLogin("its security policy has a password, and none is given", hint=hint)
        fields = [
            (self.web.table.token, self._token(page)),
            (self.table.password, self.login.policy.reveal()),
        ]
        answer = await self.web.browser.send("POST", self.table.login, fields)
        if answer.status != 302:
            raise PolicyPasswordRefused("the security policy password is wrong")

    def close(self) -> None:
        """Close."""
        self.web.close()


def _value(reading: Reading | None) -> Value | None:
    return reading.value if isinstance(reading, Known) else None


async def open_policy_hand(
    dialer: Dialer, login: Login, expected: Pin, around: Around, met: Pin
) -> PolicyHand:
    """Open a device to change its security policy: both logins, each tried once.

    Raises as `open_web`, `NoDriver` where it has no policy, `PolicyPasswordRefused`.
    """
    web = await open_web_hand(dialer, login, expected, around, met)
    hand = PolicyHand(web, load_content(), table_of(web.driver), login)
    try:
        await hand.open()
    except (LinkError, WireError, LoginRefused, NoLogin):
        hand.close()
        raise
    return hand
