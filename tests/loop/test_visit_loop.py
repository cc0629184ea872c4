"""A whole visit: what it may do to a device, and what it makes of one."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from tests.loop.bench import LIMITS, NOW, OPTIONS, Bench, bench
from tests.loop.identity import server_context
from tests.loop.test_http_loop import login, to_tls
from tests.loop.test_ipp_loop import respond
from tests.unit.probe.visits import visit

from frisket.catalog.load import load_catalog
from frisket.errors import Filtered
from frisket.model.finding import Incomplete
from frisket.model.reading import Unread, Why
from frisket.model.target import Target
from frisket.net.budget import Budget, Limits
from frisket.net.dial import SocketDialer
from frisket.net.guard import PRINT_PORTS
from frisket.probe.base import Options, Sighting
from frisket.probe.discover import discover
from frisket.probe.engine import find_probes, run_probes
from frisket.probe.visit import by_trust, visit_target, visit_with
from frisket.proto.http.wire import Request, Response


async def furnish(device: Bench, folder: Path) -> None:
    """Give the bench what an MFD has, with every print port open."""
    context = server_context(folder)
    for port in (80, 8000):
        await device.web(port, to_tls)
    for port in (443, 8443):
        await device.web(port, login, context)
    await device.web(631, respond)
    for port in sorted(PRINT_PORTS):
        await device.printing(port)
    for port in (9007, 23):
        await device.printing(port)


async def test_a_visit_sends_nothing_to_print_ports_and_opens_two_connections(
    tmp_path: Path,
) -> None:
    async with bench() as device:
        await furnish(device, tmp_path)
        found = await visit_target(device.target, LIMITS, OPTIONS, lambda: NOW)
    assert isinstance(found, Sighting)
    assert device.connections[9100] >= 1, "it was looked at"
    assert device.printed == b""
    assert device.most_open <= 2
    assert found.identity.vendor == "Canon"
    assert found.printer


async def test_every_reading_fits_the_catalogue(tmp_path: Path) -> None:
    async with bench() as device:
        await furnish(device, tmp_path)
        found = await visit_target(device.target, LIMITS, OPTIONS, lambda: NOW)
    assert isinstance(found, Sighting)
    catalog = load_catalog()
    bugs = [
        (key, reading)
        for key, readings in found.readings.items()
        for reading in readings
        if isinstance(reading, Unread) and reading.why is Why.BUG
    ]
    assert not bugs
    for key in found.readings:
        for known in found.readings.known(key):
            assert catalog[key].check(known.value) == known.value


async def test_a_visit_costs_little_processor_time(tmp_path: Path) -> None:
    """The goal is 60 ms; the bench's own servers run in this process, and machines are loaded."""
    async with bench() as device:
        await furnish(device, tmp_path)
        await visit_target(device.target, LIMITS, OPTIONS, lambda: NOW)
        before = time.process_time()
        await visit_target(device.target, LIMITS, OPTIONS, lambda: NOW)
        assert time.process_time() - before < 0.3


async def test_a_hostile_device_ends_with_the_budget(tmp_path: Path) -> None:
    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"HTTP/1.1 100 Continue\r\nX: " + b"x" * 4000 + b"\r\n\r\n")
            await writer.drain()

    async with bench() as device:
        for port in (80, 443, 631, 8000, 8443):
            await device.listen(port, flood)
        limits = Limits(packets_per_second=0, seconds=10, bytes_received=1 << 18)
        found = await visit_target(device.target, limits, Options(patience=0.5), lambda: NOW)
    assert isinstance(found, Sighting)
    for readings in found.readings.values():
        for reading in readings:
            assert not (isinstance(reading, Unread) and reading.why is Why.BUG), reading


async def test_discovery_tells_printers_from_others(tmp_path: Path) -> None:
    async with bench() as printer, bench() as other, bench() as nobody:
        await printer.web(631, respond)
        await other.web(80, login)
        targets = [
            Target("127.0.0.1", name=name, named=False, ports=device.ports)
            for name, device in (("printer", printer), ("other", other), ("nobody", nobody))
        ]
        found = {
            str(target): seen
            async for target, seen in discover(targets, LIMITS, OPTIONS, lambda: NOW, parallel=2)
        }
    assert isinstance(found["printer"], Sighting)
    assert found["printer"].identity.model == "iR-ADV C3325/3330"
    # The web page of `other` names a Canon; that alone proves nothing.
    for name in ("other", "nobody"):
        seen = found[name]
        assert isinstance(seen, Incomplete)
        assert seen.skipped


async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def test_a_hardened_printer_that_was_named_is_visited_all_the_same() -> None:
    async with bench() as device:
        await device.listen(9100, hang_up)
        found = await visit_target(device.target, LIMITS, OPTIONS, lambda: NOW)
    assert isinstance(found, Sighting)
    assert found.printer == ""


def files(_: Request) -> Response:
    return Response(200, (("content-type", "text/html"),), b"<title>Directory listing</title>")


async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
    await writer.drain()
    writer.close()


@pytest.mark.parametrize("identify_only", [True, False])
async def test_what_was_named_and_shows_no_sign_of_a_printer_is_not_judged(
    identify_only: bool,
) -> None:
    async with bench() as device:
        await device.web(80, files)
        await device.listen(22, greet)
        dialer = SocketDialer(device.target, Budget(LIMITS))
        found = await visit_with(
            dialer, OPTIONS, lambda: NOW, find_probes(), identify_only=identify_only
        )
    assert isinstance(found, Incomplete)
    assert found.why == "nothing shows that it is a printer"
    assert not found.skipped


async def test_where_nothing_but_refusals_come_back_there_is_nothing_to_judge() -> None:
    async with bench() as device:
        found = await visit_target(device.target, LIMITS, OPTIONS, lambda: NOW)
    assert isinstance(found, Incomplete)
    assert "no service answers" in found.why
    assert not found.skipped


@pytest.mark.parametrize("named", [True, False])
async def test_an_address_without_anybody(named: bool) -> None:
    class Silence(dict[int, Filtered]):
        def get(self, key: int, default: object = None) -> Filtered:
            return Filtered(f"port {key}/tcp did not answer")

    at = visit()
    dialer = at.dialer
    dialer.target = Target("192.0.2.7", named=named)
    dialer.ports = Silence()  # type: ignore[attr-defined]
    quiet = [probe for probe in find_probes() if probe.name in {"http", "ipp", "tls"}]
    seen = await visit_with(dialer, OPTIONS, lambda: NOW, quiet)
    assert isinstance(seen, Incomplete)
    assert seen.skipped is not named
    assert "did not answer" in seen.why


async def test_trusted_probes_decide_who_it_is(tmp_path: Path) -> None:
    names = [probe.name for probe in by_trust(find_probes())]
    assert names[:2] == ["snmp", "ipp"]
    assert names[-1] == "http"
    async with bench() as device:
        await furnish(device, tmp_path)
        found = await run_probes(device.visit(), by_trust(find_probes()))
    assert found.identity.model == "iR-ADV C3325/3330"
