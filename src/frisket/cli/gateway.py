"""`frisket gateway`: receives what collectors and devices report; tokens, statements, supplies."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter
from cyclopts.validators import Number

from frisket.cli.support.gateway_processes import beside, check_processes, is_beside
from frisket.cli.support.gateway_shown import (
    alert_rows,
    file_name,
    minute_of_day,
    month_of_word,
    print_rows,
    quiet_hours,
    status_document,
    supply_rows,
)
from frisket.cli.support.gateways import (
    Listening,
    Where,
    database_of,
    opened_gateway,
    prepare,
    serve_gateway,
)
from frisket.cli.support.session import now
from frisket.cli.support.shown import print_json, print_table, say
from frisket.errors import UsageError
from frisket.fleet.inventory import check_scope
from frisket.fleet.schedule import zone_of
from frisket.net.serve_asgi import check_pair, free_port
from frisket.store.erds import ErdsDevices
from frisket.store.inventory import Inventory
from frisket.store.reported import Reported, Who
from frisket.telemetry.billing import as_csv, as_json, as_text, sign
from frisket.telemetry.gateway.by_device import offer_code, want
from frisket.telemetry.gateway.service import Gateway
from frisket.telemetry.gateway.view import Views

Form = Annotated[Literal["table", "json", "csv"], Parameter(name=("--format", "-f"))]

app = App(name="gateway", help="Receive what sites report; billing, supplies, alerts.")


@app.default
def serve(
    *,
    where: Where,
    host: str = "127.0.0.1",
    port: Annotated[int, Parameter(validator=Number(gte=0, lte=65535))] = 8632,
    name: tuple[str, ...] = (),
    tls_certificate: Path | None = None,
    tls_key: Path | None = None,
    mailbox: Path | None = None,
    processes: Annotated[int, Parameter(validator=Number(gte=1, lte=64))] = 1,
) -> int:
    """Receive until interrupted, over HTTPS. It never connects to a site.

    Parameters
    ----------
    host
        Address to listen on.
    port
        Port to listen on; 0 takes a free one.
    name
        Host name or address that collectors know this gateway by, for its own certificate.
    tls_certificate
        File with another certificate and those above it. Without it the gateway makes its own.
    tls_key
        File with its key.
    mailbox
        File that says where reports come in by mail (docs/reference/collector.md).
    processes
        How many processes share the work, with PostgreSQL only: each takes one processor.
    """
    check_pair(tls_certificate, tls_key)
    check_processes(processes, database_of(where))
    address = "127.0.0.1" if host == "localhost" else host
    several = processes > 1
    bound = free_port(address) if several and not port else port
    listening = Listening(address, bound, name, tls_certificate, tls_key, shared=several)
    if not several or is_beside():
        serve_gateway(where, listening, mailbox)
        return 0
    prepare(where, listening)
    words = [*sys.argv[1:], "--port", str(bound)] if not port else sys.argv[1:]
    with beside(words, processes):
        serve_gateway(where, listening, mailbox)
    return 0


@app.command
def token(
    *,
    where: Where,
    site: str,
    new: bool = False,
    network: tuple[str, ...] = (),
    zone: str = "UTC",
    minutes: Annotated[int, Parameter(validator=Number(gte=1, lte=10_080))] = 15,
) -> int:
    """Print a one-time token with which a collector enrols for a site.

    Parameters
    ----------
    site
        The site that the collector will speak for, and for no other.
    new
        Make the site.
    network
        Network that the new site's devices are in; devices elsewhere are not taken.
    zone
        The new site's time zone: Europe/Berlin.
    minutes
        How long the token works.
    """
    zone_of(zone)
    scope = check_scope(network)
    with opened_gateway(where, make=new) as gateway:
        sites = Inventory(gateway.database)
        known = sites.site(site) is not None
        if new and known:
            raise UsageError(f"there is a site {site!r} already", hint="leave --new out")
        if not (new or known):
            raise UsageError(f"there is no site {site!r}", hint="--new makes it")
        if new:
            sites.add_site(site, scope, now(), zone)
        made = gateway.offer(site, now(), timedelta(minutes=minutes))
    sys.stdout.write(f"{made}\n")
    say(f"Works once, for {site}, for {minutes} minutes.")
    return 0


@app.command
def code(*, where: Where, site: str, serial: str = "") -> int:
    """Print a one-time code that registers a device which reports by itself (eRDS).

    Parameters
    ----------
    site
        The site that the device is at.
    serial
        The only device that may use it; without it, any.
    """
    with opened_gateway(where) as gateway:
        made = offer_code(ErdsDevices(gateway.database), site, serial, now())
    sys.stdout.write(f"{made}\n")
    say(f"Registers one device for {site}, within a day; type it in at the device.")
    return 0


@app.command
def revoke(collector: str, *, where: Where) -> int:
    """Shut a collector out at once, for good.

    Parameters
    ----------
    collector
        Its name, as `frisket gateway status` shows it.
    """
    with opened_gateway(where) as gateway:
        if not gateway.collectors.revoke(collector):
            raise UsageError(f"there is no collector {collector!r}")
    say(f"{collector} is shut out.")
    return 0


@app.command
def orders(
    *,
    where: Where,
    site: str,
    network: tuple[str, ...] = (),
    device: tuple[str, ...] = (),
    every: Annotated[float, Parameter(validator=Number(gte=30, lte=86_400))] = 300.0,
    quiet: str = "",
) -> int:
    """Tell a site's collectors what to poll; they hear it within half a minute.

    Parameters
    ----------
    site
        Whose collectors.
    network
        Network to poll. Without networks and devices: the site's own networks.
    device
        Address or host name of a device to poll.
    every
        Seconds between two polls of a device.
    quiet
        Hours at which printers may sleep, in the site's time zone: 19:00-07:00
    """
    document: dict[str, object] = {"every": every}
    if network or device:
        document |= {"networks": list(check_scope(network)), "devices": list(device)}
    if quiet:
        document["quiet"] = quiet_hours(quiet)
    with opened_gateway(where) as gateway:
        version = gateway.order(site, document, now())
    say(f"Orders {version} for {site}.")
    return 0


@app.command
def erds(
    *,
    where: Where,
    site: str,
    hours: Annotated[int, Parameter(validator=Number(gte=1, lte=744))] = 16,
    start: str = "",
    mute: tuple[str, ...] = (),
    leave_out: tuple[str, ...] = (),
) -> int:
    """Say what a site's devices that report by themselves are to tell, and how often (eRDS).

    Each device hears it at its next communication test. What is not said is as eRDS does it.

    Parameters
    ----------
    site
        Whose devices.
    hours
        Hours between two reports of counters.
    start
        When they begin, in UTC: 02:30. Without it: with the communication test.
    mute
        Alerts that are not wanted: toner-low, toner-out, waste-nearly-full, waste-full, door-open,
        jam, service-call, alarm.
    leave_out
        Messages that are not wanted, such as postServiceModeMenu.
    """
    said = {"hours": hours, "muted": list(mute), "left_out": list(leave_out)}
    if start:
        said["start"] = minute_of_day(start)
    with opened_gateway(where) as gateway:
        want(ErdsDevices(gateway.database), site, said, now())
    say(f"Devices of {site} hear it at their next communication test.")
    return 0


@app.command
def status(*, where: Where, site: str = "", format: Form = "table") -> int:  # noqa: A002
    """Show collectors, how far their reports have come, what was refused, and how devices are.

    Parameters
    ----------
    site
        Only this site's devices.
    format
        table, json or csv.
    """
    with opened_gateway(where) as gateway:
        devices = Reported(gateway.database).devices(site)
        document = status_document(gateway, views(gateway).board(devices, now()), now())
    if format == "json":
        print_json(document)
        return 0
    if format == "csv":
        print_rows("csv", document["collectors"])
        return 0
    for name in ("collectors", "spools", "refused", "worst", "silent"):
        if document[name]:
            sys.stdout.write(f"{name.capitalize()}\n")
            print_rows("table", document[name])
            sys.stdout.write("\n")
    print_table(("Devices", ""), [(name, str(n)) for name, n in document["devices"].items()])
    return 0


@app.command
def supplies(
    *,
    where: Where,
    site: str = "",
    device: str = "",
    format: Form = "table",  # noqa: A002
) -> int:
    """Show every supply and when it will be empty, those that may end first before the others.

    Parameters
    ----------
    site
        Only this site.
    device
        Only this device: serial number, key or address.
    format
        table, json or csv.
    """
    with opened_gateway(where) as gateway:
        print_rows(
            format, supply_rows(views(gateway).supplies(_devices(gateway, site, device), now()))
        )
    return 0


@app.command
def alerts(
    *,
    where: Where,
    site: str = "",
    device: str = "",
    days: Annotated[int, Parameter(validator=Number(gte=0, lte=4000))] = 0,
    format: Form = "table",  # noqa: A002
) -> int:
    """Show what is wrong now, or what was in the last days: alerts, jams, service calls.

    Parameters
    ----------
    site
        Only this site.
    device
        Only this device: serial number, key or address.
    days
        Also what is over, of so many days.
    format
        table, json or csv.
    """
    until = now()
    with opened_gateway(where) as gateway:
        found = _devices(gateway, site, device)
        since = until - timedelta(days=days)
        happened = views(gateway).happenings(found, since, until, standing=not days)
    rows = alert_rows(happened)
    if found and not rows:
        say("nothing is wrong" if not days else f"nothing was wrong in {days} days")
    print_rows(format, rows)
    return 0


@app.command
def statement(
    *,
    where: Where,
    month: str,
    device: str = "",
    site: str = "",
    format: Annotated[  # noqa: A002
        Literal["text", "json", "csv"], Parameter(name=("--format", "-f"))
    ] = "text",
    output: Annotated[Path | None, Parameter(alias="-o")] = None,
) -> int:
    """Write billing statements of a month, signed: counters, breaks and gaps of each device.

    Parameters
    ----------
    month
        2026-11
    device
        Only this device: serial number, key or address.
    site
        Only this site.
    format
        text, json (signed by the gateway's key) or csv.
    output
        Folder for a file for each device, in the place of standard output.
    """
    wanted = month_of_word(month)
    with opened_gateway(where) as gateway:
        for who in _devices(gateway, site, device):
            stated = views(gateway).statement(who, wanted, now())
            if format == "json":
                text = as_json(stated, sign(stated, gateway.authority.key))
            else:
                text = as_csv(stated) if format == "csv" else as_text(stated)
            _put(text, output, f"{month}-{file_name(who)}.{'txt' if format == 'text' else format}")
    return 0


def views(gateway: Gateway) -> Views:
    """Return views on what a gateway has stored."""
    return Views(Reported(gateway.database), gateway.intake.metrics)


def _devices(gateway: Gateway, site: str, device: str) -> list[Who]:
    found = list(Reported(gateway.database).devices(site, device))
    if (site or device) and not found:
        raise UsageError("no device fits", hint="frisket gateway supplies shows those there are")
    if not found:
        say("no device has reported yet")
    return found


def _put(text: str, folder: Path | None, name: str) -> None:
    if folder is None:
        sys.stdout.write(text if text.endswith("\n") else f"{text}\n")
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    except OSError as fault:
        raise UsageError(f"{folder / name} cannot be written: {fault.strerror}") from fault
