"""`/baselines`: what devices are judged by: packaged ones, and own ones in versions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from frisket.audit.baseline import Baseline, Consideration
from frisket.audit.baseline_file import ranges, read_baseline
from frisket.audit.conflict import Trouble, troubles
from frisket.console import own_texts
from frisket.console.faults import NotFound
from frisket.console.own_texts import BASELINE, Source, packaged, source, version
from frisket.console.page import Form, Menu, Page, Visit
from frisket.errors import UsageError
from frisket.fleet.roles import Permission
from frisket.model.reading import Value
from frisket.store.texts import Texts

_SEE, _PROPOSE = Permission.SEE_FLEET, Permission.PROPOSE_POLICY
PATH = "/baselines"


def show(visit: Visit) -> Response:
    """List the packaged and the own baselines."""
    texts = Texts(visit.services.database, BASELINE)
    return visit.page(
        "own_texts.html",
        kind=BASELINE,
        path=PATH,
        packaged=list(packaged(visit).baselines.values()),
        own=texts.newest(),
        holding=texts.holding(),
        sources=own_texts.sources(visit, BASELINE),
        devices=own_texts.devices(visit),
    )


@dataclass(frozen=True, slots=True)
class _Draft:
    """A baseline as the editor shows it. `where` is what it was made from."""

    where: str
    name: str
    title: str
    chosen: frozenset[str]
    values: dict[str, str]
    note: str = ""


def _pool(visit: Visit, base: Source) -> dict[str, list[Consideration]]:
    """Return every consideration that can be chosen, under the title of where it comes from."""
    own = {c.id: c for c in base.parsed.considerations} if isinstance(base.parsed, Baseline) else {}
    found: dict[str, list[Consideration]] = {}
    for one in packaged(visit).baselines.values():
        found[one.title] = [own.pop(c.id, c) for c in one.considerations]
    return found | ({base.title: list(own.values())} if own else {})


def _parameters(visit: Visit) -> list[dict[str, Any]]:
    limits = ranges(packaged(visit))
    rules = {rule.parameter: rule for rule in packaged(visit).rules.values() if rule.parameter}
    return [
        {"name": name, "title": rule.title, "limit": limits.get(name)}
        for name, rule in sorted(rules.items())
    ]


def new(visit: Visit) -> Response:
    """Show the editor, begun from what the address names."""
    base = source(visit, BASELINE, visit.form.one("from") or "packaged:small-office")
    return _editor(visit, base, _draft(visit, base, ""))


def edit(visit: Visit) -> Response:
    """Show the editor with the newest version."""
    one = version(visit, BASELINE, visit.path["name"])
    base = source(visit, BASELINE, f"own:{one.name}:{one.version}")
    return _editor(visit, base, _draft(visit, base, one.name))


def _draft(visit: Visit, base: Source, name: str) -> _Draft:
    parsed = base.parsed
    if not isinstance(parsed, Baseline):
        raise NotFound
    usual = packaged(visit).baselines["security-policy"].parameters
    values = {key: str(value) for key, value in {**usual, **parsed.parameters}.items()}
    chosen = frozenset(c.id for c in parsed.considerations)
    return _Draft(base.ref, name, parsed.title if name else "", chosen, values)


def _editor(visit: Visit, base: Source, draft: _Draft, fault: str = "") -> Response:
    return visit.page(
        "baseline_edit.html",
        status=422 if fault else 200,
        base=base,
        draft=draft,
        pool=_pool(visit, base),
        parameters=_parameters(visit),
        fault=fault,
    )


def _typed(form: Form, base: Source) -> _Draft:
    values = {
        name.removeprefix("p-"): form.one(name) for name in form.fields if name.startswith("p-")
    }
    chosen = frozenset(form.all("c"))
    return _Draft(base.ref, form.one("name"), form.one("title"), chosen, values, form.one("note"))


def _made(visit: Visit, base: Source, draft: _Draft) -> Baseline:
    """Return the baseline that a draft means; it is judged as text afterwards."""
    limits = ranges(packaged(visit))
    values: dict[str, Value] = {}
    for name, text in draft.values.items():
        if text:
            number = name in limits and text.isascii() and text.isdigit() and len(text) < 10
            values[name] = int(text) if number else text
    rows = {c.id: c for found in _pool(visit, base).values() for c in found}
    return Baseline(
        id=draft.name,
        title=draft.title or draft.name,
        source=f"made from {base.title}",
        considerations=tuple(c for c in rows.values() if c.id in draft.chosen),
        parameters=values,
    )


def found_troubles(visit: Visit) -> Response:
    """Show, as a part of the editor, what contradicts itself in what is typed now."""
    base = source(visit, BASELINE, visit.form.one("from"))
    draft = _typed(visit.form, base)
    content = packaged(visit)
    named = draft if draft.name else _Draft(base.ref, "draft", "", draft.chosen, draft.values)
    made = _made(visit, base, named)
    fault, found = "", tuple[Trouble, ...]()
    try:
        text = own_texts.written(made, visit, "")
        found = troubles(read_baseline(text, named.name, content), content)
    except UsageError as wrong:
        fault = str(wrong)
    return visit.page("troubles.html", fault=fault, troubles=found, number=len(made.considerations))


def save(visit: Visit) -> Response:
    """Keep what was edited as the next version."""
    base = source(visit, BASELINE, visit.form.one("from"))
    draft = _typed(visit.form, base)
    text = own_texts.written(_made(visit, base, draft), visit, f"{draft.name}: {draft.note}")
    try:
        own_texts.save(visit, BASELINE, draft.name, text, draft.note)
    except UsageError as wrong:
        return _editor(visit, base, draft, str(wrong))
    return visit.go(f"{PATH}/{draft.name}", visit.text("It is kept. It holds once approved."))


def take_in(visit: Visit) -> Response:
    """Keep a text as the next version of the baseline that it names."""
    text = own_texts.uploaded(visit)
    name = read_baseline(text, visit.text("the text"), packaged(visit)).id
    own_texts.save(visit, BASELINE, name, text, visit.form.one("note"))
    return visit.go(f"{PATH}/{name}", visit.text("It is kept. It holds once approved."))


def show_one(visit: Visit) -> Response:
    """Show a baseline with its versions and what contradicts itself in it."""
    name, content = visit.path["name"], packaged(visit)
    is_ours = name not in content.baselines
    number = visit.form.one("version")
    ref = f"own:{name}:{number}" if is_ours and number else f"own:{name}"
    base = source(visit, BASELINE, ref if is_ours else f"packaged:{name}")
    if not isinstance(base.parsed, Baseline):
        raise NotFound
    texts = Texts(visit.services.database, BASELINE)
    return visit.page(
        "baseline.html",
        path=PATH,
        kind=BASELINE,
        baseline=base.parsed,
        name=name,
        own=is_ours,
        shown=version(visit, BASELINE, name, number) if is_ours else None,
        versions=texts.versions(name) if is_ours else (),
        holding=texts.holding().get(name, ""),
        troubles=troubles(base.parsed, content),
        rules=content.rules,
        sources=own_texts.sources(visit, BASELINE),
        ref=base.ref,
    )


def diff(visit: Visit) -> Response:
    """Show what differs between two baselines."""
    return own_texts.diff(visit, BASELINE, PATH)


def propose(visit: Visit) -> Response:
    """Propose that a version shall hold."""
    return own_texts.propose(visit, BASELINE, PATH)


def export(visit: Visit) -> Response:
    """Send a baseline's text, for `frisket audit --baseline-file`."""
    return own_texts.export(visit, BASELINE)


PAGES = (
    Page("GET", PATH, show, _SEE, Menu("Baselines", "list-check", 430, group="Compliance")),
    Page("GET", f"{PATH}/new", new, _PROPOSE),
    Page("GET", f"{PATH}/diff", diff, _SEE),
    Page("POST", f"{PATH}/troubles", found_troubles, _PROPOSE),
    Page("POST", f"{PATH}/import", take_in, _PROPOSE),
    Page("POST", PATH, save, _PROPOSE),
    Page("GET", f"{PATH}/{{name}}", show_one, _SEE),
    Page("GET", f"{PATH}/{{name}}/edit", edit, _PROPOSE),
    Page("GET", f"{PATH}/{{name}}/text", export, _SEE),
    Page("POST", f"{PATH}/{{name}}/propose", propose, _PROPOSE),
)
