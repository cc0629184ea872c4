"""What is left of paper and toner; it falls as jobs print, and a person refills it."""

from __future__ import annotations

from collections.abc import Callable

from frisket.mfd.personality import Personality

_PAGES_PER_PERCENT = 200  # a toner bottle lasts about 20,000 pages


class Levels:
    """Sheets per tray and percent per supply. Negative levels (unknown, some) never fall.

    Each of `watchers` is called after a supply's level has changed.
    """

    __slots__ = ("_personality", "_supplies", "_trays", "_used", "watchers")

    def __init__(self, personality: Personality) -> None:
        self._personality = personality
        self._trays: list[int] | None = None
        self._supplies: list[int] | None = None
        self._used = 0
        self.watchers: list[Callable[[], None]] = []

    def _notify(self) -> None:
        for watcher in tuple(self.watchers):
            watcher()

    def tray(self, number: int) -> int:
        """Return the sheets in tray `number` (from 0)."""
        trays = self._trays
        return trays[number] if trays else self._personality.trays[number].level

    def supply(self, number: int) -> int:
        """Return the level of supply `number` (from 0)."""
        supplies = self._supplies
        return supplies[number] if supplies else self._personality.supplies[number].level

    def trays_with(self, media: str) -> list[int]:
        """Return the trays set to a media; all of them for ""."""
        trays = self._personality.trays
        return [n for n, tray in enumerate(trays) if media in {"", tray.media}]

    def take(self, number: int, sheets: int) -> int:
        """Take up to `sheets` out of a tray and return how many there were."""
        level = self.tray(number)
        if level < 0:
            return sheets
        taken = min(level, sheets)
        self.refill(number, level - taken)
        return taken

    def refill(self, number: int, sheets: int) -> None:
        """Put a tray's level to `sheets`, as someone at the drawer would."""
        if self._trays is None:
            self._trays = [tray.level for tray in self._personality.trays]
        self._trays[number] = sheets

    def use(self, pages: int, *, color: bool) -> None:
        """Let toner fall, one percent every 200 sides; color sides use every color."""
        before = self._used // _PAGES_PER_PERCENT
        self._used += pages
        percent = self._used // _PAGES_PER_PERCENT - before
        if not percent:
            return
        if self._supplies is None:
            self._supplies = [supply.level for supply in self._personality.supplies]
        for number, supply in enumerate(self._personality.supplies):
            level = self._supplies[number]
            if level > 0 and supply.color and (color or supply.color == "black"):
                self._supplies[number] = max(0, level - percent)
        self._notify()

    def put_supply(self, number: int, level: int) -> None:
        """Put a supply's level, as someone who shakes or changes a bottle would."""
        if self._supplies is None:
            self._supplies = [supply.level for supply in self._personality.supplies]
        self._supplies[number] = level
        self._notify()

    def replace_supply(self, number: int) -> None:
        """Put a supply back to full."""
        self.put_supply(number, self._personality.supplies[number].capacity)
