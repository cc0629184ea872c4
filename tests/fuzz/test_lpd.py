"""Any bytes are an LPD message or a `WireError`."""

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frisket.errors import WireError
from frisket.proto.lpd import wire as lpd
from frisket.proto.lpd.wire import Command, ControlFile, Verb

READERS: list[Callable[[bytes], Any]] = [
    lpd.read_command,
    lpd.read_subcommand,
    lpd.read_acknowledgement,
    lpd.read_control_file,
    lpd.read_queue_state,
]
PIECES = [b"\1", b"\2", b"\3", b"\5", b"lp", b" ", b"\n", b"12", b"cfA001h", b"dfA001h", b"\0"]


@pytest.mark.parametrize("read", READERS)
@given(data=st.binary(max_size=80) | st.lists(st.sampled_from(PIECES)).map(b"".join))
def test_value_or_wire_error(read: Callable[[bytes], Any], data: bytes) -> None:
    with contextlib.suppress(WireError):
        read(data)


WORD = st.text("abzé0-", min_size=1, max_size=8)


@given(st.sampled_from([Verb.QUEUE_SHORT, Verb.QUEUE_LONG]), WORD, st.lists(WORD, max_size=4))
def test_commands_round_trip(verb: Verb, queue: str, items: list[str]) -> None:
    command = Command(verb, queue, tuple(items))
    octets = lpd.encode_command(command)
    assert lpd.read_command(octets) == (command, len(octets))


@given(st.lists(st.tuples(st.sampled_from("HPJlU1"), st.text("ab é")), max_size=8))
def test_control_files_round_trip(lines: list[tuple[str, str]]) -> None:
    control = ControlFile(tuple(lines))
    assert lpd.read_control_file(lpd.encode_control_file(control)) == control
