"""Runs that are ended by kill -9 and continued, against virtual devices that live on elsewhere.

    python -m tests.loop.failpoints [--runs 1000] [--seed 1] [--lanes 4]

The device runs in a process of its own. A run is a forked process that carries out a plan and is
ended by SIGKILL at a named point of `frisket.drivers.job.POINTS`, or at any moment; then another
goes on with it, and may be ended too. In the end the device's journal and store are asked: what
was lost, what was written twice, and did the record ever claim what was not so.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from tests.lab import make_device, named_services, own_address
from tests.loop.hardening import LOGIN, RUN, Hardener

from frisket.catalog.load import load_catalog
from frisket.cli.support.options import Visiting
from frisket.drivers.job import Pace
from frisket.drivers.plan import DevicePlan
from frisket.drivers.record import Outcome
from frisket.mfd import host as hosting
from frisket.mfd.host import Host
from frisket.model.target import Target

SERVICES = ["http", "snmp", "ipp"]
ON = {"snmp.v3.enabled": True}
TRIES = 12  # processes for one run, the last of them spared
LONGEST = 30.0  # seconds of one process


@dataclass(frozen=True)
class Scenario:
    """A device and a baseline, and how a run over them may end."""

    name: str
    baseline: str
    settings: dict[str, Any] = field(default_factory=dict)
    quirks: dict[str, Any] = field(default_factory=dict)
    ends: tuple[Outcome, ...] = (Outcome.DONE,)


SCENARIOS = (
    Scenario("snmp", "small-office", ON),
    Scenario("factory", "small-office"),
    Scenario("enterprise", "enterprise"),
    Scenario("forgets", "small-office", {}, {"forgets": ["ipp.enabled"]}, (Outcome.UNDONE,)),
    Scenario("lies", "small-office", ON, {"lies": {"snmp.v1.enabled": True}}, (Outcome.UNDONE,)),
    Scenario(
        "restarts",
        "small-office",
        ON,
        {"restarts": {"snmp.v1.enabled": "after"}, "restart_seconds": 0.3},
    ),
)


async def serve() -> None:
    """Be the process in which a device lives; each line of standard input is a request."""
    hosting.RESTART_SECONDS = 0.05
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    with own_address() as (address, shift):
        host: Host | None = None
        while line := await reader.readline():
            request = json.loads(line)
            answer: dict[str, Any] = {}
            if "settings" in request:
                if host is not None:
                    await host.stop()
                quirks = {
                    k: tuple(v) if isinstance(v, list) else v for k, v in request["quirks"].items()
                }
                device = make_device(
                    settings=request["settings"],
                    address=address,
                    shift=shift,
                    serial="VMF80001",
                    quirks=quirks,
                )
                host = Host(device, named_services(SERVICES))
                await host.start()
                answer = {"address": address, "shift": shift}
            assert host is not None
            if not host._restarting:
                await host.settled()
            store, journal = host.device.store, host.device.journal
            answer |= {
                "values": {key: store[key] for key in store.keys()},  # noqa: SIM118
                "waiting": list(store.pending),
                "writes": dict(journal.writes),
                "counts": dict(journal.counts),
                "restarting": host._restarting is not None,
            }
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()
        if host is not None:
            await host.stop()


class There:
    """The other process."""

    def __init__(self) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-m", "tests.loop.failpoints", "--serve"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, **request: Any) -> dict[str, Any]:
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.write(json.dumps(request) + "\n")
        self._child.stdin.flush()
        answer: dict[str, Any] = json.loads(self._child.stdout.readline())
        return answer

    def rested(self) -> dict[str, Any]:
        """Return how the device stands once it does nothing any more."""
        end = time.monotonic() + LONGEST
        while (state := self.ask())["restarting"] and time.monotonic() < end:
            time.sleep(0.02)
        return state

    def close(self) -> None:
        assert self._child.stdin is not None
        self._child.stdin.close()
        self._child.wait(10)


def hardener(folder: Path) -> Hardener:
    """Return somebody in a hurry, who is on the same machine as the device."""
    visiting = Visiting(patience=0.25, quiet=True)
    return Hardener(folder, LOGIN, Pace((0.0, 0.2), (0.05,), back=5.0), visiting)


def forked(work: Callable[[], None], after: float = LONGEST) -> bool:
    """Do `work` in a process of its own, ended by SIGKILL `after` seconds; say whether it ended."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            warnings.simplefilter("ignore")
            work()
            code = 0
        except BaseException:
            traceback.print_exc()
            raise
        finally:
            os._exit(code)
    end = time.monotonic() + after
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            assert os.waitstatus_to_exitcode(status) in {0, -signal.SIGKILL}, status
            return os.waitstatus_to_exitcode(status) == 0
        if time.monotonic() > end:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        time.sleep(0.002)


