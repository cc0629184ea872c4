"""Carries out a plan as every verb does: shown, agreed to, on record, in waves; the exit code."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from frisket.catalog.load import load_catalog
from frisket.cli.support.applying import no_event, print_event, run_plan
from frisket.cli.support.diff import print_plan
from frisket.cli.support.groups import state_folder
from frisket.cli.support.options import Accepting, Spreading, Visiting
from frisket.cli.support.planning import network_of
from frisket.cli.support.progress import board
from frisket.cli.support.session import now
from frisket.cli.support.shown import in_order, print_table, say
from frisket.drivers.credential import Credentials
from frisket.drivers.job import Mode
from frisket.drivers.plan import DevicePlan, Plan
from frisket.drivers.record import (
    Outcome,
    Progress,
    Record,
    Result,
    alone,
    new_record,
    read_run,
    run_name,
)
from frisket.drivers.waves import Waves
from frisket.errors import UsageError
from frisket.fleet.carrying import Applier, to_resume
from frisket.fleet.planning import Remembered, remembering

EXIT_DONE, EXIT_FAILED, EXIT_INCOMPLETE = 0, 1, 3
_GOOD = frozenset({Outcome.DONE, Outcome.COMPLIANT})
_MISSED = frozenset({Outcome.UNREACHABLE, Outcome.NOT_BEGUN, Outcome.REFUSED, Outcome.STALE})


@dataclass(frozen=True, slots=True)
class Carrying:
    """How a plan is carried out. `format` is table, or jsonl for events as they happen."""

    credentials: Credentials
    pins: Remembered
    visiting: Visiting
    spreading: Spreading
    format: str = "table"
    auto_approve: bool = False


def runs_folder() -> Path:
    """Return where the records of runs are."""
    return state_folder() / "runs"


def carry_out(plan: Plan, carrying: Carrying, undoes: str = "") -> int:
    """Show a plan, ask, carry it out and say how it ended. Return the exit code."""
    if carrying.auto_approve:
        for missed in plan.missed:
            say(f"not planned: {missed.target}: {missed.why}")
    elif not agreed(plan):
        say("nothing was changed")
        return EXIT_FAILED
    begun = _begun(runs_folder(), plan, undoes)
    with alone(runs_folder(), begun.name):
        return _carry(begun, carrying)


def carry_on(name: str, carrying: Carrying) -> int:
    """Go on with a run that was interrupted. Return the exit code."""
    with alone(runs_folder(), name):
        return _carry(_resumed(runs_folder(), name), carrying)


def _carry(begun: _Begun, carrying: Carrying) -> int:
    event = print_event if carrying.format == "jsonl" else no_event
    applier = Applier(
        begun.plan,
        begun.record,
        network_of(carrying.visiting),
        carrying.credentials,
        begun.mode,
        event,
        begun.progress,
        met=remembering(carrying.pins),
    )
    waves = carrying.spreading.waves(carrying.visiting.parallel)
    if begun.ended and not begun.devices:
        say(f"run {begun.name} has ended on every device; nothing is left to do")
        results = list(begun.ended)
    else:
        results = [*begun.ended, *_run(applier, begun, waves, quiet=carrying.visiting.quiet)]
    if carrying.format == "table":
        _print(results)
    return _exit_code(results, begun.plan)


def accept(plan: Plan, accepting: Accepting) -> Plan:
    """Return the plan with what a person has taken upon themselves."""
    return replace(
        plan,
        accept_no_channel=(*plan.accept_no_channel, *accepting.accept_no_channel),
        accept_no_print_path=(*plan.accept_no_print_path, *accepting.accept_no_print_path),
    )


@dataclass(frozen=True, slots=True)
class _Begun:
    """A run whose record stands: what it is to do, and on which devices still."""

    name: str
    plan: Plan
    devices: tuple[DevicePlan, ...]
    record: Record
    mode: Mode
    progress: Mapping[str, Progress] = field(default_factory=dict)
    ended: tuple[Result, ...] = ()  # of the devices that nothing is left to do on


def _begun(folder: Path, plan: Plan, undoes: str) -> _Begun:
    name = run_name(now(), secrets.randbits(24))
    record = new_record(folder, name)
    record.begin(name, plan, undoes)
    mode = Mode.UNDO if undoes else Mode.FRESH
    return _Begun(name, plan, plan.devices, record, mode)


def _resumed(folder: Path, name: str) -> _Begun:
    run, record = read_run(folder, name, load_catalog())
    mode = Mode.UNDO if run.undoes else Mode.RESUMED
    devices = to_resume(run)
    left = {device.address for device in devices}
    ended = tuple(
        progress.result
        for address, progress in run.devices.items()
        if progress.result is not None and address not in left
    )
    return _Begun(run.id, run.plan, devices, record, mode, run.devices, ended)


def _run(applier: Applier, begun: _Begun, waves: Waves, *, quiet: bool) -> list[Result]:
    show = partial(board, "applying", quiet=quiet)
    if not quiet:
        say(f"run {begun.name}; take it back with: frisket apply --undo {begun.name}")
    try:
        return asyncio.run(run_plan(applier, begun.devices, waves, show, runs_folder()))
    except KeyboardInterrupt:
        say(f"interrupted; go on with: frisket apply --resume {begun.name}")
        raise


def agreed(plan: Plan) -> bool:
    """Show a plan and ask whether to carry it out; where it changes nothing, nobody is asked."""
    print_plan(plan)
    if not plan.changes:
        return True
    if not sys.stdin.isatty():
        raise UsageError("nobody is there to ask", hint="give a saved plan, or --auto-approve")
    sys.stderr.write("Carry this out? Only `yes` does: ")
    sys.stderr.flush()
    return sys.stdin.readline().strip() == "yes"


def _print(results: list[Result]) -> None:
    ordered = sorted(results, key=lambda result: in_order(result.address))
    rows = [
        (r.address, r.outcome.value, str(len(r.changed)), r.why, " ".join(r.left)) for r in ordered
    ]
    print_table(("device", "outcome", "changed", "why", "left as it is"), rows)
    counts = Counter(result.outcome.value for result in results)
    say(", ".join(f"{count} {name}" for name, count in sorted(counts.items())))


def _exit_code(results: list[Result], plan: Plan) -> int:
    outcomes = {result.outcome for result in results}
    if outcomes - _GOOD - _MISSED:
        return EXIT_FAILED
    return EXIT_INCOMPLETE if outcomes & _MISSED or plan.missed else EXIT_DONE
