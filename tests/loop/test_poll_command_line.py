"""`frisket poll` as a user meets it: a real lab, every format, exit codes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.loop.test_command_line import frisket

from frisket.drivers.base import Pin
from frisket.drivers.pins import Pins

pytestmark = pytest.mark.xdist_group("lab")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("p") / "lab"
    up = frisket("lab", "up", "--devices", "2", "--state", "factory", lab=folder)
    assert up.returncode == 0, up.stderr
    yield folder
    assert frisket("lab", "down", lab=folder).returncode == 0


def test_the_table(lab: Path) -> None:
    done = frisket("poll", "lab", lab=lab)
    assert done.returncode == 0, done.stderr
    for word in ("serial VMF00001", "Supplies", "Paper", "Total 1", "impressions"):
        assert word in done.stdout
    assert "2 of 2 devices polled" in done.stderr
    assert "\x1b" not in done.stdout


def test_the_machine_formats_agree(lab: Path) -> None:
    told = json.loads(frisket("poll", "-q", "-f", "json", "lab", lab=lab).stdout)
    assert told["schema_version"] == 1
    assert not told["silent"]
    first = told["devices"][0]
    totals = {c["number"]: c["value"] for c in first["counters"]}
    rows = list(csv.DictReader(io.StringIO(frisket("poll", "-f", "csv", "lab", lab=lab).stdout)))
    mine = [r for r in rows if r["serial"] == "VMF00001" and r["number"] == "101"]
    assert [int(row["value"]) for row in mine] == [totals[101]]
    page = frisket("poll", "-f", "prometheus", "lab", lab=lab).stdout
    meters = [line for line in page.splitlines() if 'number="101"' in line]
    assert f" {totals[101]}" in " ".join(meters)


def test_a_target_that_gives_nothing_is_named(lab: Path) -> None:
    frisket("lab", "set", "127.0.1.2", "snmp.v1.enabled=false", lab=lab)
    done = frisket("poll", "--patience", "0.5", "--ipp", "never", "lab", lab=lab)
    assert done.returncode == 3
    assert "127.0.1.2: " in done.stderr
    assert "VMF00001" in done.stdout
    filled = frisket("poll", "--patience", "0.5", "-f", "json", "127.0.1.2", lab=lab)
    assert filled.returncode == 0
    assert json.loads(filled.stdout)["devices"][0]["via"] == "IPP"


def test_a_recording_is_two_files_and_never_written_over(lab: Path, tmp_path: Path) -> None:
    words = ("record", "127.0.1.1", "--pace", "0", "--patience", "1", "--into", str(tmp_path))
    done = frisket(*words, lab=lab)
    assert done.returncode == 0, done.stderr
    (capture,), (meaning,) = tmp_path.glob("*.capture"), tmp_path.glob("*.json")
    assert capture.stem == meaning.stem
    assert capture.name.startswith("canon#ir-adv-")
    assert "VMF00001" not in capture.read_text("utf-8") + meaning.read_text("utf-8")
    assert frisket(*words, lab=lab).returncode == 2
    assert frisket("record", "lab", lab=lab).returncode == 2
    assert frisket("record", "127.0.1.99", *words[2:], lab=lab).returncode == 3


@pytest.mark.parametrize(
    "words",
    [
        ("poll",),
        ("poll", "lab", "--format", "nonsense"),
        ("poll", "lab", "--parallel", "0"),
        ("poll", "127.0.0.1", "--community-file", "/nonexistent"),
        ("poll", "127.0.0.1", "--community-file", "/dev/null"),
    ],
)
def test_what_cannot_be_done_says_why(words: tuple[str, ...], lab: Path) -> None:
    done = frisket(*words, lab=lab)
    assert done.returncode == 2
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr


def test_a_login_is_shown_to_the_device_that_was_met_before(
    lab: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frisket("lab", "set", "127.0.1.1", "snmp.v3.enabled=true", lab=lab)
    monkeypatch.setenv("FRISKET_STATE", str(tmp_path))
    monkeypatch.setenv("FRISKET_SNMP_USER", "initial")
    monkeypatch.setenv("FRISKET_SNMP_AUTHENTICATION_PASSWORD", "initial1")
    monkeypatch.setenv("FRISKET_SNMP_ENCRYPTION_PASSWORD", "initial1")
    words = ("poll", "-f", "json", "lab", "--patience", "0.5", "--ipp", "never")
    told = json.loads(frisket(*words, lab=lab).stdout)["devices"]
    assert [(one["target"], one["via"]) for one in told] == [("127.0.1.1", "SNMPv3")]
    ledger = tmp_path / "devices.ledger"
    Pins(ledger).remember("127.0.1.1", Pin(engine="8000137001c0000201"))
    done = frisket(*words, lab=lab)
    assert done.returncode == 3
    assert "another device answers" in done.stderr
    assert frisket(*words, "--new-identity", "127.0.1.1", lab=lab).returncode == 3
    assert Pins(ledger).known("127.0.1.1").serial == "VMF00001"
