"""How reports speak: times with their zone, and messages that a catalogue can hold."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from gettext import NullTranslations
from zoneinfo import ZoneInfo

import pytest
from babel.messages.pofile import read_po

from frisket.console.gather import TEMPLATE
from frisket.report.speech import Speech

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "moment", "second"),
    [
        ("UTC", "2026-07-01 12:00 UTC", "2026-07-01 12:00:00Z"),
        ("Europe/Berlin", "2026-07-01 14:00 CEST (UTC+02:00)", "2026-07-01 14:00:00+02:00"),
        ("Asia/Kolkata", "2026-07-01 17:30 IST (UTC+05:30)", "2026-07-01 17:30:00+05:30"),
        ("America/St_Johns", "2026-07-01 09:30 NDT (UTC-02:30)", "2026-07-01 09:30:00-02:30"),
    ],
)
def test_a_time_says_its_zone(zone: str, moment: str, second: str) -> None:
    speech = Speech(zone=ZoneInfo(zone))
    assert speech.moment(NOON) == moment
    assert speech.second(NOON) == second
    assert speech.day(NOON) == "2026-07-01"


def test_no_time_is_no_text() -> None:
    speech = Speech()
    assert (speech.moment(None), speech.second(None), speech.day(None)) == ("", "", "")


class Shout(NullTranslations):
    """A language in capitals."""

    def gettext(self, message: str) -> str:
        return message.upper().replace("%(WHEN)S", "%(when)s")

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return (msgid1 if n == 1 else msgid2).upper().replace("%(N)S", "%(n)s")


def test_messages_are_in_the_language() -> None:
    speech = Speech("xx", messages=Shout())
    assert speech.say("Made %(when)s", when="now") == "MADE now"
    assert speech.count("%(n)s device", "%(n)s devices", 1234) == "1,234 DEVICES"
    assert speech.say("") == ""


def test_what_reports_say_is_in_the_catalogue() -> None:
    found: set[str] = set()
    for message in read_po(io.BytesIO(TEMPLATE.read_bytes())):
        found |= {message.id} if isinstance(message.id, str) else set(message.id)
    said = {"Change record", "Made %(when)s", "%(n)s more sites", "Days, at least", "Put back"}
    assert said <= found
