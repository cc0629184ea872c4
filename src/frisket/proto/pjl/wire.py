"""Printer Job Language (HP's PJL Technical Reference): commands, answers, where a document begins.

A job on the raw print port is ESC%-12345X (the universal exit language, UEL), lines that begin
with `@PJL`, and after `@PJL ENTER LANGUAGE` the document, up to the next UEL.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from frisket.errors import WireError
from frisket.proto.cursor import Incomplete

UEL = b"\x1b%-12345X"
END_OF_ANSWER = b"\f"

_NAME = r"[A-Za-z][A-Za-z0-9_./-]*"
_VALUE = r'"[^"]*"|[^\s"]*'
_COMMAND = re.compile(rf"@PJL(?:[ \t]+({_NAME})(.*))?[ \t]*", re.DOTALL)
_MODIFIER = re.compile(rf"[ \t]+({_NAME})[ \t]*:[ \t]*({_VALUE})")
_OPTION = re.compile(rf"[ \t]+({_NAME})(?:[ \t]*(=)[ \t]*({_VALUE}))?")
_FREE_TEXT = {"COMMENT", "ECHO"}
_SIGNATURES = (
    (b"%!", "POSTSCRIPT"),
    (b"\x04%!", "POSTSCRIPT"),
    (b"%PDF-", "PDF"),
    (b") HP-PCL XL", "PCLXL"),
    (b"\x1bE", "PCL"),
    (b"\x1b&", "PCL"),
    (b"\x1b*", "PCL"),
    (b"\xcd\xca\x10", "UFR II"),
)


@dataclass(frozen=True, slots=True)
class Option:
    """NAME or NAME=VALUE; `value` is None without `=`, and has lost its quotes."""

    name: str
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """One @PJL line: an upper-case name, `MODIFIER:VALUE`, options; or free text for ECHO, COMMENT.

    The name is empty for a bare `@PJL`, which is allowed and does nothing.
    """

    name: str
    options: tuple[Option, ...] = ()
    modifier: Option | None = None
    text: str = ""

    def value(self, option: str) -> str | None:
        """Return the value of `option`, or None when it is absent or has none."""
        return next((each.value for each in self.options if each.name == option), None)


@dataclass(frozen=True, slots=True)
class Preamble:
    """What precedes a document: the commands, the language, and the document's first byte.

    `language` is the one entered, else the one the document's first bytes show, else empty.
    """

    commands: tuple[Command, ...]
    language: str
    document_at: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What a printer says: the command it answers, such as `INFO ID`, and the lines below it."""

    command: str
    lines: tuple[str, ...] = ()

    def value(self, name: str) -> str | None:
        """Return VALUE of the line NAME=VALUE, without quotes, or None."""
        for line in self.lines:
            key, mark, value = line.partition("=")
            if mark and key.strip().upper() == name:
                return _unquoted(value.strip())
        return None


def read_command(line: bytes, *, max_options: int = 64) -> Command:
    """Read one `@PJL` line without its line ending; `WireError` when it is none."""
    found = _COMMAND.fullmatch(_text(line))
    if not found:
        raise WireError(f"not a PJL command: {line[:40]!r}")
    name, rest = (found[1] or "").upper(), found[2] or ""
    if name in _FREE_TEXT:
        return Command(name, text=rest.strip(" \t"))
    modifier = _MODIFIER.match(rest)
    position = modifier.end() if modifier else 0
    options: list[Option] = []
    rest = rest.rstrip(" \t")
    while position < len(rest):
        option = _OPTION.match(rest, position)
        if not option or len(options) == max_options:
            raise WireError(f"PJL option at {rest[position : position + 40]!r}")
        value = _unquoted(option[3]) if option[2] else None
        options.append(Option(option[1].upper(), value))
        position = option.end()
    chosen = Option(modifier[1].upper(), _unquoted(modifier[2])) if modifier else None
    return Command(name, tuple(options), chosen)


