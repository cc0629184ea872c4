"""Whatever a device says, an access answers with a value, a reason, or one of the known faults."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.drivers.states import CATALOG

from frisket.catalog.setting import Kind
from frisket.drivers.access.ipp import value_of
from frisket.drivers.access.pjl import Conversation, ask_for, words_of
from frisket.drivers.access.snmp import text_in
from frisket.drivers.base import PjlKey, SnmpKey
from frisket.errors import FrisketError, SettingRefused
from frisket.model.reading import Value
from frisket.proto.ipp.names import ValueTag
from frisket.proto.ipp.values import Attribute
from frisket.proto.snmp.wire import Integer, OctetString
from frisket.proto.snmp.wire.values import Counter32, TimeTicks

SETTINGS = [s for s in CATALOG if s.kind is Kind.SETTING and not s.secret]
many = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
NOW = datetime(2026, 11, 22, tzinfo=UTC)

data = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**31), 2**31 - 1), st.text(max_size=40), st.binary()
)


@given(st.sampled_from(SETTINGS), st.lists(data, max_size=4), st.sampled_from(list(ValueTag)))
@many
def test_an_ipp_attribute_is_a_value_of_the_setting_or_refused(
    setting: Any, values: list[Any], tag: int
) -> None:
    try:
        found = value_of(setting, Attribute.of("x", tag, *values))
    except SettingRefused:
        return
    assert found is None or setting.check(found) == found


@given(
    st.one_of(
        st.binary(max_size=60).map(OctetString),
        st.integers(-(2**31), 2**31 - 1).map(Integer),
        st.integers(0, 2**32 - 1).map(Counter32),
        st.integers(0, 2**32 - 1).map(TimeTicks),
        st.none(),
    ),
    st.booleans(),
)
@many
def test_an_snmp_variable_is_text_or_nothing(value: Any, known: bool) -> None:
    row = SnmpKey(oid=(1, 3), numbers={"on": 1, "off": 2}) if known else None
    try:
        text = text_in(row, value)
    except UnicodeDecodeError:
        assert isinstance(value, OctetString)
        return
    assert text is None or isinstance(text, str)
    if known and value == Integer(1):
        assert text == "on"


@given(st.sampled_from(SETTINGS), st.text(max_size=60))
@many
def test_a_pjl_value_is_a_value_of_the_setting_or_refused(setting: Any, text: str) -> None:
    row = PjlKey("X", words={"on": "ON", "off": "OFF"})
    try:
        found: Value = setting.parse(words_of(row, text))
    except SettingRefused:
        return
    assert setting.check(found) == found


class _Stream:
    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces = list(pieces)
        self.sent = b""

    async def read(self, timeout: float) -> bytes:
        del timeout
        return self._pieces.pop(0) if self._pieces else b""

    async def write(self, sent: bytes, timeout: float = 10.0) -> None:
        del timeout
        self.sent += sent

    def close(self) -> None:
        """Close nothing."""


class _Dialer:
    """A dialer to a printer that says what it was given, whatever it is asked."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self.stream = _Stream(pieces)
        self.random = random.Random(1)

    async def tcp(self, port: int, timeout: float = 5.0) -> _Stream:
        del port, timeout
        return self.stream


@given(st.lists(st.one_of(st.binary(max_size=80), st.just(b"@PJL INFO ID\r\nx\r\n\f")), max_size=6))
@many
def test_a_pjl_dialogue_ends_with_answers_or_a_known_fault(pieces: list[bytes]) -> None:
    conversation: Any = Conversation(_Dialer(pieces))  # type: ignore[arg-type]
    try:
        found = asyncio.run(conversation.ask([ask_for("ID")]))
    except FrisketError:
        return
    pytest.fail(f"the printer never said that it was done, and {found} was taken")
