"""`frisket plan`: what would change on each device, in which order, and what it breaks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from frisket.audit.load import load_content
from frisket.cli.support.diff import print_plan
from frisket.cli.support.logins import Logging, open_credentials, open_pins
from frisket.cli.support.options import Accepting, Visiting, Words
from frisket.cli.support.planning import make_plan
from frisket.cli.support.saved_plans import save_plan
from frisket.cli.support.session import open_session
from frisket.cli.support.shown import TableOrJson, print_json
from frisket.drivers.plan_file import plan_table

app = App(name="plan", help="Show what would change on devices to meet a baseline.")

EXIT_NOTHING, EXIT_ERROR, EXIT_CHANGES, EXIT_INCOMPLETE = 0, 1, 2, 3


@app.default
def plan(
    *targets: str,
    baseline: Annotated[str, Parameter(alias="-b")] = "small-office",
    output: Annotated[Path | None, Parameter(alias="-o")] = None,
    format: Annotated[TableOrJson, Parameter(alias="-f")] = "table",  # noqa: A002
    detailed_exitcode: bool = False,
    verbose: Annotated[bool, Parameter(alias="-v")] = False,
    words: Words = Words(),
    visiting: Visiting = Visiting(),
    logging: Logging = Logging(),
    accepting: Accepting = Accepting(),
) -> int:
    """Show what would change on devices to meet a baseline, in which order, and what it breaks.

    Reads only. What Frisket cannot write itself becomes a work order for a person. Exit code: 0
    planned, 3 some devices were missed.

    Parameters
    ----------
    targets
        As for `frisket audit`.
    baseline
        small-office, enterprise, security-policy or modern.
    output
        Save the plan here, for `frisket apply`.
    format
        table or json.
    detailed_exitcode
        Exit with 0 where nothing is to change, 2 where something is, 1 where devices were missed.
    verbose
        Show each step of the work order.
    """
    session = open_session(load_content(), baseline, words)
    found = make_plan(
        session,
        targets,
        visiting,
        open_credentials(logging, visiting.inventory),
        open_pins(logging),
    )
    found = replace(
        found,
        accept_no_channel=accepting.accept_no_channel,
        accept_no_print_path=accepting.accept_no_print_path,
    )
    if format == "json":
        print_json({"format_version": 1, **plan_table(found)})
    else:
        print_plan(found, verbose=verbose)
    if output is not None:
        save_plan(found, output)
    if not detailed_exitcode:
        return EXIT_INCOMPLETE if found.missed else EXIT_NOTHING
    if found.missed:
        return EXIT_ERROR
    return EXIT_CHANGES if found.changes else EXIT_NOTHING
