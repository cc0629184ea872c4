"""One database, SQLite or PostgreSQL: transactions, and the few things that differ between them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import (
    SQLITE_BUSY,
    SQLITE_CANTOPEN,
    SQLITE_CONSTRAINT_PRIMARYKEY,
    SQLITE_CONSTRAINT_UNIQUE,
    SQLITE_FULL,
    SQLITE_IOERR,
    SQLITE_LOCKED,
    SQLITE_READONLY,
)
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, FromClause, Table, create_engine, event, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnection

from frisket.errors import FrisketError, UsageError

_SCRIPTS: Final = Path(__file__).parent / "migrations"
_BUSY: Final = 30_000  # milliseconds that a writer waits for another one
_WRITE: Final = "frisket_write"
_PASSING: Final = frozenset(
    {SQLITE_BUSY, SQLITE_LOCKED, SQLITE_FULL, SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_READONLY}
)

# What the two say where there is such a row already: SQLite's extended code, PostgreSQL's state.
_TWICE: Final = frozenset({SQLITE_CONSTRAINT_UNIQUE, SQLITE_CONSTRAINT_PRIMARYKEY})
_UNIQUE: Final = "23505"

Insert = sqlite.Insert | postgresql.Insert


class StoreFault(FrisketError):
    """The database cannot be reached or refuses; nothing of the transaction was kept."""


class StoreAway(StoreFault):
    """The database does not answer, is locked or has no room: the same again later may do."""


class StoreConflict(StoreFault):
    """There is such a row already: somebody else was faster, or the name is taken."""


@dataclass(frozen=True, slots=True)
class Database:
    """One open database. Synchronous: called from a thread where an event loop runs."""

    engine: Engine

    @property
    def is_sqlite(self) -> bool:
        """Say whether this is the small office's file."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a transaction that is kept whole when the block ends, and else not at all.

        Raises `StoreFault` where the database fails (away, full, locked too long).
        """
        with _told(), self.engine.connect() as connection:
            marked = connection.execution_options(**{_WRITE: True})
            with marked.begin():
                yield marked

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give one consistent view. Raises `StoreFault`."""
        with _told(), self.engine.connect() as connection, connection.begin():
            yield connection

    def insert(self, table: Table) -> Any:
        """Return an insert of this dialect: it knows `on_conflict_do_update` and `…_nothing`."""
        return sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)

    def upgrade(self) -> None:
        """Bring the tables to this version. Raises `StoreFault`, also where they are newer."""
        with _told(), self.engine.connect() as connection:
            config = alembic_config(connection)
            scripts = ScriptDirectory.from_config(config)
            known = {script.revision for script in scripts.walk_revisions()}
            have = MigrationContext.configure(connection).get_current_revision()
            connection.rollback()
            if have is not None and have not in known:
                raise StoreFault(
                    f"the database was made by a newer Frisket (revision {have})",
                    hint="use that version; nothing was changed",
                )
            command.upgrade(config, "head")
            connection.commit()

    def answers(self) -> bool:
        """Say whether the database answers now."""
        try:
            with self.read() as connection:
                connection.execute(text("SELECT 1"))
        except StoreFault:
            return False
        return True

    def close(self) -> None:
        """Close all connections; may be called twice."""
        self.engine.dispose()


def alembic_config(connection: Connection) -> Config:
    """Return the migrations' configuration for an open connection."""
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["connection"] = connection
    return config


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except DBAPIError as fault:
        if _twice(fault):
            raise StoreConflict("there is one like it already", hint="look again") from fault
        said = str(fault.orig).strip().splitlines()
        kind = StoreAway if _passing(fault) else StoreFault
        raise kind(f"the database fails: {said[0] if said else 'no reason given'}") from fault
    except NoConnection as fault:
        raise StoreAway("the database fails: all connections to it are busy") from fault
    except SQLAlchemyError as fault:
        raise StoreFault(f"the database fails: {str(fault).splitlines()[0]}") from fault


def _twice(fault: DBAPIError) -> bool:
    code = getattr(fault.orig, "sqlite_errorcode", None)
    return code in _TWICE or getattr(fault.orig, "sqlstate", None) == _UNIQUE


def _passing(fault: DBAPIError) -> bool:
    code = getattr(fault.orig, "sqlite_errorcode", None)
    if code is not None:  # the low byte; the others say which kind of it
        return code & 0xFF in _PASSING
    return fault.connection_invalidated or isinstance(fault, OperationalError)


def open_database(url: str, *, connections: int = 5) -> Database:
    """Open `sqlite:///path` or `postgresql://…`; makes a file that is missing, but no tables.

    Raises `UsageError` for an address that is neither.
    """
    try:
        address = make_url(url)
    except ArgumentError:
        raise UsageError(
            "this is no database address", hint="postgresql://user@host/name or sqlite:///file"
        ) from None
    if address.get_backend_name() == "postgresql":
        address = address.set(drivername="postgresql+psycopg")
        engine = create_engine(
            address, pool_size=connections, max_overflow=connections, pool_pre_ping=True
        )
        event.listen(engine, "connect", _prepare_postgresql)
        return Database(engine)
    if address.get_backend_name() != "sqlite":
        raise UsageError(
            f"{address.get_backend_name()} is not supported", hint="use PostgreSQL or SQLite"
        )
    engine = create_engine(address, pool_size=connections, max_overflow=connections)
    engine.dialect.statement_compiler = _Hinted
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return Database(engine)


def _prepare_postgresql(connection: Any, _: object) -> None:
    # Plans are made for what is asked: one for any word searches 100,000 devices for a rare one.
    # To compile a statement takes longer than any of ours runs.
    connection.execute("SET plan_cache_mode = force_custom_plan")
    connection.execute("SET jit = off")
    # What is asked often lies in memory, where going by an index costs no more than going through.
    connection.execute("SET random_page_cost = 1.1")
    connection.commit()


class _Hinted(SQLiteCompiler):
    """Writes `INDEXED BY …` where a statement says so; SQLAlchemy leaves it out for SQLite."""

    def get_from_hint_text(self, table: FromClause, text: str | None) -> str | None:
        """Return what stands behind a table's name."""
        del table
        return text


def _prepare_sqlite(connection: Any, _: object) -> None:
    # The driver's own transaction handling begins too late for BEGIN IMMEDIATE.
    connection.isolation_level = None
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        f"busy_timeout = {_BUSY}",
        "temp_store = MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITE)
    # A reader that turns into a writer half-way would fail at once instead of waiting.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def quiet_migrations() -> None:
    """Keep the migration library's own notices out of the console's log."""
    logging.getLogger("alembic").setLevel(logging.WARNING)
