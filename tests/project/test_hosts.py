"""Nothing tracked names a package index or a folder of somebody's machine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.project.tree import shown, tracked

# Put together here, so that this file does not contain what it looks for.
HOSTS = tuple(
    ".".join(words)
    for words in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("registry", "npmjs", "org"),
        ("registry", "yarnpkg", "com"),
        ("crates", "io"),
        ("rubygems", "org"),
        ("proxy", "golang", "org"),
        ("conda", "anaconda", "org"),
        ("deb", "debian", "org"),
    )
)
FOLDERS = tuple("/" + name + "/" for name in ("work", "root", "home", "Users", "tmp/frisket"))
PATTERN = re.compile(
    "|".join([*map(re.escape, HOSTS), *(rf"(?<![\w.~}}-]){re.escape(name)}" for name in FOLDERS)])
)
# These formats write down the address of the index they were made from.
LOCKS = frozenset({"uv.lock", "pylock.toml", "poetry.lock", "pdm.lock", "Pipfile.lock"})


def text_of(path: Path) -> str:
    """Return the text of a file, nothing for a binary one."""
    data = path.read_bytes()
    return "" if b"\0" in data[:8192] else data.decode("utf-8", "replace")


@pytest.mark.parametrize("path", tracked(), ids=shown)
def test_no_host_and_no_machine_path(path: Path) -> None:
    found = {hit.group() for hit in PATTERN.finditer(text_of(path))}
    assert not found, f"{shown(path)} names {sorted(found)}"


def test_no_lock_with_addresses() -> None:
    assert not [shown(path) for path in tracked() if path.name in LOCKS]
    for path in tracked():
        if path.name == "package-lock.json":
            assert '"resolved"' not in text_of(path), "omit-lockfile-registry-resolved=true"


@pytest.mark.parametrize(
    ("text", "caught"),
    [
        ("https://" + HOSTS[0] + "/simple", True),
        ("cd " + FOLDERS[0] + "main", True),
        ("'" + FOLDERS[1] + ".cache'", True),
        ("http://printer.example" + FOLDERS[2] + "index.html", False),
        ("a printer at work/home", False),
    ],
)
def test_the_pattern(text: str, caught: bool) -> None:
    assert bool(PATTERN.search(text)) is caught
