"""Where the project's own files are, and how its tests walk them."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src" / "frisket"
CONTENT = SRC / "content"


def hidden(path: Path) -> bool:
    """Say whether the file was made by a tool: in an environment, a cache or an output folder."""
    made = {"__pycache__", "node_modules", "dist"}
    folders = path.relative_to(ROOT).parts[:-1]
    return any(f in made or (f[0] == "." and f != ".ci") for f in folders)


@cache
def tracked() -> tuple[Path, ...]:
    """Return the files that git keeps and that exist; in an unpacked archive, every file."""
    run = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if run.returncode == 0:
        names = [ROOT / name for name in run.stdout.split("\0") if name]
    else:
        names = sorted(p for p in ROOT.rglob("*") if not hidden(p))
    return tuple(path for path in names if path.is_file())


@cache
def parsed(path: Path) -> ast.Module:
    """Return the syntax tree of one Python file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def sources() -> tuple[Path, ...]:
    """Return every Python file of the product, tracked or about to be."""
    return tuple(sorted(path for path in SRC.rglob("*.py") if CONTENT not in path.parents))


def module_name(path: Path) -> str:
    """Return the dotted name under which the file is imported."""
    parts = path.relative_to(SRC.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def module_file(name: str) -> Path | None:
    """Return the file of a module of ours, or None where the name is not a module."""
    base = SRC.parent.joinpath(*name.split("."))
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.is_file():
            return path
    return None


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Yield each imported module of a file with its line.

    `from a import b` gives `a.b` where that is a module of ours, else `a`.
    """
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                yield (inner if module_file(inner) else base), node.lineno


def shown(path: Path) -> str:
    """Return the path as a reader of this repository names it."""
    return str(path.relative_to(ROOT))
