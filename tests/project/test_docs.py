"""The documents exist, hang together, and say what is so."""

from __future__ import annotations

import ast
import dataclasses
import re
import tomllib
from pathlib import Path

import pytest
from tests.project.tree import ROOT, SRC, parsed, shown

from frisket.audit.rule import TESTS, parse_rule
from frisket.catalog.load import load_catalog
from frisket.catalog.setting import Setting, Type
from frisket.mfd.personality import parse_personality
from frisket.mfd.service import Service
from frisket.net.guard import PRINT_PORTS
from frisket.probe.base import Probe

REQUIRED = (
    "README.md",
    "LICENSE",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "CHANGELOG.md",
    "docs/architecture.md",
    "docs/adr/README.md",
)
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
RECORDS = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))
RECIPES = sorted((ROOT / "docs" / "recipes").glob("*.md"))


def read(*parts: str) -> str:
    """Return the text of a document."""
    return ROOT.joinpath(*parts).read_text(encoding="utf-8")


# A box of the drawing, with its style, and the name in it.
BOX = re.compile(r'<rect class="box ?(\w*)"[^>]*/>\n<text.*?class="(?:mid )?name"[^>]*>(\w+)')


def drawn() -> list[tuple[str, str]]:
    """Return style and name of each box of the drawing, the layers first and from the top."""
    return BOX.findall(read("docs", "architecture.svg"))


@pytest.mark.parametrize("name", REQUIRED)
def test_it_exists(name: str) -> None:
    assert len(read(name)) > 200


def test_the_licence_is_whole() -> None:
    text = read("LICENSE")
    assert "Apache License\n                           Version 2.0, January 2004" in text
    assert "9. Accepting Warranty or Additional Liability." in text


def test_the_readme_names_both_commands() -> None:
    text = read("README.md")
    for command in ("script/demo", "script/test"):
        assert command in text


@pytest.mark.parametrize("path", DOCUMENTS, ids=shown)
def test_links_lead_somewhere(path: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
        if not re.match(r"https?:|mailto:|#", link):
            assert (path.parent / link.partition("#")[0]).exists(), link


@pytest.mark.parametrize("path", DOCUMENTS, ids=shown)
def test_paths_named_exist(path: Path) -> None:
    """A path in backticks without a placeholder is a promise that it is there."""
    text = path.read_text(encoding="utf-8")
    for name in re.findall(r"`((?:src|tests|script|docs|requirements)/[\w./-]+)`", text):
        assert (ROOT / name).exists(), name


@pytest.mark.parametrize("path", RECORDS, ids=shown)
def test_decision_is_listed_and_complete(path: Path) -> None:
    assert f"({path.name})" in read("docs", "adr", "README.md")
    text = path.read_text(encoding="utf-8")
    assert text.startswith(f"# {path.name[:4]} ")
    for part in ("Context", "Decision", "Considered", "Consequences"):
        assert f"**{part}.**" in text


def test_decisions_are_numbered_without_gaps() -> None:
    assert [int(p.name[:4]) for p in RECORDS] == list(range(1, len(RECORDS) + 1))


@pytest.mark.parametrize("path", RECIPES, ids=shown)
def test_recipe_is_offered_and_short(path: Path) -> None:
    assert f"(docs/recipes/{path.name})" in read("CONTRIBUTING.md")
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 70


def test_the_layers_of_the_documents_are_those_that_are_checked() -> None:
    pyproject = read("pyproject.toml")
    layers = re.findall(r'^  "([^"]+)",$', pyproject[pyproject.index("layers = [") :], re.MULTILINE)
    words = [w for row in layers for w in re.findall(r"\w+", row)]
    assert "net" in words
    told = re.sub(r"\s+", " ", read("CONTRIBUTING.md"))
    told = told[told.index("cli > console") : told.index("errors. Only") + 6]
    assert re.findall(r"\w+", told) == words
    assert [word for _, word in drawn()][: len(words)] == words


def test_what_is_drawn_as_planned_is_not_there_yet() -> None:
    there = {path.stem for path in SRC.iterdir()}
    stale = [word for style, word in drawn() if style == "later" and word in there]
    assert not stale, "take `later` off these boxes of docs/architecture.svg"


def test_the_promised_print_ports_are_those_that_are_guarded() -> None:
    text = re.sub(r"\s+", " ", read("SECURITY.md"))
    row = re.search(r"Ports ([0-9, and-]+),", text)
    assert row
    promised: set[int] = set()
    for part in re.findall(r"[0-9]+(?:-[0-9]+)?", row[1]):
        first, _, last = part.partition("-")
        promised |= set(range(int(first), int(last or first) + 1))
    assert promised == set(PRINT_PORTS)


def test_the_recipe_for_a_rule_names_every_test() -> None:
    text = read("docs", "recipes", "add-a-rule.md")
    row = next(line for line in text.splitlines() if line.startswith("   | `test` |"))
    assert set(re.findall(r"`([\w-]+)`", row)) - {"test"} == set(TESTS)


@pytest.mark.parametrize(
    ("recipe", "shape"),
    [
        ("add-a-probe.md", Probe),
        ("add-a-service.md", Service),
    ],
)
def test_the_recipe_for_a_unit_fills_in_real_fields(recipe: str, shape: type) -> None:
    call = re.search(rf"= {shape.__name__}\((.*)\)", read("docs", "recipes", recipe))
    assert call
    given = set(re.findall(r"(\w+)=", call[1]))
    fields = {f.name: f for f in dataclasses.fields(shape)}
    needed = {name for name, f in fields.items() if f.default is dataclasses.MISSING}
    assert needed <= given <= set(fields)


def test_the_recipe_for_a_rule_is_a_rule() -> None:
    sample = re.search(r"```toml\n(.*?)```", read("docs", "recipes", "add-a-rule.md"), re.DOTALL)
    assert sample
    raw = tomllib.loads(sample[1])
    assert parse_rule(raw["id"], raw, load_catalog()).key == "snmp.v1.enabled"


def test_the_recipe_for_a_personality_is_one() -> None:
    text = read("docs", "recipes", "add-a-personality.md")
    sample = re.search(r"```toml\n(.*?)```", text, re.DOTALL)
    assert sample
    made = parse_personality("sample", tomllib.loads(sample[1]), load_catalog())
    assert made.defaults["snmp.v1.enabled"] is True


def test_the_recipe_for_a_key_names_every_type_and_real_fields() -> None:
    text = read("docs", "recipes", "add-a-key.md")
    row = next(line for line in text.splitlines() if line.startswith("   type = "))
    assert set(re.findall(r"\w+", row.partition("#")[2])) == set(Type)
    fields = re.findall(r"^   (\w+) = ", text, re.MULTILINE)
    assert set(fields) <= set(Setting.__slots__)


def test_the_exception_tree_is_drawn_as_it_is() -> None:
    """The picture at the head of errors.py names every class, and no other."""
    module = parsed(SRC / "errors.py")
    classes = {node.name for node in module.body if isinstance(node, ast.ClassDef)}
    drawing = ast.get_docstring(module) or ""
    assert set(re.findall(r"^[│├└─ ]*([A-Z]\w+)", drawing, re.MULTILINE)) - {"The"} == classes


def test_the_changelog_has_the_shape_that_tools_read() -> None:
    text = read("CHANGELOG.md")
    assert "\n## [Unreleased]\n" in text
    headings = set(re.findall(r"^### (.+)$", text, re.MULTILINE))
    assert headings <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
