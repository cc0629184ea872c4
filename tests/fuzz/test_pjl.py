"""Any bytes are PJL, a document, or a `WireError`."""

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frisket.errors import WireError
from frisket.proto.pjl import wire as pjl
from frisket.proto.pjl.wire import Answer, Command, Option

READERS: list[Callable[[bytes], Any]] = [
    pjl.read_command,
    pjl.read_preamble,
    lambda data: pjl.read_preamble(data, ended=True),
    pjl.read_answer,
    pjl.detect_language,
]
PIECES = [
    *(pjl.UEL, b"@PJL", b" ", b"\r\n", b"\n", b"SET", b"A", b"=", b":", b'"', b"1", b"\f", b"\x1b"),
    *(b"ENTER LANGUAGE=PCL", b"ECHO x", b"@PJL INFO ID\r\n", b"%!", b"\xff", b"\0"),
]


@pytest.mark.parametrize("read", READERS)
@given(data=st.binary(max_size=80) | st.lists(st.sampled_from(PIECES)).map(b"".join))
def test_value_or_wire_error(read: Callable[[bytes], Any], data: bytes) -> None:
    with contextlib.suppress(WireError):
        read(data)


NAME = st.sampled_from(["SET", "JOB", "INFO", "FSQUERY", "A1_B"])
VALUE = st.text("abZ09 =:.é", max_size=9)
OPTION = st.builds(Option, NAME, st.none() | VALUE)


@given(st.builds(Command, NAME, st.lists(OPTION, max_size=4).map(tuple)))
def test_commands_round_trip(command: Command) -> None:
    assert pjl.read_command(pjl.encode_command(command).removesuffix(b"\r\n")) == command


@given(st.lists(st.text("aB=1 é", min_size=1), max_size=5))
def test_answers_round_trip(lines: list[str]) -> None:
    octets = pjl.encode_answer(Answer("INFO STATUS", tuple(lines)))
    assert pjl.read_answer(octets) == (Answer("INFO STATUS", tuple(lines)), len(octets))
