"""`frisket log`: the console's audit log: export it, and check an export."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter
from cyclopts.validators import Number

from frisket.cli.support.shown import TableOrJson, print_json, say
from frisket.errors import UsageError
from frisket.fleet.verifying import ChainBroken, Trust, Verified, verify
from frisket.report.escape import visible

app = App(name="log", help="Export and verify the console's audit log.")
# Loaded when it is asked for: who verifies needs no database.
app.command("frisket.cli.support.log_receivers:app", name="receiver")

_BROKEN = 1


@app.command(name="verify")
def verify_export(
    file: Path,
    *,
    key: str = "",
    head: Annotated[tuple[str, ...], Parameter(consume_multiple=False)] = (),
    authority: Path | None = None,
    witnessed: Annotated[tuple[Path, ...], Parameter(consume_multiple=False)] = (),
    witnesses: Annotated[int, Parameter(validator=Number(gte=0))] = 0,
    format: Annotated[TableOrJson, Parameter(alias="-f")] = "table",  # noqa: A002
) -> int:
    """Check an export by itself: no database, no console. Exit code 1 where it does not hold.

    Parameters
    ----------
    file
        The export.
    key
        The fingerprint that the log must be signed by, as `frisket log key` shows it.
    head
        SIZE:DIGEST that was noted elsewhere (syslog, paper): shows a log that was made anew.
    authority
        File with the certificate of the gateway that collectors enrolled at (authority.pem).
        Without it: the one that the export names.
    witnessed
        File with what collectors themselves say, from `frisket collect witness`.
    witnesses
        So many collectors must have witnessed the log.
    format
        How to print the result.
    """
    try:
        trust = Trust(
            *(key, _heads(head), authority.read_bytes() if authority else b""),
            [line for one in witnessed for line in one.read_text(encoding="utf-8").splitlines()],
            witnesses,
        )
        with file.open(encoding="utf-8", errors="replace", newline="\n") as lines:
            found = verify(lines, trust)
    except (OSError, UnicodeDecodeError) as fault:
        raise UsageError(f"a file cannot be read: {fault}") from fault
    except ChainBroken as fault:
        sys.stdout.write(f"BROKEN: {visible(str(fault))}\n")
        return _BROKEN
    if format == "json":
        print_json(_document(found))
        return 0
    _show(found)
    if not key:
        say("Nobody said which key to trust: compare it with `frisket log key`, and give --key.")
    if not head and not witnessed:
        say(
            "A log made anew by its owner would hold too: compare what was kept elsewhere, by"
            " --head (syslog) or --witnessed (collectors)."
        )
    return 0


def _heads(given: tuple[str, ...]) -> dict[int, str]:
    """Return digests by size. Raises `UsageError`."""
    kept: dict[int, str] = {}
    for text in given:
        size, colon, digest = text.partition(":")
        if not colon or not (size.isascii() and size.isdigit()) or len(size) > 16:
            raise UsageError(f"{text[:80]!r} is not SIZE:DIGEST")
        kept[int(size)] = digest.lower()
    return kept


def _document(found: Verified) -> dict[str, Any]:
    named = {"size": found.size, "head": found.head, "sealed": found.sealed, "key": found.key}
    witnesses = [
        {**asdict(one), "at": one.at.isoformat().replace("+00:00", "Z")} for one in found.witnesses
    ]
    more = {"witnessed": found.covered, "witnesses": witnesses, "remarks": list(found.remarks)}
    return named | more


def _show(found: Verified) -> None:
    out = sys.stdout
    out.write(f"holds: {found.size} entries, {found.sealed} of them under a signed head\n")
    out.write(f"head: {found.size}:{found.head}\nkey: {found.key}\n")
    out.write(f"witnessed: {found.covered} entries by {len(found.witnesses)} collectors\n")
    for one in found.witnesses:
        who = f"{visible(one.collector)} ({visible(one.site)})"
        at = one.at.strftime("%Y-%m-%d %H:%M:%SZ")
        out.write(f"  {who}: up to {one.size}, {at} by its clock, key {one.key}\n")
    for remark in found.remarks:
        out.write(f"note: {visible(remark)}\n")


@app.command(name="export")
def export_log(
    *, data: Path, database: str = "", output: Annotated[Path, Parameter(alias="-o")]
) -> int:
    """Write the whole log to a file that `frisket log verify` checks.

    Parameters
    ----------
    data
        The console's data folder.
    database
        Its database, where that is not in the folder.
    output
        The file to write.
    """
    from frisket.console.build import open_data, witnesses_of

    opened = open_data(data, database)
    try:
        with output.open("w", encoding="utf-8", newline="\n") as file:
            for line in witnesses_of(data, opened).export():
                file.write(f"{line}\n")
    except OSError as fault:
        raise UsageError(f"{output} cannot be written: {fault.strerror}") from fault
    finally:
        opened.close()
    return 0


@app.command(name="key")
def show_key(*, data: Path) -> int:
    """Print the fingerprint of the key that signs the log.

    Parameters
    ----------
    data
        The console's data folder.
    """
    from frisket.console.auth.sealed import log_key
    from frisket.fleet.chain import fingerprint

    if not (data / "keys" / "log.key").exists():
        raise UsageError(f"{data} is no data folder of a console")
    sys.stdout.write(f"{fingerprint(log_key(data).public_key())}\n")
    return 0
