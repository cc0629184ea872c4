"""The interface as people read it: every operation, every type in words, links that lead on."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.web import Web

from frisket.console.described import operations_of, shapes_of, type_of, with_inner
from frisket.fleet.roles import Role

COMMITTED = Path(__file__).resolve().parents[3] / "docs" / "reference" / "openapi.json"


def test_types_are_said_in_words() -> None:
    assert type_of({"type": "string", "maxLength": 9}) == ("text, up to 9 characters", ())
    assert type_of({"type": "integer", "minimum": 1})[0] == "whole number, at least 1"
    assert type_of({"anyOf": [{"type": "boolean"}, {"type": "null"}]})[0] == (
        "true or false, or null"
    )
    assert type_of({"enum": ["a", "b"]})[0] == "one of a, b"
    ref = {"$ref": "#/components/schemas/X"}
    assert type_of({"type": "array", "items": ref}) == ("list of X", ("X",))
    assert type_of({"type": "string", "format": "date-time"})[0] == "time"


def test_everything_that_is_described_is_shown_and_every_shape_is_known() -> None:
    document = json.loads(COMMITTED.read_text(encoding="utf-8"))
    found = operations_of(document)
    methods = {"get", "post", "put", "patch", "delete"}
    assert len(found) == sum(len(methods & set(item)) for item in document["paths"].values())
    shapes = shapes_of(document)
    names = {shape.name for shape in shapes}
    assert all(one.shapes <= names for one in found)
    assert all(one.scope and one.answers for one in found)
    inner = {shape.name for shape in with_inner(shapes, ["RolloutOut", "nothing"])}
    assert inner == {"RolloutOut", "WaveOut"}


def test_the_page_needs_nothing_from_outside_and_a_word_is_only_a_word(web: Web) -> None:
    client = web.visitor("ann", Role.READ_ONLY)
    page = client.get("/interface?q=waivers").text
    assert "/api/v1/waivers/{id}/end" in page
    assert "/api/v1/telemetry" not in page
    named = re.findall(r"""(?:src|href|action)="(https?:[^"]*)""", page)
    assert named == []
    hostile = client.get("/interface?q=<script>alert(1)</script>").text
    assert "<script>alert(1)" not in hostile
