"""Changes of devices: approved by a second person, then set going by who may run them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

from frisket.fleet.act import Body, ProposedAct
from frisket.fleet.changes import KIND
from frisket.fleet.roles import Permission
from frisket.store.changes import change_devices, find_change

_MOST: Final = 20  # devices named one by one


def describe(connection: Connection, body: Body) -> tuple[tuple[str, str, str], ...]:
    """Say what would be changed, and on which devices."""
    number = int(body["change"])
    change = find_change(connection, number)
    if change is None:
        return (("Change", "", "it is gone"),)
    rows = [row for row in change_devices(connection, number) if row.settings]
    named = [row.name or row.address for row in rows[:_MOST]]
    more = f" and {len(rows) - _MOST} more" if len(rows) > _MOST else ""
    lines = [
        ("Change", "", f"{number}: {change.title}"),
        ("Devices", "", f"{body['devices']}: {', '.join(named)}{more}"),
        ("Settings", "", str(body["settings"])),
        ("Plans", "", f"{str(body['plans'])[:16]}… (each one stands on the page of the change)"),
    ]
    for kind, text in (("channel", "Way to manage"), ("print_path", "Way to print")):
        if left := body["accepted"].get(kind):
            lines.append((text, "", f"none is left on {', '.join(left)}, as was typed"))
    return tuple(lines)


def sites(body: Body) -> tuple[int, ...]:
    """Return the sites of a change: who decides must be allowed to at each of them."""
    return tuple(int(site) for site in body.get("sites", ()))


ACTS: Final = (
    ProposedAct(
        KIND,
        "Change of devices",
        Permission.PLAN_CHANGES,
        Permission.APPROVE_CHANGES,
        describe,
        sites=sites,
    ),
)
