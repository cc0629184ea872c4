"""Opening a gateway's folder for a verb, and running its web server."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cyclopts import Parameter

from frisket.cli.support.gateway_processes import end_with_the_first, is_beside
from frisket.cli.support.session import now
from frisket.cli.support.shown import say
from frisket.errors import FrisketError, UsageError
from frisket.net.serve_asgi import Serving, serve_asgi
from frisket.store.database import Database, StoreFault, open_database, quiet_migrations
from frisket.telemetry.authority import open_authority, server_files
from frisket.telemetry.gateway.applying import Limits
from frisket.telemetry.gateway.by_mail import by_mail
from frisket.telemetry.gateway.service import Gateway, open_gateway
from frisket.telemetry.gateway.web import Door
from frisket.telemetry.gateway.whole import whole_gateway
from frisket.telemetry.gateway_mail import Mailbox, watch_mailbox
from frisket.telemetry.mail_settings import read_mailbox

DATABASE = "FRISKET_DATABASE"
_TIDY = 3600.0  # seconds


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Where:
    """Which gateway.

    Parameters
    ----------
    data
        Folder for the gateway's keys, and for its database where none is named.
    database
        postgresql://… in the place of the folder's SQLite file. Without it: FRISKET_DATABASE.
    """

    data: Path
    database: str = ""


@dataclass(frozen=True, slots=True)
class Listening:
    """Where a gateway listens, and with which certificate; its own where none is given."""

    address: str
    port: int
    names: tuple[str, ...] = ()
    certificate: Path | None = None
    key: Path | None = None
    shared: bool = False


def database_of(where: Where) -> str:
    """Return the address of the database that was named, empty for the folder's own."""
    return where.database or os.environ.get(DATABASE, "")


@contextmanager
def opened_database(where: Where) -> Iterator[Database]:
    """Give the gateway's database, brought up to date. Raises `UsageError`, `StoreFault`."""
    try:
        where.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as fault:
        raise UsageError(f"{where.data} cannot be made: {fault.strerror}") from fault
    quiet_migrations()
    url = database_of(where)
    database = open_database(url or f"sqlite:///{where.data / 'frisket.db'}", connections=10)
    try:
        database.upgrade()
        yield database
    finally:
        database.close()


@contextmanager
def opened_gateway(where: Where, *, make: bool = False) -> Iterator[Gateway]:
    """Give the gateway of a folder, which is made only where `make` says so.

    Raises `UsageError`, `StoreFault`, `AuthorityFault`.
    """
    known = database_of(where) or any(
        (where.data / name).exists() for name in ("frisket.db", "gateway")
    )
    if not (known or make):
        # A name that is mistyped must not become a second gateway, with keys that nobody trusts.
        hint = "frisket gateway --data FOLDER makes one, and so does token … --new"
        raise UsageError(f"there is no gateway in {where.data}", hint=hint)
    with opened_database(where) as database:
        authority = open_authority(where.data / "gateway", now())
        yield open_gateway(database, authority, Limits())


def serve_gateway(where: Where, listening: Listening, mailbox: Path | None) -> None:
    """Serve a gateway until interrupted, and visit its mailbox where it has one.

    Raises `LinkError` where the port cannot be had, and as `opened_gateway`.
    """
    box = read_mailbox(mailbox, where.data / "gateway" / "aside") if mailbox else None
    with opened_gateway(where, make=True) as gateway:
        certificate, key = _files(gateway, where, listening)
        door = Door(gateway)
        over = threading.Event()
        beside = [threading.Thread(target=_tidy, args=(gateway, over), daemon=True)]
        if box is not None:
            beside.append(threading.Thread(target=_visit, args=(gateway, box), daemon=True))

        def ready(serving: Serving) -> None:
            if is_beside():
                end_with_the_first(serving.stop)
                return
            for thread in beside:
                thread.start()
            sys.stdout.write(f"The gateway: https://{_shown(listening.address)}:{serving.port}/\n")
            sys.stdout.flush()

        try:
            serve_asgi(
                whole_gateway(gateway, door, now),
                listening.address,
                listening.port,
                certificate=certificate,
                key=key,
                ready=ready,
                stopping=over.set,
                shared=listening.shared,
            )
        finally:
            over.set()
            door.close()


def prepare(where: Where, listening: Listening) -> None:
    """Make database, keys and certificate, so that several processes find them there."""
    with opened_gateway(where, make=True) as gateway:
        _files(gateway, where, listening)


def _files(gateway: Gateway, where: Where, listening: Listening) -> tuple[Path, Path | None]:
    """Return the files of the certificate to serve with, and of its key."""
    if listening.certificate is not None:
        return listening.certificate, listening.key
    names = listening.names or own_names(listening.address)
    made = server_files(gateway.authority, where.data / "gateway", names, now())
    return made, made


def own_names(address: str) -> tuple[str, ...]:
    """Return what this machine's web server may be called where nobody says."""
    names = dict.fromkeys(("localhost", "127.0.0.1", _own_name(), address))
    return tuple(name for name in names if name and name not in {"0.0.0.0", "::"})  # noqa: S104


def _own_name() -> str:
    """Return this machine's name; nothing where it is no host name."""
    name = os.uname().nodename
    return name if name.isascii() and name.replace("-", "").replace(".", "").isalnum() else ""


def _shown(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _tidy(gateway: Gateway, over: threading.Event) -> None:
    """Apply what has waited too long and forget what is too old, every hour."""
    while True:
        try:
            gateway.tidy(now())
        except StoreFault as fault:
            say(f"the gateway's hourly tidying: {fault}")
        if over.wait(_TIDY):
            return


def _visit(gateway: Gateway, mailbox: Mailbox) -> None:
    """Fetch reports that come by mail, in an event loop of its own, as long as the process runs."""
    asyncio.run(watch_mailbox(mailbox, by_mail(gateway), time.time, say))


@contextmanager
def gateway_beside(
    gateway: Gateway, door: Door, folder: Path, listening: Listening
) -> Iterator[None]:
    """Serve a gateway on a port of its own, with its own certificate, while the block runs.

    Raises `LinkError` where the port cannot be had, `AuthorityFault`.
    """
    names = listening.names or own_names(listening.address)
    own = server_files(gateway.authority, folder, names, now())
    certificate, key = listening.certificate or own, listening.key or own
    running: list[Serving] = []
    failed: list[FrisketError] = []
    up = threading.Event()

    def ready(serving: Serving) -> None:
        running.append(serving)
        up.set()

    def serve() -> None:
        try:
            serve_asgi(
                whole_gateway(gateway, door, now),
                listening.address,
                listening.port,
                certificate=certificate,
                key=key,
                ready=ready,
                stopping=lambda: None,
            )
        except FrisketError as fault:
            failed.append(fault)
        finally:
            up.set()

    thread = threading.Thread(target=serve, name="gateway")
    thread.start()
    try:
        up.wait()
        if failed:
            raise failed[0]
        shown = _shown(listening.address)
        sys.stdout.write(f"The gateway: https://{shown}:{running[0].port}/\n")
        yield
    finally:
        for serving in running:
            serving.stop()
        thread.join()
