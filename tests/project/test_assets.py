"""The console's built files are those of their sources; templates keep to the pages' policy."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from tests.project.tree import ROOT, SRC, shown

CONSOLE = SRC / "console"
TEMPLATES = sorted((CONSOLE / "templates").rglob("*.html"))
MODULES = sorted((CONSOLE / "pages").rglob("*.py"))
ICONS = frozenset((ROOT / "assets" / "icons.txt").read_text(encoding="utf-8").split())
# What the policy forbids, or what gets past escaping.
# A link to another host is fine: nothing is loaded until a person follows it.
FORBIDDEN = re.compile(
    r"\sstyle=|\son[a-z]+=[\"']|javascript:|\|\s*safe\b|autoescape"
    r"|\bsrc=[\"']https?:|<link\b[^>]*href=[\"\']https?:",
    re.IGNORECASE,
)


def comments_out(text: str) -> str:
    """Return a template without its comments."""
    return re.sub(r"\{#.*?#\}", "", text, flags=re.DOTALL)


@pytest.mark.parametrize("path", TEMPLATES, ids=shown)
def test_a_template_keeps_to_the_policy(path: Path) -> None:
    text = comments_out(path.read_text(encoding="utf-8"))
    assert FORBIDDEN.findall(text) == []
    for tag in re.findall(r"<script\b[^>]*>", text):
        assert "nonce=" in tag or 'type="application/json"' in tag, tag
    for tag in re.findall(r"<[a-z][^<>]*\shx-[^<>]*>", text):
        assert "hx-nonce=" in tag, tag


@pytest.mark.parametrize("path", [*TEMPLATES, *MODULES], ids=shown)
def test_every_icon_is_in_the_sprite(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    calls = re.findall(r"\bicon\(([^()]*)\)|Menu\([^()]*?\"[^\"]*\",\s*\"([a-z0-9-]+)\"", text)
    used = {name for inner, menu in calls for name in [*re.findall(r'"([a-z0-9-]+)"', inner), menu]}
    used -= {"", "auto", "light", "dark", "icon-sm"}
    assert used <= ICONS, "add it to assets/icons.txt and run script/assets"


@pytest.mark.parametrize(
    "text",
    ['<p style="x">', '<p onclick="x">', "{{ x|safe }}", '<img src="https://cdn.example/x">'],
)
def test_the_pattern_finds(text: str) -> None:
    assert FORBIDDEN.search(text)


@pytest.mark.peer("npm")
@pytest.mark.timeout(300)
def test_the_built_files_are_those_of_their_sources() -> None:
    run = subprocess.run(
        ["script/assets", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
