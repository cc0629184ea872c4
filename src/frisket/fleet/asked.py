"""Work that a person or a program asks for now: which devices it means, and its id for ever."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex
from typing import Final

from frisket.errors import UsageError
from frisket.fleet.identity import Marks
from frisket.fleet.inventory import Sighting
from frisket.jobs.port import Jobs
from frisket.model.target import Identity

ASKED: Final = "audit:asked:"
COLUMNS: Final = ("address", "vendor", "model", "serial", "mac", "firmware", "name", "location")
MOST_ROWS: Final = 100_000


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks for work, and a mark that this order alone bears."""

    name: str
    mark: str


def fresh_mark(now: datetime) -> str:
    """Return a mark that no other order bears, also not one of the same moment."""
    return f"{now:%Y%m%dT%H%M%S}-{token_hex(4)}"


def start_audit(jobs: Jobs, asker: Asker, baseline: str, ids: Sequence[int]) -> str:
    """Start an audit of these devices and return the flow's id; the same mark twice is one."""
    flow = f"{ASKED}{asker.name}:{asker.mark}"
    jobs.start("audit", flow, baseline, {"ids": list(ids)})
    return flow


def start_discovery(jobs: Jobs, asker: Asker, site_id: int, site: str) -> str:
    """Start a look through a site's scope and return the flow's id."""
    flow = f"discovery:{site_id}:{asker.name}:{asker.mark}"
    jobs.start("discovery", flow, site)
    return flow


def site_of_job(flow_id: str) -> int | None:
    """Return the site that a flow's id names: `audit:7:…`; None where it names none."""
    parts = flow_id.split(":", 2)
    if len(parts) < 3 or parts[0] not in {"audit", "discovery", "poll"}:
        return None
    return int(parts[1]) if parts[1].isascii() and parts[1].isdigit() else None


def asked_by(flow_id: str, name: str) -> bool:
    """Say whether a person of this name asked for an audit by hand."""
    return flow_id.startswith(f"{ASKED}{name}:")


def listed(text: str) -> Iterator[tuple[str, Identity]]:
    """Yield address and identity of each line of a CSV with a heading. Raises `UsageError`."""
    reader = csv.DictReader(io.StringIO(text))
    names = {(name or "").strip().casefold(): name for name in _headings(reader)}
    if not set(names) & {"address", "serial", "mac"}:
        raise UsageError(
            "the list has no column address, serial or mac",
            hint=f"its first line names columns: {', '.join(COLUMNS)}",
        )
    try:
        for number, row in enumerate(reader, 2):
            if number > MOST_ROWS:
                raise UsageError(f"the list is longer than {MOST_ROWS} lines")
            known = {name: (row.get(names.get(name, "")) or "").strip() for name in COLUMNS}
            one = known.pop("address"), Identity(**known)
            if marked(*one):
                yield one
    except csv.Error as fault:
        raise UsageError(f"the list is no CSV: {fault}") from None


def _headings(reader: csv.DictReader[str]) -> Sequence[str]:
    try:
        return reader.fieldnames or ()
    except csv.Error as fault:
        raise UsageError(f"the list is no CSV: {fault}") from None


def marked(address: str, identity: Identity) -> bool:
    """Say whether an address, or a mark that is one, says which device is meant."""
    return Sighting(address, identity).marks.cleaned().key != Marks().key
