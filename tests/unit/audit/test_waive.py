"""Waivers: they accept failures, not ignorance, and they end."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frisket.audit.evaluate import evaluate
from frisket.audit.load import load_content
from frisket.audit.waive import Waiver, apply, parse_waivers
from frisket.errors import UsageError
from frisket.model.finding import Finding, Verdict, coverage
from frisket.model.reading import Known, Readings, Witness
from frisket.model.target import Identity, Target

CONTENT = load_content()
TODAY = date(2026, 6, 1)
TARGET = Target("192.0.2.10")
IDENTITY = Identity(model="iR-ADV C5535", serial="QKA00001")
RULE = "snmp.v1-off"
WAIVER = Waiver(RULE, "*", "IT security", "old print server, replaced in July", date(2026, 7, 31))

GOOD = """
[[waiver]]
rule = "snmp.v1-off"
scope = "model:iR-ADV*"
owner = "IT security"
reason = "old print server"
expires = 2026-07-31
"""


def findings(baseline: str = "small-office") -> tuple[Finding, ...]:
    seen = Known(True, Witness.NETWORK, datetime(2026, 6, 1, tzinfo=UTC), "snmp")
    readings = Readings.single({"snmp.v1.enabled": seen})
    return evaluate(CONTENT.baselines[baseline], readings, CONTENT)


def waived(waiver: Waiver, *, target: Target = TARGET, today: date = TODAY) -> Finding:
    found = apply([waiver], findings(), target, IDENTITY, today)
    return next(f for f in found if f.rule == RULE)


def test_a_failure_is_waived_with_owner_reason_and_day() -> None:
    found = waived(WAIVER)
    assert found.verdict is Verdict.WAIVED
    for part in ("IT security", "old print server", "2026-07-31", "was fail"):
        assert part in found.because


def test_the_last_day_counts_and_the_next_does_not() -> None:
    assert waived(WAIVER, today=date(2026, 7, 31)).verdict is Verdict.WAIVED
    after = waived(WAIVER, today=date(2026, 8, 1))
    assert after.verdict is Verdict.FAIL
    assert "expired on 2026-07-31" in after.because
    assert "IT security" in after.because


def test_a_waiver_that_holds_counts_before_an_expired_one() -> None:
    old = replace(WAIVER, expires=date(2026, 1, 1))
    for waivers in ([old, WAIVER], [WAIVER, old]):
        found = apply(waivers, findings(), TARGET, IDENTITY, TODAY)
        assert next(f for f in found if f.rule == RULE).verdict is Verdict.WAIVED


@pytest.mark.parametrize("verdict", list(Verdict))
def test_only_failures_are_waived(verdict: Verdict) -> None:
    before = replace(findings()[0], rule=RULE, verdict=verdict)
    (after,) = apply([WAIVER], [before], TARGET, IDENTITY, TODAY)
    if verdict in {Verdict.FAIL, Verdict.DISPUTED}:
        assert after.verdict is Verdict.WAIVED
    else:
        assert after == before


@pytest.mark.parametrize(
    ("scope", "meant"),
    [
        ("*", True),
        ("192.0.2.10", True),
        ("QKA00001", True),
        ("model:iR-ADV*", True),
        ("model:iR-ADV C????", True),
        ("model:LBP*", False),
        ("192.0.2.*", False),
        ("QKA00002", False),
    ],
)
def test_a_waiver_is_for_the_devices_in_its_scope(scope: str, meant: bool) -> None:
    found = waived(replace(WAIVER, scope=scope))
    assert (found.verdict is Verdict.WAIVED) is meant


def test_a_waiver_of_one_alternative_waives_the_need() -> None:
    before = findings("enterprise")
    need = next(f for f in before if "smtp.send.verify-on" in f.alternatives)
    failed = replace(need, verdict=Verdict.FAIL)
    (after,) = apply(
        [replace(WAIVER, rule="smtp.send.verify-on")], [failed], TARGET, IDENTITY, TODAY
    )
    assert after.verdict is Verdict.WAIVED


def test_nothing_else_changes() -> None:
    before = findings()
    after = apply([WAIVER], before, TARGET, IDENTITY, TODAY)
    assert len(after) == len(before)
    for old, new in zip(before, after, strict=True):
        assert (new == old) is (old.rule != RULE)
        assert replace(new, verdict=old.verdict, because=old.because) == old
    assert coverage(after) == coverage(before)


def test_a_file_is_read() -> None:
    (waiver,) = parse_waivers(GOOD, CONTENT)
    assert waiver == Waiver(
        RULE, "model:iR-ADV*", "IT security", "old print server", date(2026, 7, 31)
    )


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("snmp.v1-off", "no-such-rule", "unknown rule"),
        ('owner = "IT security"', "", "owner missing"),
        ("old print server", "", "reason is empty"),
        ("old print server", "\\u0007", "cannot be printed"),
        ("old print server", "x" * 501, "longer than"),
        ("expires = 2026-07-31", "", "a waiver ends"),
        ("2026-07-31", "13", "date such as"),
        ('scope = "model:iR-ADV*"', "", "scope missing"),
        ('"model:iR-ADV*"', "3", "scope must be a text"),
        ("owner", "ticket", "unknown field ticket"),
    ],
)
def test_a_malformed_waiver_is_named(old: str, new: str, says: str) -> None:
    assert old in GOOD
    with pytest.raises(UsageError) as caught:
        parse_waivers(GOOD + GOOD.replace(old, new), CONTENT, "waivers.toml")
    assert says in str(caught.value)
    assert "waivers.toml: waiver 2 (line 9)" in str(caught.value)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(UsageError):
        parse_waivers(text, CONTENT)


@given(st.text(max_size=200))
def test_any_scope_is_matched_or_not(scope: str) -> None:
    assert waived(replace(WAIVER, scope=f"model:{scope}")).verdict in {
        Verdict.WAIVED,
        Verdict.FAIL,
    }
