"""`/changes`: what is to be changed on which devices, decided, made in waves, and put back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from starlette.responses import Response

from frisket.audit.load import Content
from frisket.catalog.setting import show
from frisket.console.faults import NotFound
from frisket.console.page import Menu, Page, Visit
from frisket.console.pages.devices import condition_of, query_of, sites_of
from frisket.drivers.plan import Plan, alike
from frisket.errors import UsageError
from frisket.fleet import approval
from frisket.fleet.change_source import FILE, MOST, Source, read_source, recognise
from frisket.fleet.changes import PLANNED, takes_two, unpacked_plan
from frisket.fleet.changing import REFUSED, Changing, takes_part, with_accepted
from frisket.fleet.health import GOOD, halting
from frisket.fleet.life import is_trusted
from frisket.fleet.own import POLICY
from frisket.fleet.proposals import proposal_of
from frisket.fleet.roles import Permission
from frisket.fleet.rollout import RolloutState, Step, split
from frisket.store.changes import Changes
from frisket.store.devicelist import DeviceList
from frisket.store.inventory import Inventory
from frisket.store.proposals import find_proposal
from frisket.store.texts import Texts

_SHOWN: Final = 200  # plans that one page unpacks
_LISTED: Final = 500  # devices that one page lists
_MOST: Final = 20_000  # devices of one change
_LEFT: Final = (Step.FAILED, Step.UNKNOWN)
_ACTS: Final = {
    "pause": (RolloutState.RUNNING,),
    "resume": (RolloutState.PAUSED, RolloutState.HALTED),
    "cancel": (RolloutState.RUNNING, RolloutState.PAUSED, RolloutState.HALTED),
    "undo": (
        RolloutState.PAUSED,
        RolloutState.HALTED,
        RolloutState.DONE,
        RolloutState.CANCELLED,
    ),
}


def keeper(visit: Visit) -> Changing:
    """Return what decides about changes."""
    services = visit.services
    return Changing(services.database, services.log, services.clock, _content(visit))


def _content(visit: Visit) -> Content:
    return visit.services.crew.content


def changes(visit: Visit) -> Response:
    """List the changes whose sites the visitor may all see."""
    stored = Changes(visit.services.database)
    where = visit.reach(Permission.SEE_FLEET)
    rows = [row for row in stored.listed() if all(site in where for site in row.sites)]
    return visit.page("changes.html", rows=rows, counts=stored.counts([row.id for row in rows]))


def _meant(visit: Visit) -> tuple[dict[str, Any], list[int], list[int]]:
    """Return the condition that was asked for, its devices, and their sites."""
    sites = sites_of(visit.reach(Permission.PLAN_CHANGES))
    database = visit.services.database
    named = [int(text) for text in visit.form.all("device") if text.isascii() and text.isdigit()]
    if named:
        inventory = Inventory(database)
        rows = [row for one in named[:_MOST] if (row := inventory.device(one)) is not None]
        rows = [row for row in rows if sites is None or row.site_id in sites]
    else:
        rows = list(DeviceList(database).each(condition_of(visit.form), visit.now, sites))
    return meant(rows)


def meant(rows: Iterable[Any]) -> tuple[dict[str, Any], list[int], list[int]]:
    """Return devices as a change keeps them: those that can be asked, their ids and their sites.

    Raises `UsageError` where they are too many.
    """
    usable = [row for row in rows if row.address and is_trusted(row.state)]
    if len(usable) > _MOST:
        raise UsageError(f"{len(usable)} devices at once are too many", hint="choose fewer")
    ids = [row.id for row in usable]
    # What is planned is what was seen here: a device that comes to the filter later is not in it.
    return {"ids": ids}, ids, sorted({row.site_id for row in usable})


def policies(visit: Visit) -> list[str]:
    """Return the names of the own policies that are approved."""
    return sorted(Texts(visit.services.database, POLICY).holding())


def new(visit: Visit) -> Response:
    """Ask what devices are to be made like."""
    _, ids, _ = _meant(visit)
    named = visit.form.all("device")
    wanted = condition_of(visit.form) if not named else None
    return visit.page(
        "change_new.html",
        count=len(ids),
        named=named,
        wanted=wanted,
        query=query_of(wanted) if wanted else "",
        baselines=_content(visit).baselines,
        policies=policies(visit),
        chosen=visit.form.one("baseline", "small-office"),
    )


def make(visit: Visit) -> Response:
    """Have a change planned."""
    condition, ids, sites = _meant(visit)
    if not ids:
        raise UsageError("no device is meant", hint="choose some in the list of devices")
    for site in sites:
        visit.need(Permission.PLAN_CHANGES, site)
    keys = [key for key in visit.form.all("key") if key]
    kind = visit.form.one("kind", "baseline")
    if kind == FILE:
        return started(visit, _recorded(visit), condition, sites)
    name = visit.form.one("policy" if kind == "policy" else "baseline")
    table = {"kind": kind, "keys": keys, "baseline": name}
    source = read_source(table, _content(visit), policies(visit))
    return started(visit, source, condition, sites)


def _recorded(visit: Visit) -> Source:
    """Return what the file that was sent says. Raises `UsageError`."""
    file = visit.form.files.get("file")
    data = file.file.read(MOST + 1) if file is not None else b""
    if file is None or not data:
        raise UsageError("no file was given")
    password = visit.form.raw("file-password")
    return recognise(data, file.filename or "", _content(visit), password)


def started(visit: Visit, source: Source, condition: dict[str, Any], sites: list[int]) -> Response:
    """Keep a change, have it planned, and go to its page."""
    return planned(visit, keeper(visit).make(source, condition, sites, visit.person.name))


def planned(visit: Visit, number: int) -> Response:
    """Have a change that is kept planned, and go to its page."""
    visit.services.jobs.start("plan", f"plan:{number}", number)
    return visit.go(f"/changes/{number}", visit.text("The devices are being asked."))


def found(visit: Visit, permission: Permission = Permission.SEE_FLEET) -> Any:
    """Return the change of the path. Raises `NotFound` where a site of it is not seen."""
    row = Changes(visit.services.database).find(visit.number("id"))
    where = visit.reach(Permission.SEE_FLEET)
    if row is None or not all(site in where for site in row.sites):
        raise NotFound
    for site in row.sites:
        visit.need(permission, site)
    return row


def _plans(visit: Visit, change: Any) -> Sequence[tuple[int, Plan]]:
    rows = Changes(visit.services.database).plans(change.id, limit=_SHOWN)
    catalog = _content(visit).catalog
    return [
        (row.device_id, with_accepted(unpacked_plan(row.plan, catalog), change.accepted))
        for row in rows
    ]


def one(visit: Visit) -> Response:
    """Show a change: each device's plan, who decided, and how far it is."""
    change = found(visit)
    plans = _plans(visit, change)
    whole = Plan(
        baseline=plans[0][1].baseline if plans else "",
        content=change.content,
        made=change.made,
        devices=tuple(device for _, plan in plans for device in plan.devices),
        accept_no_channel=tuple(change.accepted.get("channel", ())),
        accept_no_print_path=tuple(change.accepted.get("print_path", ())),
    )
    by_address = {plan.devices[0].address: number for number, plan in plans}
    return visit.page(
        "change.html",
        **standing(visit, change),
        groups=alike(whole),
        whole=whole,
        ids=by_address,
        show=show,
        partly=len(plans) == _SHOWN,
    )


