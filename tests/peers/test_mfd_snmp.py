"""The virtual device's agent, judged by net-snmp, CUPS and the text of RFC 3805."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from tests.conftest import RECORDINGS
from tests.lab import running_device
from tests.peers.snmpd import environment
from tests.project.tree import ROOT

from frisket.mfd.device import Device
from frisket.mfd.mib.access import AUTHS, PRIVS
from frisket.mfd.mib.standin import LAST_REFUSAL, SCALARS, SETTING_ENTRY, VALUE, index_of
from frisket.model.reading import Value
from frisket.proto.snmp.wire import Oid, format_oid

NET_SNMP = pytest.mark.peer("snmp")
V3: Mapping[str, Value] = {"snmp.v3.enabled": True}
NAMES = {"MD5": "MD5", "SHA1": "SHA", "DES": "DES", "AES-128": "AES"}
NAMES |= {f"SHA2-{bits}": f"SHA-{bits}" for bits in (224, 256, 384, 512)}
NAMES |= {f"AES-{bits}": f"AES-{bits}" for bits in (192, 256)}
LOCATION = "1.3.6.1.2.1.1.6.0"


async def run(folder: Path, *command: str, wait: float = 60) -> tuple[int, str]:
    """Run a program; return its exit status and all it says."""
    process = await asyncio.create_subprocess_exec(
        *command,
        env=environment(folder) | {"PEERS": str(folder)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await asyncio.wait_for(process.communicate(), wait)
    return process.returncode or 0, out.decode(errors="replace")


def at(device: Device) -> str:
    return f"{device.address}:{device.port(161)}"


def user(device: Device, level: str = "authPriv", **change: str) -> list[str]:
    """Return net-snmp's options for the device's user."""
    store = device.store
    words = {
        "-u": store.text("snmp.v3.user.name"),
        "-a": NAMES[store.text("snmp.v3.user.auth-algorithm")],
        "-A": store.text("snmp.v3.user.auth-password"),
        "-x": NAMES[store.text("snmp.v3.user.encryption-algorithm")],
        "-X": store.text("snmp.v3.user.encryption-password"),
        **{f"-{name}": value for name, value in change.items()},
    }
    return ["-v3", "-l", level, "-r0", "-t3", *(w for pair in words.items() for w in pair)]


def setting(key: str) -> str:
    oid: Oid = (*SETTING_ENTRY, VALUE, *index_of(key))
    return format_oid(oid)


@NET_SNMP
@pytest.mark.parametrize("personality", ["iradv-c5535", "iradv-c3325", "iradv-4545", "iradv-c256"])
async def test_snmpwalk_sees_every_variable_increasing(personality: str, tmp_path: Path) -> None:
    async with running_device(personality, services=["snmp"]) as (device, _):
        status, out = await run(tmp_path, "snmpwalk", "-v1", "-cpublic", "-On", at(device), ".1")
        assert status == 0, out[-500:]
        assert "not increasing" not in out
        assert ".1.3.6.1.4.1.32473.1.2.1.3." in out
        assert "End of MIB" in out
        assert device.journal.counts["writes"] == 0


@NET_SNMP
async def test_snmpget_reads_with_version_1_and_no_other_community(tmp_path: Path) -> None:
    async with running_device(settings={"device.location": "Attic"}, services=["snmp"]) as (
        device,
        _,
    ):
        ask = ("snmpget", "-v1", "-r0", "-t1", "-Ovq")
        status, out = await run(tmp_path, *ask, "-cpublic", at(device), LOCATION)
        assert (status, out.strip()) == (0, '"Attic"')
        status, out = await run(tmp_path, *ask, "-cprivate", at(device), LOCATION)
        assert status == 1
        assert "Timeout" in out
        status, out = await run(
            tmp_path, "snmpget", "-v2c", "-r0", "-t1", "-cpublic", at(device), LOCATION
        )
        assert "Timeout" in out


@NET_SNMP
@pytest.mark.parametrize("auth", AUTHS)
@pytest.mark.parametrize("priv", PRIVS)
async def test_snmpget_with_every_pair_of_algorithms(auth: str, priv: str, tmp_path: Path) -> None:
    settings = {
        **V3,
        "snmp.v3.user.auth-algorithm": auth,
        "snmp.v3.user.encryption-algorithm": priv,
    }
    async with running_device(settings=settings, services=["snmp"]) as (device, _):
        status, out = await run(
            tmp_path, "snmpget", *user(device), "-Ovq", at(device), "1.3.6.1.2.1.1.1.0"
        )
        assert (status, out.strip()) == (0, '"Canon iR-ADV C5535 /P"')


@NET_SNMP
async def test_what_net_snmp_is_told_when_it_is_refused(tmp_path: Path) -> None:
    async with running_device(settings=V3, services=["snmp"]) as (device, _):
        for options, said in (
            (user(device, A="wrong password"), "Authentication failure"),
            (user(device, u="nobody"), "Unknown user name"),
            (user(device, X="wrong password"), "Decryption error"),
            (user(device, level="authNoPriv"), "authorizationError"),
            ([*user(device), "-n", "elsewhere"], "Bad context specified"),
        ):
            status, out = await run(tmp_path, "snmpget", *options, at(device), LOCATION)
            assert status != 0, out
            assert said in out
        assert device.journal.counts["failed_logins"] >= 1


@NET_SNMP
async def test_snmpset_writes_a_setting_and_is_refused_a_locked_one(tmp_path: Path) -> None:
    async with running_device(settings=V3, services=["snmp"]) as (device, host):
        write = ("snmpset", *user(device), at(device))
        status, out = await run(tmp_path, *write, setting("lpd.enabled"), "s", "off")
        assert status == 0, out
        assert device.store["lpd.enabled"] is False

        device.policy.apply(device.store, ["SP-10"], {}, "test")
        await host.settled()
        both = (setting("lpd.enabled"), "s", "on", setting("raw.enabled"), "s", "on")
        status, out = await run(tmp_path, *write, *both)
        assert status == 2
        assert "inconsistentValue" in out
        assert device.store["lpd.enabled"] is False
        refusal = format_oid((*SCALARS, LAST_REFUSAL, 0))
        _, out = await run(tmp_path, "snmpget", *user(device), "-Ovq", at(device), refusal)
        assert "SP-10" in out


@NET_SNMP
async def test_snmpset_without_rights(tmp_path: Path) -> None:
    settings = {**V3, "snmp.v3.user.access": "read-only"}
    async with running_device(settings=settings, services=["snmp"]) as (device, _):
        change = (at(device), setting("lpd.enabled"), "s", "off")
        status, out = await run(tmp_path, "snmpset", *user(device), *change)
        assert status == 2
        assert "authorizationError" in out
        status, out = await run(tmp_path, "snmpset", "-v1", "-cpublic", *change)
        assert status == 2
        assert "noSuchName" in out
        assert device.journal.counts["writes"] == 0


@NET_SNMP
async def test_snmptable_draws_the_alerts(tmp_path: Path) -> None:
    async with running_device("iradv-4545", services=["snmp"]) as (device, _):
        _, out = await run(
            tmp_path, "snmpbulkwalk", "-v2c", "-cpublic", at(device), "1.3.6.1.2.1.43.18.1.1.8"
        )
        assert out.strip().endswith('43.18.1.1.8.1.4 = STRING: "Multi-Purpose Tray: no paper"')


@NET_SNMP
@pytest.mark.shared
async def test_all_mandatory_objects_of_rfc_3805_are_there(tmp_path: Path) -> None:
    judge = RECORDINGS.parent / "peers" / "rfc3805_score.py"
    async with running_device("iradv-4545", services=["snmp"]) as (device, _):
        _, out = await run(tmp_path, sys.executable, str(judge), at(device), "public", wait=100)
        assert "mandatory objects present 88/88" in out
        assert "missing" not in out


@pytest.mark.peer("cups")
@pytest.mark.skipif(os.geteuid() != 0, reason="CUPS asks port 161 only")
async def test_the_cups_backend_recognises_a_printer(tmp_path: Path) -> None:
    settings = {"device.location": "Attic"}
    async with running_device(settings=settings, services=["snmp"]) as (device, _):

        async def closes(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.close()

        # The backend names a way to print only after it has connected to the port.
        async with await asyncio.start_server(closes, device.address, 9100):
            status, out = await run(tmp_path, "/usr/lib/cups/backend/snmp", device.address)
        assert status == 0
        assert f"network socket://{device.address}" in out
        assert '"Canon iR-ADV C5535 52.30"' in out
        assert "MFG:Canon;MDL:iR-ADV C5535;" in out
        assert '"Attic"' in out
        assert device.journal.counts["writes"] == 0


@NET_SNMP
@pytest.mark.shared
async def test_the_documented_mib_names_what_the_agent_serves(tmp_path: Path) -> None:
    """net-snmp reads the module from the document and finds the rows by their keys."""
    text = (ROOT / "docs" / "reference" / "standin-mib.md").read_text(encoding="utf-8")
    module = text.partition("```mib\n")[2].partition("```")[0]
    (tmp_path / "FRISKET-STANDIN-MIB.txt").write_text(module, encoding="utf-8")
    names = ("-M", f"{tmp_path}:{RECORDINGS / 'mibs'}", "-m", "FRISKET-STANDIN-MIB")
    name = "FRISKET-STANDIN-MIB::standinSettingValue.'slp.scope'"
    status, out = await run(tmp_path, "snmptranslate", *names, "-On", name)
    assert (status, out.strip()) == (0, "." + setting("slp.scope"))
    async with running_device(services=["snmp"]) as (device, _):
        status, out = await run(
            tmp_path, "snmpwalk", *names, "-v1", "-cpublic", at(device), "standin"
        )
        assert "Cannot" not in out
        assert f"{name} = STRING: default" in out
        assert "::standinSettingPending.'lpd.enabled' = INTEGER: false(2)" in out
        assert "::standinSettings.0 = Gauge32: " in out
        assert "enterprises.32473" not in out


@pytest.mark.peer("fusioninventory-agent-task-network")
async def test_an_inventory_agent_reads_identity_supplies_and_counters(tmp_path: Path) -> None:
    """FusionInventory knows Canon's counters by their numbers, from devices in the field."""
    counters = {101: 150_000, 112: 7, 113: 11, 122: 13, 123: 17, 301: 100, 501: 42}
    settings = {"device.location": "Attic"}
    async with running_device(
        settings=settings, services=["snmp"], counters=counters, serial="ABC12345"
    ) as (device, _):
        where = ("--host", device.address, "--port", str(device.port(161)))
        _, out = await run(tmp_path, "fusioninventory-netinventory", *where, "--type", "PRINTER")
    start = out.index("<?xml")
    read = {field.tag: field.text for field in ET.fromstring(out[start:]).iter()}
    wanted = {
        "TONERBLACK": "64",
        "TONERCYAN": "71",
        "TONERMAGENTA": "38",
        "TONERYELLOW": "83",
        "WASTETONER": "OK",
        "LOCATION": "Attic",
        "MANUFACTURER": "Canon",
        "MODEL": "Canon iR-ADV C5535 52.30",
        "NAME": device.name,
        "SERIAL": "ABC12345",
        "TOTAL": "150000",
        "PRINTTOTAL": "100",
        "SCANNED": "42",
        "COPYBLACK_A3": "7",
        "COPYBLACK": "11",
        "COPYCOLOR_A3": "13",
        "COPYCOLOR": "17",
        "MAC": device.plan.mac,
    }
    assert {name: read.get(name) for name in wanted} == wanted
