"""Any octets are a settings file, or `WireError`; what is sealed opens again."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frisket.errors import WireError
from frisket.proto.dcm.wire import (
    Exported,
    is_sealed,
    read_exported,
    seal,
    unseal,
    write_exported,
)

PASSWORD = "horse-7"
SAMPLE = Exported("m", "s", "2026", {"a.b": True}, ("SP-01",), {"x": 3}, "p")
SEALED = seal(write_exported(SAMPLE), PASSWORD, bytes)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=12,
)


@given(data=st.binary(max_size=400))
def test_random_octets(data: bytes) -> None:
    is_sealed(data)
    for read in (lambda: unseal(data, PASSWORD), lambda: read_exported(data)):
        with suppress(WireError):
            read()


@given(position=st.integers(0, len(SEALED) - 1), value=st.integers(0, 255))
@settings(max_examples=60)
def test_a_changed_octet_never_opens_as_something_else(position: int, value: int) -> None:
    mutated = bytearray(SEALED)
    mutated[position] = value
    try:
        plain = unseal(bytes(mutated), PASSWORD)
    except WireError:
        return
    assert plain == write_exported(SAMPLE)


@given(raw=json_values)
def test_any_json_is_settings_or_refused(raw: Any) -> None:
    with suppress(WireError):
        read_exported(json.dumps(raw).encode())
    with suppress(WireError):
        read_exported(json.dumps({"model": raw, "serial": raw, "exported": raw,
                                  "settings": raw, "policy": raw}).encode())  # fmt: skip


@given(
    texts=st.tuples(*(st.text(st.characters(codec="utf-8"), max_size=20),) * 4),
    values=st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=9), st.integers()),
)
def test_round_trip(texts: tuple[str, str, str, str], values: dict[str, Any]) -> None:
    model, serial, exported, password = texts
    whole = Exported(model, serial, exported, values, (serial,), values, password)
    assert read_exported(write_exported(whole)) == whole
    assert "Exported" in repr(whole)


def test_the_password_opens_it_and_no_other() -> None:
    assert is_sealed(SEALED)
    assert read_exported(unseal(SEALED, PASSWORD)) == SAMPLE
    for wrong in ("", "horse-8", "x" * 5000, "\ud800"):
        with pytest.raises(WireError):
            unseal(SEALED, wrong)
    with pytest.raises(WireError, match="too large"):
        unseal(SEALED, PASSWORD, limit=10)
