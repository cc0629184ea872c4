"""`frisket collect`: polls a site, keeps what is new, and sends it to the gateway."""

from __future__ import annotations

import asyncio
import getpass
import os
import random
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from cyclopts.validators import Number

from frisket.cli.support.collecting import status_rows, stopped_by_signals, witness_line
from frisket.cli.support.groups import state_folder
from frisket.cli.support.labs import is_lab_word
from frisket.cli.support.logins import Logging, open_credentials
from frisket.cli.support.session import read_text
from frisket.cli.support.shown import TableOrJson, print_json, print_table, say
from frisket.cli.support.targets import resolve_targets
from frisket.errors import UsageError
from frisket.model.target import Target
from frisket.net.shared import SharedSockets
from frisket.probe.snmp_identity import PUBLIC
from frisket.report.escape import visible
from frisket.telemetry.collector.backoff import Backoff
from frisket.telemetry.collector.change import Changes
from frisket.telemetry.collector.exchange import Exchange, enrol, over_https
from frisket.telemetry.collector.identity import ENROL, Identity, is_enrolled, read_identity
from frisket.telemetry.collector.keeper import Keeper
from frisket.telemetry.collector.leaving import leaving
from frisket.telemetry.collector.mail import MailUplink
from frisket.telemetry.collector.moments import Moments
from frisket.telemetry.collector.orders import OrdersLine, Scope
from frisket.telemetry.collector.outbox import Outbox
from frisket.telemetry.collector.records import gap_frame
from frisket.telemetry.collector.run import BEAT, Collector, Following, hold
from frisket.telemetry.collector.schedule import Schedule
from frisket.telemetry.collector.site import Site
from frisket.telemetry.collector.spool import Limits, Spool
from frisket.telemetry.collector.uplink import INTERVAL, Uplink
from frisket.telemetry.collector.visit import SnmpVisit
from frisket.telemetry.collector.witness import LogWitness, forget_witness
from frisket.telemetry.egress import COLLECTOR, load_manifest, manifest_text
from frisket.telemetry.enrolment import read_token
from frisket.telemetry.mail_settings import read_plan
from frisket.telemetry.poll import Polled
from frisket.telemetry.table import load_tables

app = App(name="collect", help="Poll a site's printers and report them to the gateway.")

EXIT_INCOMPLETE = 3
COMMUNITY = "FRISKET_SNMP_COMMUNITY"


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Collecting:
    """How a site is polled.

    Parameters
    ----------
    scope
        File with the networks that may be polled, one a line; nothing outside is ever visited,
        whatever the gateway orders.
    community_file
        File with the SNMPv1 and v2c community to read with. Without it: FRISKET_SNMP_COMMUNITY,
        or `public`.
    parallel
        Devices polled at the same time.
    pace
        Packets a second to one device; 0 lifts the limit. Virtual devices are not paced.
    patience
        Seconds to wait for the first answer of a device that was named: it may have to wake.
    every
        Seconds between two polls of a device, until the gateway orders otherwise.
    spool_size
        Megabytes that the spool may take while the line is down.
    mail
        File with mail servers: report by mail instead of HTTPS, for sites that allow nothing else.
    proxy
        Proxy to the gateway, http://host:port. Without it: HTTPS_PROXY and NO_PROXY.
    state_dir
        The lab's state folder, for the target `lab`.
    quiet
        No notices.
    """

    scope: Path | None = None
    community_file: Path | None = None
    parallel: Annotated[int, Parameter(validator=Number(gte=1, lte=1000))] = 50
    pace: Annotated[float, Parameter(validator=Number(gte=0, lte=1000))] = 10.0
    patience: Annotated[float, Parameter(validator=Number(gt=0, lte=100))] = 30.0
    every: Annotated[float, Parameter(validator=Number(gte=1, lte=86_400))] = 300.0
    spool_size: Annotated[int, Parameter(validator=Number(gte=1, lte=1 << 20))] = 512
    mail: Path | None = None
    proxy: str = ""
    state_dir: Path | None = None
    quiet: Annotated[bool, Parameter(alias="-q")] = False


def _folder(data: Path | None) -> Path:
    return data or state_folder() / "collector"


