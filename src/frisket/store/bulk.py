"""Many rows at once: the few statements that SQLite and PostgreSQL want said differently."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import Column, Connection, Table, bindparam, func, join, update
from sqlalchemy.dialects import postgresql, sqlite

from frisket.store.database import StoreFault


def on_sqlite(connection: Connection) -> bool:
    """Say which database this is."""
    return connection.dialect.name == "sqlite"


def inserting(connection: Connection, table: Table) -> Any:
    """Return an insert of this dialect: it knows `on_conflict_do_…`."""
    return sqlite.insert(table) if on_sqlite(connection) else postgresql.insert(table)


def among(connection: Connection, column: Column[Any], name: str) -> Any:
    """Return what to join with a column's table, to get the rows of the list bound to `name`.

    One parameter, however many there are; and an index is used even where nothing is known of it.
    """
    if on_sqlite(connection):
        values = func.json_each(bindparam(name)).table_valued("value", name="wanted")
    else:
        array = bindparam(name, type_=postgresql.ARRAY(column.type))
        values = func.unnest(array).table_valued("value", name="wanted").render_derived()
    return join(values, column.table, column == values.c.value)


def listed(connection: Connection, values: Iterable[Any]) -> Any:
    """Return a list as `among` takes it."""
    return json.dumps(list(values)) if on_sqlite(connection) else list(values)


def rewrite(
    connection: Connection,
    table: Table,
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    types: Sequence[str],
) -> None:
    """Change columns of rows that are there; the first of `columns` is the key."""
    key, *others = columns
    if on_sqlite(connection):
        put = update(table).where(table.c[key] == bindparam("_key"))
        put = put.values({name: bindparam(f"_{name}") for name in others})
        names = ["_key", *(f"_{name}" for name in others)]
        connection.execute(put, [dict(zip(names, row, strict=True)) for row in rows])
        return
    arrays = ", ".join(f"%b::{kind}[]" for kind in types)
    given = ", ".join(f'"{name}"' for name in columns)
    kept = ", ".join(f'"{name}" = given."{name}"' for name in others)
    with _driver(connection) as driver:
        driver.execute(
            f"UPDATE {table.name} SET {kept} FROM unnest({arrays}) AS given ({given})"  # noqa: S608
            f' WHERE {table.name}."{key}" = given."{key}"'.encode(),
            [list(column) for column in zip(*rows, strict=True)],
        )


def upsert(
    connection: Connection, table: Table, rows: Sequence[Sequence[Any]], types: Sequence[str]
) -> None:
    """Write rows, in the table's order of columns, over those with the same primary key.

    `types` are PostgreSQL's. No key may come twice.
    """
    keys = [column.name for column in table.primary_key]
    others = [column.name for column in table.columns if column.name not in keys]
    if on_sqlite(connection):
        kept = ", ".join(f'"{name}" = excluded."{name}"' for name in others)
        put = f"{_inserting(table)} ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {kept}"
        connection.exec_driver_sql(put, [tuple(row) for row in rows])
        return
    arrays = ", ".join(f"%b::{kind}[]" for kind in types)
    kept = ", ".join(f'"{name}" = excluded."{name}"' for name in others)
    with _driver(connection) as driver:
        driver.execute(
            f"INSERT INTO {table.name} ({_names(table)}) SELECT * FROM unnest({arrays})"  # noqa: S608
            f" ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {kept}".encode(),
            [list(column) for column in zip(*rows, strict=True)],
        )


def append(
    connection: Connection, table: Table, rows: Sequence[Sequence[Any]], types: Sequence[str]
) -> None:
    """Write new rows, in the table's order of columns. `types` are PostgreSQL's."""
    if on_sqlite(connection):
        connection.exec_driver_sql(_inserting(table), [tuple(row) for row in rows])
        return
    copying = f"COPY {table.name} ({_names(table)}) FROM STDIN (FORMAT BINARY)"
    with (
        _driver(connection) as driver,
        driver.cursor() as cursor,
        cursor.copy(copying.encode()) as copy,
    ):
        copy.set_types(list(types))
        for row in rows:
            copy.write_row(row)


def _inserting(table: Table) -> str:
    """Return SQLite's own insert: a third of the time that a built statement takes."""
    marks = ", ".join("?" * len(table.columns))
    return f"INSERT INTO {table.name} ({_names(table)}) VALUES ({marks})"  # noqa: S608


def _names(table: Table) -> str:
    return ", ".join(f'"{column.name}"' for column in table.columns)


@contextmanager
def _driver(connection: Connection) -> Iterator[psycopg.Connection[Any]]:
    """Give the driver's own connection, within the same transaction. Raises `StoreFault`."""
    found = connection.connection.driver_connection
    assert isinstance(found, psycopg.Connection)
    try:
        yield found
    except psycopg.Error as fault:
        said = str(fault).strip().splitlines()
        raise StoreFault(f"the database fails: {said[0] if said else 'no reason given'}") from fault
