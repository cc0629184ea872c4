"""`frisket serve`: the console, from one process and one folder."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from cyclopts import App, Parameter
from cyclopts.validators import Number

from frisket.cli.support.shown import say
from frisket.console.settings import Settings
from frisket.errors import UsageError

app = App(name="serve", help="Serve the console.")

DATABASE = "FRISKET_DATABASE"


def _origin(given: str | None, host: str, port: int, *, tls: bool) -> str:
    """Return what people type. Raises `UsageError` for an address that is no origin."""
    if given is None:
        from frisket.net.listen import is_loopback

        shown = "localhost" if is_loopback(host) else host
        shown = f"[{shown}]" if ":" in shown else shown
        return f"{'https' if tls else 'http'}://{shown}:{port}"
    parts = urlsplit(given)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path.strip("/"):
        raise UsageError(f"{given[:80]!r} is no origin", hint="such as https://frisket.example")
    return f"{parts.scheme}://{parts.netloc.lower()}"


@app.default
def serve(
    *,
    data: Path,
    host: str = "127.0.0.1",
    port: Annotated[int, Parameter(validator=Number(gte=0, lte=65535))] = 8631,
    database: str = "",
    origin: str | None = None,
    tls_certificate: Path | None = None,
    tls_key: Path | None = None,
) -> int:
    """Serve the console until interrupted; the first start prints a link for the first account.

    Parameters
    ----------
    data
        Folder for the database and the keys; made at first.
    host
        Address to listen on. Beyond this machine a certificate is needed.
    port
        Port to listen on; 0 takes a free one.
    database
        postgresql://… in the place of the folder's SQLite file. Without it: FRISKET_DATABASE.
    origin
        What people type, where that is not this address: https://frisket.example
    tls_certificate
        File with the certificate and those above it.
    tls_key
        File with its key.
    """
    from frisket.net.listen import is_loopback
    from frisket.net.serve_asgi import check_pair, free_port

    check_pair(tls_certificate, tls_key)
    if not is_loopback(host) and host != "localhost" and tls_certificate is None:
        raise UsageError(
            "beyond this machine the console is served with TLS only",
            hint="give --tls-certificate and --tls-key, or stay on 127.0.0.1 behind a proxy",
        )
    address = "127.0.0.1" if host == "localhost" else host
    bound = port or free_port(address)
    shown = _origin(origin, address, bound, tls=tls_certificate is not None)
    settings = Settings(origin=shown, hosts=Settings().hosts | {host.lower()})
    url = database or os.environ.get(DATABASE, "")
    _run(data, settings, url, Where(address, bound, tls_certificate, tls_key))
    return 0


@dataclass(frozen=True, slots=True)
class Where:
    """Where the console listens, and with which certificate."""

    address: str
    port: int
    certificate: Path | None
    key: Path | None


def _run(data: Path, settings: Settings, url: str, where: Where) -> None:
    """Serve a data folder until interrupted; the log's head is signed at the end."""
    from frisket.console.auth.first_run import new_link
    from frisket.console.build import open_console
    from frisket.net.serve_asgi import Serving, serve_asgi

    console = open_console(data, settings, url=url)
    services = console.services

    def ready(_: Serving) -> None:
        sys.stdout.write(f"The console: {settings.origin}/\n")
        secret = new_link(services.database, services.clock(), settings.link)
        if secret is not None:
            minutes = int(settings.link.total_seconds() // 60)
            sys.stdout.write(f"First account: {settings.origin}/first-run/{secret}\n")
            say(f"The link makes the first account, once, within {minutes} minutes.")
        sys.stdout.flush()

    try:
        serve_asgi(
            console.app,
            where.address,
            where.port,
            certificate=where.certificate,
            key=where.key,
            ready=ready,
            stopping=services.bus.close,
        )
        services.log.checkpoint()
    finally:
        console.close()
