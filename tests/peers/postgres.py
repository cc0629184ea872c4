"""A PostgreSQL cluster of one's own: made in a folder of its own, heard on a socket in it alone."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from frisket.store.database import Database, open_database
from frisket.store.metadata import METADATA

_USER = "postgres"  # who runs it where we are root: PostgreSQL refuses that
_CONFIG = {
    "listen_addresses": "''",
    "max_connections": "50",
    "timezone": "'UTC'",
    "log_min_messages": "'warning'",
}


def binary(name: str) -> str:
    """Return where a server program is: Debian keeps them by version, off the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else shutil.which(name) or name


@dataclass(slots=True)
class Cluster:
    """A running cluster. `kill` is a power failure; `start` recovers."""

    folder: Path
    config: dict[str, str] = field(default_factory=dict)
    _names: Iterator[int] = field(default_factory=lambda: count(1))

    def run(self, *command: str) -> None:
        """Run a server program as a user that may."""
        options: dict[str, Any] = {}
        if os.geteuid() == 0:
            options = {"user": _USER, "group": _USER, "extra_groups": []}
        log = self.folder / "programs.log"
        with log.open("ab") as out:
            done = subprocess.run(
                [binary(command[0]), *command[1:]],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd="/",
                check=False,
                **options,
            )
        assert done.returncode == 0, f"{command}: {log.read_text()}"

    @property
    def data(self) -> Path:
        """Return the data directory."""
        return self.folder / "data"

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        log = str(self.folder / "server.log")
        self.run("pg_ctl", "-D", str(self.data), "-l", log, "-w", "-t", "60", "start")

    def stop(self) -> None:
        """Stop the server at once, without recovery later."""
        self.run("pg_ctl", "-D", str(self.data), "-m", "fast", "-w", "stop")

    def kill(self) -> None:
        """End every process of the server without a word."""
        leader = int((self.data / "postmaster.pid").read_text().split()[0])
        listed = Path(f"/proc/{leader}/task/{leader}/children").read_text()
        for process in (leader, *map(int, listed.split())):
            os.kill(process, signal.SIGKILL)
        # They name processes of which nobody may have taken the exit status yet.
        for lock in (self.data / "postmaster.pid", *self.folder.glob(".s.PGSQL.*")):
            lock.unlink(missing_ok=True)

    def url(self, name: str = "postgres") -> str:
        """Return the address of a database of this cluster."""
        return f"postgresql://{_USER}@/{name}?host={self.folder}"

    def create(self) -> str:
        """Make an empty database and return its address."""
        name = f"frisket{next(self._names)}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url(name)


@contextmanager
def cluster(config: dict[str, str] | None = None, *, safe: bool = False) -> Iterator[Cluster]:
    """Run a cluster until the block ends. `safe` waits for the disk, as a real one does."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))  # short: a socket's path is limited
    if os.geteuid() == 0:
        shutil.chown(folder, _USER, _USER)
    made = Cluster(folder, _CONFIG | ({} if safe else {"fsync": "off"}) | (config or {}))
    try:
        made.run(
            *("initdb", "-D", str(made.data), "-U", _USER, "-A", "trust", "-E", "UTF8"),
            *("--locale", "C.UTF-8", "--no-sync"),
        )
        with (made.data / "postgresql.conf").open("a") as file:
            settings = made.config | {"unix_socket_directories": f"'{folder}'"}
            file.writelines(f"{name} = {value}\n" for name, value in settings.items())
        made.start()
        try:
            yield made
        finally:
            if (made.data / "postmaster.pid").exists():
                made.run("pg_ctl", "-D", str(made.data), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


KINDS: Sequence[Any] = (
    "sqlite",
    pytest.param("postgresql", marks=[pytest.mark.peer("postgresql")]),
)


@contextmanager
def fresh(url: str) -> Iterator[Database]:
    """Open a database with all tables until the block ends."""
    database = open_database(url)
    try:
        database.upgrade()
        yield database
    finally:
        database.close()


def empty(database: Database) -> None:
    """Take every row out of a database, and let ids begin at 1 again."""
    with database.write() as connection:
        if database.is_sqlite:
            for table in reversed(METADATA.sorted_tables):
                connection.execute(table.delete())
        else:
            names = ", ".join(f'"{table.name}"' for table in METADATA.sorted_tables)
            connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """Give a cluster for all tests of this process."""
    with cluster() as found:
        yield found


@pytest.fixture(params=KINDS)
def both(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Give an empty database of each kind."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'fleet.db'}"
    else:
        url = request.getfixturevalue("postgres").create()
    with fresh(url) as database:
        yield database
