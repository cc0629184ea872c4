"""A version of an own baseline or policy: it holds once a second person has agreed to it."""

from __future__ import annotations

from sqlalchemy import Connection

from frisket.audit.baseline import Baseline
from frisket.audit.baseline_diff import Line, differences, sheet_differences
from frisket.audit.load import load_content
from frisket.audit.sheet import Sheet
from frisket.errors import UsageError
from frisket.fleet.act import Body, Carrying, ProposedAct, Told
from frisket.fleet.own import BASELINE, POLICY, check_text
from frisket.fleet.roles import Permission
from frisket.store.texts import TextVersion, approve_version, holding, version_of


def _version(connection: Connection, body: Body) -> TextVersion:
    found = version_of(connection, str(body["kind"]), str(body["name"]), int(body["version"]))
    if found is None or found.digest != body["digest"]:
        raise UsageError("this version is not what was proposed")
    return found


def describe(connection: Connection, body: Body) -> tuple[Line, ...]:
    """Say every line in which the version differs from what holds now."""
    one = _version(connection, body)
    content = load_content()
    new = check_text(one.kind, one.name, one.text, content)
    now = holding(connection, one.kind, one.name)
    old = None if now is None else check_text(now.kind, now.name, now.text, content)
    head = (
        ("Version", "" if now is None else str(now.version), str(one.version)),
        ("Note", "", one.note),
        ("Digest", "" if now is None else now.digest[:16], one.digest[:16]),
    )
    if isinstance(new, Sheet):
        before = old if isinstance(old, Sheet) else Sheet()
        return (*head, *sheet_differences(before, new, content))
    start = old if isinstance(old, Baseline) else Baseline(new.id, "", "", ())
    return (*head, *differences(start, new))


def make(carrying: Carrying, body: Body) -> Told:
    """Let the version hold."""
    one = _version(carrying.connection, body)
    check_text(one.kind, one.name, one.text, load_content())
    if not approve_version(carrying.connection, one, carrying.name, carrying.now):
        raise UsageError("this version holds already")
    return {}


def where(body: Body) -> int | None:
    """Return None: what is judged by concerns every site."""
    del body
    return None


_P, _A = Permission.PROPOSE_POLICY, Permission.APPROVE_POLICY
ACTS = (
    ProposedAct(f"text.{BASELINE}", "Baseline", _P, _A, describe, make, where),
    ProposedAct(f"text.{POLICY}", "Security policy", _P, _A, describe, make, where),
)
