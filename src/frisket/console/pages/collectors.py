"""`/collectors`: who reports from the sites, how far that has come, tokens to enrol with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from starlette.responses import Response

from frisket.console.faults import NotFound
from frisket.console.page import Menu, Page, Visit
from frisket.console.reported import csv_answer
from frisket.fleet.roles import Permission
from frisket.store.collectors import ACTIVE, Collector
from frisket.store.erds import ErdsDevices
from frisket.store.inventory import Inventory, Site
from frisket.store.localpolls import LOCAL
from frisket.telemetry.gateway.by_device import CODE_LIFE, offer_code
from frisket.telemetry.gateway.service import TOKEN_LIFE

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_HEADINGS: Final = ("site", "collector", "state", "heard", "certified until", "clock ahead (s)")


def _seen(visit: Visit) -> list[Collector]:
    where = visit.reach(Permission.SEE_FLEET)
    found = visit.services.gateway.collectors.all()
    return [one for one in found if one.site_id in where and one.state != LOCAL]


def collectors(visit: Visit) -> Response:
    """Show the collectors of the sites that the visitor may see."""
    found = _seen(visit)
    names = {one.name for one in found}
    store = visit.services.gateway.collectors
    refused = [row for row in store.refused(200) if row[0] in names]
    where = visit.reach(Permission.EDIT_SITES)
    return visit.page(
        "collectors.html",
        collectors=found,
        active=ACTIVE,
        spools=[one for one in store.spools() if one.collector in names],
        refused=[(name, _EPOCH + timedelta(days=day), key, why) for name, day, key, why in refused],
        sites=[site for site in Inventory(visit.services.database).sites() if site.id in where],
        gateway=visit.services.gateway.authority.identifier,
    )


def export(visit: Visit) -> Response:
    """Send the collectors as CSV."""
    visit.record("collectors.export")
    rows = [
        (one.site, one.name, one.state, one.seen, one.certified_until, one.skew)
        for one in _seen(visit)
    ]
    return csv_answer("collectors.csv", _HEADINGS, rows)


def _site(visit: Visit) -> Site:
    number = visit.form.number("site")
    site = next((s for s in Inventory(visit.services.database).sites() if s.id == number), None)
    if site is None or not visit.may(Permission.SEE_FLEET, site.id):
        raise NotFound
    visit.need(Permission.EDIT_SITES, site.id)
    return site


def offer(visit: Visit) -> Response:
    """Make a one-time token for a collector, or a code for a device; shown once."""
    site = _site(visit)
    gateway = visit.services.gateway
    if visit.form.one("what") == "device":
        serial = visit.form.one("serial")[:100]
        visit.record("device.code", site.name, site_id=site.id, serial=serial)
        secret = offer_code(ErdsDevices(gateway.database), site.name, serial, visit.now)
        minutes = int(CODE_LIFE.total_seconds() // 60)
    else:
        visit.record("collector.token", site.name, site_id=site.id)
        secret = str(gateway.offer(site.name, visit.now))
        minutes = int(TOKEN_LIFE.total_seconds() // 60)
    return visit.page(
        "collector_token.html",
        secret=secret,
        site=site,
        minutes=minutes,
        device=visit.form.one("what") == "device",
    )


def revoke(visit: Visit) -> Response:
    """Shut a collector out at once, for good."""
    store = visit.services.gateway.collectors
    found = store.find(visit.form.one("collector"))
    if found is None or found.state == LOCAL or not visit.may(Permission.SEE_FLEET, found.site_id):
        raise NotFound
    visit.need(Permission.EDIT_SITES, found.site_id)
    visit.record("collector.revoke", found.name, site_id=found.site_id, site=found.site)
    store.revoke(found.name)
    return visit.go("/collectors", visit.text("It is shut out."))


PAGES = (
    Page(
        "GET",
        "/collectors",
        collectors,
        Permission.SEE_FLEET,
        Menu("Collectors", "antenna-bars-5", 250, "k", group="Service"),
    ),
    Page("GET", "/collectors.csv", export, Permission.SEE_FLEET),
    Page("POST", "/collectors/token", offer, Permission.EDIT_SITES, fresh=True),
    Page("POST", "/collectors/revoke", revoke, Permission.EDIT_SITES, fresh=True),
)
