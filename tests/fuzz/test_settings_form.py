"""A settings page is read or refused, whatever a device sends."""

from __future__ import annotations

import contextlib
import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frisket.drivers.access.form import Page, read_page
from frisket.errors import WireError

GOOD = b"""<title>SNMP</title><form><input type="hidden" name="Token" value="1">
<input type="hidden" name="shown" value="a"><input type="checkbox" name="a" value="on" checked>
<select name="b"><option>x<option selected>y</option></select><textarea name="c">1
2</textarea><input name="d" value="&lt;5&gt;"></form>"""


@given(st.binary(max_size=2000))
def test_octets_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(WireError):
        read_page(data)


@given(st.data())
def test_a_spoiled_page_is_read_or_refused(data: st.DataObject) -> None:
    spoiled = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(spoiled) - 1))
        piece = data.draw(st.sampled_from([b"<", b">", b'"', b"&#", b"<!--", b"<![", b"\xff", b""]))
        spoiled[place : place + data.draw(st.integers(0, 5))] = piece
        if not spoiled:
            break
    with contextlib.suppress(WireError):
        read_page(bytes(spoiled))


@given(st.text(max_size=50), st.text(st.characters(exclude_characters="\r"), max_size=50))
def test_what_was_written_is_read(value: str, lines: str) -> None:
    page = (
        f'<input name="v" value="{html.escape(value)}">'
        f'<textarea name="t">{html.escape(lines)}</textarea>'
    )
    found = read_page(page.encode("utf-8", "replace"))
    expected = value.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
    assert found.values["v"][0].replace("\0", "\ufffd") == expected or "\r" in value


def test_a_page_is_read() -> None:
    assert read_page(GOOD) == Page(
        {"a": ("on",), "b": ("y",), "c": ("1\n2",), "d": ("<5>",)},
        {"Token": ("1",), "shown": ("a",)},
        frozenset({"a"}),
        "SNMP",
    )


def test_pages_are_bounded() -> None:
    for huge in (b'<input name="a">' * 3000, b'<input type=hidden name="a">' * 3000):
        with pytest.raises(WireError, match="fields"):
            read_page(huge)
    with pytest.raises(WireError, match="octets"):
        read_page(b" " * 100, limit=50)
