"""Judging and decoding are pure: an allow-list, for import-linter does not see into modules such
as `http.client`, and a forbidden list has holes wherever nobody looked."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.project.tree import SRC, imports, module_file, module_name, parsed, shown, sources

AREAS = ("audit", "catalog", "model", "report")

# Of the standard library: values, text and arithmetic. Nothing that knows a file, clock or peer.
_STANDARD = """
    __future__ abc array base64 binascii bisect codecs collections collections.abc contextlib csv
    dataclasses datetime decimal difflib email.errors email.message email.parser email.policy
    email.utils enum fnmatch fractions functools hashlib heapq hmac html html.entities html.parser
    io ipaddress itertools json math operator quopri re statistics string struct textwrap tomllib
    types typing unicodedata urllib.parse uuid xml.sax.saxutils zlib
"""
STANDARD = frozenset(_STANDARD.split())
# Packaged content is part of the program; reading it is not input from the world.
CONTENT = frozenset({"importlib", "importlib.resources", "importlib.resources.abc"})
# Beyond the standard library, and only where the protocol or the format needs it.
EXTRA = {
    "frisket.audit": CONTENT,
    "frisket.catalog": CONTENT,
    "frisket.report": CONTENT | {"jinja2", "markupsafe", "rich", "typst", "xml"},
    # Walks its own package; PurePath is arithmetic on names.
    "frisket.report.find": {"importlib", "pathlib", "pkgutil"},
    "frisket.report.speech": {"gettext"},  # the type of a catalogue that is handed in
    "frisket.report.zipped": {"zipfile"},  # octets in memory, on their way out
    "frisket.proto.snmp": {"cryptography"},
    "frisket.proto.dcm": {"cryptography"},
    "frisket.proto.rfb": {"cryptography", "sys"},  # sys.byteorder: pixels as machine words
    "frisket.proto.http": {"h11"},
    "frisket.proto.mdns": {"zeroconf"},  # its codec only
    "frisket.proto.xml": {"xml.parsers", "xml.parsers.expat"},
    "frisket.proto.tls": {"cryptography"},
}
# Calls that reach for the clock, a file or the terminal without importing anything new.
CALLS = frozenset({"open", "print", "input", "eval", "exec", "compile", "__import__", "breakpoint"})
CLOCKS = frozenset({"now", "utcnow", "today"})


def is_wire(path: Path) -> bool:
    """Say whether the file is `proto/<name>/wire.py` or part of a `wire` package."""
    parts = path.relative_to(SRC).with_suffix("").parts
    return parts[0] == "proto" and "wire" in parts[2:]


def pure_files() -> list[Path]:
    """Return the pure files, and whatever of `proto` their imports lead to."""
    found = {p for p in sources() if p.relative_to(SRC).parts[0] in AREAS or is_wire(p)}
    queue = sorted(found)
    for path in queue:
        for name, _ in imports(path):
            reached = module_file(name) if name.startswith("frisket.proto.") else None
            if reached is not None and reached not in found:
                found.add(reached)
                queue.append(reached)
    return queue


def allowed(importer: str, imported: str) -> bool:
    """Say whether a pure module may import the other."""
    if imported in STANDARD:
        return True
    root = imported.partition(".")[0]
    if root == "frisket":
        area = imported.partition(".")[2].partition(".")[0]
        return area in {*AREAS, "errors", "proto"}
    extra = {
        name
        for place, names in EXTRA.items()
        if importer == place or importer.startswith(f"{place}.")
        for name in names
    }
    return imported in extra or (root in extra and root != "importlib")


def reaches(path: Path) -> Iterator[str]:
    """Yield the calls of a file that reach outside of it."""
    for node in ast.walk(parsed(path)):
        if not isinstance(node, ast.Call):
            continue
        match node.func:
            case ast.Name(id=name) if name in CALLS:
                yield f"line {node.lineno}: {name}()"
            case ast.Attribute(value=ast.Name(id="datetime" | "date"), attr=name) if name in CLOCKS:
                yield f"line {node.lineno}: the clock is handed in"


@pytest.mark.parametrize("path", pure_files(), ids=shown)
def test_imports_are_on_the_list(path: Path) -> None:
    importer = module_name(path)
    strange = [
        f"line {line}: {name}" for name, line in imports(path) if not allowed(importer, name)
    ]
    assert not strange, f"{shown(path)} is pure and may not import {strange}"


@pytest.mark.parametrize("path", pure_files(), ids=shown)
def test_nothing_reaches_outside(path: Path) -> None:
    assert not list(reaches(path))


NOT_PURE = ["asyncio", "socket", "http.client", "time", "random", "os", "sys", "pathlib", "rich"]


@pytest.mark.parametrize("name", NOT_PURE)
def test_the_list_refuses(name: str) -> None:
    assert not allowed("frisket.proto.ipp.wire", name)


def test_the_list_admits() -> None:
    assert allowed("frisket.proto.snmp.wire", "cryptography.hazmat.primitives.ciphers")
    assert allowed("frisket.audit.load", "importlib.resources")
    assert not allowed("frisket.audit.load", "importlib.metadata")
    assert not allowed("frisket.proto.ipp.wire", "frisket.net.dial")
