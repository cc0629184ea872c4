"""`frisket log receiver`: the syslog servers that get the audit log's checkpoints."""

from __future__ import annotations

from pathlib import Path

from cyclopts import App

from frisket.cli.support.console_data import WHO, opened
from frisket.cli.support.session import read_text
from frisket.cli.support.shown import print_table, say
from frisket.fleet.heads import Heads, read_place
from frisket.store.cosignatures import Receivers

app = App(name="receiver", help="Send the audit log's checkpoints to syslog servers.")


@app.command(name="add")
def add_receiver(where: str, *, data: Path, database: str = "", ca: Path | None = None) -> int:
    """Send every checkpoint of the log to a syslog server, by TLS, from now on.

    Parameters
    ----------
    where
        HOST or HOST:PORT; without a port 6514.
    data
        The console's data folder.
    database
        Its database, where that is not in the folder.
    ca
        File with the authority (PEM) that the server's certificate is checked by; without it those
        that this machine knows.
    """
    host, colon, port = where.rpartition(":")
    if not colon or port.endswith("]"):
        host, port = where, ""
    place = read_place(host.strip("[]"), port, read_text(ca, "the authority") if ca else "")
    with opened(data, database) as (store, log):
        heads = Heads(log, Receivers(store), log.now)
        heads.add(place, WHO)
    say(f"checkpoints go to {place.host} port {place.port}")
    return 0


@app.command(name="drop")
def drop_receiver(number: int, *, data: Path, database: str = "") -> int:
    """Send nothing more to a syslog server.

    Parameters
    ----------
    number
        Its number, as `frisket log receiver list` shows it.
    data
        The console's data folder.
    database
        Its database, where that is not in the folder.
    """
    with opened(data, database) as (store, log):
        Heads(log, Receivers(store), log.now).drop(number, WHO)
    return 0


@app.command(name="list")
def list_receivers(*, data: Path, database: str = "") -> int:
    """Show the syslog servers that get the log's checkpoints, and how far each one has them.

    Parameters
    ----------
    data
        The console's data folder.
    database
        Its database, where that is not in the folder.
    """
    with opened(data, database) as (store, _):
        found = Receivers(store).all()
    rows = [(str(r.id), f"{r.host}:{r.port}", str(r.sent), r.fault) for r in found]
    print_table(("Number", "Server", "Has", "Trouble"), rows)
    return 0
