"""Message catalogues: `messages/<language>.po` beside this module, compiled in memory at start."""

from __future__ import annotations

import gettext
import io
import re
from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from functools import cache
from importlib.resources import files
from math import ceil
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from babel.core import Locale, UnknownLocaleError, negotiate_locale
from babel.dates import format_date, format_datetime
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

ENGLISH: Final = "en"
Catalogues = Mapping[str, gettext.NullTranslations]


def load_catalogues() -> dict[str, gettext.NullTranslations]:
    """Return the catalogue of each language that there is; English is what the templates say."""
    found: dict[str, gettext.NullTranslations] = {ENGLISH: gettext.NullTranslations()}
    folder = files("frisket.console").joinpath("messages")
    if folder.is_dir():
        for file in folder.iterdir():
            if file.name.endswith(".po"):
                language = file.name.removesuffix(".po")
                read = read_po(io.BytesIO(file.read_bytes()), locale=language)
                found[language] = compiled(read)
    return found


def compiled(catalogue: Catalog) -> gettext.GNUTranslations:
    """Return a catalogue as it is asked for messages; kept in memory."""
    out = io.BytesIO()
    write_mo(out, catalogue)
    out.seek(0)
    return gettext.GNUTranslations(out)


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


_LONGER: Final = 0.4  # German takes so much more room than English, word by word


def _longer(text: str) -> str:
    """Return words in accents, each two fifths longer."""
    words = re.split(r"(\s+)", text.translate(_ACCENTS))
    return "".join(
        word + "·" * ceil(len(word) * _LONGER) if word.strip() else word for word in words
    )


def disguised(message: str) -> str:
    """Return a message in accents, longer word by word; what stands in `%(…)s` stays."""
    parts = message.split("%(")
    out = [_longer(parts[0])]
    for part in parts[1:]:
        name, mark, rest = part.partition(")s")
        out.append(f"%({name}{mark}{_longer(rest)}")
    return f"⟦{''.join(out)}⟧"


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


def written_number(value: float, language: str) -> str:
    """Return a number as a language writes it: `12,345` or `12.345`."""
    return str(format_decimal(value, locale=locale_of(language)))
