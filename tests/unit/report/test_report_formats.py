"""What each format says of the same sample fleet."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from lxml import etree  # type: ignore[import-untyped]
from tests.unit.report.samples import STIG, device, finding, fleet

from frisket.errors import UsageError
from frisket.model.finding import DeviceResult, Verdict
from frisket.report.advice import next_steps
from frisket.report.charts import segments, warmth
from frisket.report.cklb import status
from frisket.report.csv_rows import HEADER
from frisket.report.figures import counts, percent
from frisket.report.find import format_named, format_of_file, formats
from frisket.report.format import ReportContext

CONTEXT = ReportContext(stig=STIG, tool_version="0.1.0")


def test_formats_are_found_by_walking() -> None:
    names = {"table", "json", "jsonl", "csv", "html", "sarif", "cklb", "junit"}
    assert names <= set(formats())


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a.json", "json"),
        ("out/audit.sarif.json", "sarif"),
        ("A.SARIF", "sarif"),
        ("audit.jsonl", "jsonl"),
        ("audit.HTML", "html"),
        ("printer.cklb", "cklb"),
        ("junit.xml", "junit"),
        ("audit.txt", "table"),
    ],
)
def test_the_suffix_names_the_format(path: str, name: str) -> None:
    assert format_of_file(path).name == name


def test_what_is_no_format_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError) as fault:
        format_named("docx")
    assert "sarif" in fault.value.hint
    with pytest.raises(UsageError) as fault:
        format_of_file("audit.docx")
    assert ".cklb" in fault.value.hint


def test_percent_is_whole_only_where_all_or_none() -> None:
    assert [percent(s) for s in (None, 0.0, 0.001, 0.424, 0.999, 1.0)] == [
        "none",
        "0 %",
        "1 %",
        "42 %",
        "99 %",
        "100 %",
    ]


def test_csv_has_a_row_for_each_device_and_rule() -> None:
    drawn = format_named("csv").render(fleet(3), CONTEXT)
    assert drawn.count(b"\r\n") == drawn.count(b"\n")
    rows = list(csv.DictReader(io.StringIO(drawn.decode(), newline=""), strict=True))
    assert tuple(rows[0]) == HEADER
    assert len(rows) == 3 * 10 + 2
    assert rows[0]["set"] == "remote-ui.enabled = off"
    assert rows[-2]["verdict"] == "incomplete"
    assert rows[-1]["verdict"] == "skipped"
    assert rows[-1]["target"] == "127.0.1.201"


def test_table_fits_the_width_and_tells_what_is_not_met() -> None:
    drawn = format_named("table").render(fleet(3), CONTEXT).decode()
    assert max(len(line) for line in drawn.splitlines()) <= 80
    assert "Canon iR-ADV C5550 III" in drawn
    assert "serial QNR00000" in drawn
    assert "Compliance" in drawn
    assert "Coverage" in drawn
    for word in ("fail", "disputed", "unknown", "manual", "waived"):
        assert word in drawn
    assert "✓ pass" not in drawn
    assert "not shown: 3 pass, 1 not-applicable" in drawn
    assert "Demands that contradict each other" in drawn
    assert "frisket plan" in drawn
    assert "127.0.1.200" in drawn


def test_a_table_of_many_devices_counts_what_was_not_judged() -> None:
    drawn = format_named("table").render(fleet(4), CONTEXT).decode()
    assert "Not judged\n" not in drawn.split("Summary")[0]
    line = next(line for line in drawn.splitlines() if "not shown:" in line)
    assert all(word in line for word in ("3 pass", "unknown", "manual", "1 not-applicable"))


def test_verbose_table_shows_all_with_what_to_do() -> None:
    drawn = format_named("table").render(fleet(1), replace(CONTEXT, verbose=True)).decode()
    assert max(len(line) for line in drawn.splitlines()) <= 80
    for text in ("✓ pass", "· n/a", "Preferences > Network > SNMP", "Older print queues", "V-6777"):
        assert text in drawn
    assert "not shown" not in drawn


def test_a_clean_result_needs_nothing_more() -> None:
    clean = DeviceResult("127.0.1.1", device(1).identity, (finding(0, Verdict.PASS),))
    result = replace(fleet(0), devices=(clean,), incomplete=())
    assert next_steps(result) == ()
    assert "What to do next" not in format_named("table").render(result, CONTEXT).decode()


def test_a_result_without_devices_can_be_drawn() -> None:
    for name in formats():
        if name != "cklb":
            assert format_named(name).render(fleet(0), CONTEXT)


def test_junit_counts_what_it_holds() -> None:
    root = etree.fromstring(format_named("junit").render(fleet(2), CONTEXT))
    first = root.find("testsuite")
    for attribute, path in (
        ("tests", "testcase"),
        ("failures", "testcase/failure"),
        ("skipped", "testcase/skipped"),
        ("errors", "testcase/error"),
    ):
        assert int(first.get(attribute)) == len(first.findall(path))
        assert int(root.get(attribute)) == len(root.findall(f"testsuite/{path}"))
    assert root.get("errors") == "1"


def test_sarif_gives_each_verdict_its_kind() -> None:
    log = json.loads(format_named("sarif").render(fleet(8), CONTEXT))
    run = log["runs"][0]
    seen = {
        (r["properties"]["verdict"], r["kind"], r["level"] == "none", "suppressions" in r)
        for r in run["results"]
    }
    assert seen == {
        ("fail", "fail", False, False),
        ("disputed", "fail", False, False),
        ("waived", "fail", False, True),
        ("unknown", "open", True, False),
        ("manual", "review", True, False),
        ("pass", "pass", True, False),
        ("not-applicable", "notApplicable", True, False),
    }
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[r["ruleIndex"]]["id"] == r["ruleId"] for r in run["results"])
    prints = [r["partialFingerprints"]["deviceConsiderationRule/v1"] for r in run["results"]]
    assert len(set(prints)) == len(prints)
    place = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert place == "mfd://QNR00000/remote-ui.enabled"


def test_sarif_fingerprints_outlive_the_run() -> None:
    def prints(days: int) -> list[str]:
        result = fleet(2)
        later = replace(result, started=result.started + timedelta(days=days))
        log = json.loads(format_named("sarif").render(later, CONTEXT))
        return [str(r["partialFingerprints"]) for r in log["runs"][0]["results"]]

    assert prints(0) == prints(7)


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ((), "not_reviewed"),
        ((Verdict.PASS,), "not_a_finding"),
        ((Verdict.PASS, Verdict.PASS), "not_a_finding"),
        ((Verdict.PASS, Verdict.NOT_APPLICABLE), "not_a_finding"),
        ((Verdict.PASS, Verdict.FAIL), "open"),
        ((Verdict.DISPUTED,), "open"),
        ((Verdict.WAIVED, Verdict.PASS), "open"),
        ((Verdict.NOT_APPLICABLE, Verdict.NOT_APPLICABLE), "not_applicable"),
        ((Verdict.PASS, Verdict.UNKNOWN), "not_reviewed"),
        ((Verdict.MANUAL,), "not_reviewed"),
    ],
)
def test_checklist_status(verdicts: tuple[Verdict, ...], expected: str) -> None:
    findings = [finding(0, verdict) for verdict in verdicts]
    assert status(STIG[0], findings) == expected


def test_a_part_that_passes_leaves_the_rest_to_a_person() -> None:
    passed = [finding(0, Verdict.PASS)]
    assert status(replace(STIG[0], status="partial"), passed) == "not_reviewed"
    assert status(replace(STIG[0], status="manual"), passed) == "not_reviewed"


def checklist(number: int = 0) -> Any:
    result = replace(fleet(0), devices=(device(number),))
    return json.loads(format_named("cklb").render(result, CONTEXT))


def test_a_checklist_holds_every_requirement_once() -> None:
    document = checklist()
    (stig,) = document["stigs"]
    assert [r["group_id"] for r in stig["rules"]] == [r.id for r in STIG]
    assert stig["size"] == len(STIG)
    by_id = {r["group_id"]: r for r in stig["rules"]}
    assert by_id["V-6777"]["status"] == "open"
    assert by_id["V-6777"]["rule_id_src"] == "SV-6999r2_rule"
    assert "remote-ui.enabled = on" in by_id["V-6777"]["finding_details"]
    assert by_id["V-6796"]["status"] == "not_reviewed"
    waived = next(r for r in stig["rules"] if r["comments"])
    assert waived["status"] == "open"
    assert "M. Keller" in waived["comments"]
    assert len({r["uuid"] for r in stig["rules"]} | {stig["uuid"], document["id"]}) == len(STIG) + 2


def test_a_checklist_holds_one_device() -> None:
    for devices in (0, 2):
        with pytest.raises(UsageError, match="holds one device"):
            format_named("cklb").render(fleet(devices), CONTEXT)


def test_a_checklist_needs_the_requirements() -> None:
    with pytest.raises(UsageError, match="requirements"):
        format_named("cklb").render(fleet(1), ReportContext())


def test_stacked_bars_fill_their_width() -> None:
    parts = segments(counts(device(0).findings))
    assert parts[0].x == 0
    assert sum(part.width for part in parts) == pytest.approx(100, abs=0.01)
    assert [warmth(n, 3) for n in range(4)] == [0, 2, 3, 4]
    assert warmth(0, 0) == 0


def test_a_checklist_keeps_strictly_to_the_schema() -> None:
    schema = json.loads(Path(__file__).with_name("cklb-1.0.schema.json").read_text())
    judge = jsonschema.Draft201909Validator(
        schema, format_checker=jsonschema.Draft201909Validator.FORMAT_CHECKER
    )
    for number in range(4):
        judge.validate(checklist(number))
    broken = checklist()
    broken["stigs"][0]["version"] = "2"
    assert not judge.is_valid(broken)


def test_what_could_not_be_judged_stands_together_below_its_reason() -> None:
    bad = [finding(row, Verdict.UNKNOWN) for row in (9, 0, 2)] + [finding(1, Verdict.FAIL)]
    one = DeviceResult("127.0.1.1", device(1).identity, tuple(bad))
    drawn = format_named("table").render(replace(fleet(0), devices=(one,)), CONTEXT).decode()
    assert drawn.count("needs a credential") == 1
    lines = [line.split() for line in drawn.splitlines()]
    severities = [line[0] for line in lines if line[1:2] in (["SO-01"], ["SO-05"], ["SO-16"])]
    assert severities == ["high", "high", "low"]


def test_contradictions_stand_apart_and_only_the_pressing_ones_are_told() -> None:
    def drawn(verdict: Verdict, *, verbose: bool) -> str:
        one = DeviceResult("127.0.1.1", device(1).identity, (finding(2, verdict),))
        context = replace(CONTEXT, verbose=verbose)
        return format_named("table").render(replace(fleet(0), devices=(one,)), context).decode()

    assert "Demands that contradict" in drawn(Verdict.FAIL, verbose=False)
    assert "Before closing SO-05" in drawn(Verdict.FAIL, verbose=False)
    assert "Demands that contradict" not in drawn(Verdict.PASS, verbose=False)
    assert "bear on nothing that failed: 1" in drawn(Verdict.PASS, verbose=False)
    assert "Demands that contradict" in drawn(Verdict.PASS, verbose=True)


@pytest.mark.parametrize("width", [1, 40, 60, 80, 200])
def test_any_width_can_be_drawn(width: int) -> None:
    for verbose in (False, True):
        context = replace(CONTEXT, width=width, verbose=verbose)
        drawn = format_named("table").render(fleet(3), context).decode()
        assert max(len(line) for line in drawn.splitlines()) <= max(width, 40)
