"""`frisket apply`: make devices as planned, prove it, or put them back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from frisket.audit.load import load_content
from frisket.catalog.load import load_catalog
from frisket.cli.support.carry import Carrying, accept, carry_on, carry_out, runs_folder
from frisket.cli.support.logins import Logging, open_credentials, open_pins
from frisket.cli.support.options import Accepting, Spreading, Visiting, Words
from frisket.cli.support.planning import make_plan
from frisket.cli.support.session import open_session, read_text
from frisket.drivers.plan import Plan
from frisket.drivers.plan_file import content_version, read_plan
from frisket.drivers.record import alone, read_run, taken_back
from frisket.errors import UsageError
from frisket.fleet.carrying import to_undo

app = App(name="apply", help="Make devices as planned, prove it, or put them back.")


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
    carrying = Carrying(
        open_credentials(logging, visiting.inventory, needed=True),
        open_pins(logging),
        visiting,
        spreading,
        format,
        auto_approve=auto_approve or _is_saved(targets),
    )
    if resume:
        return carry_on(resume, carrying)
    if undo:
        return _back(undo, carrying, accepting)
    if _is_saved(targets):
        plan = _saved(Path(targets[0]))
    else:
        session = open_session(load_content(), baseline, words)
        plan = make_plan(session, targets, visiting, carrying.credentials, carrying.pins)
    return carry_out(accept(plan, accepting), carrying)


def _back(name: str, carrying: Carrying, accepting: Accepting) -> int:
    """Take a run back, where that was not done yet. Return the exit code."""
    folder, catalog = runs_folder(), load_catalog()
    with alone(folder, name):
        run = read_run(folder, name, catalog)[0]
        plan = to_undo(run, taken_back(folder, name, catalog))
        return carry_out(accept(plan, accepting), carrying, undoes=name)


def _is_saved(targets: tuple[str, ...]) -> bool:
    return len(targets) == 1 and targets[0].endswith(".json")


def _saved(path: Path) -> Plan:
    plan = read_plan(read_text(path, "plan"), str(path), load_catalog())
    if plan.content != content_version():
        raise UsageError(f"{path} was made with other rules or device tables", hint="plan again")
    return plan
