from __future__ import annotations

import json
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.report.samples import HOSTILE, fleet, hostile

from frisket.catalog.load import content
from frisket.model.finding import AuditResult
from frisket.report.find import format_named
from frisket.report.format import Opening, ReportContext

SCHEMA = json.loads(content("schemas", "audit-1.json").read_text(encoding="utf-8"))
CONTEXT = ReportContext(tool_version="0.1.0")


def judge(document: Any, part: str = "") -> None:
    schema = {**SCHEMA, "$ref": f"#/$defs/{part}"} if part else SCHEMA
    if part:
        schema = {k: v for k, v in schema.items() if k in {"$schema", "$defs", "$ref"}}
    jsonschema.Draft202012Validator(
        schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    ).validate(document)


def drawn(result: AuditResult) -> Any:
    return json.loads(format_named("json").render(result, CONTEXT))


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("devices", [0, 1, 8])
def test_the_document_keeps_to_its_schema(devices: int) -> None:
    judge(drawn(fleet(devices)))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_keep_to_the_schema(text: str) -> None:
    judge(drawn(hostile(text)))


@settings(deadline=None)  # the first call also loads the schema
@given(st.text(alphabet=st.characters(codec=None), max_size=60))
def test_any_text_keeps_to_the_schema(text: str) -> None:
    judge(drawn(hostile(text)))


def test_the_document_says_what_was_found() -> None:
    document = drawn(fleet(2))
    assert document["baseline"] == "small-office"
    assert document["started"] == "2026-11-22T09:30:00Z"
    first = document["devices"][0]
    assert (first["target"], first["compliance"], first["coverage"]) == ("127.0.1.1", 0.5, 0.7778)
    assert first["identity"]["location"] == "Accounts, floor 2"
    finding = first["findings"][0]
    assert finding["fix"]["set"] == {"remote-ui.enabled": False}
    assert finding["evidence"][0]["value"] is True
    assert finding["maps"]["stig"] == ["V-6777"]
    assert document["summary"]["verdicts"]["fail"] == 4
    assert document["incomplete"][1]["skipped"] is True


def test_a_result_without_devices_has_no_figures() -> None:
    summary = drawn(fleet(0))["summary"]
    assert summary["compliance"] is None
    assert summary["coverage"] is None


def test_lines_come_as_devices_finish_and_keep_to_the_schema() -> None:
    result = fleet(3)
    lines = format_named("jsonl")
    writer = lines.open(Opening(result.baseline, result.started), CONTEXT)
    parts = [writer.begin(), *(writer.add(d) for d in result.devices)]
    parts += [writer.miss(i) for i in result.incomplete]
    parts.append(writer.close(result.finished))
    assert all(part.count(b"\n") == 1 and part.endswith(b"\n") for part in parts)
    assert b"".join(parts) == lines.render(result, CONTEXT)
    events = [json.loads(part) for part in parts]
    kinds = [event.pop("event") for event in events]
    assert kinds == ["start", "device", "device", "device", "incomplete", "incomplete", "end"]
    whole = drawn(result)
    assert events[1:4] == whole["devices"]
    assert events[-1]["summary"] == whole["summary"]
    judge(events[1], "device")


def test_other_formats_wait_for_the_last_device() -> None:
    result = fleet(2)
    page = format_named("json")
    writer = page.open(Opening(result.baseline, result.started), CONTEXT)
    early = [writer.begin(), *map(writer.add, result.devices), *map(writer.miss, result.incomplete)]
    assert not any(early)
    assert writer.close(result.finished) == page.render(result, CONTEXT)
