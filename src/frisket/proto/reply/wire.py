"""Numbered replies of FTP (RFC 959 section 4.2) and SMTP (RFC 5321 section 4.2).

Both spell a reply of several lines `220-first` … `220 last`. FTP lets the lines between begin
with anything, SMTP repeats the code; one reader takes both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from frisket.errors import WireError
from frisket.proto.cursor import Incomplete

_FIRST = re.compile(rb"([1-5][0-9][0-9])(?:([ -])(.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply code, 100 to 599, and its lines without code and line ending; at least one line."""

    code: int
    lines: tuple[str, ...] = ("",)

    @property
    def text(self) -> str:
        """Return the lines joined by line feeds."""
        return "\n".join(self.lines)

    @property
    def good(self) -> bool:
        """Tell whether the command was accepted (2xx) or more is wanted (1xx, 3xx)."""
        return self.code < 400


def read_reply(data: bytes, *, max_line: int = 2048, max_lines: int = 128) -> tuple[Reply, int]:
    """Read one reply from the start of `data`; return it and the bytes used.

    A bare line feed ends a line too, as some printers send it. `Incomplete` until the last line
    has come, `WireError` for anything that does not start with a code, or beyond a limit.
    """
    line, position = _read_line(data, 0, max_line)
    found = _FIRST.fullmatch(line)
    if not found:
        raise WireError(f"not a numbered reply: {line[:40]!r}")
    code = found[1]
    lines = [_text(found[3] or b"")]
    more = found[2] == b"-"
    while more:
        if len(lines) == max_lines:
            raise WireError(f"reply of more than {max_lines} lines")
        line, position = _read_line(data, position, max_line)
        more = not (line == code or line.startswith(code + b" "))
        marked = line.startswith((code + b"-", code + b" ")) or line == code
        lines.append(_text(line[4:] if marked else line))
    return Reply(int(code), tuple(lines)), position


def encode_reply(reply: Reply) -> bytes:
    """Return the reply with the code on every line, which both protocols allow."""
    *early, last = reply.lines
    spelt = [f"{reply.code}-{_one_line(line)}\r\n" for line in early]
    return "".join([*spelt, f"{reply.code} {_one_line(last)}\r\n"]).encode("utf-8", "replace")


def _read_line(data: bytes, start: int, limit: int) -> tuple[bytes, int]:
    end = data.find(b"\n", start, start + limit)
    if end < 0:
        if len(data) - start >= limit:
            raise WireError(f"reply line longer than {limit} bytes")
        if start == 0 and data and not data[:1].isdigit():
            raise WireError(f"not a numbered reply: {data[:40]!r}")
        raise Incomplete(len(data) + 1)
    return data[start:end].removesuffix(b"\r"), end + 1


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace")


def _one_line(text: str) -> str:
    return text.replace("\r", " ").replace("\n", " ")
