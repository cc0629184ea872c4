"""A form with a file is what a server reads (RFC 7578)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from python_multipart import FormParser
from python_multipart.multipart import Field, File, parse_options_header

from frisket.drivers.access.web import multipart
from frisket.mfd.remote_ui.forms import parse_body

names = st.text("abc-", min_size=1, max_size=9)
texts = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=20)


@given(fields=st.lists(st.tuples(names, texts), max_size=4), content=st.binary(max_size=300))
def test_two_readers_agree(fields: list[tuple[str, str]], content: bytes) -> None:
    kind, body = multipart(fields, ("file", content))
    form = parse_body(kind, body)
    assert form.files == {"file": content}
    assert [(n, v) for n, vs in form.fields.items() for v in vs] == sorted(
        fields, key=lambda pair: list(form.fields).index(pair[0])
    )
    seen: list[tuple[bytes | None, bytes | None]] = []
    files: list[bytes] = []

    def on_file(file: File) -> None:
        file.file_object.seek(0)
        files.append(file.file_object.read())

    def on_field(field: Field) -> None:
        seen.append((field.field_name, field.value))

    options = parse_options_header(kind)[1]
    parser = FormParser("multipart/form-data", on_field, on_file, boundary=options[b"boundary"])
    parser.write(body)
    parser.finalize()
    assert files == [content]
    assert [(n, v or b"") for n, v in seen] == [(n.encode(), v.encode()) for n, v in fields]
