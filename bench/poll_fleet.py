"""The devices of bench/poll.py, in a process of their own, which counts pages when told to."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from frisket.model.reading import Value
from frisket.model.target import Target

USER, AUTH, PRIV = "initial", "initial1", "initial1"
SHIFT = 20_000
SETTINGS: dict[str, Value] = {
    "snmp.v3.enabled": True,
    "snmp.v3.user.auth-algorithm": "SHA1",
    "snmp.v3.user.encryption-algorithm": "AES-128",
}


def address_of(number: int) -> str:
    """Return the address of a device."""
    return f"127.{70 + number // 60_000}.{number // 250 % 240}.{1 + number % 250}"


async def serve(devices: int) -> None:
    """Run the devices; `count N` on standard input has N percent of them count a page."""
    from frisket.audit.load import load_content
    from frisket.mfd.device import Plan, Surroundings, build_device
    from frisket.mfd.host import Host
    from frisket.mfd.personality import load_personalities
    from frisket.mfd.services.snmp import SERVICE

    around = Surroundings(load_content())
    models = [
        replace(model, quirks=replace(model.quirks, snmp_v2c=True))
        for model in load_personalities().values()
    ]
    built = []
    for number in range(devices):
        model = models[number % len(models)]
        plan = Plan(
            address=address_of(number),
            serial=f"BENCH{number:05d}",
            personality=model,
            settings=SETTINGS,
            counters={101: 1000 + number, 113: 900},
            shift=SHIFT,
        )
        built.append(build_device(plan, around))
        await Host(built[-1], [SERVICE]).start()
    print("ready", flush=True)
    loop = asyncio.get_running_loop()
    done = loop.create_future()

    def told() -> None:
        line = sys.stdin.readline()
        if not line:
            loop.remove_reader(sys.stdin.fileno())
            done.set_result(None)
            return
        share = int(line)
        for number, device in enumerate(built):
            if number % 100 < share:
                device.counters.add({101: 1, 113: 1, 301: 1})
        print("counted", flush=True)

    loop.add_reader(sys.stdin.fileno(), told)
    await done


@dataclass(slots=True)
class Fleet:
    """The running devices."""

    targets: list[Target]
    process: subprocess.Popen[str]

    def count(self, share: int) -> None:
        """Have `share` percent of the devices count a page."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{share}\n")
        self.process.stdin.flush()
        self.process.stdout.readline()


@contextmanager
def fleet(script: str, devices: int) -> Iterator[Fleet]:
    """Run the devices on another processor than ours."""
    cores = sorted(os.sched_getaffinity(0))
    command = [sys.executable, script, "--serve", "--devices", str(devices)]
    if len(cores) > 1:
        command = ["taskset", "-c", str(cores[0]), *command]
        os.sched_setaffinity(0, {cores[-1]})
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        if process.stdout.readline().strip() != "ready":
            raise RuntimeError("the devices did not start")
        targets = [Target(address_of(n), ports={161: 161 + SHIFT}) for n in range(devices)]
        yield Fleet(targets, process)
        process.stdin.close()
