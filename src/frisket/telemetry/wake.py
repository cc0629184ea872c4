"""When a sleeping device is left alone: one wake a night, and none that can wait. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final

from frisket.telemetry.acquaintance import Acquaintance

# An answer that takes this much longer than usual, and at least so many seconds, woke the device:
# an HP needs 2 to 5 s, a Canon 18 s after sleep, and one awake answers in hundredths of one.
SLOWER: Final = 10.0
WAKING: Final = 1.5


@dataclass(frozen=True, slots=True)
class Quiet:
    """The hours of a site in which nobody prints, from `begins` to `ends`; over midnight mostly.

    Equal times mean that there are none.
    """

    begins: time = time(20)
    ends: time = time(7)
    zone: tzinfo = UTC

    def night(self, now: datetime) -> tuple[datetime, datetime] | None:
        """Return when the night that `now` is in began and ends; None by day."""
        local = now.astimezone(self.zone)
        for days in (0, -1):
            date = local.date() + timedelta(days=days)
            began = datetime.combine(date, self.begins, self.zone)
            over = self.begins > self.ends
            ends = datetime.combine(date + timedelta(days=over), self.ends, self.zone)
            if began <= local < ends:
                return began, ends
        return None


def woke(acquaintance: Acquaintance, waited: float) -> bool:
    """Say whether an answer that took `waited` seconds woke the device."""
    return waited >= max(WAKING, SLOWER * acquaintance.latency)


def after_answer(acquaintance: Acquaintance, waited: float, now: datetime) -> Acquaintance:
    """Return the acquaintance after a first answer that took `waited` seconds."""
    slow = woke(acquaintance, waited)
    return replace(
        acquaintance,
        met=now,
        silences=0,
        woken=now if slow else acquaintance.woken,
        latency=acquaintance.latency if slow else acquaintance.timed(waited),
    )


def after_silence(acquaintance: Acquaintance, now: datetime) -> Acquaintance:
    """Return the acquaintance after a poll without an answer, which may have woken it in vain."""
    return replace(acquaintance, woken=now, silences=acquaintance.silences + 1)


def rests_until(acquaintance: Acquaintance, now: datetime, quiet: Quiet | None) -> datetime | None:
    """Return until when the device is not to be asked; None where it may be asked now.

    A device that a poll of this night has woken, or to which it stayed silent, rests until the
    morning. By day every device may be asked, and so may one whose `woken` lies in the future:
    then the clock was wrong.
    """
    night = quiet.night(now) if quiet else None
    if night is None or acquaintance.woken is None:
        return None
    began, ends = night
    return ends if began <= acquaintance.woken <= now else None
