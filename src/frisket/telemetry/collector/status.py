"""How a collector is doing, read from its folder while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from frisket.telemetry.collector import disk
from frisket.telemetry.collector.segment import contents
from frisket.telemetry.collector.slots import glance


@dataclass(frozen=True, slots=True)
class Standing:
    """What waits in a spool. Times are milliseconds since 1970, 0 where there is none.

    `alive` is the last sign of life, `acknowledged` the last number the gateway has, `heard` when
    it said so, `lost` how many records found no room, `refused` devices it does not take and why.
    """

    depth: int = 0
    octets: int = 0
    oldest: int = 0
    alive: int = 0
    acknowledged: int = 0
    heard: int = 0
    lost: int = 0
    quarantined: int = 0
    trouble: str = ""
    refused: Mapping[str, str] = field(default_factory=dict)


def standing(folder: Path) -> Standing:
    """Return how the collector of this folder is doing; nothing is changed."""
    values = glance(folder / "spool.state")
    notes = values.get("notes") or {}
    acknowledged = int(values.get("acknowledged", 0))
    depth = octets = oldest = 0
    for name, first, path in disk.list_segments(folder / "spool"):
        if name != values.get("name", name):
            continue
        data = disk.read(path)
        octets += len(data)
        waiting = [r for r in contents(data, first, 0).records if r.number > acknowledged]
        depth += len(waiting)
        if waiting and not oldest:
            oldest = waiting[0].at
    loss = values.get("loss") or [0, 0, 0]
    aside = folder / "quarantine"
    return Standing(
        *(depth, octets, oldest, int(values.get("beat", 0)), acknowledged),
        *(int(notes.get("heard", 0)), int(loss[2])),
        sum(1 for _ in aside.iterdir()) if aside.is_dir() else 0,
        str(notes.get("trouble", "")),
        dict(notes.get("refused") or {}),
    )
