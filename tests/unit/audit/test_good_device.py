"""A baseline and a policy taken from a good device, and what contradicts itself in one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from frisket.audit.conflict import troubles
from frisket.audit.evaluate import evaluate
from frisket.audit.good_device import baseline_from, sheet_from
from frisket.audit.load import load_content
from frisket.audit.sheet import forces, make_sheet
from frisket.model.finding import Verdict
from frisket.model.reading import Known, Readings, Unread, Value, Why, Witness

CONTENT = load_content()
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def known(values: dict[str, Value]) -> Readings:
    return Readings.single({k: Known(v, Witness.DEVICE, NOW, "snmp") for k, v in values.items()})


def test_only_what_the_device_meets_is_asked_of_others() -> None:
    readings = known({"snmp.v1.enabled": False, "snmp.v3.enabled": True, "wifi.direct": True})
    for base in CONTENT.baselines.values():
        own = baseline_from(readings, base, CONTENT)
        assert {c.id for c in own.considerations} < {c.id for c in base.considerations}
        found = evaluate(own, readings, CONTENT)
        assert {f.verdict for f in found} <= {Verdict.PASS, Verdict.NOT_APPLICABLE}


def test_a_device_that_nobody_read_is_no_model() -> None:
    readings = Readings.single({"snmp.v1.enabled": Unread(Why.SILENT, "snmp", "")})
    base = CONTENT.baselines["small-office"]
    assert baseline_from(readings, base, CONTENT).considerations == ()
    assert sheet_from(readings, CONTENT).items == ()


@given(st.sets(st.sampled_from([item.id for item in CONTENT.policy])))
@settings(max_examples=40, deadline=None)
def test_a_device_under_a_policy_gives_that_policy_back(items: set[str]) -> None:
    given_values = CONTENT.baselines["security-policy"].parameters
    sheet = make_sheet(items, given_values, CONTENT)
    found = sheet_from(known(dict(forces(sheet, CONTENT))), CONTENT)
    # Others may hold as well: what they force is forced already.
    held = [
        i.id
        for i in CONTENT.policy
        if i.id in items and forces(make_sheet([i.id], given_values, CONTENT), CONTENT)
    ]
    assert set(held) <= set(found.items)
    assert dict(forces(found, CONTENT)) == dict(forces(sheet, CONTENT))


def test_a_policy_that_the_device_told_is_taken_as_it_is() -> None:
    readings = known({"policy.items": ("SP-07", "SP-11"), "policy.values": ()})
    assert sheet_from(readings, CONTENT).items == ("SP-07", "SP-11")


def test_packaged_baselines_but_the_policy_do_not_contradict_themselves() -> None:
    for name in ("small-office", "enterprise", "modern"):
        assert troubles(CONTENT.baselines[name], CONTENT) == ()


def test_what_clashes_in_a_mixed_baseline_is_explained() -> None:
    both = {c.id: c for b in CONTENT.baselines.values() for c in b.considerations}
    mixed = replace(
        CONTENT.baselines["small-office"], considerations=(both["SO-14"], both["SP-01"])
    )
    [trouble] = troubles(mixed, CONTENT)
    assert set(trouble.between) == {"SO-14", "SP-01"}
    assert "Wi-Fi Direct" in trouble.text
    assert trouble.keys


def test_no_way_left_to_print_is_said() -> None:
    baseline = CONTENT.baselines["security-policy"]
    texts = [trouble.text for trouble in troubles(baseline, CONTENT)]
    assert any("close every way" in text for text in texts)
