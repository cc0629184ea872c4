"""`frisket record`: what one device answers, as a capture that says nothing of whose it is."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter
from cyclopts.validators import Number

from frisket.cli.poll import COMMUNITY
from frisket.cli.support.labs import is_lab_word
from frisket.cli.support.logins import Logging, open_credentials, open_pins
from frisket.cli.support.shown import say
from frisket.cli.support.targets import resolve_targets
from frisket.drivers.base import Pin
from frisket.errors import UsageError
from frisket.net.budget import Budget
from frisket.net.dial import SocketDialer
from frisket.probe.snmp_identity import PUBLIC
from frisket.telemetry.capture import write_capture
from frisket.telemetry.contact import Access
from frisket.telemetry.ipp_table import load_ipp_table
from frisket.telemetry.record import LIMITS, file_name, record, sample_of, scrubbed
from frisket.telemetry.sample import Sample
from frisket.telemetry.table import load_tables

app = App(name="record", help="Record a printer's answers, without its serial number and names.")

EXIT_INCOMPLETE = 3


def expected(sample: Sample) -> str:
    """Return a sample as it stands beside its capture."""
    document: dict[str, Any] = dataclasses.asdict(sample)
    return json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _written(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(
            f"{path} is there already", hint="move it, or name another --into"
        ) from None
    except OSError as fault:
        raise UsageError(f"cannot write {path}: {fault.strerror}") from fault


@app.default
def record_device(
    target: str,
    /,
    *,
    into: Path = Path(),
    community_file: Path | None = None,
    context: str = "",
    ipp: Literal["never", "always"] = "always",
    pace: Annotated[float, Parameter(validator=Number(gte=0, lte=1000))] = 10.0,
    patience: Annotated[float, Parameter(validator=Number(gt=0, lte=100))] = 30.0,
    logging: Logging = Logging(),
) -> int:
    """Record what a printer answers, for a poll table to be judged by.

    Reads and writes nothing on the device. The capture keeps numbers, and words of printing;
    serial numbers, names, places, addresses and every other word are taken out. Look through it
    before you give it away. Beside it stands what Frisket reads out of it.

    Parameters
    ----------
    target
        Address or host name of one printer.
    into
        Folder for the two files; made where there is none.
    community_file
        File with the SNMPv1 and v2c community to read with.
    context
        SNMPv3 context of the device.
    ipp
        Ask by IPP too: never or always.
    pace
        Packets a second; 0 lifts the limit.
    patience
        Seconds to wait for the first answer: it may have to wake.
    """
    access = Access(_community(community_file), patience=patience, context=context, ipp=ipp)
    return asyncio.run(_record(target, into, access, pace, logging))


def _community(file: Path | None) -> str:
    if file is None:
        return os.environ.get(COMMUNITY) or PUBLIC
    try:
        return file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as fault:
        raise UsageError(f"cannot read {file}: {fault}") from fault


async def _record(word: str, into: Path, access: Access, pace: float, logging: Logging) -> int:
    if is_lab_word(word):
        raise UsageError("record takes one device", hint="frisket lab list names them")
    targets, lost = await resolve_targets((word,), None)
    found = list(targets)
    if lost or len(found) != 1:
        raise UsageError(lost[0].why if lost else "record takes one device")
    (target,) = found
    try:
        into.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise UsageError(f"cannot make {into}: {fault.strerror}") from fault
    login = open_credentials(logging).for_device(target.address, target.name)
    known = open_pins(logging).known(target.address) if login else Pin()
    budget = Budget(replace(LIMITS, packets_per_second=pace))
    tables, ipp = load_tables(), load_ipp_table()
    raw = await record(
        SocketDialer(target, budget), replace(access, login=login, known=known), tables, ipp
    )
    for note in raw.notes:
        say(note)
    capture = scrubbed(raw, tables, ipp)
    sample = sample_of(capture, tables, ipp)
    if not sample:
        say(f"{target}: nothing shows that it is a printer; nothing was recorded")
        return EXIT_INCOMPLETE
    name = file_name(sample, capture.via)
    _written(into / f"{name}.capture", write_capture(capture))
    _written(into / f"{name}.json", expected(sample))
    say(f"{into / name}.capture: {len(capture.varbinds)} variables, and beside it what they mean")
    return 0
