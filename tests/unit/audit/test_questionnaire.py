"""The questions that an audit leaves open: complete, asked once, answerable, harmless."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from frisket.audit.attest import parse_attestations, readings
from frisket.audit.evaluate import evaluate
from frisket.audit.load import load_content
from frisket.audit.questionnaire import questionnaire, quoted
from frisket.catalog.setting import Setting, Type, show
from frisket.model.finding import Verdict
from frisket.model.reading import Known, Readings, Unread, Value, Why, Witness
from frisket.model.target import Identity, Target

CONTENT = load_content()
NOTHING = Readings()
TODAY = date(2026, 6, 1)


def ask(name: str, *devices: str) -> str:
    baseline = CONTENT.baselines[name]
    found = evaluate(baseline, NOTHING, CONTENT)
    return questionnaire(CONTENT, baseline, dict.fromkeys(devices, found))


def some_value(setting: Setting) -> Value:
    match setting.type:
        case Type.BOOLEAN:
            return True
        case Type.INTEGER:
            return setting.maximum
        case Type.CHOICE:
            return setting.values[0]
        case Type.SET:
            return setting.values[:1]
        case _:
            return () if setting.type is Type.LIST else "x"


def answered(entry: str) -> str:
    value = some_value(CONTENT.catalog[tomllib.loads(entry)["key"]])
    answer = "[]" if value == () else quoted(show(value))
    return (
        entry.replace('answer = ""', f"answer = {answer}", 1)
        .replace('who = ""', 'who = "A. Person"', 1)
        .replace('when = ""', "when = 2026-05-31", 1)
        .replace('evidence = ""', 'evidence = "seen"', 1)
    )


def fill_in(text: str) -> str:
    """Answer every entry as a person would: by replacing the empty quotes."""
    head, *parts = text.split("[[attestation]]")
    return "[[attestation]]".join([head, *map(answered, parts)])


@pytest.mark.parametrize("name", list(CONTENT.baselines))
def test_the_empty_form_is_no_answer(name: str) -> None:
    assert parse_attestations(ask(name, "192.0.2.1"), CONTENT) == ()


@pytest.mark.parametrize("name", list(CONTENT.baselines))
def test_the_filled_in_form_answers_everything(name: str) -> None:
    attested = parse_attestations(fill_in(ask(name, "192.0.2.1", "192.0.2.2")), CONTENT)
    baseline = CONTENT.baselines[name]
    for address in ("192.0.2.1", "192.0.2.2"):
        said = readings(attested, Target(address), Identity(), TODAY, CONTENT, baseline)
        open_ = {Verdict.MANUAL, Verdict.UNKNOWN}
        assert not [f.rule for f in evaluate(baseline, said, CONTENT) if f.verdict in open_]
    other = Target("192.0.2.3")
    assert not readings(attested, other, Identity(), TODAY, CONTENT, baseline)


def test_each_key_is_asked_once_for_all_devices() -> None:
    rows = tomllib.loads(ask("enterprise", "192.0.2.1", "192.0.2.2"))["attestation"]
    keys = [row["key"] for row in rows]
    assert len(keys) == len(set(keys))
    assert all(row["device"] == ["192.0.2.1", "192.0.2.2"] for row in rows)
    assert keys.count("site.intrusion-detection") == 1


def test_only_open_questions_are_asked() -> None:
    baseline = CONTENT.baselines["small-office"]
    now = datetime(2026, 6, 1, tzinfo=UTC)
    known = Readings.single({"ipp.enabled": Known(True, Witness.NETWORK, now, "ipp")})
    text = questionnaire(
        CONTENT,
        baseline,
        {
            "192.0.2.1": evaluate(baseline, known, CONTENT),
            "192.0.2.2": evaluate(baseline, NOTHING, CONTENT),
        },
    )
    rows = {row["key"]: row["device"] for row in tomllib.loads(text)["attestation"]}
    assert rows["ipp.enabled"] == "192.0.2.2"
    assert rows["sms.password-strong"] == ["192.0.2.1", "192.0.2.2"]


def test_nothing_open_says_so() -> None:
    text = questionnaire(CONTENT, CONTENT.baselines["small-office"], {})
    assert "Nothing is left open" in text
    assert parse_attestations(text, CONTENT) == ()


def test_a_question_says_what_where_and_why() -> None:
    text = ask("small-office", "192.0.2.1")
    assert "SO-02" in text
    assert CONTENT.rules["sms.password-strong"].question in text
    assert "Only matters where <POP> is on" in text
    assert "Where: Preferences > Network > IPP Print Settings" in text
    assert re.search(r'answer = ""\s+# true or false', text)


@given(st.text())
@example("\\")
@example('"\n[[attestation]]')
@example("\x7f\u2028\u202e")
def test_hostile_names_stay_texts(name: str) -> None:
    baseline = CONTENT.baselines["small-office"]
    readings_ = Readings.single({"ipp.enabled": Unread(Why.SILENT, name, name)})
    text = questionnaire(CONTENT, baseline, {name: evaluate(baseline, readings_, CONTENT)})
    rows = tomllib.loads(text)["attestation"]
    asked = len(tomllib.loads(ask("small-office", "x"))["attestation"])
    assert len(rows) == asked
    assert all(set(row) == {"key", "device", "answer", "who", "when", "evidence"} for row in rows)
    assert text.replace("\n", "").isprintable()


def test_secrets_are_never_asked_for() -> None:
    secret = next(s.key for s in CONTENT.catalog if s.secret)
    rules = dict(CONTENT.rules)
    rules["ipp.off"] = replace(rules["ipp.off"], key=secret)
    content = replace(CONTENT, rules=rules)
    baseline = content.baselines["small-office"]
    text = questionnaire(content, baseline, {"x": evaluate(baseline, NOTHING, content)})
    assert secret not in text