def encode_command(command: Command) -> bytes:
    """Return the `@PJL` line of `command` with its CR LF."""
    words = ["@PJL"]
    if command.name:
        words.append(command.name)
    if command.modifier:
        words.append(f"{command.modifier.name}:{_quoted(command.modifier.value or '')}")
    for option in command.options:
        tail = "" if option.value is None else "=" + _quoted(option.value)
        words.append(option.name + tail)
    if command.text:
        words.append(_one_line(command.text))
    return " ".join(words).encode("utf-8", "replace") + b"\r\n"


def read_preamble(
    data: bytes,
    *,
    max_line: int = 1024,
    max_commands: int = 256,
    max_bytes: int = 65536,
    ended: bool = False,
) -> Preamble:
    """Read UELs and `@PJL` lines from the start of a job up to where the document begins.

    `Incomplete` while the preamble may go on, unless the sender has `ended`. Lines are ended by LF
    or CR LF. Data that is no PJL from its first byte is a document at 0.
    """
    position = 0
    commands: list[Command] = []
    while position <= max_bytes:
        head = data[position : position + len(UEL)]
        if head == UEL:
            position += len(UEL)
        elif head.startswith(b"@PJL") and (head == b"@PJL" or not chr(head[4]).isalnum()):
            line, position = _read_line(data, position, max_line, ended=ended)
            if len(commands) == max_commands:
                raise WireError(f"more than {max_commands} PJL commands before a document")
            commands.append(read_command(line))
            if commands[-1].name == "ENTER":
                language = commands[-1].value("LANGUAGE") or ""
                return Preamble(tuple(commands), language.upper(), position)
        elif not ended and (UEL.startswith(head) or b"@PJL".startswith(head)):
            raise Incomplete(len(data) + 1)
        elif commands and head[:1] in {b"\r", b"\n", b" "}:
            position += 1  # blank lines between commands, seen from several drivers
        else:
            return Preamble(
                tuple(commands), detect_language(data[position : position + 16]), position
            )
    raise WireError(f"more than {max_bytes} bytes of PJL before a document")


def detect_language(document: bytes) -> str:
    """Name the page description language `document` starts with, in PJL's words, or nothing."""
    return next((name for mark, name in _SIGNATURES if document.startswith(mark)), "")


def read_answer(
    data: bytes, *, max_bytes: int = 65536, max_lines: int = 4096
) -> tuple[Answer, int]:
    """Read one answer, which ends with a form feed; return it and the bytes used."""
    end = data.find(END_OF_ANSWER, 0, max_bytes)
    if end < 0:
        if len(data) >= max_bytes:
            raise WireError(f"PJL answer longer than {max_bytes} bytes")
        if not b"@PJL ".startswith(data[:5]):
            raise WireError(f"not a PJL answer: {data[:40]!r}")
        raise Incomplete(len(data) + 1)
    first, *lines = re.split(r"\r\n|\r|\n", _text(data[:end]))
    if not first.startswith("@PJL "):
        raise WireError(f"not a PJL answer: {first[:40]!r}")
    if len(lines) > max_lines:
        raise WireError(f"PJL answer of more than {max_lines} lines")
    while lines and not lines[-1]:
        lines.pop()
    return Answer(first[5:].strip(), tuple(lines)), end + 1


def encode_answer(answer: Answer) -> bytes:
    """Return one answer with its form feed."""
    lines = [f"@PJL {answer.command}", *answer.lines]
    text = "".join(f"{_one_line(line)}\r\n" for line in lines)
    return text.encode("utf-8", "replace") + END_OF_ANSWER


def _read_line(data: bytes, start: int, limit: int, *, ended: bool) -> tuple[bytes, int]:
    end = data.find(b"\n", start, start + limit)
    if end < 0:
        if len(data) - start >= limit:
            raise WireError(f"PJL command longer than {limit} bytes")
        if not ended:
            raise Incomplete(len(data) + 1)
        return data[start:].removesuffix(b"\r"), len(data)
    return data[start:end].removesuffix(b"\r"), end + 1


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "replace")


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value


def _quoted(value: str) -> str:
    plain = re.fullmatch(r"[A-Za-z0-9_.+-]+", value)
    return value if plain else '"' + _one_line(value).replace('"', "'") + '"'


def _one_line(text: str) -> str:
    return re.sub(r"[\r\n\f\x1b]", " ", text)
