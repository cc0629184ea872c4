"""Connections to the job engine's own tables, which wait for a database that is away or full."""

from __future__ import annotations

from sqlite3 import (
    SQLITE_CANTOPEN,
    SQLITE_FULL,
    SQLITE_IOERR,
    SQLITE_READONLY,
)
from typing import Any, Final

import psycopg
from sqlalchemy import Engine, ExceptionContext, create_engine, event, make_url

_POOL: Final = 20
_CONNECT: Final = 10  # seconds
_BUSY: Final = 30_000  # milliseconds that a writer waits for another one
_NO_ROOM: Final = frozenset({SQLITE_FULL, SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_READONLY})


def job_engine(url: str) -> Engine:
    """Return connections to a PostgreSQL or to a SQLite file, which lets readers go on."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        engine = create_engine(address, pool_size=_POOL, max_overflow=0, pool_timeout=30)
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "handle_error", _is_full)
        return engine
    engine = create_engine(
        address.set(drivername="postgresql+psycopg"),
        pool_size=_POOL,
        max_overflow=0,
        pool_timeout=30,
        pool_pre_ping=True,
        connect_args={"connect_timeout": _CONNECT},
    )
    event.listen(engine, "handle_error", _is_away)
    return engine


def _prepare(connection: Any, _: object) -> None:
    # As DBOS prepares those that it opens itself, but for the journal.
    connection.isolation_level = "IMMEDIATE"
    for pragma in ("journal_mode = WAL", f"busy_timeout = {_BUSY}", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _is_full(context: ExceptionContext) -> None:
    # DBOS 3.4 waits for a connection that is gone. A full disk it takes for the flow's own fault:
    # the flow would end by it, or hang until the next start where not even that could be written.
    code = getattr(context.original_exception, "sqlite_errorcode", None)
    if code is not None and code & 0xFF in _NO_ROOM:
        context.is_disconnect = True


def _is_away(context: ExceptionContext) -> None:
    # DBOS 3.4 waits for a database whose error says "connection failed"; psycopg says "connection
    # is bad" where a socket in a folder is gone, and a flow would end, or hang for ever, by that.
    fault = context.original_exception
    if isinstance(fault, psycopg.OperationalError) and fault.sqlstate is None:
        context.is_disconnect = True
