"""The language and the time zone in which a report is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from gettext import NullTranslations


@dataclass(frozen=True, slots=True)
class Speech:
    """How a report speaks: its language (BCP 47), its messages, and its zone.

    `say` and `count` are the words by which the messages are found in the code.
    """

    language: str = "en"
    zone: tzinfo = UTC
    messages: NullTranslations = field(default_factory=NullTranslations, compare=False)

    def say(self, message: str, **values: object) -> str:
        """Return a message in this language; `%(name)s` within it stands for a value."""
        text = self.messages.gettext(message) if message else ""
        return text % values if values else text

    def count(self, one: str, many: str, number: int) -> str:
        """Return the message for a number, which `%(n)s` stands for."""
        return self.messages.ngettext(one, many, number) % {"n": f"{number:,}"}

    def moment(self, at: datetime | None) -> str:
        """Return a time with its zone: `2026-11-22 18:30 CET (UTC+01:00)`; empty for none."""
        if at is None:
            return ""
        local = at.astimezone(self.zone)
        name, behind = local.tzname() or "", _behind(local.utcoffset())
        return f"{local:%Y-%m-%d %H:%M} {name if name in {'UTC', behind} else f'{name} ({behind})'}"

    def second(self, at: datetime | None) -> str:
        """Return a time to the second with what the zone is behind UTC; empty for none."""
        if at is None:
            return ""
        local = at.astimezone(self.zone)
        behind = _behind(local.utcoffset()).removeprefix("UTC") or "Z"
        return f"{local:%Y-%m-%d %H:%M:%S}{behind}"

    def day(self, at: datetime | None) -> str:
        """Return the day in this zone, `2026-11-22`; empty for none."""
        return "" if at is None else at.astimezone(self.zone).date().isoformat()


def _behind(offset: timedelta | None) -> str:
    minutes = round((offset or timedelta()).total_seconds() / 60)
    if not minutes:
        return "UTC"
    return f"UTC{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
