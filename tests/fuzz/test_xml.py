"""Any bytes are an XML tree or a `WireError`."""

from hypothesis import given
from hypothesis import strategies as st

from frisket.errors import WireError
from frisket.proto.xml.wire import escape, read_xml

PIECES = [
    *(b"<a>", b"</a>", b"<b c='1'>", b"</b>", b"<d/>", b"&amp;", b"&#0;", b"&x;", b"text", b"\xff"),
    *(b"<!DOCTYPE a [", b"<!ENTITY x 'y'>", b"]>", b"<![CDATA[", b"]]>", b"<!--", b"-->", b"\0"),
    *(b"<?xml version='1.0' encoding='utf-16'?>", b"<?p i?>", b"<q:a xmlns:q='u'>", b"</q:a>"),
    *(b"\xef\xbb\xbf", b"\xff\xfe"),
]


@given(st.binary(max_size=60) | st.lists(st.sampled_from(PIECES)).map(b"".join))
def test_value_or_wire_error(data: bytes) -> None:
    try:
        root = read_xml(data)
    except WireError:
        return
    root.qualified_names()


@given(st.text(st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff")))
def test_text_round_trip(text: str) -> None:
    assert read_xml(f"<a>{escape(text)}</a>".encode()).text == text


@given(st.text())
def test_any_text_is_well_formed_once_escaped(text: str) -> None:
    read_xml(f'<a b="{escape(text)}">{escape(text)}</a>'.encode())
