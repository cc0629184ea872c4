"""Whatever stands in a saved report, it is read or refused with the one exception."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.report.samples import HOSTILE, fleet, hostile

from frisket.errors import CaptureError
from frisket.model.finding import AuditResult
from frisket.report.find import format_named
from frisket.report.format import ReportContext
from frisket.report.read import read_audit

CONTEXT = ReportContext()
SAMPLE = json.loads(format_named("json").render(fleet(1), CONTEXT))

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4)
    ),
    max_leaves=12,
)


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value in a document."""
    inner: Any = ()
    if isinstance(node, dict):
        inner = node.items()
    elif isinstance(node, list):
        inner = enumerate(node)
    return [path, *(p for key, value in inner for p in places(value, (*path, key)))]


PLACES = [path for path in places(SAMPLE) if path]


def read_or_refuse(data: bytes) -> AuditResult | None:
    try:
        return read_audit(data)
    except CaptureError:
        return None


@pytest.mark.parametrize("result", [fleet(3), *map(hostile, HOSTILE)], ids=range(len(HOSTILE) + 1))
def test_what_was_written_is_read_back(result: AuditResult) -> None:
    written = format_named("json").render(result, CONTEXT)
    assert format_named("json").render(read_audit(written), CONTEXT) == written


def test_the_sample_is_read_back_as_it_was() -> None:
    written = format_named("json").render(fleet(3), CONTEXT)
    assert read_audit(written) == fleet(3)


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    read_or_refuse(data)


@given(json_values)
def test_any_json(value: Any) -> None:
    assert read_or_refuse(json.dumps(value).encode()) is None


@given(st.sampled_from(PLACES), json_values | st.sampled_from(["9999-12-31T23:59:59-14:00", 1e99]))
def test_any_change_of_a_report_is_read_or_refused(path: tuple[Any, ...], value: Any) -> None:
    document = json.loads(json.dumps(SAMPLE))
    node = document
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    read = read_or_refuse(json.dumps(document).encode())
    if read is not None:
        for name in ("json", "table", "sarif", "csv", "junit"):
            assert format_named(name).render(read, CONTEXT)


def test_deep_and_long_documents_are_refused() -> None:
    for data in (b"[" * 100_000, b'{"schema_version":' + b"9" * 100_000 + b"}", b"\xff\xfe\x00"):
        with pytest.raises(CaptureError):
            read_audit(data)
    with pytest.raises(CaptureError, match="longer"):
        read_audit(b" " * 101, limit=100)
