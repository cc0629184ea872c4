"""`/waivers`: what is not fixed on purpose, who answers for it, and until when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from starlette.responses import Response

from frisket.console.faults import NotFound
from frisket.console.page import Menu, Page, Visit
from frisket.console.pages.devices import sites_of
from frisket.console.scoping import allow, choices, chosen, of_device, words
from frisket.fleet.proposals import Proposals
from frisket.fleet.roles import Permission
from frisket.fleet.scope import Scope
from frisket.fleet.waiving import LONGEST, Standing, standing, waiver_body
from frisket.store.people import People, WaiverRow
from frisket.store.proposals import proposals

_PROPOSE = Permission.PROPOSE_WAIVER
KIND = "waiver.new"
_USUAL = timedelta(days=180)


def show(visit: Visit) -> Response:
    """List the waivers that the visitor may see, the next to end first."""
    people = People(visit.services.database)
    sites = sites_of(visit.reach(Permission.SEE_FLEET))
    rows, over = people.waivers(sites), people.waivers(sites, ended=True)
    device, mine = of_device(visit, {row.id: row.scope for row in (*rows, *over)})
    rows = [row for row in rows if row.id in mine]
    over = [row for row in over if row.id in mine]
    today = visit.now.date()
    stands = {row.id: standing(row.expires, today) for row in rows}
    waiting = proposals(visit.services.database, kind=KIND, states=("proposed", "waiting"))
    where = visit.reach(_PROPOSE)
    return visit.page(
        "waivers.html",
        device=device,
        rows=sorted(rows, key=lambda row: (stands[row.id] is Standing.EXPIRED, row.expires)),
        over=over[:50],
        stands=stands,
        count={one: list(stands.values()).count(one) for one in Standing},
        meant=words(visit, {row.id: row.scope for row in (*rows, *over[:50])}),
        rules=visit.services.crew.content.rules,
        waiting=[one for one in waiting if sites is None or one.body.get("site_id") in sites],
        may_end={
            row.id: where.everywhere if row.site_id is None else row.site_id in where
            for row in rows
        },
    )


def new(visit: Visit) -> Response:
    """Show the form, filled with what a finding's link says."""
    content = visit.services.crew.content
    today = visit.now.date()
    return visit.page(
        "waiver_new.html",
        rules=sorted(content.rules.values(), key=lambda rule: rule.title),
        baselines=content.baselines,
        rule=visit.form.one("rule"),
        consideration=visit.form.one("consideration"),
        scopes=choices(visit, _PROPOSE),
        chosen=visit.form.one("for"),
        least=today.isoformat(),
        usual=(today + _USUAL).isoformat(),
        most=(today + LONGEST).isoformat(),
    )


def propose(visit: Visit) -> Response:
    """Propose a waiver; a second person decides."""
    form = visit.form
    scope, site = chosen(visit, _PROPOSE)
    kind, _, name = form.one("what").partition(":")
    fields = {
        "rule": name if kind == "rule" else "",
        "consideration": name if kind == "consideration" else "",
        "owner": form.one("owner"),
        "reason": " ".join(form.one("reason").split()),
        "expires": form.one("expires"),
    }
    number = proposed(visit, fields, scope, site)
    if visit.may(Permission.SEE_EVIDENCE):
        to = f"/approvals/{number}"
        return visit.go(to, visit.text("It is proposed; a second person decides."))
    return visit.go("/waivers", visit.text("It is proposed; a second person decides."))


def proposed(visit: Visit, fields: Mapping[str, str], scope: Scope, site: int | None) -> int:
    """Propose a waiver; return the number of the proposal. Raises `UsageError`."""
    services, person = visit.services, visit.person
    body = waiver_body(fields, scope, services.crew.content, visit.now.date())
    body |= {"site_id": site, "proposed_by": person.name}
    title = f"Waive {body['consideration'] or body['rule']} until {body['expires']}"
    keeper = Proposals(services.database, services.log, services.clock)
    return keeper.propose(KIND, title, body, person.account.id, person.name)


def end(visit: Visit) -> Response:
    """Take a waiver back: from the next audit on the failure counts again."""
    taken_back(visit, visit.number("id"))
    return visit.go("/waivers", visit.text("It counts no more, from the next audit on."))


def seen(visit: Visit, number: int) -> WaiverRow:
    """Return a waiver. Raises `NotFound`, also where the visitor may not see it."""
    row = People(visit.services.database).waiver(number)
    if row is None or not (row.site_id is None or visit.may(Permission.SEE_FLEET, row.site_id)):
        raise NotFound
    return row


def taken_back(visit: Visit, number: int) -> None:
    """Take a waiver back. Raises `NotFound`, `Forbidden`."""
    row = seen(visit, number)
    allow(visit.reach(_PROPOSE), row.site_id)
    visit.record("waiver.end", row.rule or row.consideration, site_id=row.site_id, waiver=row.id)
    People(visit.services.database).end_waiver(row.id, visit.person.name, visit.now)


PAGES = (
    Page(
        "GET",
        "/waivers",
        show,
        Permission.SEE_FLEET,
        Menu("Waivers", "clock-pause", 410, "w", group="Compliance"),
    ),
    Page("GET", "/waivers/new", new, _PROPOSE),
    Page("POST", "/waivers", propose, _PROPOSE),
    Page("POST", "/waivers/{id}/end", end, _PROPOSE),
)
