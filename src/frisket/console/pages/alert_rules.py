"""`/alert-rules`: when people are told of something, where that goes, and what was told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from frisket.console.faults import Forbidden, NotFound, Stale
from frisket.console.page import Form, Menu, Page, Visit
from frisket.console.pages.devices import sites_of
from frisket.errors import UsageError
from frisket.fleet.alert_secrets import seal_secret
from frisket.fleet.alert_sending import KINDS, MOST_TRIES, check_channel
from frisket.fleet.alerting import BELOW, UNITS, Signal, read_rule
from frisket.fleet.roles import Permission
from frisket.store.alerting import Alerting
from frisket.store.inventory import Inventory

LABELS: Final[Mapping[Signal, str]] = {
    Signal.SUPPLY: "Supply left",
    Signal.SUPPLY_DAYS: "Supply may be empty in",
    Signal.SILENT: "Not heard of for",
    Signal.COMPLIANCE: "Compliance",
    Signal.CERTIFICATE: "Certificate expires in",
    Signal.DRIFT: "Settings that have moved",
    Signal.ALARM: "Alarms about identity",
    Signal.EVENT: "Critical alerts of a device",
    Signal.LOG: "Audit log disputed by a collector",
}
_TEXTS: Final = ("to", "sender", "host", "port", "security", "user", "ca", "url")


def rules(visit: Visit) -> Response:
    """Show rules, channels, and what was told of the sites that the visitor may see."""
    store = Alerting(visit.services.database)
    where = visit.reach(Permission.SEE_FLEET)
    stored = [(one, read_rule(one.id, one.name, one.document)) for one in store.rules()]
    sites = {s.id: s.name for s in Inventory(visit.services.database).sites() if s.id in where}
    return visit.page(
        "alert_rules.html",
        rules=stored,
        raised=store.raised(),
        channels={channel.id: channel for channel in store.channels()},
        sites=sites,
        signals=LABELS,
        units={signal: visit.text(unit) for signal, unit in UNITS.items()},
        below=BELOW,
        kinds=KINDS,
        most=MOST_TRIES,
        told=store.told(sites_of(where), 50),
        edits=visit.reach(Permission.EDIT_ALERTS).everywhere,
    )


def _need_everywhere(visit: Visit) -> None:
    """Rules and channels are the whole fleet's: who may edit them at one site only may not."""
    if not visit.reach(Permission.EDIT_ALERTS).everywhere:
        raise Forbidden


def add_rule(visit: Visit) -> Response:
    """Add a rule."""
    name, form = visit.form.one("name")[:100], visit.form
    table: dict[str, Any] = {
        "signal": form.one("signal"),
        "limit": form.one("limit"),
        "back": form.one("back"),
        "hold": form.number("hold"),
        "severity": form.one("severity", "warning"),
        "sites": _numbers(form, "site"),
        "channels": _numbers(form, "channel"),
    }
    made(visit, name, table)
    return visit.go("/alert-rules", visit.text("The rule is in force."))


def made(visit: Visit, name: str, table: Mapping[str, Any]) -> int:
    """Add a rule, in force, and return its number. Raises `Forbidden`, `NotFound`, `UsageError`."""
    _need_everywhere(visit)
    store = Alerting(visit.services.database)
    rule = read_rule(0, name, table)
    known = {channel.id for channel in store.channels()}
    if not set(rule.channels) <= known:
        raise NotFound
    if name in {one.name for one in store.rules()}:
        raise Stale("there is a rule of that name")
    document = {**table, "limit": rule.limit, "back": rule.back}
    visit.record("alert-rule.add", name, rule=document)
    return store.add_rule(name, document, visit.person.name, visit.now)


def _numbers(form: Form, name: str) -> list[int]:
    return [int(t) for t in form.all(name) if t.isascii() and t.isdigit() and len(t) < 16]


def change_rule(visit: Visit) -> Response:
    """Put a rule in force or out of it, or forget it."""
    changed(visit, visit.number("id"), visit.form.one("what"))
    return visit.go("/alert-rules", visit.text("Done."))


def changed(visit: Visit, number: int, what: str) -> None:
    """Put a rule `on`, `off`, or `drop` it. Raises `Forbidden`, `NotFound`, `UsageError`."""
    _need_everywhere(visit)
    store = Alerting(visit.services.database)
    found = next((one for one in store.rules() if one.id == number), None)
    if found is None:
        raise NotFound
    if what not in {"on", "off", "drop"}:
        raise UsageError("nothing is chosen to be done")
    visit.record(f"alert-rule.{what}", found.name)
    if what == "drop":
        store.drop_rule(found.id)
    else:
        store.switch_rule(found.id, active=what == "on")


def add_channel(visit: Visit) -> Response:
    """Add a channel; its secret is sealed, and never shown again."""
    _need_everywhere(visit)
    name, form = visit.form.one("name")[:100], visit.form
    store = Alerting(visit.services.database)
    if not name or not name.isprintable():
        raise UsageError("a channel needs a name")
    if name in {channel.name for channel in store.channels()}:
        raise UsageError("there is a channel of that name")
    kind, secret = form.one("kind"), form.raw("secret")
    document: dict[str, Any] = check_channel(kind, {n: form.one(n) for n in _TEXTS}, secret)
    sealed = seal_secret(visit.services.database, name, secret)
    visit.record("alert-channel.add", name, kind=kind, to=document)
    store.add_channel(name, kind, document, sealed, visit.now)
    return visit.go("/alert-rules#channels", visit.text("The channel is there."))


def drop_channel(visit: Visit) -> Response:
    """Forget a channel."""
    _need_everywhere(visit)
    store = Alerting(visit.services.database)
    found = next((one for one in store.channels() if one.id == visit.number("id")), None)
    if found is None:
        raise NotFound
    visit.record("alert-channel.drop", found.name)
    store.drop_channel(found.id)
    return visit.go("/alert-rules#channels", visit.text("Done."))


_EDIT: Final = Permission.EDIT_ALERTS
PAGES = (
    Page(
        "GET",
        "/alert-rules",
        rules,
        Permission.EDIT_ALERTS,
        Menu("Alert rules", "urgent", 240, group="Service"),
    ),
    Page("POST", "/alert-rules", add_rule, _EDIT),
    Page("POST", "/alert-rules/{id}", change_rule, _EDIT),
    Page("POST", "/alert-channels", add_channel, _EDIT, fresh=True),
    Page("POST", "/alert-channels/{id}/drop", drop_channel, _EDIT),
)
