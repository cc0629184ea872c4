"""A collector reports to `frisket serve`: the gateway is in it, over the same database."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from tests.lab import running_device

from frisket.store.database import open_database
from frisket.store.reported import Reported
from frisket.telemetry.gateway.metrics import Metrics
from frisket.telemetry.gateway.view import Views

pytestmark = pytest.mark.xdist_group("lab")


@contextmanager
def serving(data: Path) -> Iterator[tuple[str, str]]:
    """Start a console with a gateway's port; give both addresses."""
    words = ["serve", "--data", str(data), "--port", "0", "--gateway-port", "0"]
    process = subprocess.Popen(
        [sys.executable, "-m", "frisket.cli", *words], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        lines = [process.stdout.readline(), process.stdout.readline()]
        gateway = re.search(r"The gateway: (https://\S+:\d+)/", lines[0])
        console = re.search(r"The console: (http://\S+:\d+)/", lines[1])
        assert gateway, lines
        assert console, lines
        yield gateway[1], console[1]
    finally:
        process.kill()
        process.communicate()


def frisket(*words: str) -> str:
    command = [sys.executable, "-m", "frisket.cli", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


async def test_a_collector_reports_to_the_console(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with running_device(settings={"snmp.v1.enabled": True}) as (device, _):
        if device.port(161) != 161:
            pytest.skip("a collector asks standard ports, which need root here")

        def work() -> None:
            with serving(data) as (gateway, console):
                token = tmp_path / "token"
                told = frisket("gateway", "token", "--data", str(data), "--site", "here", "--new")
                token.write_text(told)
                words = ["collect", device.address, "--gateway", gateway, "--site", "here"]
                words += ["--token-file", str(token), "--data", str(tmp_path / "collector")]
                frisket(*words, "--once", "--pace", "0")
                # The console's own address takes reports too, past its guard.
                stranger = {"content-type": "application/json", "host": "another.name"}
                with httpx.Client(base_url=console, trust_env=False) as visitor:
                    answer = visitor.post("/gateway/v1/enrol", content=b"{}", headers=stranger)
                    assert (answer.status_code, answer.json()["error"]) == (400, "malformed")
                    assert visitor.post("/devices", headers=stranger).status_code == 421
                    answer = visitor.post("/erds/v1", content=b"{}", headers=stranger)
                    assert answer.status_code not in {403, 404, 421}

        await asyncio.to_thread(work)
        database = open_database(f"sqlite:///{data / 'frisket.db'}")
        try:
            [who] = Reported(database).devices("here")
            views = Views(Reported(database), Metrics(database))
            views.metrics.load()
            [now] = views.now([who])
        finally:
            database.close()
    assert now.sample is not None
    assert now.sample.identity.serial == device.plan.serial


@pytest.mark.nightly
@pytest.mark.timeout(600)
def test_a_collector_witnesses_the_log_of_the_console(tmp_path: Path) -> None:
    """All of it by commands: signed, witnessed by the way, exported, and verified by itself."""
    data, collector = tmp_path / "data", str(tmp_path / "collector")
    log, mine, token = str(tmp_path / "log.jsonl"), tmp_path / "mine.jsonl", tmp_path / "token"
    with serving(data) as (gateway, _):
        told = frisket("gateway", "token", "--data", str(data), "--site", "here", "--new")
        token.write_text(told)
        frisket("user", "add", "ann", "--role", "auditor", "--data", str(data))
        frisket("log", "export", "--data", str(data), "-o", log)  # which signs the head
        words = ["collect", "--gateway", gateway, "--site", "here", "--data", collector]
        frisket(*words, "--token-file", str(token), "--once")
    mine.write_text(frisket("collect", "witness", "--data", collector))
    frisket("log", "export", "--data", str(data), "-o", log)
    key = frisket("log", "key", "--data", str(data)).strip()
    words = ["log", "verify", log, "--key", key, "--witnessed", str(mine), "--witnesses", "1"]
    authority = str(data / "gateway" / "authority.pem")
    found = json.loads(frisket(*words, "--authority", authority, "-f", "json"))
    assert found["witnessed"] >= 1
    assert [one["site"] for one in found["witnesses"]] == ["here"]
    assert "witnessed up to entry" in frisket("collect", "status", "--data", collector)
