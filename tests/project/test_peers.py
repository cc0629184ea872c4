"""Whatever a test asks of Debian stands in tests/peers.txt, with a reason, in order."""

from __future__ import annotations

import ast
import re

from tests.project.tree import ROOT, parsed

LIST = ROOT / "tests" / "peers.txt"


def listed() -> dict[str, str]:
    """Return package -> reason."""
    rows = (line.partition("#") for line in LIST.read_text(encoding="utf-8").splitlines())
    return {package.strip(): why.strip() for package, _, why in rows if package.strip()}


def asked() -> dict[str, str]:
    """Return each name that a `peer` marker gives -> the file that asks."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        if path.parent.name == "project":
            continue
        for node in ast.walk(parsed(path)):
            match node:
                case ast.Call(func=ast.Attribute(attr="peer"), args=names):
                    found |= {str(n.value): path.name for n in names if isinstance(n, ast.Constant)}
    return found


def test_each_package_has_its_reason() -> None:
    assert listed()
    assert not [package for package, why in listed().items() if not why]


def test_each_peer_is_installed_by_script_peers() -> None:
    """A marker gives the Debian package, or a program that its row names."""
    known = {w for row in listed().items() for w in re.findall(r"[\w.+-]+", " ".join(row))}
    missing = {name: file for name, file in asked().items() if name not in known}
    assert not missing, "add to tests/peers.txt: package   # program, and why"
