"""The SNMP probe against a net-snmp agent that answers as an imageRUNNER ADVANCE would."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.loop.bench import bench
from tests.peers.snmpd import NOBODY, create_user, free_port, running
from tests.unit.probe.visits import only, value, visit, why

from frisket.errors import Refused, Silent
from frisket.model.reading import Unread, Why
from frisket.net.listen import listen_udp
from frisket.probe.base import Options
from frisket.probe.snmp import PROBE, Answers, interpret, print_ports
from frisket.probe.snmp_identity import mac_of, text
from frisket.proto.snmp.wire.values import Integer, OctetString

CANON = """
override 1.3.6.1.2.1.1.1.0 octet_str "Canon iR-ADV C5535 /P"
override 1.3.6.1.2.1.1.2.0 object_id .1.3.6.1.4.1.1602.4.7
override 1.3.6.1.2.1.25.3.2.1.2.1 object_id .1.3.6.1.2.1.25.3.1.5
override 1.3.6.1.2.1.25.3.2.1.3.1 octet_str "Canon iR-ADV C5535 52.30"
override 1.3.6.1.2.1.43.5.1.1.17.1 octet_str "XYZ01234"
override 1.3.6.1.2.1.43.14.1.1.2.1.1 integer 38
override 1.3.6.1.2.1.43.14.1.1.2.1.2 integer 44
override 1.3.6.1.2.1.43.14.1.1.9.1.1 octet_str "Port=19100"
override 1.3.6.1.2.1.43.14.1.1.9.1.2 octet_str "URI=ipp://x:631/"
override 1.3.6.1.4.1.2699.1.2.1.2.1.1.3.1 octet_str "MFG:Canon;MDL:iR-ADV C5535/5540 UFR II;"
override 1.3.6.1.4.1.1602.1.1.1.1.0 octet_str "iR-ADV C5535"
"""


@contextmanager
def agent(*lines: str) -> Iterator[int]:
    """Run net-snmp's agent with these lines of configuration."""
    with tempfile.TemporaryDirectory(prefix="snmpd-") as name:
        folder, port = Path(name), free_port()
        head = [f"agentAddress udp:127.0.0.1:{port}", "sysName Canonc2b105", "sysLocation lobby"]
        conf = "\n".join([*head, *lines, CANON])
        (folder / "agent.conf").write_text(conf, encoding="utf-8")
        arguments = ["-f", "-LE", "w", "-C", "-c", "agent.conf", "-p", str(folder / "pid"), "-r"]
        with running("snmpd", [*arguments, "-I", "-smux,agentx"], folder, port):
            yield port


@pytest.mark.peer("snmpd")
async def test_an_agent_as_delivered() -> None:
    with agent("rocommunity public") as port:
        async with bench() as device:
            device.ports[161] = port
            at = device.visit()
            found = await PROBE.run(at)
    assert {key: value(found, key) for key in PROBE.reads} == dict.fromkeys(PROBE.reads, True)
    identity = found.identity
    assert (identity.vendor, identity.model, identity.serial) == (
        "Canon",
        "iR-ADV C5535",
        "XYZ01234",
    )
    assert (identity.firmware, identity.name, identity.location) == (
        "52.30",
        "Canonc2b105",
        "lobby",
    )
    assert "printer" in found.printer
    assert at.dialer.guard.forbids(19100)
    assert not at.dialer.guard.forbids(631)


@pytest.mark.peer("snmpd")
async def test_an_agent_that_speaks_only_version_3() -> None:
    with agent(create_user(NOBODY), "rouser nobody noauth") as port:
        async with bench() as device:
            device.ports[161] = port
            found = await PROBE.run(device.visit(options=Options(patience=0.3)))
    assert value(found, "snmp.v3.enabled") is True
    assert why(found, "snmp.v1.enabled") is Why.SILENT
    assert why(found, "snmp.v2c.answers") is Why.SILENT
    assert value(found, "snmp.community.public") is False


async def test_a_closed_port_is_off() -> None:
    async with bench() as device:
        found = await PROBE.run(device.visit())
    assert {key: value(found, key) for key in PROBE.reads} == dict.fromkeys(PROBE.reads, False)


async def test_silence_is_not_off() -> None:
    asked: list[bytes] = []

    def swallow(data: bytes, _: tuple[str, int]) -> None:
        asked.append(data)

    silent = listen_udp("127.0.0.1", 0, swallow)
    try:
        async with bench() as device:
            device.ports[161] = silent.port
            found = await PROBE.run(device.visit(options=Options(patience=0.2)))
    finally:
        silent.close()
    for key in PROBE.reads:
        assert why(found, key) is Why.SILENT, key
    reading = only(found, "snmp.v1.enabled")
    assert isinstance(reading, Unread)
    assert "another community" in reading.detail
    # Two attempts for each version, and no other community than the factory's.
    assert len(asked) == 6
    assert sum(b"public" in data for data in asked) == 4


async def test_garbage_is_garbage() -> None:
    noisy = listen_udp("127.0.0.1", 0, lambda data, _: data[::-1])
    try:
        async with bench() as device:
            device.ports[161] = noisy.port
            found = await PROBE.run(device.visit(options=Options(patience=0.2)))
    finally:
        noisy.close()
    assert why(found, "snmp.v1.enabled") is Why.GARBLED


def test_version_1_alone_gives_public_away() -> None:
    found = interpret(visit(), Answers(None, Silent(), Silent()))
    assert value(found, "snmp.v1.enabled") is True
    assert value(found, "snmp.community.public") is True
    assert why(found, "snmp.v2c.answers") is Why.SILENT
    assert found.facts == {"snmp": "answers v1"}


def test_mixed_faults_are_no_proof() -> None:
    found = interpret(visit(), Answers(Silent(), Refused(), Silent()))
    assert why(found, "snmp.community.public") is Why.SILENT


def test_only_raw_channels_add_to_the_guard() -> None:
    channels = [
        (38, b"Port=9200"),
        (37, b"port: 2501"),
        (8, b"Port=80"),
        (11, b"no"),
        (12, b"Port=0"),
    ]
    assert print_ports(channels) == {9200, 2501}
    assert print_ports([(11, b"Port=99999")]) == frozenset()


def test_values_are_read_leniently() -> None:
    assert text(OctetString(b"508A\xb0\0")) == "508A°"
    assert text(Integer(5)) == ""
    assert mac_of([OctetString(bytes(6)), OctetString(b"\0\0\x85abc")]) == "00:00:85:61:62:63"
    assert mac_of([OctetString(b"x")]) == ""
