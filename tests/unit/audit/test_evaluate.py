"""The one comparison: every verdict, alternatives, and that unknown never passes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frisket.audit.baseline import Baseline, Consideration, Need, parse_baseline, parse_need
from frisket.audit.evaluate import evaluate, judge
from frisket.audit.load import Content, load_content
from frisket.catalog.setting import Kind, Setting, Type
from frisket.errors import ContentError, UsageError
from frisket.model.finding import Finding, Severity, Verdict, compliance, coverage
from frisket.model.reading import Known, Reading, Readings, Unread, Value, Why, Witness

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CONTENT = load_content()


def known(value: Value, witness: Witness = Witness.DEVICE, detail: str = "") -> Known:
    return Known(value, witness, NOW, "test", detail)


def verdict(rule: str, readings: Readings, **parameters: Value) -> tuple[Verdict, str]:
    judged = judge(CONTENT.rules[rule], readings, parameters, CONTENT.catalog)
    return judged.verdict, judged.because


def one(baseline: str, rule: str, readings: Readings) -> Finding:
    found = [f for f in evaluate(CONTENT.baselines[baseline], readings, CONTENT) if f.rule == rule]
    assert found
    return found[0]


def test_a_pass_names_its_witness() -> None:
    reading = known(False, Witness.NETWORK, "no answer to v1, version 3 answered")
    found, because = verdict("snmp.v1-off", Readings.single({"snmp.v1.enabled": reading}))
    assert found is Verdict.PASS
    assert "network" in because
    assert "version 3 answered" in because


def test_a_failure_names_what_is_wanted() -> None:
    found, because = verdict("snmp.v1-off", Readings.single({"snmp.v1.enabled": known(True)}))
    assert found is Verdict.FAIL
    assert "wanted is off" in because


def test_witnesses_who_differ_give_disputed_with_both_sayings() -> None:
    readings = Readings({"snmp.v1.enabled": [known(False), known(True, Witness.NETWORK)]})
    found = one("small-office", "snmp.v1-off", readings)
    assert found.verdict is Verdict.DISPUTED
    assert "device (test) says off" in found.because
    assert "network (test) says on" in found.because
    assert [e.witness for e in found.evidence] == ["device", "network"]


def test_witnesses_who_agree_are_all_evidence() -> None:
    readings = Readings({"snmp.v1.enabled": [known(True), known(True, Witness.NETWORK)]})
    found = one("small-office", "snmp.v1-off", readings)
    assert found.verdict is Verdict.FAIL
    assert len(found.evidence) == 2


def test_unknown_says_why() -> None:
    readings = Readings.single({"snmp.v1.enabled": Unread(Why.SILENT, "snmp")})
    found, because = verdict("snmp.v1-off", readings)
    assert found is Verdict.UNKNOWN
    assert "no answer in time" in because
    assert verdict("snmp.v1-off", Readings())[0] is Verdict.UNKNOWN


def test_one_witness_who_knows_is_enough() -> None:
    readings = Readings({"snmp.v1.enabled": [Unread(Why.SILENT), known(False)]})
    assert verdict("snmp.v1-off", readings)[0] is Verdict.PASS


def test_a_practice_that_nobody_attested_is_manual() -> None:
    assert verdict("sms.password-strong", Readings())[0] is Verdict.MANUAL


def test_an_expired_attestation_says_so() -> None:
    expired = Unread(Why.EXPIRED, detail="A. Person, until 2025-01-01")
    found, because = verdict(
        "sms.password-strong", Readings.single({"sms.password-strong": expired})
    )
    assert found is Verdict.MANUAL
    assert "2025-01-01" in because


def test_a_rule_whose_function_is_off_does_not_apply() -> None:
    readings = Readings.single({"pop.enabled": known(False), "pop.tls": known(False)})
    assert verdict("pop.tls-on", readings)[0] is Verdict.NOT_APPLICABLE


def test_a_rule_applies_where_witnesses_differ_about_its_function() -> None:
    readings = Readings(
        {
            "pop.enabled": [known(False), known(True, Witness.NETWORK)],
            "pop.tls": [known(False)],
        }
    )
    assert verdict("pop.tls-on", readings)[0] is Verdict.FAIL


@pytest.mark.parametrize("interface", ["wireless", "wired-and-wireless"])
def test_when_may_name_several_values(interface: str) -> None:
    readings = {"wifi.security": known("WEP"), "network.interface": known(interface)}
    assert verdict("wifi.encrypted", Readings.single(readings))[0] is Verdict.FAIL
    readings["network.interface"] = known("wired")
    assert verdict("wifi.encrypted", Readings.single(readings))[0] is Verdict.NOT_APPLICABLE


ALTERNATIVE = "smtp.send.verify-on or smtp.intrusion-detection"


@pytest.mark.parametrize(
    ("verify", "detection", "wanted"),
    [
        (True, None, Verdict.PASS),
        (None, True, Verdict.PASS),
        (False, True, Verdict.PASS),
        (False, None, Verdict.MANUAL),
        (None, False, Verdict.UNKNOWN),
        (None, None, Verdict.UNKNOWN),
        (False, False, Verdict.FAIL),
    ],
)
def test_of_alternatives_one_suffices(
    verify: bool | None, detection: bool | None, wanted: Verdict
) -> None:
    said = {"smtp.send.verify": verify, "site.intrusion-detection": detection}
    readings = Readings.single({k: known(v) for k, v in said.items() if v is not None})
    found = one("enterprise", ALTERNATIVE, readings)
    assert found.verdict is wanted
    assert found.alternatives == ("smtp.send.verify-on", "smtp.intrusion-detection")
    if wanted is not Verdict.PASS:
        assert found.fix.set == {"smtp.send.verify": True}, "the first alternative is proposed"


def test_alternatives_that_do_not_apply_do_not_apply_together() -> None:
    readings = Readings.single({"pop.enabled": known(False)})
    found = one("enterprise", "pop.verify-in-use or pop.intrusion-detection", readings)
    assert found.verdict is Verdict.NOT_APPLICABLE


def test_conflicts_stand_at_the_finding() -> None:
    found = one("small-office", "wifi.direct-on", Readings())
    assert {o for c in found.conflicts for o in c.other.split(", ")} == {"EN-15", "SP-01"}


def test_a_finding_brings_fix_maps_and_attack() -> None:
    found = one("enterprise", "remote-ui.off", Readings())
    assert found.fix.set == {"remote-ui.enabled": False}
    assert found.fix.menu == "Management Settings > License/Other"
    assert found.fix.restart
    assert found.fix.breaks
    assert found.stops
    assert "AC-17" in found.maps["nist-800-53"]
    assert found.severity is Severity.HIGH


def test_a_secret_is_not_shown() -> None:
    catalog = CONTENT.catalog
    key = next(setting.key for setting in catalog if setting.secret)
    rule = replace(CONTENT.rules["syslog.server-set"], key=key, when={})
    judged = judge(rule, Readings.single({key: known("hunter2")}), {}, catalog)
    assert "hunter2" not in repr(judged)


def test_parameters_decide() -> None:
    readings = Readings.single({"password.minimum-length": known(10)})
    assert verdict("password.long-enough", readings, **{"password-length": 10})[0] is Verdict.PASS
    assert verdict("password.long-enough", readings, **{"password-length": 11})[0] is Verdict.FAIL


def test_any_time_server_is_one_but_the_named_one_is_forced() -> None:
    found = one("security-policy", "sntp.server-set", Readings())
    assert found.fix.set == {"sntp.server": "pool.ntp.org"}
    other = Readings.single({"sntp.server": known("ntp.example.org")})
    assert one("security-policy", "sntp.server-set", other).verdict is Verdict.PASS
    none = one("security-policy", "sntp.server-set", Readings.single({"sntp.server": known("")}))
    assert none.verdict is Verdict.FAIL
    assert "wanted is a value" in none.because


@pytest.mark.parametrize("baseline", CONTENT.baselines.values(), ids=lambda b: b.id)
def test_nothing_read_is_nothing_passed(baseline: Baseline) -> None:
    findings = evaluate(baseline, Readings(), CONTENT)
    assert len(findings) == sum(len(c.needs) for c in baseline.considerations)
    assert {f.verdict for f in findings} <= {Verdict.UNKNOWN, Verdict.MANUAL}
    assert compliance(findings) is None
    assert coverage(findings) == 0


def values(setting: Setting) -> st.SearchStrategy[Value]:
    match setting.type:
        case Type.BOOLEAN:
            return st.booleans()
        case Type.INTEGER:
            return st.integers(setting.minimum, setting.maximum)
        case Type.CHOICE:
            return st.sampled_from(setting.values)
        case Type.SET:
            return st.sets(st.sampled_from(setting.values)).map(
                lambda chosen: tuple(v for v in setting.values if v in chosen)
            )
        case Type.LIST:
            return st.lists(st.text(max_size=5), max_size=3).map(tuple)
        case Type.TEXT:
            return st.text(max_size=8)


def a_reading(setting: Setting) -> st.SearchStrategy[Reading]:
    said = st.builds(known, values(setting), st.sampled_from(Witness), st.text(max_size=8))
    return said | st.builds(Unread, st.sampled_from(Why), st.text(max_size=8))


USED = [CONTENT.catalog[key] for key in sorted({rule.key for rule in CONTENT.rules.values()})]


@given(st.data(), st.sampled_from(sorted(CONTENT.baselines)))
def test_only_agreeing_knowledge_passes(data: st.DataObject, name: str) -> None:
    """Whatever is read: no finding passes on an unread or a disputed key, and none is skipped."""
    chosen = data.draw(st.lists(st.sampled_from(USED), max_size=12, unique=True))
    readings = Readings({s.key: data.draw(st.lists(a_reading(s), max_size=3)) for s in chosen})
    findings = evaluate(CONTENT.baselines[name], readings, CONTENT)
    assert len(findings) == sum(1 for _ in CONTENT.baselines[name].needs())
    for finding in findings:
        names = finding.alternatives or (finding.rule,)
        sayings = [{r.value for r in readings.known(CONTENT.rules[rule].key)} for rule in names]
        if finding.verdict is Verdict.PASS:
            assert any(len(said) == 1 for said in sayings)
        if finding.verdict in {Verdict.FAIL, Verdict.DISPUTED}:
            assert any(sayings)
        if finding.verdict is Verdict.MANUAL:
            assert any(CONTENT.catalog[CONTENT.rules[r].key].kind is Kind.PRACTICE for r in names)


def test_unknown_baselines_are_named_with_the_known() -> None:
    with pytest.raises(UsageError) as caught:
        CONTENT.baseline("large-office")
    assert "small-office" in caught.value.hint


def test_needs_are_rules_or_alternatives() -> None:
    assert parse_need("a", "x") == Need(("a",))
    assert parse_need({"any": ["a", "b"], "title": "t"}, "x") == Need(("a", "b"), "t")
    for bad in (7, {"any": ["a"]}, {"any": ["a", "b"], "some": 1}):
        with pytest.raises(ContentError):
            parse_need(bad, "x")


def test_a_baseline_without_a_rules_parameter_is_refused() -> None:
    content: Content = CONTENT
    row = Consideration("X-1", "f", "t", (Need(("password.long-enough",)),))
    raw = {"id": "mine", "title": "t", "source": "s", "policy": True}
    with pytest.raises(ContentError, match="password-length"):
        parse_baseline("mine", raw, content.rules, (row,))


def test_an_empty_value_is_put_in_words() -> None:
    readings = Readings.single({"certificate.weak-key": known("", Witness.NETWORK)})
    found, because = verdict("certificate.no-known-weakness", readings)
    assert found is Verdict.PASS
    assert because.startswith("nothing, seen by network")


@pytest.mark.parametrize(
    ("changes", "says"),
    [({"id": "other"}, "the file's name"), ({"need": ["no-such"]}, "unknown rule 'no-such'")],
)
def test_a_malformed_baseline_is_refused(changes: dict[str, object], says: str) -> None:
    row = {"id": "X-1", "feature": "f", "text": "t", "need": changes.get("need", ["ipp.off"])}
    raw = {"id": changes.get("id", "mine"), "title": "t", "source": "s", "consideration": [row]}
    with pytest.raises(ContentError, match=says):
        parse_baseline("mine", raw, CONTENT.rules, ())