def progress(visit: Visit) -> Response:
    """Show how far a change is, for a page that is open."""
    return visit.page("change_progress.html", **standing(visit, found(visit)))


def standing(visit: Visit, change: Any) -> dict[str, Any]:
    """Return what the page and its live part show."""
    rows = Changes(visit.services.database).devices(change.id)
    part = [row for row in rows if takes_part(row)]
    proposal, state = None, None
    if change.proposal_id is not None:
        with visit.services.database.read() as connection:
            proposal = find_proposal(connection, change.proposal_id)
        if proposal is not None:
            state = approval.at(proposal_of(proposal), visit.now).state.value
    if change.state == PLANNED:
        waves = split((str(row.device_id), row.model) for row in part)
    else:
        numbers = sorted({row.wave for row in rows if row.wave >= 0})
        waves = tuple(
            tuple(str(row.device_id) for row in rows if row.wave == number) for number in numbers
        )
    by_id = {str(row.device_id): row for row in rows}
    two = takes_two(len(part), change.accepted)
    return {
        "change": change,
        "rows": rows[:_LISTED],
        "total": len(rows),
        "part": len(part),
        "settings": sum(row.settings for row in part),
        "refused": [row for row in rows if row.step == REFUSED],
        "missed": [row for row in rows if not row.settings and row.why],
        "same": sum(not row.settings and not row.why for row in rows),
        "waves": [_wave(number, wave, by_id, change) for number, wave in enumerate(waves)],
        "failed": sum(row.step == Step.FAILED and row.wave >= 0 for row in rows),
        "left": sum(row.step in _LEFT and row.wave >= 0 for row in rows),
        "under_way": any(row.step == Step.RUNNING for row in rows),
        "proposal": proposal,
        "proposal_state": state,
        "two": two,
        "ready": change.state == PLANNED and bool(part) and (not two or state == "approved"),
        "may_run": all(visit.may(Permission.RUN_CHANGES, site) for site in change.sites),
        "may_plan": all(visit.may(Permission.PLAN_CHANGES, site) for site in change.sites),
        "acts": [name for name, states in _ACTS.items() if change.state in states],
    }


