"""Line printer daemon protocol (RFC 1179), what clients and printers say.

Every `read_…` takes the bytes that have arrived and returns (value, bytes used). It raises
`frisket.proto.cursor.Incomplete` while bytes are missing and `WireError` when they are wrong.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum

from frisket.errors import WireError
from frisket.proto.cursor import Incomplete

ACCEPTED = b"\0"
REFUSED = b"\1"

_FILE_NAME = re.compile(r"[cd]f[A-Za-z][0-9]{1,6}[A-Za-z0-9._:%-]{0,255}")


class Verb(IntEnum):
    """The commands of RFC 1179 section 5."""

    PRINT_WAITING = 1
    RECEIVE_JOB = 2
    QUEUE_SHORT = 3
    QUEUE_LONG = 4
    REMOVE_JOBS = 5


class Part(IntEnum):
    """The subcommands of RFC 1179 section 6, in which a job arrives."""

    ABORT = 1
    CONTROL_FILE = 2
    DATA_FILE = 3


@dataclass(frozen=True, slots=True)
class Command:
    """A command for `queue`; `items` are users and job numbers, `agent` asks to remove them."""

    verb: Verb
    queue: str
    items: tuple[str, ...] = ()
    agent: str = ""


@dataclass(frozen=True, slots=True)
class Subcommand:
    """A file of `size` bytes called `name` follows, then a zero octet; or the job is aborted."""

    part: Part
    size: int = 0
    name: str = ""


@dataclass(frozen=True, slots=True)
class ControlFile:
    """The lines of a control file: a letter or digit, and its operand (RFC 1179 section 7)."""

    lines: tuple[tuple[str, str], ...]

    def first(self, letter: str) -> str:
        """Return the operand of the first line `letter`, or nothing."""
        return next((operand for key, operand in self.lines if key == letter), "")

    @property
    def host(self) -> str:
        """Return the host that sent the job (H)."""
        return self.first("H")

    @property
    def user(self) -> str:
        """Return who sent the job (P)."""
        return self.first("P")

    @property
    def job(self) -> str:
        """Return the job's name (J), or that of its file (N)."""
        return self.first("J") or self.first("N")

    @property
    def prints(self) -> tuple[tuple[str, str], ...]:
        """Return (format letter, data file name) of each file to print."""
        return tuple(line for line in self.lines if line[0] in "cdfglnoprtv")


def read_command(data: bytes, *, max_line: int = 1024, max_items: int = 64) -> tuple[Command, int]:
    """Read one command: a verb octet, operands, a line feed."""
    verb, words, used = _read_line(data, Verb, max_line)
    if not words or not words[0]:
        raise WireError("LPD command without a queue")
    queue, *items = words
    agent = ""
    if verb is Verb.REMOVE_JOBS:
        if not items:
            raise WireError("LPD removal without the name of who asks")
        agent = items.pop(0)
    elif items and verb in {Verb.PRINT_WAITING, Verb.RECEIVE_JOB}:
        raise WireError("LPD command with too many operands")
    if len(items) > max_items:
        raise WireError(f"LPD list of {len(items)} jobs, more than {max_items}")
    return Command(Verb(verb), queue, tuple(items), agent), used


def encode_command(command: Command) -> bytes:
    """Return one command; control characters and blanks in names become `_`."""
    words = [command.queue, *([command.agent] if command.agent else []), *command.items]
    return bytes((command.verb,)) + b" ".join(map(_word, words)) + b"\n"


def read_subcommand(
    data: bytes, *, max_line: int = 1024, max_control: int = 65536, max_data: int = 2**32
) -> tuple[Subcommand, int]:
    """Read one subcommand of a job; the file itself follows it.

    `WireError` when the file's name could be mistaken for a path, or its size exceeds the limit.
    A data file of size 0 lasts until the connection ends, as CUPS and others allow.
    """
    part, words, used = _read_line(data, Part, max_line)
    if part is Part.ABORT:
        return Subcommand(Part.ABORT), used
    if len(words) != 2 or not words[0].isascii() or not words[0].isdigit() or len(words[0]) > 15:
        raise WireError("LPD file announced without a count and a name")
    size, name = int(words[0]), words[1]
    limit = max_control if part is Part.CONTROL_FILE else max_data
    if size > limit:
        raise WireError(f"LPD file of {size} bytes, more than {limit}")
    if not _FILE_NAME.fullmatch(name) or (name[0] == "c") != (part is Part.CONTROL_FILE):
        raise WireError(f"LPD file name {name[:40]!r}")
    return Subcommand(Part(part), size, name), used


def encode_subcommand(subcommand: Subcommand) -> bytes:
    """Return one subcommand."""
    if subcommand.part is Part.ABORT:
        return b"\1\n"
    head = bytes((subcommand.part,))
    return head + str(subcommand.size).encode() + b" " + _word(subcommand.name) + b"\n"


def read_acknowledgement(data: bytes) -> tuple[bool, int]:
    """Read one acknowledgement: zero is yes, any other octet is no."""
    if not data:
        raise Incomplete(1)
    return data[0] == 0, 1


def read_control_file(data: bytes, *, max_lines: int = 256, max_operand: int = 1024) -> ControlFile:
    """Read a whole control file; control characters in operands become `?`."""
    lines: list[tuple[str, str]] = []
    for line in data.rstrip(b"\0").split(b"\n"):
        if not line:
            continue
        if len(lines) == max_lines:
            raise WireError(f"LPD control file of more than {max_lines} lines")
        letter = chr(line[0])
        if not (letter.isascii() and letter.isalnum()):
            raise WireError(f"LPD control file line {line[:40]!r}")
        if len(line) > max_operand:
            raise WireError(f"LPD operand of {len(line)} bytes, more than {max_operand}")
        lines.append((letter, _printable(line[1:])))
    return ControlFile(tuple(lines))


def encode_control_file(control: ControlFile) -> bytes:
    """Return the control file; control characters in operands become `?`."""
    spelt = (f"{letter}{_printable(operand.encode())}\n" for letter, operand in control.lines)
    return "".join(spelt).encode()


def read_queue_state(data: bytes, *, max_bytes: int = 65536) -> tuple[str, ...]:
    """Read a printer's whole answer to a queue question as lines; its text is not standardised."""
    if len(data) > max_bytes:
        raise WireError(f"LPD queue state of {len(data)} bytes, more than {max_bytes}")
    return tuple(_printable(line) for line in data.rstrip(b"\0\r\n").splitlines())


def encode_queue_state(lines: tuple[str, ...]) -> bytes:
    """Return the answer to a queue question."""
    return b"".join(_printable(line.encode()).encode() + b"\n" for line in lines)


def _read_line(
    data: bytes, verbs: type[Verb | Part], limit: int
) -> tuple[Verb | Part, list[str], int]:
    if data and data[0] not in list(verbs):
        raise WireError(f"LPD command octet {data[0]}")
    end = data.find(b"\n", 0, limit)
    if end < 0:
        if len(data) >= limit:
            raise WireError(f"LPD command longer than {limit} bytes")
        raise Incomplete(len(data) + 1)
    if end == 0:
        raise WireError("empty LPD command")
    text = _printable(data[1:end].removesuffix(b"\r").replace(b"\t", b" "))
    return verbs(data[0]), text.split(), end + 1


def _printable(octets: bytes) -> str:
    text = octets.decode("utf-8", "replace")
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _word(text: str) -> bytes:
    return re.sub(r"[\s\x00-\x1f\x7f]", "_", text).encode("utf-8", "replace")
