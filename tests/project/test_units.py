"""A unit is one file that declares itself; nothing lists the units, and each has its test."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest
from tests.project.tree import ROOT, SRC, imports, module_name, parsed, shown, sources

# Folder of units -> the name by which a module there declares itself.
KINDS = {"probe": "PROBE", "mfd/services": "SERVICE", "report": "FORMAT"}


def declares(path: Path, name: str) -> ast.expr | None:
    """Return what a module assigns to `name` at its top level."""
    for node in parsed(path).body:
        match node:
            case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
                return value
            case ast.AnnAssign(target=ast.Name(id=target), value=ast.expr() as value):
                if target == name:
                    return value
    return None


def units() -> list[tuple[str, Path]]:
    """Return folder and file of every unit."""
    return [
        (folder, path)
        for folder, name in KINDS.items()
        for path in sorted((SRC / folder).rglob("*.py"))
        if declares(path, name) is not None
    ]


def given_name(folder: str, path: Path) -> str:
    """Return the `name=` of a unit, or nothing where it is not a plain text."""
    match declares(path, KINDS[folder]):
        case ast.Call(keywords=keywords):
            for keyword in keywords:
                match keyword:
                    case ast.keyword(arg="name", value=ast.Constant(value=str(name))):
                        return name
    return ""


def ids(unit: object) -> str:
    """Return a unit's path for the test's name."""
    return shown(unit) if isinstance(unit, Path) else str(unit)


@pytest.mark.parametrize(("folder", "path"), units(), ids=ids)
def test_nothing_lists_it(folder: str, path: Path) -> None:
    """Other packages find units by walking; a unit may lean on its own folder only."""
    name = module_name(path)
    home = SRC / folder
    users = [
        shown(other)
        for other in sources()
        if home not in other.parents and any(imported == name for imported, _ in imports(other))
    ]
    assert not users, f"{name} is found by walking {folder}; remove the import"


@pytest.mark.parametrize(("folder", "path"), units(), ids=ids)
def test_it_is_tested(folder: str, path: Path) -> None:
    name = module_name(path)
    tests = [p for p in (ROOT / "tests").rglob("test_*.py") if p.parent.name != "project"]
    tested = any(
        imported == name or imported.startswith(f"{name}.")
        for test in tests
        for imported, _ in imports(test)
    )
    called = given_name(folder, path)
    named = bool(called) and any(
        f'"{called}"' in test.read_text(encoding="utf-8")
        for test in tests
        if folder.split("/", maxsplit=1)[0] in test.parts or "loop" in test.parts
    )
    assert tested or named, f"no test imports {name} or names it"


@pytest.mark.parametrize("folder", KINDS)
def test_names_differ(folder: str) -> None:
    names = Counter(given_name(where, path) for where, path in units() if where == folder)
    assert not [name for name, count in names.items() if name and count > 1]