def _wave(number: int, wave: Sequence[str], rows: Mapping[str, Any], change: Any) -> dict[str, Any]:
    """Return how far a wave is, and what the network said of it: `judged` once it has spoken."""
    there = [rows[one] for one in wave if one in rows]
    ended = [row for row in there if row.step not in {Step.WAITING, Step.RUNNING}]
    return {
        "number": number + 1,
        "count": len(wave),
        "ended": len(ended),
        "bad": sum(row.step in _LEFT for row in ended),
        "running": sum(row.step == Step.RUNNING for row in there),
        "healthy": sum(row.health == GOOD for row in there),
        "worse": len(halting((str(row.device_id), row.health) for row in there)),
        "judged": number < change.judged,
        "looking": len(ended) == len(wave) and number == change.judged,
    }


def accept(visit: Visit) -> Response:
    """Take upon oneself what a plan cuts off: the device's address was typed."""
    change = found(visit, Permission.PLAN_CHANGES)
    form = visit.form
    keeper(visit).accept(
        change.id, form.number("device"), form.one("kind"), form.one("typed"), visit.person.name
    )
    return visit.go(f"/changes/{change.id}", visit.text("It is noted, in your name."))


def propose(visit: Visit) -> Response:
    """Ask a second person."""
    change = found(visit, Permission.PLAN_CHANGES)
    keeper(visit).propose(change.id, visit.person.account.id, visit.person.name)
    return visit.go(f"/changes/{change.id}", visit.text("A second person has to decide now."))


def run(visit: Visit) -> Response:
    """Set it going."""
    change = found(visit, Permission.RUN_CHANGES)
    flow = keeper(visit).begin(change.id, visit.person.name)
    visit.services.jobs.start("change", flow, change.id)
    return visit.go(f"/changes/{change.id}", visit.text("It has begun."))


def retry(visit: Visit) -> Response:
    """Give failed devices another turn, as approved: those that are named, or all of them."""
    change = found(visit, Permission.RUN_CHANGES)
    named = [int(text) for text in visit.form.all("device") if text.isascii() and text.isdigit()]
    flow = keeper(visit).retry(change.id, named, visit.person.name)
    visit.services.jobs.start("change", flow, change.id)
    return visit.go(f"/changes/{change.id}", visit.text("They have another turn."))


def anew(visit: Visit) -> Response:
    """Plan a new change of the devices that were not changed; it takes a decision of its own."""
    change = found(visit, Permission.PLAN_CHANGES)
    rows = Changes(visit.services.database).devices(change.id)
    left = [row for row in rows if row.step in _LEFT and row.wave >= 0]
    if not left:
        raise UsageError("no device of it failed")
    source = read_source(change.source, _content(visit), policies(visit))
    ids, sites = [row.device_id for row in left], sorted({row.site_id for row in left})
    return started(visit, source, {"ids": ids}, sites)


def act(visit: Visit) -> Response:
    """Pause it, let it go on, end it, or put back what was done."""
    change = found(visit, Permission.RUN_CHANGES)
    what, who = visit.path.get("act", ""), visit.person.name
    deciding = keeper(visit)
    if what == "pause":
        deciding.pause(change.id, who)
    elif what == "cancel":
        deciding.cancel(change.id, who)
    elif what in {"resume", "undo"}:
        flow = (deciding.resume if what == "resume" else deciding.undo)(change.id, who)
        visit.services.jobs.start("change", flow, change.id)
    else:
        raise NotFound
    return visit.go(f"/changes/{change.id}", visit.text("Done."))


PAGES = (
    Page(
        "GET",
        "/changes",
        changes,
        Permission.SEE_FLEET,
        Menu("Changes", "arrows-diff", 60, "m"),
    ),
    Page("GET", "/changes/new", new, Permission.PLAN_CHANGES),
    Page("POST", "/changes", make, Permission.PLAN_CHANGES, most=MOST + (1 << 20)),
    Page("GET", "/changes/{id}", one, Permission.SEE_FLEET),
    Page("GET", "/changes/{id}/progress", progress, Permission.SEE_FLEET),
    Page("POST", "/changes/{id}/accept", accept, Permission.PLAN_CHANGES, fresh=True),
    Page("POST", "/changes/{id}/propose", propose, Permission.PLAN_CHANGES),
    Page("POST", "/changes/{id}/run", run, Permission.RUN_CHANGES, fresh=True),
    Page("POST", "/changes/{id}/retry", retry, Permission.RUN_CHANGES, fresh=True),
    Page("POST", "/changes/{id}/anew", anew, Permission.PLAN_CHANGES),
    Page("POST", "/changes/{id}/{act}", act, Permission.RUN_CHANGES, fresh=True),
)
