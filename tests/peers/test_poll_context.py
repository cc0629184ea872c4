"""A printer behind an SNMPv3 context, as recent HP have it, played by two net-snmp agents.

The outer one shows its default context no more than the system group, and hands the context
`Jetdirect` over to the inner one, which has the Printer-MIB.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.loop.bench import NOW
from tests.loop.test_poll_again import polled
from tests.peers.snmpd import AUTH_PASSWORD, PRIV_PASSWORD, free_port, running
from tests.peers.test_recordings import WITHOUT, Ports, agent, system
from tests.unit.probe.lan import HOST

from frisket.drivers.credential import Login, Secret
from frisket.model.target import Target
from frisket.telemetry.poll import Access

LOGIN = Login("auditor", "SHA1", "AES-128", Secret(AUTH_PASSWORD), Secret(PRIV_PASSWORD))
HP = "1.3.6.1.4.1.11.2.3.9.1"
PRINTER = "1.3.6.1.2.1.43"
ROWS = [
    f'override .{PRINTER}.5.1.1.17.1 octet_str "CNBXF00123"',
    f"override .{PRINTER}.5.1.1.1.1 counter 3",
    f"override .{PRINTER}.10.2.1.3.1.1 integer 7",
    f"override .{PRINTER}.10.2.1.4.1.1 counter 81563",
    f'override .{PRINTER}.11.1.1.6.1.1 octet_str "Black Cartridge 410A"',
    f"override .{PRINTER}.11.1.1.7.1.1 integer 19",
    f"override .{PRINTER}.11.1.1.8.1.1 integer 100",
    f"override .{PRINTER}.11.1.1.9.1.1 integer 86",
]


@contextmanager
def behind(context: str) -> Iterator[int]:
    """Run both agents; yields the outer one's port."""
    described = system("HP ETHERNET MULTI-ENVIRONMENT", HP)
    with (
        agent([*ROWS, *described]) as inner,
        tempfile.TemporaryDirectory(prefix="snmpd-") as name,
    ):
        folder, port = Path(name), free_port()
        lines = [
            f"agentAddress udp:{HOST}:{port}",
            f'createUser auditor SHA "{AUTH_PASSWORD}" AES "{PRIV_PASSWORD}"',
            "group readers usm auditor",
            "view system included .1.3.6.1.2.1.1",
            "view all included .1",
            'access readers "" usm priv exact system none none',
            f"access readers {context} usm priv exact all none none",
            f"proxy -Cn {context} -v2c -c public {HOST}:{inner} .1.3",
            *described,
        ]
        (folder / "agent.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")
        words = ["-f", "-LE", "w", "-C", "-c", "agent.conf", "-p", str(folder / "pid"), "-r"]
        with running("snmpd", [*words, "-I", WITHOUT], folder, port):
            yield port


@pytest.mark.peer("snmpd")
async def test_the_context_of_recent_hp_is_found_and_remembered() -> None:
    with behind("Jetdirect") as port:
        target = Target(HOST, ports=Ports({161: port}))
        access = Access(login=LOGIN, patience=5.0)
        found = await polled(target, access=access)
        again = await polled(target, found.acquaintance, access)
        known = await polled(target, access=Access(login=LOGIN, context="Jetdirect", patience=5.0))
    assert found.via == "SNMPv3"
    assert found.acquaintance.context == "Jetdirect"
    assert found.sample.identity.serial == "CNBXF00123"
    assert found.sample.supplies[0].level.percent == 86
    assert {counter.value for counter in found.sample.counters} == {81563}
    assert again.sample == found.sample
    assert again.packets < found.packets
    assert known.sample == found.sample
    assert known.packets < found.packets
    assert found.at == NOW


@pytest.mark.peer("snmpd")
async def test_a_context_that_nobody_uses_must_be_given() -> None:
    with behind("ward7") as port:
        target = Target(HOST, ports=Ports({161: port}))
        blind = await polled(target, access=Access(login=LOGIN, patience=5.0, ipp="never"))
        given = await polled(target, access=Access(login=LOGIN, context="ward7", patience=5.0))
        wrong = await polled(
            target, access=Access(login=LOGIN, context="ward8", patience=5.0, ipp="never")
        )
    assert not blind.sample.supplies
    assert given.sample.supplies[0].level.percent == 86
    assert not wrong.sample.supplies
