"""`frisket worker`: does the fleet's work beside a console, on this machine or another."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import Any

from cyclopts import App

from frisket.cli.support.session import now
from frisket.cli.support.shown import say
from frisket.errors import UsageError

app = App(name="worker", help="Do the fleet's work beside a console.")

DATABASE = "FRISKET_DATABASE"


@app.default
def worker(*, data: Path, database: str = "") -> int:
    """Take discoveries, audits, polls and changes from the console's queue until interrupted.

    Several workers share one PostgreSQL; where one dies the others take its work over.

    Parameters
    ----------
    data
        Folder for this worker's keys; made at first.
    database
        postgresql://… of the console. Without it: FRISKET_DATABASE.
    """
    from frisket.console.build import open_data
    from frisket.console.language import load_catalogues
    from frisket.fleet.engine import open_engine
    from frisket.fleet.log import AuditLog
    from frisket.store.auditlog import LogStore

    url = database or os.environ.get(DATABASE, "")
    if not url.startswith("postgresql"):
        raise UsageError(
            "workers share a PostgreSQL database, and none is named",
            hint="give --database postgresql://… ; with SQLite the console does the work itself",
        )
    opened = open_data(data, url)

    def told(topic: str, what: dict[str, Any]) -> None:
        if topic == "worker":
            say(str(what["said"]))

    # The console alone signs the log's heads: a key of this folder would be another's.
    log, messages = AuditLog(LogStore(opened), None, now), load_catalogues()
    engine = open_engine(data, opened, now, told, log=log, catalogues=messages)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    say(f"worker {engine.executor} is at work")
    try:
        stop.wait()
    finally:
        engine.close()
        opened.close()
    return 0
