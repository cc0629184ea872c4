"""Forms: what browsers send is read, everything else is a value or `WireError`."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frisket.errors import WireError
from frisket.mfd.remote_ui.forms import Form, parse_body, parse_multipart, parse_query

URLENCODED = "application/x-www-form-urlencoded"


def test_a_form() -> None:
    form = parse_body(f"{URLENCODED}; charset=utf-8", b"a=1&a=2&b=%C3%BC+x&c=")
    assert form.all("a") == ["1", "2"]
    assert form.text("a") == "2"
    assert form.text("b") == "ü x"
    assert "c" in form
    assert form.text("d") == ""
    assert parse_body("text/plain", b"a=1") == Form()


def test_a_form_with_a_file() -> None:
    """The example of RFC 7578 section 4.2 and 4.3, with binary content."""
    body = (
        b"--AaB03x\r\n"
        b'content-disposition: form-data; name="field1"\r\n'
        b"content-type: text/plain;charset=UTF-8\r\n\r\n"
        b"Joe owes \xe2\x82\xac100.\r\n"
        b"--AaB03x\r\n"
        b'content-disposition: form-data; name="files"; filename="file1.txt"\r\n'
        b"Content-Type: application/octet-stream\r\n\r\n"
        b"\x00\r\n\r\n--AaB0\xff\r\n"
        b"--AaB03x--\r\n"
    )
    form = parse_body('multipart/form-data; boundary="AaB03x"', body)
    assert form.text("field1") == "Joe owes €100."
    assert form.files == {"files": b"\x00\r\n\r\n--AaB0\xff"}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"--x--"),
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\nno name\r\n--x--"),
        ("multipart/form-data; boundary=x", b'--x\r\ncontent-disposition: form-data; name="a"'),
        ("multipart/form-data; boundary=x", b"--xcontent\r\n--x--"),
        (URLENCODED, b"a&" * 1000),
        ("multipart/form-data; boundary=x", b"--x\r\n" * 1000 + b"--x--"),
    ],
)
def test_bad_forms(kind: str, body: bytes) -> None:
    with pytest.raises(WireError):
        parse_body(kind, body)


@given(st.text(max_size=80), st.binary(max_size=300))
def test_any_body_is_a_form_or_refused(kind: str, body: bytes) -> None:
    for content_type in (kind, f"multipart/form-data; boundary={kind}", URLENCODED):
        with contextlib.suppress(WireError):
            assert isinstance(parse_body(content_type, body), Form)


@given(st.binary(max_size=200), st.binary(max_size=20))
def test_a_file_comes_through_unchanged(content: bytes, other: bytes) -> None:
    if b"\r\n--edge" in content or b"\r\n--edge" in other:
        return
    head = b'content-disposition: form-data; name="%s"; filename="f"\r\n\r\n'
    body = b"--edge\r\n" + head % b"a" + content + b"\r\n--edge\r\n"
    body += head % b"b" + other + b"\r\n--edge--\r\n"
    assert parse_multipart("edge", body).files == {"a": content, "b": other}


def test_queries_are_bounded() -> None:
    with pytest.raises(WireError):
        parse_query("&".join(f"a{n}=1" for n in range(500)))
