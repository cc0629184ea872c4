"""The device's own menu tree, built from the catalogue: which settings stand on which page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from frisket.catalog.setting import Setting
from frisket.mfd.users import Role

SEPARATOR = " > "


@dataclass(slots=True)
class MenuPage:
    """One page of Settings/Registration. `slug` is its address, `path` its place in the menu."""

    title: str
    path: str
    slug: str
    settings: list[Setting] = field(default_factory=list)
    pages: list[MenuPage] = field(default_factory=list)

    @property
    def parent(self) -> str:
        """Return the slug of the page above, "" at the top."""
        return self.slug.rpartition(".")[0]


@lru_cache(maxsize=2000)  # the menus of a few models, asked for on every page
def slug_of(path: str) -> str:
    """Return a menu path as the last segment of an address."""
    parts = (re.sub(r"[^a-z0-9]+", "-", part.lower()).strip("-") for part in path.split(SEPARATOR))
    return ".".join(parts)


def build_menu(settings: Iterable[Setting]) -> Mapping[str, MenuPage]:
    """Return the pages by slug, in the catalogue's order; pages above exist for every page."""
    pages: dict[str, MenuPage] = {}

    def page_at(path: str) -> MenuPage:
        slug = slug_of(path)
        if slug not in pages:
            above, _, title = path.rpartition(SEPARATOR)
            pages[slug] = MenuPage(title, path, slug)
            if above:
                page_at(above).pages.append(pages[slug])
        return pages[slug]

    for setting in settings:
        page_at(setting.menu).settings.append(setting)
    return pages


def may_change(role: Role, setting: Setting) -> bool:
    """Say whether a role may change a setting; the Administrator may change all.

    The real table says so for each row. Here a NetworkAdmin has the network, a DeviceAdmin the
    other preferences and functions, and neither the security and user management (an inference).
    """
    network = setting.menu.startswith("Preferences > Network")
    match role:
        case Role.ADMINISTRATOR:
            return True
        case Role.NETWORK_ADMIN:
            return network
        case Role.DEVICE_ADMIN:
            return not network and setting.menu.startswith(("Preferences", "Function Settings"))
        case _:
            return False
