"""Words and habits that have no place in the product."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.project.tree import SRC, parsed, shown, sources

DRAWERS = frozenset({"utils.py", "util.py", "common.py", "helpers.py", "misc.py"})
# One place an engine where a fault of ours becomes the status *bug* instead of ending the run.
ENGINES = frozenset(
    {"cli", "console", "drivers", "fleet", "jobs", "mfd", "panel", "probe", "telemetry"}
)
BROAD = frozenset({"Exception", "BaseException"})


def named(node: ast.AST) -> Iterator[str]:
    """Yield the plain names of an expression such as `Exception` or `(KeyError, Exception)`."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name):
            yield inner.id


def broad(path: Path) -> Iterator[int]:
    """Yield the lines that catch everything and keep it; cleaning up and passing it on is fine."""
    for node in ast.walk(parsed(path)):
        match node:
            case ast.ExceptHandler(body=[*_, ast.Raise(exc=None)]):
                pass
            case ast.ExceptHandler(type=None):
                yield node.lineno
            case ast.ExceptHandler(type=ast.expr() as caught) if BROAD & set(named(caught)):
                yield node.lineno
            case ast.Call(func=ast.Name(id="suppress") | ast.Attribute(attr="suppress")):
                if BROAD & {name for argument in node.args for name in named(argument)}:
                    yield node.lineno


def strange(path: Path) -> Iterator[str]:
    """Yield what this file should not say, with the reason."""
    in_functions = {
        id(inner)
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(node)
    }
    is_cli = path.relative_to(SRC).parts[0] == "cli"
    for node in ast.walk(parsed(path)):
        match node:
            case ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"):
                yield f"line {node.lineno}: TYPE_CHECKING hides a cycle; move the type down"
            case ast.Name(id="NotImplementedError"):
                yield f"line {node.lineno}: a stub; use a Protocol, or write it"
            case ast.Call(func=ast.Name(id="print")):
                yield f"line {node.lineno}: a bare print; a console or a renderer does it"
            case ast.Global():
                yield f"line {node.lineno}: a global; hand the state in"
            case ast.ImportFrom(module=str(name)) if name.partition(".")[0] == "frisket":
                if id(node) in in_functions and not is_cli:
                    yield f"line {node.lineno}: our own module is imported inside a function"
            case ast.ImportFrom(level=level) if level > 0:
                yield f"line {node.lineno}: imports name the whole path"
            case _:
                pass


@pytest.mark.parametrize("path", sources(), ids=shown)
def test_words(path: Path) -> None:
    assert path.name not in DRAWERS, f"{shown(path)}: name it after what it does"
    assert not list(strange(path)), shown(path)


def test_everything_is_caught_in_one_place_an_engine_only() -> None:
    places = [
        (path.relative_to(SRC).parts[0], path, line) for path in sources() for line in broad(path)
    ]
    count = Counter(area for area, _, _ in places)
    wrong = [
        f"{shown(path)}:{line}"
        for area, path, line in places
        if area not in ENGINES or count[area] > 1
    ]
    assert not wrong, "catch what you expect by name: " + ", ".join(wrong)


SAMPLES = {
    "try:\n  pass\nexcept Exception:\n  pass": 1,
    "try:\n  pass\nexcept (KeyError, Exception):\n  pass": 1,
    "try:\n  pass\nexcept:\n  pass": 1,
    "with contextlib.suppress(Exception):\n  pass": 1,
    "try:\n  pass\nexcept (KeyError, OSError):\n  pass": 0,
    "try:\n  pass\nexcept BaseException:\n  close()\n  raise": 0,
}


@pytest.mark.parametrize(("text", "places"), SAMPLES.items())
def test_catching_everything_is_noticed(tmp_path: Path, text: str, places: int) -> None:
    sample = tmp_path / "sample.py"
    sample.write_text(text, encoding="utf-8")
    assert len(list(broad(sample))) == places
