"""How fast the console's pages are with 100,000 devices and 30 days of audits, and how big it is.

    python -m bench.console [--database sqlite|postgresql|URL] [--devices 100000] [--rounds 40]
                            [--audit 1000]

The console is a process of its own (`frisket serve`), asked over HTTP on loopback by one client:
the times are those of whole answers, packing included. Then it audits so many virtual devices,
which run in another process, while the same pages are asked for one after the other. Also timed:
keeping an audit of 3,000 devices. `postgresql` starts a cluster of its own, which waits for the
disk; an address names a database that is empty. The figures are printed as Markdown for
docs/performance.md. Virtual devices take addresses of loopback, so start it in a network of its
own: unshare -n sh -c 'ip link set lo up; exec python -m bench.console'. It takes some five minutes.
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
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from bench.console_audit import Audited, lab_site, while_auditing
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
from frisket.store.database import open_database

PAGES: dict[str, tuple[str, float]] = {
    "device list": ("/devices", 100),
    "… page 1,500": ("/devices?page=1500", 100),
    "… search for a serial number": ("/devices?q=XTG0123", 100),
    "… part of an address, 11,680 hits": ("/devices?q=10.1.1", 100),
    "… words that all devices have": ("/devices?q=canon+3", 100),
    "… site and status": ("/devices?site=Site+03&status=down", 100),
    "… compliance below 80 %, in order": ("/devices?score_below=80&sort=compliance", 100),
    "… a supply below 10 %, by place": ("/devices?toner_below=10&sort=location", 100),
    "… not seen for 10 days": ("/devices?unseen_days=10&sort=last_seen", 100),
    "dashboard": ("/compliance", 150),
    "overview": ("/", 150),
    "device page": ("/devices/{device}", 50),
    "… its drift": ("/devices/{device}/drift", 50),
}
WHILE_AUDITING = 200  # milliseconds


@contextmanager
def database(kind: str) -> Iterator[str]:
    """Give the address of an empty database; none for the data folder's own file."""
    if kind == "sqlite":
        yield ""
    elif kind == "postgresql":
        with cluster(safe=True) as started:
            yield started.create()
    else:
        yield kind


def log_in(folder: Path, url: str, devices: int, port: int) -> str:
    """Fill the store and return the secret of a session that may see everything."""
    console = open_console(
        folder, Settings(origin=f"http://localhost:{port}"), url=url, works=False
    )
    services = console.services
    begun = time.monotonic()
    fill(services.database, services.crew.content, devices)
    say(f"filled in {time.monotonic() - begun:.0f} s")
    with services.database.write() as connection:
        grants = [GrantRow(Role.ADMINISTRATOR.value, None)]
        fresh = Fresh("ann", "Ann", password=services.passwords.hash(secrets.token_hex(20)))
        add_account(connection, fresh, grants, "bench", services.clock())
    account = services.accounts.by_name("ann")
    assert account is not None
    secret = services.doors.open(account, "test", Knock("127.0.0.1", "")).secret
    console.close()
    return secret


def say(text: str) -> None:
    """Tell how far it is."""
    sys.stderr.write(f"{text}\n")


@contextmanager
def serving(folder: Path, url: str, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run `frisket serve` until the block ends."""
    command = [sys.executable, "-m", "frisket.cli", "serve"]
    command += ["--data", str(folder), "--port", str(port)]
    environment = {**os.environ, **({"FRISKET_DATABASE": url} if url else {})}
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        while server.poll() is None:
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


def share(times: Sequence[float], part: float) -> float:
    """Return the time that so large a part of the answers keeps to."""
    ordered = sorted(times)
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)]


def timed(rounds: int, ask: Callable[[], None]) -> list[float]:
    """Return the milliseconds of each round."""
    for _ in range(3):
        ask()
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        ask()
        times.append((time.perf_counter() - begun) * 1000)
    return times


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


def measured(
    client: httpx.Client,
    server: subprocess.Popen[bytes],
    rounds: int,
    path_of: Callable[[str], str],
) -> dict[str, list[float]]:
    """Ask for every page so many times, and print how long it takes."""

    def ask(name: str) -> None:
        answer = client.get(path_of(name))
        assert answer.status_code == 200, (name, answer.status_code, answer.text[:300])

    found = {}
    for name in PAGES:
        found[name] = timed(rounds, lambda name=name: ask(name))  # type: ignore[misc]
        say(f"{name}: {share(found[name], 0.95):.0f} ms")
    say(f"memory: {memory(server)}")
    return found


def show(alone: dict[str, list[float]], beside: Audited | None) -> None:
    """Print the pages' times as a table, alone and while devices are audited."""
    for name, (_, goal) in PAGES.items():
        times = alone[name]
        row = (
            f"| {name} | {share(times, 0.5):.0f} ms | {share(times, 0.95):.0f} ms | {goal:.0f} ms |"
        )
        if beside is not None:
            during = beside.times[name]
            row += f" {share(during, 0.5):.0f} ms | {share(during, 0.95):.0f} ms |"
        print(row)
    if beside is not None:
        every = [one for times in beside.times.values() for one in times]
        print(
            f"| all pages | | | {WHILE_AUDITING} ms | {share(every, 0.5):.0f} ms"
            f" | {share(every, 0.95):.0f} ms |"
        )
        print(
            f"| {beside.judged} audited, {beside.missed} missed | | {beside.seconds:.0f} s |"
            f" | {len(every)} pages meanwhile | slowest {max(every):.0f} ms |"
        )


def main() -> None:
    """Fill, serve, ask, audit, and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--devices", type=int, default=100_000)
    parser.add_argument("--database", default="sqlite", help="sqlite, postgresql or its address")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--audit", type=int, default=1000, help="virtual devices; 0 for none")
    given = parser.parse_args()
    chance = random.Random(2)

    def path_of(name: str) -> str:
        return PAGES[name][0].replace("{device}", str(chance.randint(1, given.devices)))

    with TemporaryDirectory(prefix="bench-") as name, database(given.database) as url:
        folder, port = Path(name) / "data", free_port("127.0.0.1")
        secret = log_in(folder, url, given.devices, port)
        kept = keep_results(folder, url, 3000)
        say(f"kept in {kept:.1f} s")
        beside = None
        with httpx.Client(base_url=f"http://localhost:{port}", timeout=60) as client:
            client.headers["cookie"] = f"{COOKIE}={secret}"
            with serving(folder, url, port) as server:
                alone = measured(client, server, given.rounds, path_of)
                before = memory(server)
            if given.audit:
                opened = open_database(url or f"sqlite:///{folder / 'frisket.db'}")
                with (
                    lab_site(opened, Path(name) / "lab", given.audit) as ids,
                    serving(folder, url, port) as server,
                ):
                    beside = while_auditing(client, ids, list(PAGES), path_of)
                    after = memory(server)
                opened.close()
        kind = "SQLite" if not url else "PostgreSQL"
        print(f"| {given.devices:,} devices, {kind} | median | p95 | goal | audit: median | p95 |")
        print("|---|---|---|---|---|---|")
        show(alone, beside)
        print(f"| an audit of 3,000 devices is kept in | | {kept:.1f} s | 10 s | | |")
        print(f"| memory of the server | {before[0]} MB | {before[1]} MB at most | |", end="")
        print(f" | {after[1]} MB at most |" if beside is not None else " | |")


if __name__ == "__main__":
    main()
