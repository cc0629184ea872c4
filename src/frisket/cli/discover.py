"""`frisket discover`: find printers and say what they are."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from frisket.cli.support.labs import is_lab_word
from frisket.cli.support.progress import progress
from frisket.cli.support.session import now
from frisket.cli.support.shown import TableOrJson, in_order, print_json, print_table, say
from frisket.cli.support.targets import resolve_targets
from frisket.model.finding import Incomplete
from frisket.model.target import Target
from frisket.net.budget import Limits
from frisket.probe.base import Options, Sighting
from frisket.probe.discover import discover as look_for

app = App(name="discover", help="Find printers and say what they are.")

EXIT_INCOMPLETE = 3
Found = list[tuple[Target, Sighting]]


async def _look(
    words: tuple[str, ...], limits: Limits, parallel: int, lab: Path | None, *, quiet: bool
) -> tuple[Found, list[Incomplete]]:
    targets, lost = await resolve_targets(words, lab)
    if all(is_lab_word(word) for word in words):
        limits = Limits(packets_per_second=0)
    found: Found = []
    with progress("looking", len(targets), quiet=quiet) as tick:
        async for target, seen in look_for(targets, limits, Options(), now, parallel=parallel):
            if isinstance(seen, Incomplete):
                lost.append(seen)
            else:
                found.append((target, seen))
            tick()
    found.sort(key=lambda pair: in_order(str(pair[0])))
    return found, lost


@app.default
def discover(
    *targets: str,
    format: Annotated[TableOrJson, Parameter(alias="-f")] = "table",  # noqa: A002
    parallel: int = 40,
    pace: float = 10.0,
    state_dir: Path | None = None,
    quiet: Annotated[bool, Parameter(alias="-q")] = False,
) -> int:
    """Find printers and say what they are.

    Parameters
    ----------
    targets
        Address, host name, network (10.0.0.0/24), @file with one target a line, or `lab`.
    format
        table or json.
    parallel
        Addresses looked at at the same time.
    pace
        Packets a second to one address; 0 lifts the limit.
    state_dir
        The lab's state folder, for the target `lab`.
    quiet
        No progress and no notices.
    """
    limits = Limits(packets_per_second=pace)
    found, lost = asyncio.run(_look(targets, limits, parallel, state_dir, quiet=quiet))
    named = [miss for miss in lost if not miss.skipped]
    if format == "json":
        print_json(
            {
                "printers": [
                    {"target": str(target), **asdict(seen.identity), "because": seen.printer}
                    for target, seen in found
                ],
                "others": [{"target": miss.target, "why": miss.why} for miss in named],
            }
        )
    else:
        rows = [
            [
                str(target),
                seen.identity.vendor,
                seen.identity.model,
                seen.identity.serial,
                seen.identity.firmware,
                seen.identity.name,
                seen.identity.location,
            ]
            for target, seen in found
        ]
        if rows:
            columns = ["address", "vendor", "model", "serial", "firmware", "name", "location"]
            print_table(columns, rows)
        for miss in named:
            say(f"{miss.target}: {miss.why}")
    if not quiet:
        skipped = len(lost) - len(named)
        rest = f"; {skipped} other addresses are silent or no printers" if skipped else ""
        say(f"{len(found)} printers found{rest}")
    return EXIT_INCOMPLETE if named else 0
