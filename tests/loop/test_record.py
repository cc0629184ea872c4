"""`frisket record` of a virtual device: two files, nothing of the owner, nothing written."""

from __future__ import annotations

import json
import sys
from asyncio.subprocess import PIPE, create_subprocess_exec
from pathlib import Path

import pytest
from tests.lab import running_device
from tests.loop.bench import bench
from tests.loop.test_poll_loop import COUNTED, HOSTILE
from tests.loop.test_truth_loop import target_of

from frisket.net.budget import Budget, Limits
from frisket.net.dial import SocketDialer
from frisket.net.listen import listen_udp
from frisket.telemetry.capture import read_capture, write_capture
from frisket.telemetry.contact import Access
from frisket.telemetry.ipp_table import load_ipp_table
from frisket.telemetry.record import file_name, record, sample_of, scrubbed
from frisket.telemetry.table import load_tables

OWNED = {
    "device.name": "Adas Kopierer",
    "device.location": "Elsewhere ward",
    "device.contact": "Lovelace",
    "network.host-name": "mfd-cardiology-07",
}
LIMITS = Limits(packets=4000, bytes_received=8 << 20, packets_per_second=0, seconds=60)


async def test_a_capture_of_a_device_is_its_truth_without_its_owner() -> None:
    tables, ipp = load_tables(), load_ipp_table()
    async with running_device(
        settings={"ipp.enabled": True, **OWNED},
        services=("snmp", "ipp"),
        counters=COUNTED,
        serial="VMF77123",
        quirks={"snmp_v2c": True},
    ) as (device, _):
        dialer = SocketDialer(target_of(device), Budget(LIMITS))
        raw = await record(dialer, Access(patience=2.0, ipp="always"), tables, ipp)
        assert device.journal.counts["writes"] == 0
        assert device.journal.counts["sheets"] == 0
        plain = sample_of(scrubbed(raw, tables, ipp), tables, ipp)
        held = {c.number: c.value for c in plain.counters if c.number is not None}
        assert held == {n: device.counters.values[n] for n in held}
        assert [s.name for s in plain.supplies] == [s.name for s in device.personality.supplies]
    assert not raw.notes
    text = write_capture(scrubbed(raw, tables, ipp))
    words = {word for owned in OWNED.values() for word in owned.replace("-", " ").split()}
    for secret in ("VMF77123", device.address, *(words - {"mfd", "07"})):
        assert secret.casefold() not in text.casefold()
        assert secret.encode().hex() not in text
    again = read_capture(text)
    assert sample_of(again, tables, ipp) == plain
    assert file_name(plain, again.via) == "canon#ir-adv-c5535_52-30#snmpv2c-ipp"
    assert json.dumps(plain.identity.serial) == '"serial1"'


async def test_the_folder_for_captures_is_made(tmp_path: Path) -> None:
    into = tmp_path / "new" / "captures of ours"
    async with running_device(services=("snmp",), settings={"snmp.v1.enabled": True}) as (one, _):
        if one.port(161) != 161:
            pytest.skip("the command asks standard ports, which need root here")
        words = ["-m", "frisket.cli", "record", one.address, "--into", str(into), "--ipp", "never"]
        made = await create_subprocess_exec(sys.executable, *words, "--pace", "0", stderr=PIPE)
        _, told = await made.communicate()
    assert made.returncode == 0, told
    assert sorted(file.suffix for file in into.iterdir()) == [".capture", ".json"]


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_device_costs_its_budget(name: str) -> None:
    few = Limits(packets=600, bytes_received=1 << 20, packets_per_second=0, seconds=30)
    async with bench() as device:
        sock = listen_udp("127.0.0.1", 0, HOSTILE[name])
        try:
            device.ports[161] = sock.port
            budget = Budget(few)
            access = Access(patience=0.6, ipp="never")
            dialer = SocketDialer(device.target, budget)
            raw = await record(dialer, access, load_tables(), load_ipp_table())
        finally:
            sock.close()
    assert budget.packets <= few.packets
    assert budget.received <= few.bytes_received + 70_000
    write_capture(scrubbed(raw, load_tables(), load_ipp_table()))
