"""What really leaves a site: every body that a collector sends, against the list, byte by byte."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

import pytest
from tests.lab import running_device
from tests.unit.mfd.test_jobs import pdf, send
from tests.unit.telemetry.collector.gateways import Gateway, serve

from frisket.mfd.ticket import Ticket
from frisket.telemetry.batch import decode, inflate
from frisket.telemetry.egress import (
    COLLECTOR,
    batch_pairs,
    envelope_pairs,
    json_pairs,
    load_manifest,
    strangers,
)
from frisket.telemetry.envelope import Kind, open_envelope

PLANTED = ("merger-plan", "jane.doe", "SCAN_0042")
DISPLAY = "Printing merger-plan.pdf of jane.doe"


async def collect(folder: Path, port: int, address: str) -> None:
    """Run the collector once, as a person would."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "frisket.cli", "collect", address, "--once", "--pace", "0"),
        *("--gateway", f"https://localhost:{port}", "--site", "here"),
        *("--token-file", str(folder / "token"), "--data", str(folder / "data")),
        stdin=DEVNULL,
        stderr=PIPE,
    )
    _, said = await process.communicate()
    assert process.returncode == 0, said.decode()


async def test_only_what_is_listed_leaves_and_no_planted_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("frisket.mfd.mib.channel.ready_text", lambda _: DISPLAY)
    gateway = Gateway()
    (tmp_path / "token").write_text(str(gateway.token()))
    async with (
        serve(gateway, tmp_path) as port,
        running_device(services=["snmp"], folder=tmp_path / "device") as (device, _),
    ):
        document = pdf(tmp_path, 2)
        send(device, Ticket("lpd", user="jane.doe", name="merger-plan.pdf"), document)
        await device.jobs.settled()
        held = Ticket("lpd", user="jane.doe", name="SCAN_0042.jpg", pin="1234")
        send(device, held, document)
        await collect(tmp_path, port, device.address)
        assert "counter.total-2" in gateway.all()[0].values
        send(device, Ticket("lpd", user="jane.doe", name="merger-plan.docx"), document)
        await device.jobs.settled()
        await collect(tmp_path, port, device.address)
    channel = load_manifest()[COLLECTOR]
    kinds = set()
    for path, body in gateway.requests:
        plain = [body]
        if path.endswith("enrol"):
            assert strangers(channel, json_pairs(body, "enrol.")) == ()
        else:
            envelope = open_envelope(body)
            kinds.add(envelope.kind)
            assert strangers(channel, envelope_pairs(envelope)) == ()
            if envelope.kind is Kind.BATCH:
                plain.append(inflate(envelope.body))
                assert strangers(channel, batch_pairs(decode(envelope.body))) == ()
            elif envelope.kind is Kind.ORDERS:
                assert strangers(channel, json_pairs(envelope.body, "orders.")) == ()
        for octets in plain:
            for name in PLANTED:
                assert name.encode() not in octets, path
    assert kinds == {Kind.BATCH, Kind.ORDERS}


async def test_the_device_does_show_the_planted_name_to_whoever_polls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the test above could not fail."""
    monkeypatch.setattr("frisket.mfd.mib.channel.ready_text", lambda _: DISPLAY)
    async with running_device(services=["snmp"]) as (device, _):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "frisket.cli", "poll", device.address, "-q", "--pace", "0"),
            stdout=PIPE,
        )
        said, _ = await process.communicate()
    assert b"merger-plan" in said
