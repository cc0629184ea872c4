"""How many polls a second one core serves, and how much memory thousands of devices take.

    python bench/mfd_snmp.py [--devices 3000] [--seconds 3]

A poll is a GET of 25 variables and a walk over 200: by GETNEXT of 25 with version 1, which has no
GETBULK, by GETBULK of 100 with the others. The devices run in one process on one core, the load
comes from another: questions asked before, so that the asking costs little. Capacity is polls per
second of the devices' processor time, in the best of three runs: other programs only slow it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from frisket.audit.load import load_content
from frisket.mfd.device import Plan, Surroundings, build_device
from frisket.mfd.host import Host
from frisket.mfd.mib.access import users
from frisket.mfd.mib.agent import Agent
from frisket.mfd.personality import load_personalities
from frisket.mfd.services.snmp import SERVICE
from frisket.proto.snmp.wire import (
    NULL,
    CommunityMessage,
    Kind,
    Level,
    Oid,
    Pdu,
    SecureMessage,
    Version,
    decode_message,
    encode_message,
    encode_pdu,
    encode_scoped,
)
from frisket.proto.snmp.wire.crypto import LocalKeys, localize
from frisket.proto.snmp.wire.usm import seal

PORT_SHIFT = 20_000
PRINTER = (1, 3, 6, 1, 2, 1, 43)
WALK, GETS, STEP, BULK = 200, 25, 25, 100


def plan(number: int) -> Plan:
    model = load_personalities()["iradv-4545"] if number == 0 else PLANS[0].personality
    return Plan(
        address=f"127.{60 + number // 60_000}.{number // 250 % 240}.{1 + number % 250}",
        serial=f"BENCH{number:05d}",
        personality=replace(model) if number == 0 else model,
        settings={"snmp.v3.enabled": True},
        shift=PORT_SHIFT,
    )


PLANS: list[Plan] = []


async def serve(devices: int) -> None:
    """Run the devices; a line on standard input asks for the processor time used so far."""
    start = resident()
    PLANS.append(plan(0))
    PLANS.extend(plan(number) for number in range(1, devices))
    around = Surroundings(load_content())
    began = time.perf_counter()
    for wanted in PLANS:
        await Host(build_device(wanted, around), [SERVICE]).start()
    print(devices, round(time.perf_counter() - began, 2), resident(), start, flush=True)
    loop = asyncio.get_running_loop()
    done = loop.create_future()

    def asked() -> None:
        if not sys.stdin.readline():
            loop.remove_reader(sys.stdin.fileno())
            done.set_result(None)
        else:
            print(time.process_time(), resident(), flush=True)

    loop.add_reader(sys.stdin.fileno(), asked)
    await done


def resident() -> float:
    """Return the process's memory now, in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * resource.getpagesize() / 2**20, 1)


def question(version: Version, number: int, kind: Kind, oids: list[Oid]) -> bytes:
    repeat = BULK if kind is Kind.GET_BULK else 0
    pdu = Pdu(kind, 7, 0, repeat, tuple((oid, NULL) for oid in oids))
    if version is not Version.V3:
        return encode_message(CommunityMessage(version, b"public", pdu))
    agent = AGENTS[number]
    user = users(agent.device)[b"initial"]
    keys = localize(user, agent.memory.engine_id)
    body = encode_scoped(agent.memory.engine_id, b"", encode_pdu(pdu))
    memory = agent.memory
    name = user.name.encode()
    message = SecureMessage(9, Level.PRIVATE, True, memory.engine_id, memory.boots, 0, name, body)
    return seal(message, keys, number)


AGENTS: dict[int, Agent] = {}


def poll(version: Version, number: int) -> list[bytes]:
    """Return the questions of one poll of one device."""
    tree = AGENTS[0].tree
    printer = [oid for oid in tree.oids if oid[:7] == PRINTER]
    gets = [oid for oid in printer if oid[7] in {5, 8, 10, 11}][::4][:GETS]
    first = question(version, number, Kind.GET, gets)
    if version is Version.V1:
        return [
            first,
            *(
                question(version, number, Kind.GET_NEXT, printer[at : at + STEP])
                for at in range(0, WALK, STEP)
            ),
        ]
    starts = range(0, WALK, BULK)
    return [first, *(question(version, number, Kind.GET_BULK, [printer[at]]) for at in starts)]


