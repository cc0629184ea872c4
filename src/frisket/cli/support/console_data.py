"""A console's data folder, opened for one command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter

from frisket.errors import UsageError
from frisket.fleet.log import AuditLog
from frisket.store.database import Database

Data = Annotated[Path, Parameter(name="--data")]
WHO: Final = "command-line"  # who did it, in the audit log


@contextmanager
def opened(data: Path, url: str) -> Iterator[tuple[Database, AuditLog]]:
    """Open a console's data for one command. Raises `UsageError` where there is none."""
    from frisket.console.build import open_data, open_log

    if not data.is_dir():
        raise UsageError(f"{data} is no data folder of a console")
    database = open_data(data, url)
    try:
        yield database, open_log(data, database)
    finally:
        database.close()
