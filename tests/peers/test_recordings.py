"""Recorded printers, replayed by net-snmp's agent and by an IPP server, met by our own visit."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import re
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from tests.peers.snmpd import free_port, running
from tests.unit.probe.lan import HOST, NOW, see
from tests.unit.probe.visits import value

from frisket.model.finding import Incomplete
from frisket.model.target import Target
from frisket.net.budget import Limits
from frisket.probe import ipp
from frisket.probe.base import Options, Sighting
from frisket.probe.identity import vendor_of
from frisket.probe.visit import visit_target

RECORDINGS = Path(__file__).parents[3] / "shared" / "data"
SCRIPTS = RECORDINGS.parent / "peers"
SNMPREC = RECORDINGS / "librenms" / "snmprec"
EXPECTED = RECORDINGS / "librenms" / "expected"
SYSTEM = "1.3.6.1.2.1.1"
SUBTREES = (".1.3.6.1.2.1.43", ".1.3.6.1.2.1.25.3", ".1.3.6.1.4.1")
# net-snmp's own answers for a host would stand beside the recorded ones.
WITHOUT = "-smux,agentx,hr_device,hr_print,hr_disk,hr_network,hr_proc,hr_partition,hr_filesys"
# Recording -> vendor and model, as its description and the maker's variables name them.
PRINTERS = {
    "brother_hl5370dw": ("Brother", "HL-5370DW series"),
    "canonprinter_d1180": ("Canon", "D1180/MF6680"),
    "canonprinter_ir-adv": ("Canon", "iR-ADV C5235"),
    "canonprinter_lbp": ("Canon", "LBP6670"),
    "dell-laser": ("Dell", "B3460dn Laser Printer"),
    "dell-laser_color": ("Dell", ""),
    "dell-laser_mfp": ("Dell", "3115cn"),
    "epson": ("Epson", "WF-C5790BA"),
    "fujifilmprinter_c810": ("FUJIFILM", "ApeosPro C810"),
    "gestetner": ("Gestetner", "MPC2500/DSc525"),
    "jetdirect": ("HP", "Color LaserJet M452nw"),
    "jetdirect_1": ("HP", ""),
    "jetdirect_context": ("HP", "Color LaserJet M452nw"),
    "jetdirect_m252dw": ("HP", "Color LaserJet Pro M252dw"),
    "konica": ("Konica Minolta", "bizhub C3110"),
    "konica_c250i": ("Konica Minolta", "bizhub C250i"),
    "kyocera": ("Kyocera", ""),
    "lanier": ("Lanier", "MP C3501/LD635C"),
    "lexmarkprinter": ("Lexmark", "T640"),
    "ricoh": ("Ricoh", "MP 3053"),
    "ricoh_aficio": ("Ricoh", "MP 201"),
    "ricoh_mpc3002": ("Ricoh", "MP C3002"),
    "samsungprinter_clx": ("Samsung", "CLX-3170"),
    "samsungprinter_ml": ("Samsung", "ML-2850"),
    "samsungprinter_scx": ("Samsung", "SCX"),
    "sharp_mx2614n": ("Sharp", "MX-2614N"),
    "sharp_mx3140n": ("Sharp", "MX-3140N"),
    "sharp_mxc301w": ("Sharp", "MX-C301W"),
    "sharp_mxm266nv": ("Sharp", "MX-M266NV"),
    "toshiba-tec_ev4": ("Toshiba", "B-EV4"),
    "xerox": ("Xerox", "AltaLink C8045"),
    "xerox_apeosport": ("FUJIFILM", "ApeosPort-VI C4471"),
    "xerox_color": ("Xerox", "Color 570"),
    "xerox_phaser": ("Xerox", "Phaser 4600"),
    "zebra": ("Zebra", ""),
    "zebra_1": ("Zebra", ""),
}
# LibreNMS asks these makers' own variables for the serial number; a probe asks only Canon's.
ELSEWHERE = {"brother_hl5370dw", "zebra"}

pytestmark = pytest.mark.shared


def rows_of(path: Path) -> dict[str, str]:
    """Return the texts of a recording, by object identifier."""
    rows: dict[str, str] = {}
    for line in path.read_text("utf-8", "replace").splitlines():
        oid, _, rest = line.partition("|")
        kind, _, text = rest.partition("|")
        rows[oid] = bytes.fromhex(text).decode("utf-8", "replace") if kind == "4x" else text
    return rows


def system(description: str, object_id: str) -> list[str]:
    """Return the lines that make the agent describe itself so."""
    shown = " ".join(description.replace('"', "").split())
    lines = [f'override .{SYSTEM}.1.0 octet_str "{shown}"'] if shown else []
    return lines + ([f"override .{SYSTEM}.2.0 object_id .{object_id}"] if object_id else [])


@contextmanager
def agent(lines: list[str]) -> Iterator[int]:
    """Run net-snmp's agent so; yields its port."""
    with TemporaryDirectory(prefix="snmpd-") as name:
        folder, port = Path(name), free_port()
        head = [f"agentAddress udp:{HOST}:{port}", "rocommunity public"]
        (folder / "agent.conf").write_text("\n".join([*head, *lines]) + "\n", encoding="utf-8")
        arguments = ["-f", "-LE", "w", "-C", "-c", "agent.conf", "-p", str(folder / "pid"), "-r"]
        with running("snmpd", [*arguments, "-I", WITHOUT], folder, port):
            yield port


