"""A small office that goes on working while its console, workers and database are killed.

Ann plans changes, proposes, begins, pauses and puts them back; Bob approves; both by HTTP, to real
processes. What was answered is noted. `judge` asks the devices' journals and the audit log.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import httpx
from sqlalchemy import text
from tests.loop.test_fleet_changes import Fleet, settings
from tests.loop.test_serve import PASSWORD

from frisket.console.auth.passwords import Passwords
from frisket.fleet.chain import GENESIS, digest_of
from frisket.mfd.device import Device
from frisket.net.serve_asgi import free_port
from frisket.store.accounts import AccountStore
from frisket.store.auditlog import LogStore
from frisket.store.changes import Changes
from frisket.store.database import Database, open_database
from frisket.store.proposals import find_proposal

ROOT = Path(__file__).parents[2]
STARTING = 240.0  # seconds that a process may take on a busy machine


def until(true: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until something is so."""
    waiting, end = threading.Event(), time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not within {seconds} seconds"
        waiting.wait(0.01)


def password(database: Database, name: str) -> None:
    """Let an account log in."""
    accounts = AccountStore(database)
    found = accounts.by_name(name)
    assert found is not None
    accounts.change(found.id, password=Passwords().hash(PASSWORD))


@dataclass
class Process:
    """`frisket serve` or `frisket worker`, started again each time that it was killed."""

    words: list[str]
    log: Path
    port: int = 0  # of a console
    around: list[str] = field(default_factory=list)  # a command that runs it
    more: dict[str, str] = field(default_factory=dict)  # its environment
    running: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Start it, wait until it is ready; return the seconds of processor time that took.

        That is what it takes where nobody else wants the processor.
        """
        before = self.said().count("is at work")
        with self.log.open("ab") as out:
            command = [*self.around, sys.executable, "-m", "frisket.cli", *self.words]
            environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), **self.more}
            self.running = subprocess.Popen(command, stdout=out, stderr=out, env=environment)
        process = self.running

        def ready() -> bool:
            assert process.poll() is None, self.said()[-3000:]
            if not self.port:
                return self.said().count("is at work") > before
            try:
                return httpx.get(f"{self.url}/readyz", trust_env=False).status_code == 200
            except httpx.TransportError:
                return False

        until(ready, STARTING)
        return worked(process.pid)

    @property
    def url(self) -> str:
        """Return where the console is."""
        return f"http://localhost:{self.port}"

    def said(self) -> str:
        """Return everything that it ever said."""
        return self.log.read_text() if self.log.exists() else ""

    def kill(self) -> int:
        """Kill it; return its process number."""
        assert self.running is not None
        self.running.kill()
        self.running.wait()
        return self.running.pid

    def send(self, number: signal.Signals) -> int:
        """Send it a signal; return its process number."""
        assert self.running is not None
        self.running.send_signal(number)
        return self.running.pid


def worked(process: int) -> float:
    """Return the processor time of a process so far, in seconds."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def console(data: Path, *words: str) -> Process:
    """Return a console that is not started yet."""
    port = free_port("127.0.0.1")
    given = ["serve", "--data", str(data), "--port", str(port), *words]
    return Process(given, data.parent / "serve.log", port)


def worker(data: Path, url: str, name: str) -> Process:
    """Return a worker that is not started yet."""
    given = ["worker", "--data", str(data), "--database", url]
    return Process(given, data.parent / f"{name}.log")


