"""Gathers every message of the console for those who translate it; `script/messages` runs it.

What templates say stands in them; what modules say is found by how it is used: handed to `text()`,
a label of the navigation, what a fault tells, what a report says (`say()`, `count()`, its headings,
its words). Names of ours become words in `WORDS`.
"""

from __future__ import annotations

import ast
import io
import re
import sys
from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path
from typing import Any, Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

import frisket
import frisket.console
from frisket.console.faults import STATUS
from frisket.fleet.roles import Permission, Role
from frisket.model.finding import Verdict
from frisket.model.reading import Witness

HERE: Final = Path(frisket.console.__file__).parent
TEMPLATE: Final = HERE / "messages" / "frisket.pot"
# Layers whose faults a visitor is told.
_LAYERS: Final = ("audit", "fleet", "report", "store", "console")
_FAULTS: Final = frozenset(
    {kind.__name__ for kind, _, _ in STATUS}
    | {"Fault", "NotFound", "Forbidden", "Stale", "TooMany", "LoginRefused"}
)
_SENTENCE: Final = re.compile(r"(?!SELECT )[A-Z][^{}<>|]* [^{}<>|]*[.!?:] ?")
# Names of ours that pages show as words.
_KINDS: Final[tuple[type[Enum], ...]] = (Role, Permission, Verdict, Witness)
WORDS: Final = (
    *("new", "managed", "retired", "open", "accepted", "re applied", "waived", "gone", "settled"),
    *("done", "refused", "broken", "unproven", "begun"),
    *("critical", "warning", "info", "high", "medium", "low", "none"),
    *("proposed", "approved", "running", "paused", "halted", "undone", "failed", "waiting"),
    *("high", "medium", "low", "baseline", "policy", "channel", "print path", "unknown", "taken"),
    *("planning", "planned", "undoing", "cancelled", "rejected", "withdrawn", "expired"),
)
# Names of variables of reports whose texts are said one by one.
_SAID: Final = frozenset({"heads", "words", "LABELS", "FORM_LABELS", "ZIP_LABELS"})


def _constant(node: ast.expr | None) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.strip():
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _constant(node.body)
        yield from _constant(node.orelse)


def _said(node: ast.Assign | ast.AnnAssign) -> Iterator[str]:
    """Yield the texts of a table of words, where it is one of a report's."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    if not _SAID & {ast.unparse(target) for target in targets}:
        return
    if isinstance(node.value, ast.Tuple):
        parts: list[ast.expr] = node.value.elts
    else:
        parts = node.value.values if isinstance(node.value, ast.Dict) else []
    for one in parts:
        yield from _constant(one)


def _counted(node: ast.Call) -> Iterator[tuple[str, str]]:
    """Yield what a report says of a number: the message for one, and for several."""
    if ast.unparse(node.func).endswith(".count") and len(node.args) == 3:
        one, many = (list(_constant(part)) for part in node.args[:2])
        if one and many:
            yield one[0], many[0]


def plurals_of(source: str) -> set[tuple[str, str]]:
    """Return what a module says of numbers."""
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return {pair for node in calls for pair in _counted(node)}


def _called(node: ast.Call) -> Iterator[str]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
    mapped = node.args[1] if name == "map" and len(node.args) == 2 else None
    if isinstance(mapped, ast.Tuple) and ast.unparse(node.args[0]).endswith("say"):
        for one in mapped.elts:
            yield from _constant(one)
    if name in {"text", "say", "Menu", "_"} | _FAULTS and node.args:
        yield from _constant(node.args[0])
    for keyword in node.keywords:
        if (name == "Menu" and keyword.arg == "group") or (
            name in _FAULTS and keyword.arg == "hint"
        ):
            yield from _constant(keyword.value)


def messages_of(source: str, *, pages: bool) -> set[str]:
    """Return the messages of a module; in those of the console also its sentences."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            found.update(_called(node))
        if isinstance(node, ast.ClassDef):
            found.update(_of_fault(node))
        if isinstance(node, ast.Assign | ast.AnnAssign):
            found.update(_said(node))
        if pages and isinstance(node, ast.Return | ast.Assign | ast.Dict | ast.Tuple):
            for one in ast.walk(node):
                for text in _constant(one) if isinstance(one, ast.expr) else ():
                    if _SENTENCE.fullmatch(text):
                        found.add(text)
    return found


def _of_fault(node: ast.ClassDef) -> Iterator[str]:
    """Yield what a kind of fault says of itself: its title, and its docstring where no more."""
    bases = {ast.unparse(base) for base in node.bases}
    if not bases & (_FAULTS | {"FrisketError"}):
        return
    yield (ast.get_docstring(node) or "").partition("\n")[0]
    for line in node.body:
        if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "title":
            yield from _constant(line.value)


def _modules() -> Iterator[tuple[Path, bool]]:
    root = Path(frisket.__file__).parent
    for layer in _LAYERS:
        for path in sorted((root / layer).rglob("*.py")):
            if "migrations" not in path.parts and path.name != Path(__file__).name:
                yield path, layer == "console"


def _templates() -> Iterator[tuple[str | tuple[str, str], list[str]]]:
    mapping = [("**.html", "jinja2")]
    options: dict[str, dict[str, Any]] = {"**.html": {"trimmed": "false", "silent": "false"}}
    for _, _, message, comments, _ in extract_from_dir(HERE / "templates", mapping, options):
        if isinstance(message, str):
            yield message, comments
        else:
            yield (message[0], message[1]), comments


def gathered() -> Catalog:
    """Return the catalogue of every message, in English and without a translation."""
    found = Catalog(
        project="Frisket", fuzzy=False, charset="utf-8", header_comment="# Messages of the console."
    )
    single: set[str] = {title for _, _, title in STATUS} | set(WORDS)
    for kind in _KINDS:
        single |= {str(one.value).replace("-", " ").replace("_", " ") for one in kind}
    plural: set[tuple[str, str]] = set()
    for path, pages in _modules():
        source = path.read_text(encoding="utf-8")
        single |= messages_of(source, pages=pages)
        plural |= plurals_of(source)
    for message, _ in _templates():
        if isinstance(message, tuple):
            plural.add(message)
        else:
            single.add(message)
    ones: Iterable[str | tuple[str, str]] = [
        *sorted(single - {m for m, _ in plural}),
        *sorted(plural),
    ]
    for one in ones:
        if one:
            found.add(one)
    return found


def written(catalogue: Catalog) -> str:
    """Return a catalogue as a file: sorted, without places and dates, so that it changes little."""
    out = io.BytesIO()
    write_po(out, catalogue, no_location=True, omit_header=True, sort_output=True, width=100)
    return out.getvalue().decode()


def main(arguments: list[str]) -> int:
    """Write the catalogue, or with `--check` say whether the committed one is still right."""
    fresh = written(gathered())
    if arguments != ["--check"]:
        TEMPLATE.parent.mkdir(exist_ok=True)
        TEMPLATE.write_text(fresh, encoding="utf-8")
        return 0
    kept = TEMPLATE.read_text(encoding="utf-8") if TEMPLATE.exists() else ""
    if kept == fresh:
        return 0
    old = {message.id for message in read_po(io.StringIO(kept))}
    new = {message.id for message in read_po(io.StringIO(fresh))}
    for mark, ids in (("+", new - old), ("-", old - new)):
        for one in sorted(map(str, ids)):
            sys.stderr.write(f"{mark} {one}\n")
    sys.stderr.write("messages: the catalogue is stale; run script/messages\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
