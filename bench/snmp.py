"""Processor time of one poll: a GET of 25 variables and a walk of 200, beside net-snmp's tools.

Run as `python -m bench.snmp [polls]` with snmpd and snmp installed. The agent is a real snmpd;
then, without an agent's speed in the way, the codec alone.
"""

from __future__ import annotations

import asyncio
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial

from tests.peers.snmp_endpoint import dialer
from tests.peers.snmpd import AUTH_PASSWORD, PRIV_PASSWORD, SUBTREE, TABLE, Snmpd, snmpd, user

from frisket.proto.snmp.client import Manager
from frisket.proto.snmp.credential import Community, Credential, UserCredential
from frisket.proto.snmp.wire import (
    CommunityMessage,
    Kind,
    OctetString,
    Pdu,
    Version,
    decode_message,
    encode_community,
    encode_message,
    encode_pdu_parts,
    encode_question,
    encode_varbind,
    format_oid,
)
from frisket.proto.snmp.wire.crypto import Auth, Priv

SCALARS = [(*SUBTREE, 1, i) for i in range(1, 26)]
REPETITIONS = 40
USER = user(Auth.SHA1, Priv.AES128)
CREDENTIALS: dict[str, Credential] = {"v2c": Community("public"), "v3": UserCredential(USER)}
TOOLS = {
    "v2c": ["-v2c", "-c", "public"],
    "v3": [
        *("-v3", "-u", USER.name, "-l", "authPriv", "-a", "SHA", "-A", AUTH_PASSWORD),
        *("-x", "AES", "-X", PRIV_PASSWORD),
    ],
}


def spent(who: int) -> float:
    """Return the processor time used, in seconds."""
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


async def poll(agent: Snmpd, credential: Credential, polls: int) -> None:
    """Poll with a new socket and session each time."""
    for _ in range(polls):
        there = dialer(agent.port)
        datagrams = await there.udp(161)
        manager = Manager(
            datagrams, credential, random=there.random, timeouts=(5.0,), repetitions=REPETITIONS
        )
        async with manager:
            assert len(await manager.get(SCALARS)) == len(SCALARS)
            assert len(await manager.walk((*SUBTREE, 1))) == TABLE


def run_polls(agent: Snmpd, credential: Credential, polls: int) -> None:
    """Poll in an event loop of its own."""
    asyncio.run(poll(agent, credential, polls))


def poll_with_tools(agent: Snmpd, words: list[str], polls: int) -> None:
    """Poll with snmpget and snmpbulkwalk."""
    where = f"127.0.0.1:{agent.port}"
    for _ in range(polls):
        for command in (
            ["snmpget", "-On", *words, where, *map(format_oid, SCALARS)],
            ["snmpbulkwalk", "-On", f"-Cr{REPETITIONS}", *words, where, format_oid((*SUBTREE, 1))],
        ):
            subprocess.run(command, env=agent.environment(), check=True, capture_output=True)


def show(what: str, polls: int, cpu: float, wall: float) -> None:
    """Print one line."""
    print(f"{what:34} {cpu / polls * 1e3:8.2f} ms CPU {wall / polls * 1e3:8.2f} ms wall a poll")


def measure(what: str, polls: int, work: Callable[[], None], who: int) -> None:
    """Run and print."""
    cpu, wall = spent(who), time.perf_counter()
    work()
    show(what, polls, spent(who) - cpu, time.perf_counter() - wall)


def codec(rounds: int) -> None:
    """Measure the codec alone: one GET of 25, its answer, and a walk's five answers of 40."""
    table = [((*SUBTREE, 1, i), OctetString(b"Black toner")) for i in range(1, TABLE + 1)]
    response = Pdu(Kind.RESPONSE, 1, 0, 0, tuple(table[:REPETITIONS]))
    data = encode_message(CommunityMessage(Version.V2C, b"public", response))
    encoded = [encode_varbind(*varbind) for varbind in table[:REPETITIONS]]

    def manager_side() -> None:
        for _ in range(rounds):
            for _ in range(6):
                names = b"".join(map(encode_question, SCALARS))
                encode_community(Version.V2C, b"public", encode_pdu_parts(Kind.GET, 1, names))
                decode_message(data)

    def agent_side() -> None:
        for _ in range(rounds):
            for _ in range(6):
                pdu = encode_pdu_parts(Kind.RESPONSE, 1, b"".join(encoded))
                encode_community(Version.V2C, b"public", pdu)

    measure("codec, manager's side", rounds, manager_side, resource.RUSAGE_SELF)
    measure("codec, agent's side, encoding", rounds, agent_side, resource.RUSAGE_SELF)


def main() -> None:
    """Print all figures."""
    polls = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with snmpd() as agent:
        for name, credential in CREDENTIALS.items():
            asyncio.run(poll(agent, credential, 5))
            measure(
                f"frisket {name}",
                polls,
                partial(run_polls, agent, credential, polls),
                resource.RUSAGE_SELF,
            )
            few = max(polls // 10, 5)
            measure(
                f"net-snmp tools {name}",
                few,
                partial(poll_with_tools, agent, TOOLS[name], few),
                resource.RUSAGE_CHILDREN,
            )
    codec(polls)


if __name__ == "__main__":
    main()