def learn_clock(sock: socket.socket, agent: Agent) -> None:
    """Ask the running device when its engine started, so that signed questions are in time."""
    body = encode_scoped(b"", b"", encode_pdu(Pdu(Kind.GET, 1)))
    plain = SecureMessage(1, Level.PLAIN, True, b"", 0, 0, b"", body)
    sock.send(encode_message(plain))
    answer = decode_message(sock.recv(65535))
    assert isinstance(answer, SecureMessage)
    assert answer.engine_id == agent.memory.engine_id
    agent.memory.boots = answer.boots


def load(child: subprocess.Popen[str], version: Version, devices: int, seconds: float) -> None:
    around = Surroundings(load_content())
    asked = min(devices, 200)
    AGENTS.clear()
    for number in range(asked if version is Version.V3 else 1):
        AGENTS[number] = Agent(build_device(PLANS[number], around), LocalKeys(), Random(1))
    socks = []
    for number in range(asked):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.connect((PLANS[number].address, 161 + PORT_SHIFT))
        sock.settimeout(2)
        socks.append(sock)
        if version is Version.V3:
            learn_clock(sock, AGENTS[number])
    polls = [poll(version, number) for number in range(asked)]
    for sock, questions in zip(socks, polls, strict=True):
        for data in questions:
            sock.send(data)
            assert len(sock.recv(65535)) > 500, "no answer to what was asked"
    runs = [run(child, socks, polls, seconds / 3) for _ in range(3)]
    for sock in socks:
        sock.close()
    seen, used, memory = min(runs, key=lambda one: one[1])
    print(
        f"{version.name:4} {len(polls[0])} PDUs a poll: {seen:6.0f} polls/s seen, "
        f"{used * 1e6:4.0f} us a poll, capacity {1 / used:6.0f} polls/s a core, {memory:.0f} MiB"
    )


def used_by(child: subprocess.Popen[str]) -> tuple[float, float]:
    """Return the devices' processor seconds and memory so far."""
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write("\n")
    child.stdin.flush()
    seconds, memory = map(float, child.stdout.readline().split())
    return seconds, memory


def run(
    child: subprocess.Popen[str],
    socks: list[socket.socket],
    polls: list[list[bytes]],
    seconds: float,
) -> tuple[float, float, float]:
    """Return polls seen a second, processor seconds a poll, and the devices' memory."""
    before, _ = used_by(child)
    began, count = time.perf_counter(), 0
    # Sixteen devices at a time: the agents always have something to do.
    while time.perf_counter() - began < seconds:
        group = [(count + n) % len(socks) for n in range(16)]
        for step in range(len(polls[0])):
            for n in group:
                socks[n].send(polls[n][step])
            for n in group:
                socks[n].recv(65535)
        count += len(group)
    took = time.perf_counter() - began
    after, memory = used_by(child)
    return count / took, (after - before) / count, memory


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--devices", type=int, default=3000)
    options.add_argument("--seconds", type=float, default=3)
    options.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    given = options.parse_args()
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    cores = sorted(os.sched_getaffinity(0))
    if given.serve:
        os.sched_setaffinity(0, {cores[0]})
        asyncio.run(serve(given.devices))
        return
    os.sched_setaffinity(0, {cores[-1]})
    command = [sys.executable, __file__, "--serve", "--devices", str(given.devices)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        devices, took, memory, start = child.stdout.readline().split()
        print(f"{devices} devices: {took} s to start, {memory} MiB ({start} before the first)")
        PLANS.append(plan(0))
        PLANS.extend(plan(number) for number in range(1, given.devices))
        for version in (Version.V1, Version.V2C, Version.V3):
            load(child, version, given.devices, given.seconds)
        child.stdin.close()


if __name__ == "__main__":
    main()
