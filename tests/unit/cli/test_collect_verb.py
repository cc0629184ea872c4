"""`frisket collect` from the outside: what it prints, asks, refuses and shows of its folder."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.unit.telemetry.collector.gateways import Gateway, serve
from tests.unit.telemetry.collector.test_exchange import enrolled
from tests.unit.telemetry.collector.test_uplink import Line, count

from frisket.telemetry.egress import COLLECTOR, load_manifest


def collect(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "frisket.cli", "collect", *map(str, words)]
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


def test_the_manifest_has_every_field_that_may_leave() -> None:
    run = collect("--manifest")
    assert run.returncode == 0
    for field in load_manifest()[COLLECTOR].fields:
        assert field.path in run.stdout


def test_without_a_token_it_says_where_to_get_one(tmp_path: Path) -> None:
    run = collect("--gateway", "https://g.invalid", "--site", "s", "--data", tmp_path)
    assert run.returncode == 2
    assert "not enrolled" in run.stderr
    assert "token" in run.stderr
    bare = collect("--data", tmp_path)
    assert "--gateway" in bare.stderr
    (tmp_path / "token").write_text("guess")
    wrong = collect(
        *("--gateway", "https://g.invalid", "--site", "s"),
        *("--data", tmp_path, "--token-file", tmp_path / "token"),
    )
    assert "no enrolment token" in wrong.stderr
    assert "guess" not in wrong.stderr


def test_a_token_is_not_taken_from_the_command_line(tmp_path: Path) -> None:
    run = collect("--token", "frisket1.x.y", "--data", tmp_path)
    assert run.returncode == 2


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--gateway", "https://other.invalid"), "is enrolled for the gateway"),
        (("--site", "there"), "is enrolled for the site"),
        (("--scope", "nowhere.txt"), "cannot read the scope"),
        (("--mail", "nowhere.toml"), "mail settings"),
    ],
)
def test_what_does_not_fit_its_enrolment_is_refused(
    tmp_path: Path, words: tuple[str, ...], why: str
) -> None:
    enrolled(tmp_path, Gateway())
    run = collect("--data", tmp_path, "--once", *words)
    assert run.returncode == 2
    assert why in run.stderr


def test_a_scope_is_networks(tmp_path: Path) -> None:
    enrolled(tmp_path / "data", Gateway())
    scope = tmp_path / "scope"
    for text, why in (("# nothing\n", "names no network"), ("10.0.0.0/99\n", "10.0.0.0/99")):
        scope.write_text(text)
        run = collect("--data", tmp_path / "data", "--once", "--scope", scope)
        assert run.returncode == 2
        assert why in run.stderr
    scope.write_text("10.0.0.0/24\n")
    run = collect("10.1.0.7", "--data", tmp_path / "data", "--once", "--scope", scope)
    assert (run.returncode, "10.1.0.7 is outside" in run.stderr) == (2, True), run.stderr


async def test_the_folder_tells_how_the_collector_is_doing(tmp_path: Path) -> None:
    line = Line(tmp_path, Gateway(refused={"device-1": "outside"}))
    await line.keep(count(1, 1), count(2, 2))
    await line.uplink.send_all()
    await line.keep(count(1, 5))
    run = await asyncio.to_thread(collect, "status", "--data", tmp_path, "--format", "json")
    found = json.loads(run.stdout)
    assert found["site"] == "here"
    assert found["records waiting"] == 1
    assert found["oldest"].startswith("2027-01-15")
    assert found["last acknowledgement"]
    assert found["refused devices"] == {"device-1": "outside"}
    table = await asyncio.to_thread(collect, "status", "--data", tmp_path)
    assert "device-1: outside" in table.stdout
    assert "records waiting" in table.stdout
    nothing = await asyncio.to_thread(collect, "status", "--data", tmp_path / "none")
    assert nothing.returncode == 2


async def test_a_line_that_is_down_ends_with_3_and_keeps_what_was_polled(tmp_path: Path) -> None:
    gateway = Gateway()
    (tmp_path / "token").write_text(str(gateway.token()))
    words: tuple[str | Path, ...] = ("--data", tmp_path / "data", "--once", "--patience", "0.2")
    async with serve(gateway, tmp_path) as port:
        first = await asyncio.to_thread(
            collect,
            *("--gateway", f"https://localhost:{port}", "--site", "here"),
            *("--token-file", tmp_path / "token"),
            *words,
        )
        assert first.returncode == 0, first.stderr
    down = await asyncio.to_thread(collect, "127.0.0.1", *words)
    assert down.returncode == 3
    assert "not sent, and kept" in down.stderr
    assert "127.0.0.1" in down.stderr
