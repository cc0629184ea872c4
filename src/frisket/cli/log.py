"""`frisket log`: the console's audit log: export it, and check an export."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from frisket.cli.support.shown import TableOrJson, print_json, say
from frisket.errors import UsageError
from frisket.fleet.chain import ChainBroken, verify

app = App(name="log", help="Export and verify the console's audit log.")

_BROKEN = 1


@app.command(name="verify")
def verify_export(
    file: Path,
    *,
    key: str = "",
    head: Annotated[tuple[str, ...], Parameter(consume_multiple=False)] = (),
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
    format
        How to print the result.
    """
    kept: dict[int, str] = {}
    for text in head:
        size, colon, digest = text.partition(":")
        if not colon or not (size.isascii() and size.isdigit()):
            raise UsageError(f"{text[:80]!r} is not SIZE:DIGEST")
        kept[int(size)] = digest.lower()
    try:
        with file.open(encoding="utf-8", errors="replace", newline="\n") as lines:
            found = verify(lines, trusted=key, kept=kept)
    except OSError as fault:
        raise UsageError(f"{file} cannot be read: {fault.strerror}") from fault
    except ChainBroken as fault:
        sys.stdout.write(f"BROKEN: {fault}\n")
        return _BROKEN
    if format == "json":
        print_json(
            {"size": found.size, "head": found.head, "sealed": found.sealed, "key": found.key}
        )
        return 0
    sys.stdout.write(f"holds: {found.size} entries, {found.sealed} of them under a signed head\n")
    sys.stdout.write(f"head: {found.size}:{found.head}\nkey: {found.key}\n")
    if not key:
        say("Nobody said which key to trust: compare it with `frisket log key`, and give --key.")
    if not kept:
        say(
            "A log made anew by its owner would hold too: compare heads noted elsewhere, by --head."
        )
    return 0


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
    from frisket.console.build import open_data, open_log

    opened = open_data(data, database)
    try:
        with output.open("w", encoding="utf-8", newline="\n") as file:
            for line in open_log(data, opened).export():
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
