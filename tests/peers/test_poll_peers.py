"""Polls against software by others: net-snmp's agent answers, promtool judges."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.lab import running_device
from tests.loop.test_poll_loop import polled
from tests.loop.test_truth_loop import target_of
from tests.peers.snmpd import free_port
from tests.peers.test_recordings import SCRIPTS, SNMPREC, SUBTREES, Ports, agent, system
from tests.unit.cli.support.test_samples import EVIL, SILENT, made
from tests.unit.probe.lan import HOST
from tests.unit.telemetry.recording import varbinds_of

from frisket.model.target import Target
from frisket.report.safe import safe
from frisket.telemetry.answers import text
from frisket.telemetry.poll import Access
from frisket.telemetry.prometheus import render
from frisket.telemetry.read import interpret
from frisket.telemetry.table import load_tables

SYS_DESCR, SYS_OBJECT_ID = ((1, 3, 6, 1, 2, 1, 1, n, 0) for n in (1, 2))


@pytest.mark.shared
@pytest.mark.peer("snmpd")
@pytest.mark.parametrize(
    "name", ["brother_hl5370dw", "konica_c250i", "ricoh_mpc3002", "sharp_mxm266nv", "xerox"]
)
async def test_a_poll_over_the_network_reads_what_the_recording_holds(name: str) -> None:
    path = SNMPREC / f"{name}.snmprec"
    varbinds = varbinds_of(path)
    script = f"{sys.executable} {SCRIPTS / 'snmprec_pass.py'} {path}"
    served = [f"pass_persist {subtree} {script} {subtree}" for subtree in SUBTREES]
    object_id = ".".join(map(str, varbinds[SYS_OBJECT_ID]))  # type: ignore[arg-type]
    described = system(text(varbinds[SYS_DESCR]), object_id)
    with agent([*served, *described]) as port:
        target = Target(HOST, ports=Ports({161: port}))
        found = await polled(target, Access(patience=10.0))
    held = interpret(varbinds, load_tables())
    assert found.via == "SNMPv2c"
    sample = found.sample
    assert sample.supplies == held.supplies
    assert sample.trays == held.trays
    assert sample.counters == held.counters
    # The agent names its own host and place.
    named = {"name": "", "location": "", "mac": ""}
    assert replace(sample.identity, **named) == replace(held.identity, **named)


@pytest.mark.peer("snmpd")
async def test_a_host_that_is_no_printer_gives_nothing() -> None:
    with agent(system("Linux core 6.1", "1.3.6.1.4.1.8072.3.2.10")) as port:
        found = await polled(Target(HOST, ports=Ports({161: port})), Access(patience=10.0))
    assert not found.sample
    assert "printer" in found.why


def judged(page: str) -> str:
    """Return what promtool finds wrong with a page of metrics."""
    run = subprocess.run(
        ["promtool", "check", "metrics"], input=page, capture_output=True, text=True, check=False
    )
    return run.stdout + run.stderr if run.returncode else ""


@pytest.mark.peer("promtool")
async def test_promtool_finds_nothing_wrong() -> None:
    assert judged("frisket_counter_total 1\n"), "promtool judges nothing"
    assert not judged(render(safe((made(), SILENT, replace(made(EVIL), target="10.0.0.9")))))
    async with running_device(services=("snmp",)) as (device, _):
        found = await polled(target_of(device))
    page = render(safe((found,)))
    assert "frisket_meter_total" in page
    assert not judged(page)


@pytest.mark.peer("prometheus")
async def test_prometheus_scrapes_the_page(tmp_path: Path) -> None:
    """A real server takes the page in, and gives the meter back as it stood."""
    async with running_device(services=("snmp",), counters={101: 4711}) as (device, _):
        found = await polled(target_of(device))
    page = render(safe((found,))).encode()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: {len(page)}\r\n\r\n"
        writer.write(head.encode() + page)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, HOST, 0)
    source = server.sockets[0].getsockname()[1]
    port = free_port()
    config = tmp_path / "prometheus.yml"
    config.write_text(
        "scrape_configs:\n- job_name: frisket\n  scrape_interval: 1s\n  static_configs:\n"
        f"  - targets: ['{HOST}:{source}']\n",
        encoding="utf-8",
    )
    process = await asyncio.create_subprocess_exec(
        *("prometheus", f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'data'}"),
        f"--web.listen-address={HOST}:{port}",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    url = f"http://{HOST}:{port}/api/v1/query"
    try:
        async with asyncio.timeout(60), httpx.AsyncClient() as client, server:
            rows: list[dict[str, Any]] = []
            while not rows:
                await asyncio.sleep(0.3)  # between two scrapes: nothing tells of one
                with suppress(httpx.TransportError):
                    query = {"query": 'frisket_meter_total{number="101"}'}
                    answer = (await client.get(url, params=query)).json()
                    rows = answer.get("data", {}).get("result", [])
    finally:
        process.terminate()
        await process.wait()
    (row,) = rows
    assert row["value"][1] == "4711"
    assert row["metric"]["target"] == found.target
    assert row["metric"]["counter"] == "total-1"
