"""`frisket apply`: make devices as planned, prove it, or put them back."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from frisket.audit.load import load_content
from frisket.catalog.load import load_catalog
from frisket.cli.support.applying import (
    Applier,
    no_event,
    print_event,
    run_plan,
    to_resume,
    to_undo,
)
from frisket.cli.support.diff import print_plan
from frisket.cli.support.groups import state_folder
from frisket.cli.support.logins import Logging, open_credentials, open_pins
from frisket.cli.support.options import Accepting, Spreading, Visiting, Words
from frisket.cli.support.planning import Network, make_plan
from frisket.cli.support.progress import progress
from frisket.cli.support.session import now, open_session, read_text
from frisket.cli.support.shown import in_order, print_table, say
from frisket.drivers.job import Mode
from frisket.drivers.plan import DevicePlan, Plan
from frisket.drivers.plan_file import content_version, read_plan
from frisket.drivers.record import (
    Outcome,
    Progress,
    Record,
    Result,
    new_record,
    read_run,
    run_name,
)
from frisket.drivers.waves import Waves
from frisket.errors import UsageError

app = App(name="apply", help="Make devices as planned, prove it, or put them back.")

EXIT_DONE, EXIT_FAILED, EXIT_INCOMPLETE = 0, 1, 3
_GOOD = frozenset({Outcome.DONE, Outcome.COMPLIANT})
_MISSED = frozenset({Outcome.UNREACHABLE, Outcome.NOT_BEGUN, Outcome.REFUSED, Outcome.STALE})


@app.default
def apply(
    *targets: str,
    baseline: Annotated[str, Parameter(alias="-b")] = "small-office",
    auto_approve: bool = False,
    undo: str = "",
    resume: str = "",
    spreading: Spreading = Spreading(),
    format: Annotated[Literal["table", "jsonl"], Parameter(alias="-f")] = "table",  # noqa: A002
    words: Words = Words(),
    visiting: Visiting = Visiting(),
    logging: Logging = Logging(),
    accepting: Accepting = Accepting(),
) -> int:
    """Make devices as planned, prove it by reading back and by the network, or put them back.

    Only what differs is written, each intent is on disk before its first byte, and what is not as
    expected is undone. Exit code: 0 done, 1 something failed, 3 some devices were left out.

    Parameters
    ----------
    targets
        A saved plan (change.plan.json), which is carried out without asking; or targets as for
        `frisket audit`, which are planned, shown and asked about.
    baseline
        small-office, enterprise, security-policy or modern.
    auto_approve
        Do not ask.
    undo
        Take this run back: restore the values it recorded.
    resume
        Go on with this run, which was interrupted.
    format
        table at the end, or jsonl with every event as it happens.
    """
    if bool(undo) + bool(resume) + bool(targets) != 1:
        raise UsageError("give a saved plan or targets, or --undo RUN, or --resume RUN")
    credentials = open_credentials(logging, visiting.inventory, needed=True)
    folder = state_folder() / "runs"
    if resume:
        begun = _resumed(folder, resume)
    else:
        if undo:
            plan = to_undo(read_run(folder, undo, load_catalog())[0])
        elif _is_saved(targets):
            plan = _saved(Path(targets[0]))
        else:
            session = open_session(load_content(), baseline, words)
            plan = make_plan(session, targets, visiting, credentials, open_pins(logging))
        plan = _accept(plan, accepting)
        if not (_is_saved(targets) or auto_approve or _agreed(plan)):
            say("nothing was changed")
            return EXIT_FAILED
        begun = _begun(folder, plan, undo)
    event = print_event if format == "jsonl" else no_event
    applier = Applier(
        begun.plan, begun.record, Network(visiting), credentials, begun.mode, event, begun.progress
    )
    results = _run(applier, begun, spreading.waves(visiting.parallel), quiet=visiting.quiet)
    if format == "table":
        _print(results)
    return _exit_code(results, begun.plan)


@dataclass(frozen=True, slots=True)
class _Begun:
    """A run whose record stands: what it is to do, and on which devices still."""

    name: str
    plan: Plan
    devices: tuple[DevicePlan, ...]
    record: Record
    mode: Mode
    progress: Mapping[str, Progress] = field(default_factory=dict)


def _begun(folder: Path, plan: Plan, undoes: str) -> _Begun:
    name = run_name(now(), secrets.randbits(24))
    record = new_record(folder, name)
    record.begin(name, plan, undoes)
    mode = Mode.UNDO if undoes else Mode.FRESH
    return _Begun(name, plan, plan.devices, record, mode)


def _resumed(folder: Path, name: str) -> _Begun:
    run, record = read_run(folder, name, load_catalog())
    mode = Mode.UNDO if run.undoes else Mode.RESUMED
    return _Begun(run.id, run.plan, to_resume(run), record, mode, run.devices)


def _run(applier: Applier, begun: _Begun, waves: Waves, *, quiet: bool) -> list[Result]:
    show = partial(progress, "applying", quiet=quiet)
    if not quiet:
        say(f"run {begun.name}; take it back with: frisket apply --undo {begun.name}")
    try:
        return asyncio.run(run_plan(applier, begun.devices, waves, show))
    except KeyboardInterrupt:
        say(f"interrupted; go on with: frisket apply --resume {begun.name}")
        raise


def _is_saved(targets: tuple[str, ...]) -> bool:
    return len(targets) == 1 and targets[0].endswith(".json")


def _saved(path: Path) -> Plan:
    plan = read_plan(read_text(path, "plan"), str(path), load_catalog())
    if plan.content != content_version():
        raise UsageError(f"{path} was made with other rules or device tables", hint="plan again")
    return plan


def _accept(plan: Plan, accepting: Accepting) -> Plan:
    return replace(
        plan,
        accept_no_channel=(*plan.accept_no_channel, *accepting.accept_no_channel),
        accept_no_print_path=(*plan.accept_no_print_path, *accepting.accept_no_print_path),
    )


def _agreed(plan: Plan) -> bool:
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
