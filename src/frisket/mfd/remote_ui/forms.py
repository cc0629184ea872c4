"""Reads what a browser posts: URL-encoded forms, and multipart ones with small files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from frisket.errors import WireError

_MOST_FIELDS = 400
_BOUNDARY = re.compile(r"""boundary=(?:"([^"\r\n]{1,70})"|([^;\s"]{1,70}))""")
_NAME = re.compile(rb'(?:^|;)\s*name="([^"\r\n]{0,200})"', re.IGNORECASE)
_DISPOSITION = re.compile(rb"^content-disposition:\s*form-data\s*(;.*)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Form:
    """Fields and files by name; a field may come several times (tick boxes)."""

    fields: Mapping[str, list[str]] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return the last value of a field, "" where it is missing."""
        values = self.fields.get(name)
        return values[-1] if values else ""

    def all(self, name: str) -> list[str]:
        """Return every value of a field."""
        return self.fields.get(name, [])

    def __contains__(self, name: object) -> bool:
        return name in self.fields


def parse_query(text: str) -> Form:
    """Read a URL-encoded form or query. Raises `WireError` where it has too many fields."""
    try:
        fields = parse_qs(
            text,
            keep_blank_values=True,
            max_num_fields=_MOST_FIELDS,
            encoding="utf-8",
            errors="replace",
        )
    except ValueError as fault:
        raise WireError("a form with too many fields") from fault
    return Form(fields)


def _parse_part(part: bytes) -> tuple[str, bytes, bool]:
    head, gap, body = part.partition(b"\r\n\r\n")
    if not gap or len(head) > 2000:
        raise WireError("a part of a form without a head")
    for line in head.split(b"\r\n"):
        found = _DISPOSITION.match(line)
        if found and (name := _NAME.search(found[1])):
            return name[1].decode("utf-8", "replace"), body, b"filename=" in found[1].lower()
    raise WireError("a part of a form without a name")


def parse_multipart(boundary: str, body: bytes) -> Form:
    """Read a multipart form (RFC 7578), or raise `WireError`."""
    border = b"\r\n--" + boundary.encode("latin-1", "replace")
    first, *parts = (b"\r\n" + body).split(border, _MOST_FIELDS + 1)
    if first.strip() or not parts or not parts[-1].startswith(b"--"):
        raise WireError("a form without its borders")
    fields: dict[str, list[str]] = {}
    files: dict[str, bytes] = {}
    for part in parts[:-1]:
        if not part.startswith(b"\r\n"):
            raise WireError("a broken border in a form")
        name, content, is_file = _parse_part(part[2:])
        if is_file:
            files[name] = content
        else:
            fields.setdefault(name, []).append(content.decode("utf-8", "replace"))
    return Form(fields, files)


def parse_body(content_type: str, body: bytes) -> Form:
    """Read a posted body by its Content-Type. Raises `WireError`; other types give no fields."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        found = _BOUNDARY.search(content_type)
        if found is None:
            raise WireError("a multipart form names its boundary")
        return parse_multipart(found[1] or found[2], body)
    if kind == "application/x-www-form-urlencoded":
        return parse_query(body.decode("utf-8", "replace"))
    return Form()
