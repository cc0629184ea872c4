"""`frisket report`: draw a saved audit again, in another format."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from frisket.audit.load import load_content
from frisket.cli.support.output import for_outlet, outlets, report_context
from frisket.errors import UsageError
from frisket.report.read import read_audit

app = App(name="report", help="Draw a saved audit (JSON) again, in another format.")


@app.default
def report(
    saved: Path,
    *,
    format: Annotated[str | None, Parameter(alias="-f")] = None,  # noqa: A002
    output: Annotated[tuple[Path, ...], Parameter(alias="-o")] = (),
    verbose: Annotated[bool, Parameter(alias="-v")] = False,
) -> int:
    """Draw a saved audit (JSON) again, in another format.

    Parameters
    ----------
    saved
        A file written by `frisket audit -o NAME.json`.
    format
        table, json, jsonl, csv, html, sarif, cklb or junit.
    output
        Write to this file too; the suffix names the format. May be given several times.
    verbose
        Show what passed too, with fixes, menus and maps.
    """
    try:
        result = read_audit(saved.read_bytes())
    except OSError as fault:
        raise UsageError(f"cannot read {saved}: {fault.strerror}") from fault
    context = report_context(load_content(), verbose=verbose)
    for outlet in outlets(format, output):
        data = outlet.format.render(result, for_outlet(context, outlet))
        with outlet.open() as place:
            place.write(data)
    return 0
