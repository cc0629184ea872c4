"""Header field values of SIP (RFC 3261 section 20): names, parameters, Via and CSeq."""

from __future__ import annotations

import re
from dataclasses import dataclass

from frisket.errors import WireError

MAGIC_BRANCH = "z9hG4bK"

_COMPACT = {
    "c": "Content-Type",
    "e": "Content-Encoding",
    "f": "From",
    "i": "Call-ID",
    "k": "Supported",
    "l": "Content-Length",
    "m": "Contact",
    "o": "Event",
    "r": "Refer-To",
    "s": "Subject",
    "t": "To",
    "u": "Allow-Events",
    "v": "Via",
}
_IRREGULAR = {"call-id": "Call-ID", "cseq": "CSeq", "www-authenticate": "WWW-Authenticate"}
_VIA = re.compile(
    r"SIP\s*/\s*2\.0\s*/\s*(?P<transport>[A-Za-z0-9-]+)\s+"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?:\s*:\s*(?P<port>[0-9]{1,5}))?",
    re.ASCII,
)
_CSEQ = re.compile(r"([0-9]{1,10})\s+([A-Za-z0-9.!%*_+`'~-]+)", re.ASCII)

Parameters = tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, slots=True)
class Via:
    """One hop: transport, who sent it, and parameters (None: without `=`), names in lower case."""

    transport: str
    host: str
    port: int | None = None
    parameters: Parameters = ()

    def parameter(self, name: str) -> str | None:
        """Return the value of parameter `name`; None when it is absent or has none."""
        return dict(self.parameters).get(name)

    def __str__(self) -> str:
        port = "" if self.port is None else f":{self.port}"
        return f"SIP/2.0/{self.transport} {self.host}{port}{spell_parameters(self.parameters)}"


def canonical(name: str) -> str:
    """Return the full, usually capitalised header name of a compact or oddly written one."""
    lower = name.lower()
    capitals = "-".join(part.capitalize() for part in lower.split("-"))
    return _COMPACT.get(lower) or _IRREGULAR.get(lower) or capitals


def split_outside(text: str, separator: str) -> list[str]:
    """Split `text` at `separator`, but not inside quotes or angle brackets; parts are stripped."""
    parts = [""]
    quoted = bracketed = escaped = False
    for letter in text:
        if letter == separator and not quoted and not bracketed:
            parts.append("")
            continue
        parts[-1] += letter
        if escaped:
            escaped = False
        elif quoted and letter == "\\":
            escaped = True
        elif letter == '"':
            quoted = not quoted
        elif not quoted and letter in "<>":
            bracketed = letter == "<"
    return [part.strip() for part in parts]


def read_parameters(text: str) -> tuple[str, Parameters]:
    """Split `value;name=value;flag` into the value and its parameters, names in lower case."""
    value, *rest = split_outside(text, ";")
    parameters: list[tuple[str, str | None]] = []
    for part in filter(None, rest):
        name, mark, given = part.partition("=")
        parameters.append((name.strip().lower(), given.strip() if mark else None))
    return value, tuple(parameters)


def spell_parameters(parameters: Parameters) -> str:
    """Return parameters as they stand behind a value, each with its semicolon."""
    return "".join(
        f";{name}" if given is None else f";{name}={given}" for name, given in parameters
    )


def read_via(text: str) -> Via:
    """Read one hop of a Via header."""
    value, parameters = read_parameters(text)
    found = _VIA.fullmatch(value)
    port = int(found["port"]) if found and found["port"] else None
    if not found or (port is not None and port > 65535):
        raise WireError(f"malformed SIP Via {text[:60]!r}")
    return Via(found["transport"].upper(), found["host"], port, parameters)


def read_cseq(text: str) -> tuple[int, str]:
    """Read CSeq: the sequence number, below 2**31, and the method."""
    found = _CSEQ.fullmatch(text.strip())
    if not found or int(found[1]) >= 2**31:
        raise WireError(f"malformed SIP CSeq {text[:60]!r}")
    return int(found[1]), found[2]