@dataclass
class Lane:
    """Runs, one after the other, over one device."""

    there: There
    home: Path
    source: Random
    found: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    plans: dict[str, DevicePlan] = field(default_factory=dict)
    points: dict[str, list[str]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def learn(self, scenario: Scenario) -> None:
        """Plan a scenario, and run it once untouched: which points it passes, and how long."""
        state = self.there.ask(settings=scenario.settings, quirks=scenario.quirks)
        shift = state["shift"]
        ports = {port: port + shift for port in range(1, 1024)} if shift else {}
        target = Target(state["address"], ports=ports, named=True)
        folder = self.home / scenario.name
        user = hardener(folder)
        plan = asyncio.run(user.planned_at(target, scenario.baseline))
        assert isinstance(plan, DevicePlan), plan
        assert plan.steps, plan
        self.plans[scenario.name] = plan
        trace = folder / "trace"

        def work() -> None:
            with trace.open("w") as file:
                user.point = lambda name: print(name, file=file, flush=True)
                asyncio.run(user.apply(plan))

        start = time.monotonic()
        assert forked(work)
        self.seconds[scenario.name] = time.monotonic() - start
        self.points[scenario.name] = trace.read_text().split("\n")[:-1]
        assert hardener(folder).run.devices[plan.address].result is not None
        outcome = hardener(folder).run.devices[plan.address].result
        assert outcome is not None
        assert outcome.outcome in scenario.ends, outcome

    def run(self, number: int, scenario: Scenario, first: int) -> None:
        """Run a scenario, ended at point `first` (from 0) of the trace, or at any moment (-1)."""
        self.there.ask(settings=scenario.settings, quirks=scenario.quirks)
        before = self.there.ask()["values"]
        plan = self.plans[scenario.name]
        folder = self.home / f"run-{number}"
        for attempt in range(TRIES):
            spared = attempt == TRIES - 1 or (attempt and self.source.random() < 0.5)
            at, after = -1, LONGEST
            if not spared and attempt == 0 and first >= 0:
                at = first
            elif not spared and self.source.random() < 0.5:
                at = self.source.randrange(len(self.points[scenario.name]))
            elif not spared:
                after = self.source.uniform(0.0, self.seconds[scenario.name])
            ended = forked(lambda: self._apply(folder, plan, at), after)  # noqa: B023
            self.found["kills"] += not ended
            progress = self._claims(number, scenario, folder, plan)
            if ended and progress:
                break
        self._judge(number, scenario, folder, plan, before)

    def _apply(self, folder: Path, plan: DevicePlan, at: int) -> None:
        user = hardener(folder)
        seen = 0

        def point(_: str) -> None:
            nonlocal seen
            if seen == at:
                os.kill(os.getpid(), signal.SIGKILL)
            seen += 1

        user.point = point
        if not user.has_begun:
            # Ended before its plan was on record: the next one is a run of another name.
            (folder / f"{RUN}.run").unlink(missing_ok=True)
            asyncio.run(user.apply(plan))
        elif user.open_still:
            asyncio.run(user.resume())

    def _claims(self, number: int, scenario: Scenario, folder: Path, plan: DevicePlan) -> bool:
        """Check what the record claims so far against the device; say whether it is finished."""
        user = hardener(folder)
        if not user.has_begun:
            return False
        progress = user.run.devices[plan.address]
        values = self.there.ask()["values"]
        lies = set(scenario.quirks.get("forgets", ()))
        if not progress.undoing:
            for key in progress.written:
                if key not in lies and values[key] != _plain(plan.step(key).wanted):
                    self._wrong(number, scenario, f"claims {key} was written")
        result = progress.result
        return result is not None and not user.open_still

    def _judge(
        self,
        number: int,
        scenario: Scenario,
        folder: Path,
        plan: DevicePlan,
        before: dict[str, Any],
    ) -> None:
        state = self.there.rested()
        result = hardener(folder).run.devices[plan.address].result
        outcome = result.outcome if result else None
        self.found["runs"] += 1
        self.found[f"outcome {outcome}"] += 1
        if outcome not in scenario.ends:
            self._wrong(number, scenario, f"ended as {result}")
        done = outcome is Outcome.DONE
        for step in plan.steps:
            meant = _plain(step.wanted) if done else before[step.key]
            if state["values"][step.key] != meant or step.key in state["waiting"]:
                self.found["false success" if done else "lost"] += 1
                self._wrong(number, scenario, f"{step.key} is {state['values'][step.key]}")
            times = state["writes"].get(step.key, 0)
            if times > (1 if done else 2):
                self.found["doubled"] += 1
                self._wrong(number, scenario, f"{step.key} written {times} times")
        counts = state["counts"]
        if counts["sheets"] or counts["print_port_bytes"] or counts["failed_logins"]:
            self._wrong(number, scenario, f"counted {counts}")

    def _wrong(self, number: int, scenario: Scenario, why: str) -> None:
        self.found["wrong"] += 1
        self.wrong.append(f"run {number} ({scenario.name}): {why}")


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def lane(runs: int, seed: int, start: int, step: int) -> dict[str, Any]:
    """Do every `step`-th of `runs` runs, from `start` on: each point first, then any moment."""
    load_catalog()
    with TemporaryDirectory(prefix="fp-") as home:
        there = There()
        try:
            one = Lane(there, Path(home), Random(seed * 1000 + start))
            for scenario in SCENARIOS:
                one.learn(scenario)
            spots = [(s, n) for s in SCENARIOS for n in range(len(one.points[s.name]))]
            Random(seed).shuffle(spots)
            for number in range(start, runs, step):
                scenario, first = (
                    spots[number] if number < len(spots) else (one.source.choice(SCENARIOS), -1)
                )
                one.run(number, scenario, first)
        finally:
            there.close()
    passed = Counter(name for s in SCENARIOS for name in one.points[s.name])
    return {"found": dict(one.found), "wrong": one.wrong, "spots": len(spots), "passed": passed}


def main() -> None:
    """Run the lanes and print what was found, as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lanes", type=int, default=4)
    parser.add_argument("--lane", type=int, default=-1, help=argparse.SUPPRESS)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        asyncio.run(serve())
        return
    if given.lane >= 0:
        print(json.dumps(lane(given.runs, given.seed, given.lane, given.lanes)))
        return
    began = time.monotonic()
    words = [sys.executable, "-m", "tests.loop.failpoints", *sys.argv[1:], "--lane"]
    pipe = subprocess.PIPE
    lanes = [subprocess.Popen([*words, str(n)], stdout=pipe, text=True) for n in range(given.lanes)]
    found: Counter[str] = Counter()
    wrong: list[str] = []
    spots: dict[str, Any] = {}
    for child in lanes:
        out, _ = child.communicate()
        said = json.loads(out)
        found.update(said["found"])
        wrong += said["wrong"]
        spots = {"spots": said["spots"], "passed": said["passed"]}
    took = round(time.monotonic() - began, 1)
    print(json.dumps({"found": found, **spots, "seconds": took, "wrong": wrong[:20]}, indent=1))


if __name__ == "__main__":
    main()
