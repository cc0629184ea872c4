"""What is told of an alert holds no more lines, fields or commands than it should."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from datetime import UTC, datetime
from email import message_from_bytes, policy

from hypothesis import given
from hypothesis import strategies as st

from frisket.fleet.alert_message import cef_of, document_of, mail_of, syslog_of, webhook_of
from frisket.fleet.alerting import Change, Rule, Signal, Standing, Told
from frisket.proto.syslog.wire import decode

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
words = st.text(max_size=80)


def told(about: str, name: str = "Low", change: Change = Change.RAISED) -> dict[str, object]:
    rule = Rule(1, name, Signal.SUPPLY, 10, 20)
    return document_of(Told(rule, change, NOON, Standing("a", 1, 7, value=3.0, about=about)))


@given(words)
def test_a_mail_has_the_headers_that_it_was_given_and_no_more(about: str) -> None:
    octets = mail_of(told(about), 9, "a@example.org", "b@example.org", NOON).as_bytes()
    mail = message_from_bytes(octets, policy=policy.default)
    assert mail["To"] == "b@example.org"
    assert mail["Message-ID"] == "<alert-9@example.org>"
    names = {"From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version"}
    assert set(mail.keys()) <= names | {"Content-Type", "Content-Transfer-Encoding"}


@given(words)
def test_a_webhook_is_signed_with_its_time(about: str) -> None:
    body, headers = webhook_of(told(about), 9, "a secret of some length", NOON)
    stamp = headers["x-frisket-timestamp"].encode()
    wanted = hmac.new(b"a secret of some length", stamp + b"." + body, hashlib.sha256)
    assert headers["x-frisket-signature"] == f"sha256={wanted.hexdigest()}"
    assert json.loads(body)["id"] == 9
    assert all(value.isascii() and value.isprintable() for value in headers.values())


@given(words, st.booleans())
def test_syslog_is_one_message_of_one_line(about: str, cef: bool) -> None:
    octets = syslog_of(told(about), 9, "host", cef=cef)
    assert b"\n" not in octets
    message = decode(octets)
    assert (message.facility, message.severity, message.application) == (16, 4, "frisket")
    if not cef:
        assert message.data["frisket@32473"]["id"] == "9"


@given(words, words)
def test_cef_has_seven_bars_and_the_fields_it_should(about: str, name: str) -> None:
    line = cef_of(told(about, name), 9)
    bars = re.findall(r"(?<!\\)(?:\\\\)*\|", line.partition(" rt=")[0])
    assert len(bars) >= 6
    head, _, rest = re.split(r"(?<!\\)\|(rt=)", line, maxsplit=1)
    assert len(re.split(r"(?<!\\)(?:\\\\)*\|", head)) == 7
    fields = re.findall(r"(?<!\\)(?:\\\\)*=", "rt=" + rest)
    assert len(fields) == 6
    assert "\n" not in line


def test_what_is_over_is_told_more_quietly() -> None:
    assert decode(syslog_of(told("x", change=Change.CLEARED), 1, "h", cef=False)).severity == 6
