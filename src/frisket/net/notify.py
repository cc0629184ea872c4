"""Handing a text to a service that apprise knows, by its URL; the library dials itself."""

from __future__ import annotations

import asyncio
from typing import Final
from urllib.parse import urlsplit

import apprise

from frisket.errors import LinkError, UsageError
from frisket.net.guard import PrintGuard

_SLOWEST: Final = 60.0  # seconds
# They show something on this machine, or carry files: nothing of a server's business.
_NEVER: Final = frozenset(
    {"dbus", "qt", "glib", "kde", "gnome", "macosx", "windows", "file", "syslog"}
)


def check_service(url: str) -> None:
    """Make sure that a URL names a service. Raises `UsageError`, which never shows it."""
    _service(url)


def _service(url: str) -> apprise.Apprise:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UsageError("that is no URL of a service") from None
    found = apprise.Apprise()
    known = parts.scheme and parts.scheme.lower() not in _NEVER and found.add(url)
    if not known:
        raise UsageError("that is no URL of a service", hint="such as ntfy://ntfy.example/topic")
    if port is not None:
        PrintGuard().check(port)
    return found


async def notify(url: str, title: str, body: str) -> None:
    """Hand a text over. Raises `LinkError`, whose text never shows the URL, and `UsageError`."""
    service = _service(url)
    try:
        async with asyncio.timeout(_SLOWEST):
            taken = await asyncio.to_thread(
                service.notify, body=body, title=title, body_format="text"
            )
    except (TimeoutError, OSError) as fault:
        raise LinkError("the service did not take it in time") from fault
    if not taken:
        raise LinkError("the service did not take it")
