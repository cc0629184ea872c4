"""How long pages take while the same process audits a thousand devices, for `bench/console.py`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
from bench.audit import lab
from bench.console_fleet import BASELINE

from frisket.cli.support.labs import lab_targets
from frisket.model.target import Identity, Target
from frisket.store.database import Database
from frisket.store.inventory import Inventory, put_device

SITE = "Lab"
PARALLEL = 100  # the console's own limit of visits at a time
_LONGEST = 600.0  # seconds
_PAUSE = 0.05  # a person looks at a page before asking for the next one; so do ten of them


@dataclass(slots=True)
class Audited:
    """What an audit under way did: milliseconds of each answer by page, and how it ended."""

    times: dict[str, list[float]] = field(default_factory=dict)
    seconds: float = 0.0
    judged: int = 0
    missed: int = 0


@contextmanager
def lab_site(database: Database, folder: Path, devices: int) -> Iterator[list[int]]:
    """Run virtual devices, taken into a site of their own, until the block ends; give their ids."""
    with lab(folder, devices):
        yield take_in(database, lab_targets(folder))


def take_in(database: Database, targets: Sequence[Target]) -> list[int]:
    """Write virtual devices into the inventory, as one imports a list of addresses."""
    now = datetime.now(UTC)
    inventory = Inventory(database)
    site = inventory.add_site(SITE, [f"{target.address}/32" for target in targets], now)
    inventory.change_site(site, {"limits": {"packets_per_second": 0, "parallel": PARALLEL}})
    blank = {name: getattr(Identity(), name) for name in ("serial", "vendor", "model", "name")}
    ids = []
    with database.write() as connection:
        for target in targets:
            values = {
                **blank,
                "site_id": site,
                "key": f"address:{target.address}",
                "address": target.address,
                "state": "managed",
                "ports": {str(k): v for k, v in target.ports.items() if k != v},
            }
            ids.append(put_device(connection, None, values, now))
    return ids


def while_auditing(
    client: httpx.Client, ids: Sequence[int], pages: Sequence[str], path_of: Callable[[str], str]
) -> Audited:
    """Audit these devices, and ask for one page after the other until it has ended."""
    found = Audited({name: [] for name in pages})
    order = {"baseline": BASELINE, "devices": list(ids)}
    begun = time.monotonic()
    started = client.post("/api/v1/audits", json=order)
    started.raise_for_status()
    place = started.headers["location"]
    while time.monotonic() - begun < _LONGEST:
        for name in pages:
            asked = time.perf_counter()
            client.get(path_of(name)).raise_for_status()
            found.times[name].append((time.perf_counter() - asked) * 1000)
            time.sleep(_PAUSE)
        job = client.get(place).json()
        if job["state"] not in {"waiting", "running"}:
            assert job["state"] == "done", job
            found.seconds = time.monotonic() - begun
            found.judged, found.missed = job["result"]["judged"], len(job["result"]["missed"])
            return found
    raise SystemExit("the audit did not end")
