"""`frisket serve`: the console, from one process and one folder."""

from __future__ import annotations

import gc
import os
import platform
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from cyclopts import App, Parameter
from cyclopts.validators import Number

from frisket.cli.support.shown import say
from frisket.console.settings import SecondFactor, Settings
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


def _proxies(given: tuple[str, ...]) -> frozenset[str]:
    """Return the addresses of proxies. Raises `UsageError` for a name: names can be moved."""
    try:
        return frozenset(str(ip_address(one)) for one in given)
    except ValueError as fault:
        raise UsageError(f"a proxy is an address: {fault}") from fault


def _check_reach(host: str, certificate: Path | None, key: Path | None) -> None:
    """Let nobody be served beyond this machine without TLS. Raises `UsageError`."""
    from frisket.net.listen import is_loopback
    from frisket.net.serve_asgi import check_pair

    check_pair(certificate, key)
    if not is_loopback(host) and host != "localhost" and certificate is None:
        raise UsageError(
            "beyond this machine the console is served with TLS only",
            hint="give --tls-certificate and --tls-key, or stay on 127.0.0.1 behind a proxy",
        )


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
    proxy: tuple[str, ...] = (),
    second_factor: SecondFactor | None = None,
    gateway_port: Annotated[int | None, Parameter(validator=Number(gte=0, lte=65535))] = None,
    gateway_name: tuple[str, ...] = (),
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
    proxy
        Address of a proxy in front: whom it carries (X-Forwarded-For) is who asks. Without it the
        proxy itself is, and many failed logins through it slow everybody's password down.
    second_factor
        Who needs a passkey or an authenticator besides a password: everyone, administrators or
        nobody. Without it: everyone where the origin is https, nobody on this machine alone.
    gateway_port
        Also take reports in at this port, by HTTPS with the gateway's own certificate. Collectors
        and devices can always report to the console's own address, where that is HTTPS.
    gateway_name
        Host name or address that collectors know this gateway by, for that certificate.
    """
    from frisket.net.serve_asgi import free_port

    _check_reach(host, tls_certificate, tls_key)
    address = "127.0.0.1" if host == "localhost" else host
    bound = port or free_port(address)
    shown = _origin(origin, address, bound, tls=tls_certificate is not None)
    hosts = Settings().hosts | {host.lower()}
    settings = Settings(
        origin=shown, hosts=hosts, proxies=_proxies(proxy), second_factor=second_factor
    )
    url = database or os.environ.get(DATABASE, "")
    reports = None if gateway_port is None else Reports(gateway_port, gateway_name)
    _run(data, settings, url, Where(address, bound, tls_certificate, tls_key), reports)
    return 0


@dataclass(frozen=True, slots=True)
class Where:
    """Where the console listens, and with which certificate."""

    address: str
    port: int
    certificate: Path | None
    key: Path | None


@dataclass(frozen=True, slots=True)
class Reports:
    """Where reports are taken in besides, and what that place is called."""

    port: int
    names: tuple[str, ...]


def _run(data: Path, settings: Settings, url: str, where: Where, reports: Reports | None) -> None:
    """Serve a data folder until interrupted; the log's head is signed at the end."""
    from frisket.cli.support.gateways import Listening, gateway_beside
    from frisket.console.auth.first_run import new_link
    from frisket.console.build import open_console
    from frisket.fleet.heads import Heads, Minutely
    from frisket.net.serve_asgi import Serving, serve_asgi
    from frisket.store.cosignatures import Receivers

    console = open_console(data, settings, url=url)
    services = console.services
    # The catalogue, rules and templates stay for ever. To look through them for garbage held up
    # every page of that moment by 140 ms.
    gc.collect()
    gc.freeze()

    def ready(_: Serving) -> None:
        sys.stdout.write(f"The console: {settings.origin}/\n")
        secret = new_link(services.database, services.clock(), settings.link)
        if secret is not None:
            minutes = int(settings.link.total_seconds() // 60)
            sys.stdout.write(f"First account: {settings.origin}/first-run/{secret}\n")
            say(f"The link makes the first account, once, within {minutes} minutes.")
        sys.stdout.flush()

    beside = ExitStack()
    heads = Heads(
        *(services.log, Receivers(services.database), services.clock),
        executor=f"{platform.node()}-{os.getpid()}",
    )
    beside.enter_context(Minutely(heads, say))
    try:
        if reports is not None:
            listening = Listening(where.address, reports.port, reports.names)
            folder = data / "gateway"
            beside.enter_context(gateway_beside(services.gateway, console.door, folder, listening))
        with beside:
            serve_asgi(
                console.app,
                where.address,
                where.port,
                certificate=where.certificate,
                key=where.key,
                ready=ready,
                stopping=services.bus.close,
            )
    finally:
        console.close()