def _scope(file: Path | None) -> Scope:
    """Return the networks of a file. Raises `UsageError`."""
    if file is None:
        return Scope()
    lines = (line.split("#", 1)[0].strip() for line in read_text(file, "the scope").splitlines())
    try:
        networks = tuple(ip_network(line, strict=False) for line in lines if line)
    except ValueError as fault:
        raise UsageError(f"{file}: {fault}", hint="one network a line: 10.20.0.0/24") from fault
    if not networks:
        raise UsageError(f"{file} names no network", hint="one network a line: 10.20.0.0/24")
    return Scope(networks)


def _community(collecting: Collecting) -> str:
    if collecting.community_file is None:
        return os.environ.get(COMMUNITY) or PUBLIC
    return read_text(collecting.community_file, "the community").strip()


def _token(file: Path | None) -> str:
    """Return the enrolment token of a file or of a person; never of the command line."""
    if file is not None:
        return read_text(file, "the token").strip()
    if not sys.stdin.isatty():
        raise UsageError("this collector is not enrolled", hint=ENROL)
    return getpass.getpass("One-time token of the gateway: ")


async def _identity(
    folder: Path, gateway: str, site: str, token_file: Path | None, collecting: Collecting
) -> Identity:
    """Return who this collector is, enrolled now if it is not yet. Raises `FrisketError`."""
    if is_enrolled(folder):
        found = read_identity(folder)
        papers = found.papers
        for word, given, kept in (("gateway", gateway, papers.url), ("site", site, papers.site)):
            if given and given != kept:
                raise UsageError(
                    f"{folder} is enrolled for the {word} {kept}, not {given}",
                    hint="give another --data folder to enrol once more",
                )
        return found
    if not gateway or not site:
        raise UsageError("this collector is not enrolled", hint="give --gateway and --site")
    token = read_token(_token(token_file))
    moments = Moments()
    identity = await enrol(folder, gateway, site, token, moments=moments, proxy=collecting.proxy)
    say(f"enrolled as {identity.papers.collector} for the site {site}")
    return identity


async def _collector(
    folder: Path,
    words: Sequence[str],
    collecting: Collecting,
    logging: Logging,
    identity: Identity,
    *,
    shared: SharedSockets,
) -> Collector:
    local: Sequence[Target] = ()
    if words:
        local, lost = await resolve_targets(words, collecting.state_dir)
        for each in lost:
            say(f"{each.target}: {each.why}")
    scope = _scope(collecting.scope)
    for target in local:
        if target.named and not scope.holds(target.address):
            hint = f"add its network to {collecting.scope}"
            raise UsageError(f"{target} is outside the networks that may be polled", hint=hint)
    virtual = any(is_lab_word(word) for word in words)
    tell = (lambda _: None) if collecting.quiet else (lambda text: say(visible(text)))
    moments = Moments()
    spool = Spool(folder, moments, gap_frame, Limits(octets=collecting.spool_size << 20))
    keeper = Keeper(spool)
    credentials = open_credentials(logging)
    visit = SnmpVisit(
        _community(collecting),
        lambda target: credentials.for_device(target.address, target.name),
        load_tables(),
        moments,
        shared,
        collecting.patience,
        0.0 if virtual else collecting.pace,
    )
    source, urgent, changes = random.SystemRandom(), asyncio.Event(), Changes(leaving)
    site = Site(
        *(keeper, changes, Schedule(collecting.every, source), visit, moments),
        *(scope, tell, tuple(local), collecting.parallel),
        ring=urgent.set,
    )
    exchange = Exchange(folder, identity, over_https(collecting.proxy)(identity.papers), moments)
    follow, backoff = Following(folder, site), Backoff(source)
    beat = min(BEAT, collecting.every)
    if collecting.mail is not None:
        plan, aside = read_plan(collecting.mail), folder / "quarantine"
        boxes = (plan, Outbox(folder), aside, backoff)
        sender = MailUplink(keeper, exchange, *boxes, changes.forget, follow, tell, urgent=urgent)
        made = Collector(folder, keeper, site, sender, beat=beat)
    else:
        interval = min(INTERVAL, collecting.every)
        uplink = Uplink(
            *(keeper, exchange, backoff, changes.forget, tell),
            interval=interval,
            urgent=urgent,
            anew=changes.forget_all,
        )
        orders = _line(exchange, Backoff(source), follow, tell)
        made = Collector(folder, keeper, site, uplink, orders, beat)
    made.begin(collecting.every)
    return made


