"""Running a blocking client in a thread, with an end: its socket is cut at the deadline."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from frisket.errors import FrisketError, LinkError, Silent, TlsFailed
from frisket.net.call import tls_reason
from frisket.net.dial import as_link_error

T = TypeVar("T")
S = TypeVar("S", str, bytes)
S_co = TypeVar("S_co", str, bytes, covariant=True)

_BOTH = 2  # SHUT_RDWR
SECONDS = 60.0  # a whole conversation
STEP = 15.0  # one answer


class Cuttable(Protocol):
    """A socket, as far as it is needed here."""

    def shutdown(self, how: int, /) -> object:
        """End both directions."""


class Lifeline:
    """What a blocking client hands out so that it can be cut off from outside."""

    __slots__ = ("_late", "_sock")

    def __init__(self) -> None:
        self._sock: Cuttable | None = None
        self._late = False

    def hold(self, sock: Cuttable | None) -> None:
        """Remember the socket of the conversation; where it is late already, cut it."""
        self._sock = sock
        if self._late:
            self.cut()

    def cut(self) -> None:
        """Cut the conversation; what the thread is reading then ends."""
        self._late = True
        if self._sock is not None:
            with contextlib.suppress(OSError, ValueError):
                self._sock.shutdown(_BOTH)


class Lines(Protocol[S_co]):
    """A file of lines, as far as it is needed here."""

    def readline(self, limit: int = -1, /) -> S_co:
        """Return the next line."""

    def close(self) -> None:
        """Close."""


class Bounded(Generic[S]):
    """A file that stops after so many octets: a server that never ends fills no memory."""

    __slots__ = ("_file", "_left")

    def __init__(self, file: Lines[S], octets: int) -> None:
        self._file: Lines[S] = file
        self._left = octets

    def readline(self, limit: int = -1) -> S:
        """Return one line. Raises `OSError` when too much has come."""
        line: S = self._file.readline(limit)
        self._left -= len(line)
        if self._left < 0:
            raise OSError("the server sent too much")
        return line

    def close(self) -> None:
        """Close the file below."""
        self._file.close()


async def in_thread(work: Callable[[Lifeline], T], where: str, seconds: float = SECONDS) -> T:
    """Run `work` in a thread; it is cut after `seconds`.

    Raises what `work` raises where Frisket knows it, `TlsFailed`, and `LinkError` for an operating
    system's error.
    """
    line = Lifeline()
    task = asyncio.ensure_future(asyncio.to_thread(work, line))
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
    except asyncio.CancelledError:
        line.cut()
        task.add_done_callback(_forget)
        raise
    if not done:
        line.cut()
        task.add_done_callback(_forget)
        raise Silent(f"{where} took longer than {seconds:.0f} s")
    try:
        return task.result()
    except FrisketError:
        raise
    except ssl.SSLError as fault:
        raise TlsFailed(tls_reason(fault)) from fault
    except TimeoutError as fault:
        raise Silent(f"{where} did not answer in time") from fault
    except EOFError as fault:
        raise LinkError(f"{where} ended the connection") from fault
    except OSError as fault:
        raise as_link_error(fault, where) from fault


def _forget(task: asyncio.Future[T]) -> None:
    """Take the result of a thread that nobody waits for any more."""
    if not task.cancelled():
        task.exception()