class Ports(dict[int, int]):
    """One agent, and nothing else at the host."""

    def get(self, key: int, default: Any = None) -> int:
        """Return where a port is; a closed one for any but SNMP."""
        return super().get(key, 1)


async def met(port: int, *, named: bool = False) -> Sighting | Incomplete:
    """Find out who is there, as `frisket discover` does."""
    target = Target(HOST, named=named, ports=Ports({161: port}))
    limits, options = Limits(packets_per_second=0), Options(patience=5.0)
    return await visit_target(target, limits, options, lambda: NOW, identify_only=True)


@pytest.mark.peer("snmpd")
@pytest.mark.parametrize("name", PRINTERS)
async def test_a_recorded_printer_is_known(name: str) -> None:
    path = SNMPREC / f"{name}.snmprec"
    rows = rows_of(path)
    script = f"{sys.executable} {SCRIPTS / 'snmprec_pass.py'} {path}"
    served = [f"pass_persist {subtree} {script} {subtree}" for subtree in SUBTREES]
    described = system(rows[f"{SYSTEM}.1.0"], rows.get(f"{SYSTEM}.2.0", "").strip("."))
    with agent([*served, *described]) as port:
        found = await met(port)
    assert isinstance(found, Sighting), found
    assert found.printer
    assert (found.identity.vendor, found.identity.model) == PRINTERS[name]
    assert value(found, "snmp.v1.enabled") is True
    judged = EXPECTED / f"{name}.json"
    if judged.is_file() and name not in ELSEWHERE:
        reference = json.loads(judged.read_text("utf-8"))["os"]["discovery"]["devices"][0]
        if reference["serial"]:
            assert found.identity.serial == reference["serial"]
        if found.identity.firmware:
            assert found.identity.firmware == reference["version"]


def others() -> list[str]:
    """Return descriptions of switches, servers and the like."""
    path = RECORDINGS / "fusioninventory" / "expected_inventories.shared.json"
    if not path.is_file():
        return []
    entries = [entry["discovery"] for entry in json.loads(path.read_text("utf-8")).values()]
    texts = {e.get("DESCRIPTION", "") for e in entries if e["TYPE"] != "PRINTER"}
    return sorted(text for text in texts if text)


@pytest.mark.peer("snmpd")
@pytest.mark.parametrize(
    "description", [*others()[::9], *(pytest.param(t, marks=pytest.mark.nightly) for t in others())]
)
async def test_what_is_no_printer_is_passed_over(description: str) -> None:
    with agent(system(description, "1.3.6.1.4.1.9.1.1")) as port:
        found, named = await met(port), await met(port, named=True)
    assert isinstance(found, Incomplete)
    assert found.skipped
    assert isinstance(named, Incomplete)
    assert not named.skipped
    assert "no printer" in named.why


def printers_by_ipp() -> list[Path]:
    """Return the recorded answers to Get-Printer-Attributes that are whole."""
    found = (RECORDINGS / "ipp").rglob("*Get-Printer-Attributes*")
    folders = {"jipp", "gmuth", "python-ipp", "go-mfp", "goipp"}
    return sorted(
        path
        for path in found
        if path.relative_to(RECORDINGS / "ipp").parts[0] in folders
        and path.suffix in {".bin", ".ipp"}
        and reference(path)
    )


def reference(path: Path) -> str:
    """Return the printer-make-and-model that libcups read."""
    name = "_".join(path.relative_to(RECORDINGS / "ipp").parts) + ".txt"
    try:
        text = (RECORDINGS / "ipp" / "reference_ipptool" / name).read_text("utf-8", "replace")
    except FileNotFoundError:
        return ""
    found = re.search(r"^ +printer-make-and-model \(\w+\) = (.+)$", text, re.MULTILINE)
    return found[1] if found else ""


@asynccontextmanager
async def replayed(paths: list[Path]) -> AsyncIterator[dict[Path, tuple[str, int]]]:
    """Serve recordings, each at an address of its own; yields address and port of each."""
    prefix, port = f"127.{70 + os.getpid() % 20}.{os.getpid() // 20 % 250}", 18_700
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(SCRIPTS / "ipp_replay.py"), prefix, str(port), *map(str, paths)),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        where: dict[Path, tuple[str, int]] = {}
        async with asyncio.timeout(30):
            for _ in paths:
                line = (await process.stdout.readline()).decode()
                address, at, path = next(csv.reader(io.StringIO(line)))
                where[Path(path)] = (address, int(at))
        yield where
    finally:
        process.terminate()
        await process.communicate()


async def test_recorded_ipp_printers_are_who_libcups_says() -> None:
    paths = printers_by_ipp()
    if not paths:
        pytest.skip("no IPP recordings in ../shared/data")
    assert len(paths) >= 30
    async with replayed(paths) as where:
        for path, (address, port) in where.items():
            seen = await see(ipp.PROBE, {631: port}, host=address)
            assert value(seen, "ipp.enabled") is True, path
            assert value(seen, "ipp.tls-only") is False, path
            vendor, model = vendor_of(reference(path))
            assert seen.printer, path
            assert seen.identity.model == model, path
            assert seen.identity.vendor == vendor or not vendor, path
