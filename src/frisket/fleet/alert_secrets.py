"""Secrets of channels that alerts go to: set by a page, opened by the crew alone."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode

from frisket.errors import UsageError
from frisket.fleet.sealing import Opener, Sealed, SealFault, seal
from frisket.store.alerting import Alerting
from frisket.store.database import Database
from frisket.store.logins import StoredLogins


def _purpose(name: str) -> str:
    return f"alert channel {name}"


def seal_secret(database: Database, name: str, secret: str) -> str:
    """Return a channel's secret, sealed for the crew; nothing for none. Raises `UsageError`."""
    if not secret:
        return ""
    public = StoredLogins(database).public_key()
    if public is None:
        raise UsageError("nothing has made a key for secrets yet", hint="start a worker")
    return _written(seal(secret.encode(), _purpose(name), public))


def open_secret(kept: str, name: str, opener: Opener) -> str:
    """Return a channel's secret. Raises `SealFault`."""
    return opener.open(_read(kept), _purpose(name)).decode() if kept else ""


def rewrap_secrets(database: Database, opener: Opener) -> int:
    """Wrap every channel's secret for the opener's newest key; returns how many."""
    store = Alerting(database)
    sealed = [channel for channel in store.channels() if channel.secret]
    for channel in sealed:
        new = opener.rewrapped(_read(channel.secret), opener.public)
        store.change_secret(channel.id, _written(new))
    return len(sealed)


def _written(sealed: Sealed) -> str:
    parts = (b64encode(part).decode() for part in (sealed.data_key, sealed.text))
    return json.dumps([sealed.wrapped_for, *parts])


def _read(kept: str) -> Sealed:
    try:
        wrapped_for, data_key, text = json.loads(kept)
        return Sealed(wrapped_for, b64decode(data_key), b64decode(text))
    except (ValueError, TypeError):
        raise SealFault("a sealed secret does not open: it was changed") from None
