"""Where a server is, as a setting names it: `host`, `host:port`, `[v6]:port`, a scheme or none.

The device's own settings have no field for most ports; a port in the text is our addition, without
which nothing but the standard ports could be practised with.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from frisket.errors import UsageError
from frisket.net.guard import PrintGuard


@dataclass(frozen=True, slots=True)
class Server:
    """A host and a port; `scheme` is "" where the text had none, `path` has no leading slash."""

    host: str
    port: int
    scheme: str = ""
    path: str = ""

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def read_server(text: str, port: int, what: str) -> Server:
    """Read a server setting; `port` is the standard one. Raises `UsageError`, `Guarded`."""
    text = text.strip()
    if not text:
        raise UsageError(f"no {what} is registered")
    try:
        parts = urlsplit(text if "://" in text else f"//{text}")
        host, given = parts.hostname or "", parts.port
    except ValueError as fault:
        raise UsageError(f"{text[:60]!r} is no {what}: {fault}") from fault
    if not host or any(c.isspace() for c in host):
        raise UsageError(f"{text[:60]!r} is no {what}")
    PrintGuard().check(given or port)
    return Server(host, given or port, parts.scheme, unquote(parts.path.lstrip("/")))
