"""`/policies`: the 45 items that devices force and lock, as own texts in versions."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from frisket.audit.load import Contradiction
from frisket.audit.policy import Range
from frisket.audit.sheet import Sheet, conflicts, forces, make_sheet, read_sheet
from frisket.console import own_texts
from frisket.console.faults import NotFound
from frisket.console.own_texts import POLICY, Source, packaged, source, version
from frisket.console.page import Form, Menu, Page, Visit
from frisket.errors import SettingRefused, UsageError
from frisket.fleet.own import check_own_name
from frisket.fleet.roles import Permission
from frisket.model.reading import Value
from frisket.store.texts import Texts

_SEE, _PROPOSE = Permission.SEE_FLEET, Permission.PROPOSE_POLICY
PATH = "/policies"


def show(visit: Visit) -> Response:
    """List the templates and the own policies."""
    texts = Texts(visit.services.database, POLICY)
    return visit.page(
        "own_texts.html",
        kind=POLICY,
        path=PATH,
        packaged=list(packaged(visit).baselines.values()),
        own=texts.newest(),
        holding=texts.holding(),
        sources=own_texts.sources(visit, POLICY),
        devices=own_texts.devices(visit),
    )


@dataclass(frozen=True, slots=True)
class _Draft:
    """A policy as the editor shows it."""

    name: str
    items: frozenset[str]
    values: dict[str, str]
    note: str = ""


def new(visit: Visit) -> Response:
    """Show the editor, begun from what the address names."""
    base = source(visit, POLICY, visit.form.one("from") or "packaged:security-policy")
    return _editor(visit, base, _draft(visit, base, ""))


def edit(visit: Visit) -> Response:
    """Show the editor with the newest version."""
    one = version(visit, POLICY, visit.path["name"])
    base = source(visit, POLICY, f"own:{one.name}:{one.version}")
    return _editor(visit, base, _draft(visit, base, one.name))


def _draft(visit: Visit, base: Source, name: str) -> _Draft:
    if not isinstance(base.parsed, Sheet):
        raise NotFound
    usual = packaged(visit).baselines["security-policy"].parameters
    values = {key: str(value) for key, value in {**usual, **base.parsed.values}.items()}
    return _Draft(name, frozenset(base.parsed.items), values)


def _editor(visit: Visit, base: Source, draft: _Draft, fault: str = "") -> Response:
    groups: dict[str, list[object]] = {}
    for item in packaged(visit).policy:
        groups.setdefault(f"{item.section}: {item.group}", []).append(item)
    return visit.page(
        "policy_edit.html",
        status=422 if fault else 200,
        base=base,
        draft=draft,
        groups=groups,
        fault=fault,
    )


def _typed(form: Form) -> _Draft:
    values = {
        name.removeprefix("p-"): form.one(name) for name in form.fields if name.startswith("p-")
    }
    return _Draft(form.one("name"), frozenset(form.all("c")), values, form.one("note"))


def _made(visit: Visit, draft: _Draft) -> Sheet:
    """Return the policy that a draft means. Raises `UsageError`."""
    limits: dict[str, Range] = {
        limit.parameter: limit for item in packaged(visit).policy for limit in item.ranges
    }
    values: dict[str, Value] = {}
    for name, text in draft.values.items():
        if text:
            number = name in limits and text.isascii() and text.isdigit() and len(text) < 10
            values[name] = int(text) if number else text
    try:
        return make_sheet(draft.items, values, packaged(visit))
    except SettingRefused as fault:
        raise UsageError(str(fault)) from fault


def found_troubles(visit: Visit) -> Response:
    """Show, as a part of the editor, what contradicts itself in what is typed now."""
    draft = _typed(visit.form)
    fault, found = "", tuple[Contradiction, ...]()
    try:
        found = conflicts(_made(visit, draft), packaged(visit))
    except UsageError as wrong:
        fault = str(wrong)
    return visit.page("troubles.html", fault=fault, troubles=found, number=len(draft.items))


def save(visit: Visit) -> Response:
    """Keep what was edited as the next version."""
    base = source(visit, POLICY, visit.form.one("from"))
    draft = _typed(visit.form)
    try:
        check_own_name(POLICY, draft.name, packaged(visit))
        text = own_texts.written(_made(visit, draft), visit, f"{draft.name}: {draft.note}")
        own_texts.save(visit, POLICY, draft.name, text, draft.note)
    except UsageError as wrong:
        return _editor(visit, base, draft, str(wrong))
    return visit.go(f"{PATH}/{draft.name}", visit.text("It is kept. It holds once approved."))


def take_in(visit: Visit) -> Response:
    """Keep a text as the next version of a policy."""
    text, name = own_texts.uploaded(visit), visit.form.one("name")
    read_sheet(text, visit.text("the text"), packaged(visit))
    own_texts.save(visit, POLICY, name, text, visit.form.one("note"))
    return visit.go(f"{PATH}/{name}", visit.text("It is kept. It holds once approved."))


def show_one(visit: Visit) -> Response:
    """Show a policy with its versions, what it forces, and what contradicts itself in it."""
    name, content = visit.path["name"], packaged(visit)
    number = visit.form.one("version")
    is_ours = not visit.form.on("packaged")
    ref = f"own:{name}:{number}" if is_ours and number else f"own:{name}"
    base = source(visit, POLICY, ref if is_ours else f"packaged:{name}")
    if not isinstance(base.parsed, Sheet):
        raise NotFound
    texts = Texts(visit.services.database, POLICY)
    return visit.page(
        "policy.html",
        path=PATH,
        kind=POLICY,
        sheet=base.parsed,
        title=base.title,
        name=name,
        own=is_ours,
        shown=version(visit, POLICY, name, number) if is_ours else None,
        versions=texts.versions(name) if is_ours else (),
        holding=texts.holding().get(name, "") if is_ours else "",
        troubles=conflicts(base.parsed, content),
        items=content.policy,
        forced=forces(base.parsed, content),
        sources=own_texts.sources(visit, POLICY),
        ref=base.ref,
    )


def diff(visit: Visit) -> Response:
    """Show what differs between two policies."""
    return own_texts.diff(visit, POLICY, PATH)


def propose(visit: Visit) -> Response:
    """Propose that a version shall hold."""
    return own_texts.propose(visit, POLICY, PATH)


def export(visit: Visit) -> Response:
    """Send a policy's text, for `frisket policy`."""
    return own_texts.export(visit, POLICY)


PAGES = (
    Page("GET", PATH, show, _SEE, Menu("Policies", "lock-check", 440, group="Compliance")),
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
