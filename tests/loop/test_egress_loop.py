"""All that a real `frisket collect` sends of a device that prints is on the egress manifest."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from tests.lab import running_device
from tests.unit.mfd.test_jobs import pdf, send
from tests.unit.telemetry.collector.gateways import Gateway, serve

from frisket.mfd.ticket import Ticket
from frisket.mfd.troubles import TroubleKind
from frisket.telemetry.batch import Kind, decode, inflate
from frisket.telemetry.egress import (
    COLLECTOR,
    batch_pairs,
    envelope_pairs,
    http_pairs,
    json_pairs,
    load_manifest,
    strangers,
)
from frisket.telemetry.envelope import Kind as Carried
from frisket.telemetry.envelope import open_envelope

LISTED = load_manifest()[COLLECTOR]
PRIVATE = ("salaries", "m.smith", "10.9.8.7", "s3cr3tpass", "secretcommunity", "secret-inbox")


async def collect(*words: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "frisket.cli", "collect", *words),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "NO_COLOR": "1"},
    )
    said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


async def test_all_that_leaves_is_on_the_list(tmp_path: Path) -> None:
    gateway = Gateway()
    (tmp_path / "token").write_text(str(gateway.token()))
    settings = {"admin.password": "s3cr3tpass", "snmp.community2.name": "secretcommunity"}
    async with (
        running_device(services=["snmp"], settings=settings, folder=tmp_path / "d") as (device, _),
        serve(gateway, tmp_path) as port,
    ):
        device.jobs.pace = 0
        device.troubles.happen(TroubleKind.JAM)
        ticket = Ticket(via="lpd", user="m.smith", name="salaries.pdf", host="10.9.8.7")
        send(device, ticket, pdf(tmp_path))
        await device.jobs.settled()
        device.levels.put_supply(0, 0)
        gateway.orders = {"version": 1, "devices": [device.address], "every": 60}
        words = ["--gateway", f"https://localhost:{port}", "--site", "here", "--once"]
        words += ["--token-file", str(tmp_path / "token"), "--data", str(tmp_path / "data")]
        code, said = await collect(*words, "--pace", "0")
    assert code == 0, said
    carried = set()
    told: list[bytes] = []
    for path, body in gateway.requests:
        told.append(body)
        if path.endswith("enrol"):
            assert strangers(LISTED, json_pairs(body, "enrol.")) == ()
            continue
        envelope = open_envelope(body)
        carried.add(envelope.kind)
        assert strangers(LISTED, envelope_pairs(envelope)) == ()
        if envelope.kind is Carried.ORDERS:
            assert strangers(LISTED, json_pairs(envelope.body, "orders.")) == ()
        else:
            batch = decode(envelope.body)
            assert strangers(LISTED, batch_pairs(batch)) == ()
            told.append(inflate(envelope.body))
    assert carried == {Carried.ORDERS, Carried.BATCH}
    for fields in gateway.headers:
        assert strangers(LISTED, http_pairs(fields)) == ()
    for word in PRIVATE:
        assert word.encode() not in b"\n".join(told)
    (full,) = gateway.told(Kind.FULL)
    assert full.values["identity.serial"] == device.plan.serial
    assert [name for name in full.values if name.startswith("alert.")]
    assert any(name.startswith("counter.") for name in full.values)


async def test_the_command_prints_the_list() -> None:
    code, said = await collect("--manifest")
    assert code == 0, said
    for field in LISTED.fields:
        assert field.path in said
        assert field.what in said
