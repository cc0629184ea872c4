"""`frisket gateway` from the outside: tokens, what it shows in each form, and what it refuses."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from tests.unit.telemetry.gateway.bench import Bench, record

from frisket.store.database import open_database
from frisket.telemetry.authority import open_authority
from frisket.telemetry.batch import Kind
from frisket.telemetry.billing import Signed, verify
from frisket.telemetry.enrolment import read_token

JAM = ["critical", "mediaPath", 1, 8, "Paper jam \x1b[31m", "printer-mib", "1.3", ""]


def gateway(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "frisket.cli", "gateway", *words, "--data", str(folder)]
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of a gateway that has heard of one device."""
    now = datetime.now(UTC).replace(microsecond=0)
    open_authority(tmp_path / "gateway", now)
    database = open_database(f"sqlite:///{tmp_path / 'frisket.db'}")
    database.upgrade()
    bench = Bench(database)
    bench.now = now
    told = {
        "identity.serial": "S1",
        "identity.model": "=cmd|' /C calc'!A0",
        "counter.total-1": 77,
        "alert.1": JAM,
        "supply.1": ["Black", "toner", "black", False, "percent", 100, "", "", ""],
        "supply.1.level": 8,
    }
    since = now.timestamp() - datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()
    bench.send(record(1, Kind.FULL, told, at=since))
    database.close()
    return tmp_path


def test_a_token_is_for_this_gateway(folder: Path) -> None:
    run = gateway(folder, "token", "--site", "South", "--new", "--network", "10.0.0.0/8")
    assert run.returncode == 0, run.stderr
    authority = open_authority(folder / "gateway", datetime.now(UTC))
    assert read_token(run.stdout).gateway == authority.identifier
    assert "South" in run.stderr


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("token", "--site", "Nowhere"), "--new makes it"),
        (("token", "--site", "North", "--new"), "a site 'North' already"),
        (("token", "--site", "X", "--new", "--zone", "Mars/Olympus"), "Mars/Olympus"),
        (("token", "--site", "X", "--new", "--network", "ten"), "ten"),
        (("code", "--site", "Nowhere"), "no site 'Nowhere'"),
        (("revoke", "c-nobody"), "no collector"),
        (("orders", "--site", "North", "--quiet", "19:00"), "names no hours"),
        (("erds", "--site", "Nowhere"), "no site 'Nowhere'"),
        (("erds", "--site", "North", "--mute", "fire"), "no device has that to tell"),
        (("erds", "--site", "North", "--start", "25:00"), "no time of day"),
        (("statement", "--month", "2026-13"), "no month"),
        (("statement", "--month", "2026-11", "--device", "none"), "no device"),
        (("supplies", "--site", "Nowhere"), "no device"),
    ],
)
def test_what_cannot_be_is_told(folder: Path, words: tuple[str, ...], why: str) -> None:
    run = gateway(folder, *words)
    assert run.returncode == 2
    assert why in run.stderr
    assert run.stdout == ""


@pytest.mark.parametrize("word", ["status", "supplies", "alerts", "orders", "token", "code"])
def test_a_mistyped_folder_becomes_no_gateway(tmp_path: Path, word: str) -> None:
    more = () if word in {"status", "supplies", "alerts"} else ("--site", "North")
    run = gateway(tmp_path / "mistyped", word, *more)
    assert run.returncode == 2
    assert "there is no gateway in" in run.stderr
    assert not (tmp_path / "mistyped").exists()


def test_nothing_to_show_is_said(tmp_path: Path) -> None:
    assert gateway(tmp_path, "token", "--site", "South", "--new").returncode == 0
    for words in (("supplies",), ("alerts",), ("statement", "--month", "2026-11")):
        run = gateway(tmp_path, *words)
        assert run.returncode == 0
        assert run.stdout == ""
        assert "no device has reported yet" in run.stderr


def test_supplies_and_alerts_in_each_form(folder: Path) -> None:
    (row,) = json.loads(gateway(folder, "supplies", "--format", "json").stdout)
    assert (row["device"], row["supply"], row["level"]) == ("S1", "Black", "8 %")
    (cells,) = csv.DictReader(io.StringIO(gateway(folder, "supplies", "-f", "csv").stdout))
    assert cells["model"].startswith("'=")
    shown = gateway(folder, "alerts").stdout
    assert "Paper jam" in shown
    assert "\x1b" not in shown


def test_status_names_collectors_and_devices(folder: Path) -> None:
    told = json.loads(gateway(folder, "status", "--format", "json").stdout)
    assert [one["collector"] for one in told["collectors"]] == ["c-North"]
    assert told["devices"]["stopped"] == 1
    assert told["spools"][0]["kept_to"] == 1
    assert gateway(folder, "revoke", "c-North").returncode == 0
    told = json.loads(gateway(folder, "status", "--format", "json").stdout)
    assert told["collectors"][0]["state"].startswith("revoked")


def test_a_statement_is_signed_by_the_gateway(folder: Path) -> None:
    month = datetime.now(UTC).strftime("%Y-%m")
    out = folder / "statements"
    run = gateway(folder, "statement", "--month", month, "-f", "json", "-o", str(out))
    assert run.returncode == 0, run.stderr
    (file,) = out.iterdir()
    assert file.name == f"{month}-S1-1.json"
    document = json.loads(file.read_text())
    authority = open_authority(folder / "gateway", datetime.now(UTC)).certificate
    key = authority.public_key()
    assert isinstance(key, Ed25519PublicKey)
    signature = bytes.fromhex(document.pop("signature")["value"])
    octets = json.dumps(document, sort_keys=True, separators=(",", ":")).encode("ascii")
    assert verify(Signed(octets, signature), key)["month"] == month
    assert "total-1" in gateway(folder, "statement", "--month", month, "-f", "csv").stdout
    assert "NOT COMPLETE" in gateway(folder, "statement", "--month", month).stdout
