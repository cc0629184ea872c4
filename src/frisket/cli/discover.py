"""`frisket discover`: find printers and say what they are."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Annotated

from cyclopts import App, Parameter

from frisket.cli.support.labs import is_lab_word
from frisket.cli.support.options import Visiting
from frisket.cli.support.progress import progress
from frisket.cli.support.session import now
from frisket.cli.support.shown import TableOrJson, in_order, print_json, print_table, say
from frisket.cli.support.targets import resolve_targets
from frisket.model.finding import Incomplete
from frisket.model.target import Target
from frisket.net.budget import Limits
from frisket.probe.base import Sighting
from frisket.probe.discover import discover as look_for

app = App(name="discover", help="Find printers and say what they are.")

EXIT_INCOMPLETE = 3
Found = list[tuple[Target, Sighting]]


async def _look(words: tuple[str, ...], visiting: Visiting) -> tuple[Found, list[Incomplete]]:
    targets, lost = await resolve_targets(words, visiting.state_dir, visiting.inventory)
    virtual = all(is_lab_word(word) for word in words)
    limits = Limits(packets_per_second=0 if virtual else visiting.pace)
    options, parallel = visiting.options, visiting.parallel
    found: Found = []
    with progress("looking", len(targets), quiet=visiting.quiet) as tick:
        async for target, seen in look_for(targets, limits, options, now, parallel=parallel):
            if isinstance(seen, Incomplete):
                lost.append(seen)
            else:
                found.append((target, seen))
            tick()
    found.sort(key=lambda pair: in_order(str(pair[0])))
    return found, lost


_COLUMNS = ("address", "vendor", "model", "serial", "firmware", "name", "location")


def _show(found: Found, lost: list[Incomplete]) -> None:
    rows = [
        [str(target), *(getattr(seen.identity, column) for column in _COLUMNS[1:])]
        for target, seen in found
    ]
    if rows:
        print_table(_COLUMNS, rows)
    for miss in lost:
        say(f"{miss.target}: {miss.why}")


def _document(found: Found, lost: list[Incomplete]) -> dict[str, object]:
    return {
        "printers": [
            {"target": str(target), **asdict(seen.identity), "because": seen.printer}
            for target, seen in found
        ],
        "others": [{"target": miss.target, "why": miss.why} for miss in lost],
    }


@app.default
def discover(
    *targets: str,
    format: Annotated[TableOrJson, Parameter(alias="-f")] = "table",  # noqa: A002
    visiting: Visiting = Visiting(),
) -> int:
    """Find printers and say what they are.

    Parameters
    ----------
    targets
        Address, host name, network (10.0.0.0/24), @file with one target a line, group:NAME of the
        inventory, or `lab`.
    format
        table or json.
    """
    found, lost = asyncio.run(_look(targets, visiting))
    named = [miss for miss in lost if not miss.skipped]
    if format == "json":
        print_json(_document(found, named))
    else:
        _show(found, named)
    if not visiting.quiet:
        skipped = len(lost) - len(named)
        rest = f"; {skipped} other addresses are silent or no printers" if skipped else ""
        for target, seen in found:
            if not seen.identity and format == "table":
                say(f"{target} does not say who it is{f'; {seen.printer}' * bool(seen.printer)}")
        say(f"{len(found)} {'printer' if len(found) == 1 else 'printers'} found{rest}")
    return EXIT_INCOMPLETE if named else 0
