"""Message catalogues: `messages/<language>.po` beside this module, compiled in memory at start."""

from __future__ import annotations

import gettext
import io
from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from functools import cache
from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from babel.core import Locale, UnknownLocaleError, negotiate_locale
from babel.dates import format_date, format_datetime
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ENGLISH: Final = "en"
Catalogues = Mapping[str, gettext.NullTranslations]


def load_catalogues() -> dict[str, gettext.NullTranslations]:
    """Return the catalogue of each language that there is; English is what the templates say."""
    found: dict[str, gettext.NullTranslations] = {ENGLISH: gettext.NullTranslations()}
    folder = files("frisket.console").joinpath("messages")
    if folder.is_dir():
        for file in folder.iterdir():
            if file.name.endswith(".po"):
                compiled = io.BytesIO()
                write_mo(compiled, read_po(io.BytesIO(file.read_bytes())))
                compiled.seek(0)
                found[file.name.removesuffix(".po")] = gettext.GNUTranslations(compiled)
    return found


class Disguise(gettext.NullTranslations):
    """A language for tests: every message longer, in accents, between marks.

    Text that stays plain was never handed to the catalogue; what is cut off had no room.
    """

    def __init__(self, change: Callable[[str], str] | None = None) -> None:
        super().__init__()
        self._change = change or disguised

    def gettext(self, message: str) -> str:
        """Return the message in disguise."""
        return self._change(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """Return the message for a number in disguise."""
        return self._change(msgid1 if n == 1 else msgid2)


_ACCENTS: Final = str.maketrans("aeiouAEIOUcnsy", "àéîõüÀÉÎÕÜçñšý")


def disguised(message: str) -> str:
    """Return a message with accents, a third longer; what stands in `%(…)s` stays."""
    parts = message.split("%(")
    out = [parts[0].translate(_ACCENTS)]
    for part in parts[1:]:
        name, mark, rest = part.partition(")s")
        out.append(f"%({name}{mark}{rest.translate(_ACCENTS)}")
    return f"⟦{''.join(out)}{'·' * (len(message) // 3)}⟧"


def chosen_language(wish: str, accepted: str, have: Catalogues) -> str:
    """Return the language of an account's wish, else of the browser's header, else English."""
    if wish in have:
        return wish
    asked = [part.partition(";")[0].strip().replace("-", "_") for part in accepted.split(",")[:20]]
    try:
        return negotiate_locale([a for a in asked if a], list(have)) or ENGLISH
    except ValueError:
        return ENGLISH


@cache
def zone(name: str) -> tzinfo:
    """Return a time zone by its name, UTC for one that is not known."""
    if name not in available_timezones():
        return ZoneInfo("UTC")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def locale_of(language: str) -> Locale:
    """Return how a language writes dates and numbers."""
    try:
        return Locale.parse(language)
    except (UnknownLocaleError, ValueError):
        return Locale.parse(ENGLISH)


def written(moment: datetime, zone_name: str, language: str) -> str:
    """Return a time in words, in a person's zone and language."""
    return format_datetime(moment, "medium", tzinfo=zone(zone_name), locale=locale_of(language))


def written_day(moment: datetime, zone_name: str, language: str) -> str:
    """Return a day in words, in a person's zone and language."""
    return format_date(moment.astimezone(zone(zone_name)), "medium", locale=locale_of(language))
