"""How fast the console's pages are with 100,000 devices and 30 days of audits, and how big it is.

    python -m bench.console [--devices 100000] [--database sqlite|postgresql] [--rounds 40]

The console is a process of its own (`frisket serve`), asked over HTTP on loopback by one client:
the times are those of whole answers, packing included. Also timed: keeping an audit of 3,000
devices. The figures are printed as Markdown for docs/performance.md.
"""

from __future__ import annotations

import argparse
import os
import random
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from bench.console_fleet import BASELINE, fill
from tests.peers.postgres import cluster

from frisket.audit.capture import Capture
from frisket.audit.session import Session
from frisket.console.auth.doors import Knock
from frisket.console.build import open_console
from frisket.console.endpoint import COOKIE
from frisket.console.settings import Settings
from frisket.fleet.results import record_of
from frisket.fleet.roles import Role
from frisket.model.reading import Known, Readings, Witness
from frisket.model.target import Identity
from frisket.net.serve_asgi import free_port
from frisket.store.accounts import Fresh, GrantRow, add_account
from frisket.store.audits import Audits

PAGES: dict[str, tuple[str, float]] = {
    "device list": ("/devices", 100),
    "device list, page 1,500": ("/devices?page=1500", 100),
    "device list, search": ("/devices?q=XTG0123", 100),
    "device list, part of an address": ("/devices?q=10.1.1", 100),
    "device list, site and status": ("/devices?site=Site+03&status=down", 100),
    "device list, compliance below 80 %": ("/devices?score_below=80&sort=compliance", 100),
    "device list, supply below 10 %": ("/devices?toner_below=10&sort=location", 100),
    "dashboard": ("/compliance", 150),
    "device page": ("/devices/{device}", 50),
}


@contextmanager
def database(kind: str) -> Iterator[str]:
    """Give the address of an empty database."""
    if kind == "sqlite":
        yield ""
        return
    with cluster() as started:
        yield started.create()


def log_in(folder: Path, url: str, devices: int, port: int) -> str:
    """Fill the store and return the secret of a session that may see everything."""
    console = open_console(
        folder, Settings(origin=f"http://localhost:{port}"), url=url, works=False
    )
    services = console.services
    begun = time.monotonic()
    fill(services.database, services.crew.content, devices)
    sys.stderr.write(f"filled in {time.monotonic() - begun:.0f} s\n")
    with services.database.write() as connection:
        grants = [GrantRow(Role.ADMINISTRATOR.value, None)]
        fresh = Fresh("ann", "Ann", password=services.passwords.hash(secrets.token_hex(20)))
        add_account(connection, fresh, grants, "bench", services.clock())
    account = services.accounts.by_name("ann")
    assert account is not None
    secret = services.doors.open(account, "test", Knock("127.0.0.1", "")).secret
    console.close()
    return secret


@contextmanager
def serving(folder: Path, url: str, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run `frisket serve` until the block ends."""
    command = [
        sys.executable,
        "-m",
        "frisket.cli",
        "serve",
        "--data",
        str(folder),
        "--port",
        str(port),
    ]
    environment = {**os.environ, **({"FRISKET_DATABASE": url} if url else {})}
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        for _ in range(600):
            try:
                if httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200:
                    break
            except httpx.HTTPError:
                time.sleep(0.1)
        yield server
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)


def memory(server: subprocess.Popen[bytes]) -> tuple[int, int]:
    """Return the server's resident memory in MB: now, and the most so far."""
    text = Path(f"/proc/{server.pid}/status").read_text()
    lines = dict(line.split(":", 1) for line in text.splitlines())
    return int(lines["VmRSS"].split()[0]) // 1024, int(lines["VmHWM"].split()[0]) // 1024


def timed(rounds: int, ask: Callable[[], None]) -> tuple[float, float]:
    """Return the middle and the 95th percentile in milliseconds."""
    for _ in range(3):
        ask()
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        ask()
        times.append((time.perf_counter() - begun) * 1000)
    times.sort()
    return times[len(times) // 2], times[min(int(len(times) * 0.95), len(times) - 1)]


def keep_results(folder: Path, url: str, count: int) -> float:
    """Return the seconds that keeping an audit of so many devices takes."""
    console = open_console(folder, Settings(), url=url, works=False)
    content = console.services.crew.content
    now = datetime.now(UTC)
    readings = Readings(
        {
            setting.key: [Known(True, Witness.NETWORK, now, "bench")]
            for setting in content.catalog
            if setting.type.value == "boolean"
        }
    )
    capture = Capture("10.0.0.1", Identity("Canon"), readings, now)
    session = Session(content, content.baseline(BASELINE), lambda: now)
    result = session.judge(capture)
    begun = time.monotonic()
    records = [
        record_of(number, BASELINE, result, capture, content.catalog)
        for number in range(1, count + 1)
    ]
    Audits(console.services.database).keep(records)
    took = time.monotonic() - begun
    console.close()
    return took


def main() -> None:
    """Fill, serve, ask, and print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--devices", type=int, default=100_000)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--rounds", type=int, default=40)
    given = parser.parse_args()
    with TemporaryDirectory() as name, database(given.database) as url:
        folder, port = Path(name) / "data", free_port("127.0.0.1")
        secret = log_in(folder, url, given.devices, port)
        print(f"| {given.devices:,} devices, {given.database} | median ms | p95 ms | goal p95 |")
        print("|---|---|---|---|")
        with (
            serving(folder, url, port) as server,
            httpx.Client(base_url=f"http://localhost:{port}") as client,
        ):
            client.headers["cookie"] = f"{COOKIE}={secret}"
            chance = random.Random(2)

            def ask(path: str) -> None:
                number = str(chance.randint(1, given.devices))
                answer = client.get(path.replace("{device}", number))
                assert answer.status_code == 200, (path, answer.status_code, answer.text[:300])

            for what, (path, goal) in PAGES.items():
                middle, late = timed(given.rounds, lambda path=path: ask(path))  # type: ignore[misc]
                print(f"| {what} | {middle:.0f} | {late:.0f} | {goal:.0f} |")
            now, most = memory(server)
        print(f"| memory of the server | {now} MB | {most} MB at most | |")
        took = keep_results(folder, url, 3000)
        print(f"| keep an audit of 3,000 devices | {took:.1f} s | | 10 s |")


if __name__ == "__main__":
    main()