def _line(
    exchange: Exchange, backoff: Backoff, follow: Following, tell: Callable[[str], None]
) -> OrdersLine:
    """Return the line to the gateway's orders, on which the audit log is witnessed too."""
    folder, moments = exchange.folder, exchange.moments
    witness = LogWitness(folder, lambda: exchange.identity, lambda: moments.at() / 1000, tell)
    witness.begin()
    return OrdersLine(exchange, backoff, follow, witness=witness)


async def _run(collector: Collector) -> None:
    """Work until a signal says to stop, or something that waiting cannot mend."""
    work = asyncio.ensure_future(collector.run())
    stop = asyncio.ensure_future(stopped_by_signals(signal.SIGINT, signal.SIGTERM))
    try:
        await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stop.cancel()
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work


async def _once(collector: Collector, *, quiet: bool) -> int:
    silent: list[Polled] = []
    polled: list[Polled] = []

    def report(one: Polled) -> None:
        (polled if one.sample or one.rests else silent).append(one)

    trouble = await collector.once(report)
    for one in silent:
        say(visible(f"{one.target}: {one.why}"))
    if trouble:
        say(visible(f"not sent, and kept: {trouble}"))
    if not quiet:
        say(f"{len(polled)} of {len(polled) + len(silent)} devices polled")
    return EXIT_INCOMPLETE if silent or trouble else 0


@app.default
def collect(
    *targets: str,
    gateway: str = "",
    site: str = "",
    token_file: Path | None = None,
    data: Path | None = None,
    once: bool = False,
    manifest: bool = False,
    collecting: Collecting = Collecting(),
    logging: Logging = Logging(),
) -> int:
    """Poll a site's printers, keep what is new on disk, and send it to the gateway.

    It only dials out, by HTTPS. The first run enrols with a one-time token, from --token-file or
    asked for. While the line is down everything is kept, and sent when it is up again.

    Parameters
    ----------
    targets
        Devices to poll besides those that the gateway orders: address, network, @file or `lab`.
    gateway
        The gateway's address, https://host:port; needed for the first run.
    site
        The site's name, as the gateway knows it; needed for the first run.
    token_file
        File with the one-time token of the gateway.
    data
        Folder for key, certificate and spool.
    once
        Poll every device once, send what waits, and stop; 3 where something is missing.
    manifest
        Print the list of every field that may leave the site, and stop.
    """
    if manifest:
        sys.stdout.write(manifest_text({COLLECTOR: load_manifest()[COLLECTOR]}))
        return 0
    folder = _folder(data)

    async def work() -> int:
        identity = await _identity(folder, gateway, site, token_file, collecting)
        with SharedSockets() as shared:
            collector = await _collector(
                folder, targets, collecting, logging, identity, shared=shared
            )
            try:
                if once:
                    return await _once(collector, quiet=collecting.quiet)
                if not collecting.quiet:
                    say(f"collecting for {identity.papers.site}; end it with Ctrl-C")
                await _run(collector)
                return 0
            finally:
                await collector.uplink.exchange.carrier.close()
                await collector.keeper.close()

    with hold(folder):
        return asyncio.run(work())


@app.command
def status(
    *,
    data: Path | None = None,
    format: Annotated[TableOrJson, Parameter(alias="-f")] = "table",  # noqa: A002
) -> int:
    """Say what waits in the spool, since when, and when the gateway last acknowledged something.

    Parameters
    ----------
    data
        The collector's folder.
    format
        table or json.
    """
    found = status_rows(_folder(data))
    if format == "json":
        print_json(found)
    else:
        print_table(["", ""], [[name, _words(value)] for name, value in found.items()])
    return 0


@app.command
def witness(*, data: Path | None = None, forget: bool = False) -> int:
    """Print the head of the console's audit log that this collector signed last.

    It is a line for `frisket log verify --witnessed FILE`: what is known here does not come from
    the console.

    Parameters
    ----------
    data
        The collector's folder; with --forget it must not be at work.
    forget
        Forget it, and begin anew with the head that the console shows next: where its keepers have
        told why the log is another one, as after a restored backup.
    """
    folder = _folder(data)
    if forget:
        with hold(folder):
            say("forgotten" if forget_witness(folder) else "there was nothing to forget")
        return 0
    sys.stdout.write(witness_line(folder))
    return 0


def _words(value: object) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{name}: {said}" for name, said in value.items()) or "none"
    return str(value)
