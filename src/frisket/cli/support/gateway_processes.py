"""More processes for a busy gateway: they share its port and its PostgreSQL, and end with it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from frisket.errors import UsageError
from frisket.net.listen import MAY_SHARE

BESIDE = "FRISKET_GATEWAY_BESIDE"  # set for the further ones, which neither tidy nor fetch mail


def is_beside() -> bool:
    """Say whether this process is a further one of a gateway."""
    return bool(os.environ.get(BESIDE))


def check_processes(count: int, database: str) -> None:
    """Make sure that several processes may share the work. Raises `UsageError`."""
    if count > 1 and not database.startswith("postgresql"):
        hint = "give --database postgresql://…, or leave --processes at 1"
        raise UsageError("only PostgreSQL is shared by several processes", hint=hint)
    if count > 1 and not MAY_SHARE:
        raise UsageError("this system does not let processes share a port")


@contextmanager
def beside(words: Sequence[str], count: int) -> Iterator[None]:
    """Run further processes of the same command until the block ends, or this process does."""
    command = [sys.executable, "-m", "frisket.cli", *words]
    environment = {**os.environ, BESIDE: "1"}
    others = [
        subprocess.Popen(command, env=environment, stdin=subprocess.PIPE)  # noqa: S603 - our own
        for _ in range(count - 1)
    ]
    try:
        yield
    finally:
        for one in others:
            if one.stdin is not None:
                one.stdin.close()
        for one in others:
            one.wait()


def end_with_the_first(stop: Callable[[], None]) -> None:
    """Call `stop` when the first process is gone: its end of our standard input closes then."""

    def watch() -> None:
        sys.stdin.buffer.read()
        stop()

    threading.Thread(target=watch, daemon=True).start()
