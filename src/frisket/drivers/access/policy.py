"""Reads a device's security policy beside its settings, through its Remote UI.

Whoever has logged in may see it; the policy's own password is not asked for and not sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from frisket.audit.load import Content
from frisket.audit.sheet import ITEMS, VALUES, Sheet, as_settings, make_sheet
from frisket.drivers.access.policy_page import read_policy
from frisket.drivers.access.snmp import Around, NoDriver
from frisket.drivers.access.web import WebReader, open_web
from frisket.drivers.base import Driver, Pin, PolicyTable
from frisket.drivers.credential import Login
from frisket.errors import SettingRefused, WireError
from frisket.model.reading import Known, Reading, Unread, Why, Witness
from frisket.net.dial import Dialer

NAME: Final = "remote-ui-policy"


def table_of(driver: Driver) -> PolicyTable:
    """Return how the driver's devices keep a policy. Raises `NoDriver` where they have none."""
    if driver.policy is None:
        raise NoDriver(f"{driver.about} has no Security Policy Settings that are known")
    return driver.policy


async def read_sheet(reader: WebReader, content: Content) -> Sheet:
    """Return the policy that a device shows. Raises `WireError`, `LinkError`, `NoDriver`."""
    table = table_of(reader.driver)
    answer = await reader.browser.send("GET", table.confirm)
    if answer.status != 200 or answer.cut:
        raise WireError(f"the Remote UI answers {answer.status} for {table.confirm}")
    ticked, values = read_policy(answer.body, content.policy, table.on)
    try:
        return make_sheet(ticked, values, content)
    except SettingRefused as fault:
        raise WireError(f"the policy that the device shows is not sound: {fault}") from fault


async def and_policy(
    reader: WebReader, keys: Iterable[str], content: Content, settings: Mapping[str, Reading]
) -> dict[str, Reading]:
    """Return `settings` with the policy's two keys read, where they are among `keys`."""
    found = dict(settings)
    asked = {ITEMS, VALUES} & set(keys)
    if not asked:
        return found
    now = reader.around.now()
    for key, value in as_settings(await read_sheet(reader, content)).items():
        if key in asked:
            found[key] = Known(value, Witness.DEVICE, now, reader.name)
    return found


def plain(keys: Iterable[str]) -> list[str]:
    """Return the keys that stand on ordinary pages."""
    return [key for key in keys if key not in {ITEMS, VALUES}]


@dataclass(frozen=True, slots=True)
class PolicyReader:
    """One device by its Remote UI, its policy included. Opened by `open_policy`."""

    web: WebReader
    content: Content

    @property
    def name(self) -> str:
        """Return the access's name."""
        return NAME

    async def read(self, keys: Iterable[str]) -> Mapping[str, Reading]:
        """Return a reading for each key; each page is read once."""
        wanted = tuple(keys)
        found = await self.web.read(plain(wanted))
        return await and_policy(self.web, wanted, self.content, found)

    def changeable(self, keys: Iterable[str]) -> frozenset[str]:
        """Return those of the keys read so far that their pages let be changed."""
        wanted = tuple(keys)
        return frozenset(wanted) - set(self.web.frozen(wanted))

    def close(self) -> None:
        """Close."""
        self.web.close()


async def open_policy(
    dialer: Dialer, login: Login, pins: tuple[Pin, Pin], around: Around, content: Content
) -> PolicyReader:
    """Open a device to read its policy; `pins` are who is expected, and who the network sees.

    Raises as `open_web`, and `NoDriver` where it has no policy.
    """
    expected, seen = pins
    reader = await open_web(dialer, login, expected, around, seen)
    table_of(reader.driver)
    return PolicyReader(reader, content)


def unread(why: str) -> Reading:
    """Return the reading of a key that a device has not got."""
    return Unread(Why.UNSUPPORTED, NAME, why)
