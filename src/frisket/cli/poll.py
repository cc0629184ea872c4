"""`frisket poll`: what devices report now: status, supplies, paper, alerts, counters."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter
from cyclopts.validators import Number

from frisket.cli.support.labs import is_lab_word
from frisket.cli.support.logins import Logging, open_credentials, open_pins
from frisket.cli.support.progress import progress
from frisket.cli.support.samples import csv_text, document, print_samples
from frisket.cli.support.session import now, read_text
from frisket.cli.support.shown import in_order, print_json, say
from frisket.cli.support.targets import resolve_targets
from frisket.drivers.base import Pin
from frisket.errors import UsageError
from frisket.model.target import Target
from frisket.net.budget import Budget
from frisket.net.dial import SocketDialer
from frisket.probe.snmp_identity import PUBLIC
from frisket.probe.survey import survey
from frisket.report.safe import safe
from frisket.telemetry.poll import LIMITS, Access, Polled, poll_device
from frisket.telemetry.prometheus import render
from frisket.telemetry.table import load_tables

app = App(name="poll", help="Read status, supplies, paper, alerts and counters of printers.")

EXIT_INCOMPLETE = 3
_SWEPT = 5.0  # seconds for an address that nobody named: most of a network is empty
COMMUNITY = "FRISKET_SNMP_COMMUNITY"


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Polling:
    """How devices are polled.

    Parameters
    ----------
    community_file
        File with the SNMPv1 and v2c community to read with. Without it: FRISKET_SNMP_COMMUNITY,
        or `public`.
    parallel
        Devices polled at the same time.
    pace
        Packets a second to one device; 0 lifts the limit. Virtual devices are not paced.
    context
        SNMPv3 context of the devices. Without it those that makers use are tried, such as HP's.
    ipp
        Ask by IPP too: never, always, or to fill what SNMP leaves open.
    patience
        Seconds to wait for the first answer of a device that was named: it may have to wake.
    inventory
        The file of groups, for group:NAME. Without it: $FRISKET_INVENTORY, or inventory.toml in
        the state folder.
    state_dir
        The lab's state folder, for the target `lab`.
    quiet
        No progress and no notices.
    """

    community_file: Path | None = None
    parallel: Annotated[int, Parameter(validator=Number(gte=1, lte=1000))] = 100
    pace: Annotated[float, Parameter(validator=Number(gte=0, lte=1000))] = 10.0
    context: str = ""
    ipp: Literal["never", "fill", "always"] = "fill"
    patience: Annotated[float, Parameter(validator=Number(gt=0, lte=100))] = 30.0
    inventory: Path | None = None
    state_dir: Path | None = None
    quiet: Annotated[bool, Parameter(alias="-q")] = False


def _community(polling: Polling) -> str:
    """Return the community to read with. Raises `UsageError`."""
    if polling.community_file is None:
        return os.environ.get(COMMUNITY) or PUBLIC
    found = read_text(polling.community_file, "the community").strip()
    if not found or len(found.encode()) > 255 or "\n" in found:
        raise UsageError(f"{polling.community_file} holds no community", hint="one line of text")
    return found


async def _poll(
    words: tuple[str, ...], polling: Polling, logging: Logging
) -> tuple[list[Polled], int]:
    """Return a result for each target, and how many addresses that nobody named are silent."""
    targets, lost = await resolve_targets(words, polling.state_dir, polling.inventory)
    virtual = any(is_lab_word(word) for word in words)
    community, tables = _community(polling), load_tables()
    credentials = open_credentials(logging, polling.inventory)
    # Who was met where matters only to logins, which are for one device alone.
    pins = open_pins(logging) if credentials.scoped or logging.new_identity else None

    async def one(target: Target) -> Polled:
        lab = virtual and target.address.startswith("127.")
        pace = 0.0 if lab else polling.pace
        access = Access(
            community,
            credentials.if_sure(target.address, target.name),
            pins.known(target.address) if pins else Pin(),
            polling.patience if target.named else min(polling.patience, _SWEPT),
            polling.context,
            # Of an address that nobody named, whoever is silent to SNMP is left in peace.
            ipp=polling.ipp if target.named or polling.ipp == "always" else "never",
        )
        budget = Budget(replace(LIMITS, packets_per_second=pace))
        return await poll_device(SocketDialer(target, budget), access, tables, now)

    polled = [Polled(miss.target, now(), why=miss.why) for miss in lost]
    skipped = 0
    with progress("polling", len(targets), quiet=polling.quiet) as tick:
        async for target, found in survey(targets, one, polling.parallel):
            if pins and found.engine and found.sample:
                known = Pin(found.engine, found.sample.identity.serial)
                pins.remember(target.address, pins.known(target.address) | known)
            if found.sample or target.named:
                polled.append(found)
            else:
                skipped += 1
            tick()
    polled.sort(key=lambda one: in_order(one.target))
    return polled, skipped


def _show(polled: Sequence[Polled], form: str) -> None:
    if form == "json":
        print_json(document(polled))
    elif form == "csv":
        sys.stdout.write(csv_text(polled))
    elif form == "prometheus":
        sys.stdout.write(render(polled))
    else:
        print_samples([one for one in polled if one.sample])


@app.default
def poll(
    *targets: str,
    format: Annotated[  # noqa: A002
        Literal["table", "json", "csv", "prometheus"], Parameter(alias="-f")
    ] = "table",
    polling: Polling = Polling(),
    logging: Logging = Logging(),
) -> int:
    """Read what printers report of themselves: status, supplies, paper, alerts and counters.

    Reads by SNMP and writes nothing. SNMPv3 where a login is given, else v2c or v1, whichever
    the device answers; by IPP where SNMP is silent or leaves a level open. Ends with 3 where some
    target gave nothing.

    Parameters
    ----------
    targets
        Address, host name, network (10.0.0.0/24), @file with one target a line, group:NAME of the
        inventory, or `lab`.
    format
        table, json, csv or prometheus.
    """
    found, skipped = asyncio.run(_poll(targets, polling, logging))
    polled = safe(tuple(found))
    _show(polled, format)
    silent = [one for one in polled if not one.sample]
    for one in silent:
        say(f"{one.target}: {one.why}")
    if not polling.quiet:
        rest = f"; {skipped} other addresses gave nothing" if skipped else ""
        say(f"{len(polled) - len(silent)} of {len(polled)} devices polled{rest}")
    return EXIT_INCOMPLETE if silent else 0
