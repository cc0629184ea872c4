"""Months of reports in a store, as polls would have brought them: for pages that show them."""

from __future__ import annotations

from datetime import datetime, timedelta

from frisket.fleet.polling import take_records
from frisket.model.target import Identity
from frisket.store.database import Database
from frisket.store.inventory import Inventory
from frisket.telemetry.batch import Kind, Record
from frisket.telemetry.flat import flatten
from frisket.telemetry.sample import Alert, Counter, Level, Sample, Source, State, Status, Supply

FROM = Source("printer-mib", "1.3.6")


def sample_of(number: int, day: int, name: str = "") -> Sample:
    """Return what device `number` says on a day: toner falls, pages rise, some devices jam."""
    left = 100 - (day * (1 + number % 4)) % 100
    jammed = number == 2 and day % 7 == 3
    level = Level(State.MEASURED, FROM, left, 100, "percent")
    vague = Level(State.SOME, FROM)
    pages = 10_000 * number + day * 40 * number
    return Sample(
        Identity("Canon", "iR-ADV C5560", f"XTG{number:05}", name=name or f"print-{number:03}"),
        "it has supplies",
        Status("idle", "down" if jammed else "running", ("jammed",) if jammed else ()),
        (Alert("1", "critical", "mediaPath", 1, 8, "jam in the duplex unit", FROM),)
        if jammed
        else (),
        (
            Supply("1.1", "Black toner C-EXV 51", "toner", "black", False, level),
            Supply("1.2", "Waste toner", "wasteToner", "", True, vague),
        ),
        (),
        (
            Counter("total-1", "Total 1", pages, "impressions", FROM, 101),
            Counter("total-full-color-1", "Total (full colour 1)", pages // 3, "", FROM, 123),
        ),
    )


def reported(
    database: Database, now: datetime, *, days: int = 70, count: int = 4, hostile: str = ""
) -> int:
    """Fill a site with devices that reported every noon until `now`; return the site's number."""
    inventory = Inventory(database)
    number = inventory.add_site("Head office", ["10.0.0.0/8"], now - timedelta(days=days))
    site = inventory.site("Head office")
    assert site is not None
    for day in range(days + 1):
        at = now - timedelta(days=days - day)
        records = []
        for device in range(1, count + 1):
            name = hostile if device == 1 else ""
            values = {"address": f"10.0.0.{device}", **flatten(sample_of(device, day, name))}
            key = f"XTG{device:05}"
            records.append(Record(1, key, at.timestamp(), Kind.FULL, values))
        take_records(database, site, records, [], now=at)
    return number
