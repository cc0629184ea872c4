"""`/api/v1/alarms`: alarms about devices that stand."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from frisket.console.api.devices import Edits
from frisket.console.api.models import AlarmOut
from frisket.console.api.resource import Listed, Number, Paged, Sees, below, listing, resources
from frisket.console.faults import NotFound
from frisket.console.pages.devices import sites_of
from frisket.fleet.roles import Permission
from frisket.store.changing import Changing
from frisket.store.inventory import Inventory

ROUTER = resources("alarms")


@ROUTER.get("")
def alarms(visit: Sees, asked: Annotated[Paged, Query()]) -> Listed[AlarmOut]:
    """List the alarms that stand at the sites that you may see, the newest first."""
    sites = sites_of(visit.reach(Permission.SEE_FLEET))
    rows = Changing(visit.services.database).alarms(below(asked), asked.limit, sites)
    shown = [AlarmOut.model_validate(row) for row in rows]
    return listing(shown, asked.limit, lambda: rows[-1].id)


@ROUTER.post("/{id}/clear", status_code=204)
def clear(visit: Edits, id: Number) -> None:  # noqa: A002
    """Clear an alarm; one that is cleared already stays so."""
    found = Changing(visit.services.database).alarm(id)
    if found is None or not visit.may(Permission.SEE_FLEET, found.site_id):
        raise NotFound
    visit.need(Permission.EDIT_DEVICES, found.site_id)
    visit.record("alarm.clear", found.key, site_id=found.site_id, alarm=id)
    Inventory(visit.services.database).clear_alarm(id, visit.person.name, visit.now)
