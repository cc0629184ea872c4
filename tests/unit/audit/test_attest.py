"""What people say: read strictly, believed for a time, for the devices they mean."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frisket.audit.attest import Attestation, parse_attestations, readings
from frisket.audit.baseline import Consideration, Need
from frisket.audit.evaluate import evaluate
from frisket.audit.load import load_content
from frisket.errors import UsageError
from frisket.model.finding import Verdict
from frisket.model.reading import Known, Reading, Readings, Unread, Value, Why, Witness
from frisket.model.target import Identity, Target

CONTENT = load_content()
OFFICE = CONTENT.baselines["small-office"]
TODAY = date(2026, 6, 1)
TARGET = Target("192.0.2.10", "printer.example")
IDENTITY = Identity(model="iR-ADV C5535", serial="QKA00001")

GOOD = """
[[attestation]]
key = "sms.password-strong"
answer = true
who = "A. Person"
when = 2026-05-01
evidence = "ticket 17"
"""


def parse(text: str) -> tuple[Attestation, ...]:
    return parse_attestations(text, CONTENT)


def read(text: str, today: date = TODAY, identity: Identity = IDENTITY) -> Readings:
    return readings(parse(text), TARGET, identity, today, CONTENT, OFFICE)


def entry(**fields: object) -> str:
    base: dict[str, object] = {
        "key": "sms.password-strong",
        "answer": True,
        "who": "A. Person",
        "when": date(2026, 5, 1),
        "evidence": "ticket 17",
    }
    lines = ["[[attestation]]"]
    for name, value in (base | fields).items():
        if value is None:
            continue
        shown = f'"{value}"' if isinstance(value, str) else str(value)
        lines.append(f"{name} = {shown.lower() if isinstance(value, bool) else shown}")
    return "\n".join(lines) + "\n"


def only(found: Readings, key: str) -> Reading:
    (reading,) = found[key]
    return reading


def test_a_reading_names_person_day_and_evidence() -> None:
    reading = only(read(GOOD), "sms.password-strong")
    assert reading == Known(
        True,
        Witness.PERSON,
        datetime(2026, 5, 1, tzinfo=UTC),
        "attestation",
        "A. Person: ticket 17",
    )


def test_the_word_of_a_person_settles_a_practice() -> None:
    findings = evaluate(OFFICE, read(GOOD), CONTENT)
    assert {f.rule: f.verdict for f in findings}["sms.password-strong"] is Verdict.PASS


def test_a_person_who_contradicts_the_device_is_disputed() -> None:
    seen = Known(True, Witness.NETWORK, datetime(2026, 6, 1, tzinfo=UTC), "snmp")
    joined = read(entry(key="snmp.v1.enabled", answer=False)) | Readings.single(
        {"snmp.v1.enabled": seen}
    )
    findings = evaluate(OFFICE, joined, CONTENT)
    assert {f.rule: f.verdict for f in findings}["snmp.v1-off"] is Verdict.DISPUTED


@pytest.mark.parametrize(
    ("key", "answer", "value"),
    [
        ("sms.password-strong", "yes", True),
        ("snmp.v1.enabled", "off", False),
        ("auth.lockout.threshold", 3, 3),
        ("auth.lockout.threshold", "3", 3),
        ("network.interface", "wired", "wired"),
    ],
)
def test_answers_take_the_keys_type(key: str, answer: object, value: Value) -> None:
    (attestation,) = parse(entry(key=key, answer=answer))
    assert attestation.answer == value


def test_a_set_is_answered_with_a_list() -> None:
    text = entry(key="smb.client.versions", answer=None) + 'answer = ["3.0", "2.0"]\n'
    assert parse(text)[0].answer == ("2.0", "3.0")


def test_an_answer_holds_for_a_year_unless_told_otherwise() -> None:
    assert parse(GOOD)[0].expires == date(2027, 5, 1)
    assert parse(entry(expires=date(2026, 7, 1)))[0].expires == date(2026, 7, 1)
    assert parse(entry(when=date(9999, 12, 31)))[0].expires == date.max


def test_the_day_of_expiry_still_counts_and_the_next_does_not() -> None:
    text = entry(expires=date(2026, 6, 1))
    assert isinstance(only(read(text), "sms.password-strong"), Known)
    after = only(read(text, date(2026, 6, 2)), "sms.password-strong")
    assert after == Unread(Why.EXPIRED, "attestation", "A. Person, until 2026-06-01")


def test_a_later_answer_replaces_an_expired_one() -> None:
    text = entry(answer=False, expires=date(2026, 5, 2)) + entry(when=date(2026, 5, 20))
    assert only(read(text), "sms.password-strong").value is True  # type: ignore[union-attr]


def test_an_older_answer_that_holds_counts_before_a_later_expired_one() -> None:
    text = entry() + entry(answer=False, when=date(2026, 5, 20), expires=date(2026, 5, 21))
    assert only(read(text), "sms.password-strong").value is True  # type: ignore[union-attr]


def test_an_answer_dated_in_the_future_is_not_believed() -> None:
    assert not read(entry(when=TODAY + timedelta(days=2)))
    assert read(entry(when=TODAY + timedelta(days=1)))


@pytest.mark.parametrize(
    ("device", "meant"),
    [
        ("*", True),
        ("192.0.2.10", True),
        ("printer.example", True),
        ("PRINTER.example", True),
        ("qka00001", True),
        ("model:ir-adv c*", True),
        ("model:LBP*", False),
        ("192.0.2.1", False),
        ("192.0.2.100", False),
        ("QKA0000", False),
    ],
)
def test_an_answer_is_for_the_devices_it_names(device: str, meant: bool) -> None:
    assert bool(read(entry(device=device))) is meant


def test_a_device_that_says_nothing_of_itself_is_not_meant_by_serial_or_model() -> None:
    for scope in ("model:*", "model:", " "):
        text = entry(device=scope if scope != " " else "QKA00001")
        assert not read(text, identity=Identity())


def test_several_devices_may_be_named() -> None:
    text = entry() + 'device = ["192.0.2.9", "QKA00001"]\n'
    assert parse(text)[0].devices == ("192.0.2.9", "QKA00001")
    assert read(text)


def test_the_entry_that_names_the_device_counts_before_the_one_for_all() -> None:
    mine = entry(device="192.0.2.10", answer=False, when=date(2026, 4, 1))
    for text in (mine + entry(), entry() + mine):
        assert only(read(text), "sms.password-strong").value is False  # type: ignore[union-attr]


def test_a_yes_to_a_consideration_answers_its_practices_only() -> None:
    text = entry(key=None, consideration="SO-04")
    found = read(text)
    assert set(found) == {"remote-ui.pin-unique", "admin.password-changed"}
    assert all(isinstance(r, Known) and r.value is True for (r,) in found.values())


def test_a_no_to_a_consideration_fails_its_practices() -> None:
    findings = evaluate(OFFICE, read(entry(key=None, consideration="SO-03", answer=False)), CONTENT)
    assert {f.consideration: f.verdict for f in findings}["SO-03"] is Verdict.FAIL


def test_a_yes_does_not_say_which_alternative_holds() -> None:
    with pytest.raises(UsageError, match=r"browser\.download"):
        parse(entry(key=None, consideration="EN-16"))


def test_what_settings_decide_is_no_matter_of_a_yes() -> None:
    with pytest.raises(UsageError, match=r"snmp\.v1\.enabled"):
        parse(entry(key=None, consideration="SO-05"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (entry(key="no.such-key"), "unknown key"),
        (entry(key=None), "either key or consideration"),
        (entry(consideration="SO-02"), "either key or consideration"),
        (entry(key=None, consideration="XX-01"), "unknown consideration"),
        (entry(key=None, consideration="SO-02", answer="perhaps"), "true or false"),
        (entry(answer="perhaps"), "does not accept"),
        (entry(answer=1.5), "does not accept"),
        (entry(answer=None), "answer missing"),
        (entry(who=None), "who missing"),
        (entry(who=" "), "who is empty"),
        (entry(who="x" * 121), "longer than"),
        (entry(who="\\u001b[31m"), "cannot be printed"),
        (entry(evidence=None), "evidence missing"),
        (entry(evidence="a\\u202eb"), "cannot be printed"),
        (entry(when=None), "when missing"),
        (entry(when="yesterday"), "date such as"),
        (entry(when=20260501), "date such as"),
        (entry(expires=date(2026, 4, 30)), "before when"),
        (entry(device=7), "device must be a text"),
        (entry(colour="red"), "unknown field colour"),
        (entry(key="admin.password", answer="hunter2"), "secret"),
        ("[attestation]\nkey = 1\n", "nothing but"),
        ("other = 1\n", "nothing but"),
        ("attestation = [1]\n", "table"),
        ("[[attestation]\n", "line 1"),
        ("x = " + "[" * 20_000, "attestations"),
    ],
)
def test_a_malformed_entry_is_named(text: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert says in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert str(caught.value).isprintable()


def test_the_message_counts_entries_and_lines() -> None:
    with pytest.raises(UsageError, match=r"attestations: attestation 2 \(line 8\): unknown key"):
        parse(GOOD + entry(key="no.such"))


def test_entries_left_empty_are_passed_over() -> None:
    blank = '[[attestation]]\nkey = "sms.password-strong"\nanswer = ""\nwho = ""\nwhen = ""\n'
    assert parse(blank + 'evidence = ""\n' + GOOD) == parse(GOOD)


def test_too_many_entries_are_refused() -> None:
    with pytest.raises(UsageError, match="more than"):
        parse("[[attestation]]\n" * 20_001)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(UsageError):
        parse(text)


@given(
    st.dictionaries(
        st.sampled_from(["key", "consideration", "answer", "who", "when", "device", "evidence"]),
        st.sampled_from(
            ['""', "true", "3", "2026-05-01", '"SO-04"', '"x"', "[]", "{}", "[1]", "1.5"]
        ),
    )
)
def test_any_entry_is_read_or_refused(fields: dict[str, str]) -> None:
    text = "[[attestation]]\n" + "".join(f"{k} = {v}\n" for k, v in fields.items())
    try:
        found = parse(text)
    except UsageError:
        return
    readings(found, TARGET, IDENTITY, TODAY, CONTENT, OFFICE)


def test_of_two_answers_of_one_day_the_lower_one_counts() -> None:
    """People correct a file by adding to its end."""
    text = entry(answer=False) + entry(answer=True)
    assert only(read(text), "sms.password-strong").value is True  # type: ignore[union-attr]


def test_the_first_day_there_is_can_be_read() -> None:
    found = read(entry(when=date.min, expires=date.max))
    assert isinstance(only(found, "sms.password-strong"), Known)


def test_a_yes_leaves_alternatives_open_in_any_order() -> None:
    need = Need(("browser.filtering-proxy", "browser.download-off"))
    row = Consideration("MY-01", "Browser", "text", (need, Need(("sms.password-strong",))))
    mine = replace(OFFICE, considerations=(row,))
    yes = Attestation(True, "A. Person", TODAY, "seen", date.max, consideration="MY-01")
    found = readings([yes], TARGET, IDENTITY, TODAY, CONTENT, mine)
    assert set(found) == {"sms.password-strong"}
    assert not readings([yes], TARGET, IDENTITY, TODAY, CONTENT, OFFICE)
