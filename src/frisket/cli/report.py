"""`frisket report`: draw a saved audit again, in another format."""

from __future__ import annotations

from pathlib import Path

from cyclopts import App

from frisket.audit.load import load_content
from frisket.cli.support.options import Drawing
from frisket.cli.support.output import for_outlet, outlets, report_context
from frisket.cli.support.reports import write_report, write_singles
from frisket.errors import UsageError
from frisket.report.read import read_audit

app = App(name="report", help="Draw a saved audit (JSON) again, in another format.")


@app.default
def report(saved: Path, *, drawing: Drawing = Drawing()) -> int:
    """Draw a saved audit (JSON) again, in another format.

    Parameters
    ----------
    saved
        A file written by `frisket audit -o NAME.json`.
    """
    try:
        result = read_audit(saved.read_bytes())
    except OSError as fault:
        raise UsageError(f"cannot read {saved}: {fault.strerror}") from fault
    context = report_context(load_content(), verbose=drawing.verbose)
    for outlet in outlets(drawing.format, drawing.output):
        write = write_singles if outlet.format.single else write_report
        write(result, outlet, for_outlet(context, outlet))
    return 0
