"""Connections to the job engine's own tables, which wait for a database that is away."""

from __future__ import annotations

from typing import Final

import psycopg
from sqlalchemy import Engine, ExceptionContext, create_engine, event, make_url

_POOL: Final = 20
_CONNECT: Final = 10  # seconds


def job_engine(url: str) -> Engine | None:
    """Return connections to a PostgreSQL; None for SQLite, whose file the engine opens itself.

    A file is told to let readers go on beside its writer, which it remembers.
    """
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        engine = create_engine(address)
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")
        engine.dispose()
        return None
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


def _is_away(context: ExceptionContext) -> None:
    # DBOS 3.4 waits for a database whose error says "connection failed"; psycopg says "connection
    # is bad" where a socket in a folder is gone, and a flow would end, or hang for ever, by that.
    fault = context.original_exception
    if isinstance(fault, psycopg.OperationalError) and fault.sqlstate is None:
        context.is_disconnect = True