@dataclass
class Office:
    """Ann, Bob, their console, and everything that was answered."""

    data: Path
    url: str
    fleet: Fleet
    devices: list[Device]
    serve: Process
    chance: Random
    lock: threading.Lock = field(default_factory=threading.Lock)
    cookies: dict[str, str] = field(default_factory=dict)
    answered: Counter[tuple[str, str]] = field(default_factory=Counter)
    shoot: Callable[[float], None] = lambda _: None
    heads: dict[int, str] = field(default_factory=dict)
    most_writes: int = 0
    back: bool = False  # the change is being put back

    @contextmanager
    def reading(self) -> Iterator[Database]:
        """Open the database for a moment, only while the console is up.

        Of a file that nobody else has open the last to close it would tidy up what a kill left.
        """
        with self.lock:
            database = open_database(self.url)
            try:
                yield database
            finally:
                database.close()

    def ask(self, who: str, path: str, **data: Any) -> httpx.Response | None:
        """Send a form; None where no answer came."""
        headers = {"origin": self.serve.url, "cookie": self.cookies.get(who, "")}
        try:
            with httpx.Client(base_url=self.serve.url, trust_env=False, timeout=30) as client:
                return client.post(path, data=data, headers=headers)
        except httpx.TransportError:
            return None

    def log_in(self, who: str) -> None:
        """Log in, however often that takes."""
        while who not in self.cookies:
            answer = self.ask(who, "/login", name=who, password=PASSWORD)
            if answer is None or "set-cookie" not in answer.headers:
                time.sleep(0.05)
                continue
            self.cookies[who] = answer.headers["set-cookie"].partition(";")[0]

    def decide(self, who: str, path: str, word: str, about: str, **data: Any) -> bool:
        """Do something that the audit log tells of; note it where it was answered."""
        if self.chance.random() < 0.3:
            self.shoot(self.chance.uniform(0.0, 0.06))
        answer = self.ask(who, path, **data)
        if answer is None or answer.status_code != 303:
            time.sleep(0.05)
            return False
        self.answered[word, about] += 1
        return True

    def change(self) -> Any | None:
        """Return the newest change."""
        with self.reading() as database:
            found = Changes(database).listed(1)
            return found[0] if found else None

    def state(self) -> str:
        """Return how the newest change stands."""
        found = self.change()
        return "" if found is None else str(found.state)

    def step(self) -> str:
        """Do what is to be done next; return how the change stands."""
        change = self.change()
        if change is None:
            named = [str(one) for one in self.fleet.ids]
            given = {"device": named, "kind": "baseline", "baseline": "small-office"}
            self.decide("ann", "/changes", "change.plan", "", **given)
            return "none"
        about, path = f"change {change.id}", f"/changes/{change.id}"
        match change.state:
            case "planned":
                self._agree(change, path, about)
            case "running" if self.chance.random() < 0.02:
                self.decide("ann", f"{path}/pause", "change.pause", about)
            case "paused" | "halted":
                self.decide("ann", f"{path}/resume", "change.resume", about)
            case "done":
                self.most_writes = max(self.most_writes, most_written(self.devices))
                self.back = True
                self.decide("ann", f"{path}/undo", "change.undo", about)
            case _:
                time.sleep(0.1)
        return str(change.state)

    def _agree(self, change: Any, path: str, about: str) -> None:
        if change.proposal_id is None and len(self.fleet.ids) > 1:
            self.decide("ann", f"{path}/propose", "proposal.propose", "")
            return
        if change.proposal_id is not None:
            with self.reading() as database, database.read() as connection:
                found = find_proposal(connection, change.proposal_id)
            assert found is not None
            if found.state == "proposed":
                approve = f"/approvals/{found.id}/approve"
                number = f"proposal {found.id}"
                self.decide("bob", approve, "proposal.approve", number, digest=found.digest)
                return
        self.decide("ann", f"{path}/run", "change.begin", about)

    def work(self, seconds: float) -> None:
        """Work until the change is made and put back."""
        end = time.monotonic() + seconds
        for who in ("ann", "bob"):
            self.log_in(who)
        while self.step() != "undone":
            change = self.change() if time.monotonic() >= end else None
            assert time.monotonic() < end, (change, self.serve.said()[-2000:])

    def check_log(self) -> None:
        """The chain holds, goes on where it was, and tells of all that was answered."""
        with self.reading() as database:
            store = LogStore(database)
            rows = list(store.whole())
        head = GENESIS
        for number, row in enumerate(rows, 1):
            assert (row.number, row.digest) == (number, digest_of(head, row.body)), row
            head = row.digest
            assert self.heads.get(number, head) == head, f"entry {number} was another one before"
        self.heads[len(rows)] = head
        assert len(rows) >= max(self.heads), "the end of the log was lost"
        told = Counter((row.action, row.about) for row in rows)
        for (word, about), times in self.answered.items():
            have = told[word, about] if about else sum(n for (w, _), n in told.items() if w == word)
            assert have >= times, (word, about, have, times)
        for (word, about), times in told.items():
            if word in {"change.begin", "proposal.approve", "proposal.carry-out"}:
                assert times == 1, (word, about)

    def judge(self, factory: list[dict[str, Any]]) -> None:
        """Every setting was written once on the way there, once on the way back."""
        self.check_log()
        self._verify()
        assert self.most_writes == 1, [device.journal.writes for device in self.devices]
        assert most_written(self.devices) == 2, [one.journal.writes for one in self.devices]
        for device, before in zip(self.devices, factory, strict=True):
            assert {k: v for k, v in settings(device).items() if v != before[k]} == {}
            counts = device.journal.counts
            assert [counts[n] for n in ("sheets", "print_port_bytes", "failed_logins")] == [0, 0, 0]
        with self.reading() as database, database.read() as connection:
            rows = connection.execute(text("SELECT key, state, detail FROM action")).all()
        assert sorted(row.state for row in rows) == ["done"] * 2 * len(self.devices), rows

    def _verify(self) -> None:
        """`frisket log verify` says of an export that it holds."""
        export = self.data.parent / "log.jsonl"
        database = [] if self.url.startswith("sqlite") else ["--database", self.url]
        for words in (
            ["export", "--data", str(self.data), "-o", str(export), *database],
            ["verify", str(export)],
        ):
            command = [sys.executable, "-m", "frisket.cli", "log", *words]
            found = subprocess.run(command, capture_output=True, text=True, check=False)
            assert found.returncode == 0, found.stdout + found.stderr


def most_written(devices: list[Device]) -> int:
    """Return how often the setting that was written most often was."""
    return max(max(device.journal.writes.values(), default=0) for device in devices)
