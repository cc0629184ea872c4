"""`/sites`: places, the networks that may be scanned there, and what is done when."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from frisket.console.faults import Forbidden, NotFound
from frisket.console.page import Form, Menu, Page, Visit
from frisket.errors import UsageError
from frisket.fleet.asked import Asker, fresh_mark, listed, start_discovery
from frisket.fleet.dispatch import next_runs
from frisket.fleet.inventory import Sighting, check_scope, take_in
from frisket.fleet.roles import Permission
from frisket.fleet.schedule import DAYS, Task, read_schedule, zone_of
from frisket.store.inventory import Inventory, Site
from frisket.store.schedules import Schedules

_SHOWN: Final = 3  # next runs of each task


def _site(visit: Visit, permission: Permission = Permission.SEE_FLEET) -> Site:
    number = visit.number("id")
    site = next((s for s in Inventory(visit.services.database).sites() if s.id == number), None)
    if site is None or not visit.may(Permission.SEE_FLEET, number):
        raise NotFound
    visit.need(permission, number)
    return site


def sites(visit: Visit) -> Response:
    """List the sites that the visitor may see."""
    where = visit.reach(Permission.SEE_FLEET)
    inventory = Inventory(visit.services.database)
    seen = [site for site in inventory.sites() if site.id in where]
    return visit.page("sites.html", sites=seen, devices=inventory.count_by_site())


def add(visit: Visit) -> Response:
    """Add a site."""
    name, scope, zone = _written(visit.form)
    if not visit.reach(Permission.EDIT_SITES).everywhere:
        raise Forbidden
    visit.record("site.add", name, scope=list(scope))
    inventory = Inventory(visit.services.database)
    if inventory.site(name) is not None:
        raise UsageError(f"there is a site {name} already")
    site = inventory.add_site(name, scope, visit.now, zone)
    return visit.go(f"/sites/{site}", visit.text("The site is there. Look for its printers now."))


def _written(form: Form) -> tuple[str, tuple[str, ...], str]:
    name = form.one("name")[:100]
    if not name or not name.isprintable():
        raise UsageError("a site needs a name")
    zone = form.one("zone") or "UTC"
    zone_of(zone)
    return name, check_scope(form.one("scope").replace(",", " ").split()), zone


def site(visit: Visit) -> Response:
    """Show a site: scope, schedules, and what is under way."""
    found = _site(visit)
    stored = {s.task: s for s in Schedules(visit.services.database).all() if s.site_id == found.id}
    running = [
        info
        for prefix in (f"discovery:{found.id}:", f"audit:{found.id}:")
        for info in visit.services.jobs.listed(prefix=prefix, limit=5)
    ]
    return visit.page(
        "site.html",
        site=found,
        tasks=list(Task),
        stored=stored,
        upcoming={task: next_runs(one, visit.now, _SHOWN) for task, one in stored.items()},
        days=DAYS,
        groups=[group.name for group in Inventory(visit.services.database).groups()],
        running=sorted(running, key=lambda info: -info.made),
        baselines=visit.services.crew.content.baselines,
        devices=Inventory(visit.services.database).count_by_site().get(found.id, 0),
    )


def change(visit: Visit) -> Response:
    """Change a site, its schedules or its limits; look for printers; or take in a list."""
    found = _site(visit, Permission.EDIT_SITES)
    here, form = f"/sites/{found.id}", visit.form
    inventory = Inventory(visit.services.database)
    match form.one("what"):
        case "site":
            name, scope, zone = _written(form)
            limits = {
                "packets_per_second": form.number("pace", 10, most=1000),
                "parallel": form.number("parallel", 100, least=1, most=1000),
            }
            values = {"name": name, "scope": list(scope), "zone": zone, "limits": limits}
            visit.record("site.change", name, site_id=found.id, scope=list(scope), limits=limits)
            inventory.change_site(found.id, values)
        case "schedule":
            _save_schedule(visit, found)
        case "discover":
            visit.record("discovery.start", found.name, site_id=found.id)
            who = Asker(visit.person.name, fresh_mark(visit.now))
            start_discovery(visit.services.jobs, who, found.id, found.name)
            return visit.go(here, visit.text("The search has begun."))
        case "list":
            count = _take_list(visit, found)
            return visit.go(here, visit.text("%(count)s devices were taken in.") % {"count": count})
        case _:
            raise UsageError("nothing is chosen to be done")
    return visit.go(here, visit.text("Done."))


def _save_schedule(visit: Visit, found: Site) -> None:
    form, schedules = visit.form, Schedules(visit.services.database)
    task = form.one("task")
    if task not in set(Task):
        raise UsageError("there is no such task")
    if form.one("kind") == "never":
        visit.record("schedule.end", found.name, site_id=found.id, task=task)
        schedules.drop(found.id, task)
        return
    document: dict[str, Any] = {}
    if form.one("kind") == "every":
        document["every"] = form.number("every", 60, most=1 << 20) * 60
    else:
        document["at"] = form.one("at").replace(",", " ").split()
        if days := list(form.all("day")):
            document["days"] = days
    if form.one("quiet-begin") and form.one("quiet-end"):
        document["quiet"] = [form.one("quiet-begin"), form.one("quiet-end")]
    read_schedule(Task(task), document, found.zone)
    if task == Task.AUDIT:
        known = visit.services.crew.content.baselines
        document["baselines"] = [b for b in form.all("baseline") if b in known] or ["small-office"]
        there = {group.name for group in Inventory(visit.services.database).groups()}
        if groups := [name for name in form.all("group") if name in there]:
            document["groups"] = groups
    visit.record("schedule.change", found.name, site_id=found.id, task=task, document=document)
    schedules.save(found.id, task, document)


def _take_list(visit: Visit, found: Site) -> int:
    """Take in devices from a CSV file with a heading line; count them."""
    text = visit.form.raw("list") or _uploaded(visit)
    rows = list(listed(text))
    visit.record("devices.import", found.name, site_id=found.id, devices=len(rows))
    inventory = Inventory(visit.services.database)
    for address, identity in rows:
        take_in(inventory, found.id, Sighting(address, identity), visit.now)
    return len(rows)


def _uploaded(visit: Visit) -> str:
    file = visit.form.files.get("file")
    if file is None:
        raise UsageError("no list was given")
    try:
        return file.file.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError("the list is no UTF-8 text") from None


PAGES = (
    Page("GET", "/sites", sites, Permission.SEE_FLEET, Menu("Sites", "building", 30, "s")),
    Page("POST", "/sites", add, Permission.EDIT_SITES),
    Page("GET", "/sites/{id}", site, Permission.SEE_FLEET),
    Page("POST", "/sites/{id}", change, Permission.EDIT_SITES, most=32 << 20),
)
