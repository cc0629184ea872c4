import pytest

from frisket.errors import WireError
from frisket.proto.xml.wire import escape, read_xml


def test_tree() -> None:
    root = read_xml(
        b'<?xml version="1.0"?><a xmlns="urn:a" xmlns:b="urn:b" k="1">x<b:c b:l="2">y &lt;</b:c>z'
        b'<c xmlns=""/><t xmlns:q="urn:q">q:One b:Two Three none:Four</t></a>'
    )
    assert (root.namespace, root.name, root.text, root.attributes) == (
        "urn:a",
        "a",
        "xz",
        {"k": "1"},
    )
    assert root.text_of("urn:b", "c") == "y <"
    assert root.children[0].attributes == {"urn:b l": "2"}
    assert root.child("", "c") is root.children[1]
    assert root.child("urn:a", "missing") is None
    assert root.children[2].qualified_names() == (
        ("urn:q", "One"),
        ("urn:b", "Two"),
        ("urn:a", "Three"),
        ("", "Four"),
    )


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "document type"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "document type"),
        (b"<!DOCTYPE a><a/>", "document type"),
        (b"<a>&x;</a>", "well-formed"),
        (b"<a>", "well-formed"),
        (b"", "well-formed"),
        (b"<a/><b/>", "well-formed"),
        (b'<?xml version="1.0" encoding="no-such"?><a/>', "well-formed"),
        (b'<?xml version="1.0" encoding="shift_jis"?><a/>', "well-formed"),
        (b"<a>" * 40 + b"</a>" * 40, "too deep"),
        (b"<a>" + b"<b/>" * 30000 + b"</a>", "too many"),
        (b'<a xmlns="' + b"n" * 5000 + b'"/>', "namespace of"),
        (b"<a>" + b" " * 1048576 + b"</a>", "more than 1048576"),
    ],
)
def test_refusals(document: bytes, fault: str) -> None:
    with pytest.raises(WireError, match=fault):
        read_xml(document)


def test_escape() -> None:
    nasty = "<a b=\"c\" d='e'>&\x00\x1b\ud800"
    root = read_xml(f'<x y="{escape(nasty)}">{escape(nasty)}</x>'.encode())
    assert root.text == root.attributes["y"] == "<a b=\"c\" d='e'>&???"
