"""The command line as a user meets it: a real lab, real files, real exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from frisket.cli import summary

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "src/frisket/content/schemas/audit-1.json"

pytestmark = pytest.mark.xdist_group("lab")


def frisket(*words: str, lab: Path | None = None) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "NO_COLOR": "1", "PYTHONWARNINGS": "error"}
    if lab is not None:
        env["FRISKET_LAB"] = str(lab)
    if words[:1] in {("audit",), ("attest",), ("discover",)}:
        words = (*words, "--patience", "0.7", "--pace", "0")
    command = [sys.executable, "-m", "frisket.cli", *words]
    return subprocess.run(
        command, capture_output=True, text=True, env=env, timeout=100, check=False
    )


def answer(*words: str, lab: Path) -> dict[str, Any]:
    done = frisket(*words, "--format", "json", lab=lab)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert isinstance(document, dict)
    return document


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("l") / "lab"
    up = frisket("lab", "up", "--devices", "3", "--state", "factory", lab=folder)
    assert up.returncode == 0, up.stderr
    yield folder
    down = frisket("lab", "down", lab=folder)
    assert down.returncode == 0
    assert not folder.exists()


def test_the_lab_lists_what_it_serves(lab: Path) -> None:
    devices = answer("lab", "list", lab=lab)["devices"]
    assert [d["serial"] for d in devices] == ["VMF00001", "VMF00002", "VMF00003"]
    assert all("snmp" in d["ports"] for d in devices)
    assert all(not d["faults"] for d in devices)


def test_the_truth_follows_what_is_set(lab: Path) -> None:
    address = "127.0.1.1"
    assert answer("lab", "truth", address, lab=lab)["values"]["snmp.v3.enabled"] is False
    done = frisket("lab", "set", address, "snmp.v3.enabled=true", "pop.interval=7", lab=lab)
    assert done.returncode == 0, done.stderr
    values = answer("lab", "truth", address, lab=lab)["values"]
    assert values["snmp.v3.enabled"] is True
    assert values["pop.interval"] == 7
    journal = answer("lab", "journal", address, lab=lab)
    assert journal["writes"]["pop.interval"] == 1
    assert set(journal["counts"]) == {
        "sheets",
        "print_port_bytes",
        "failed_logins",
        "writes",
        "wakes",
        "reboots",
    }


@pytest.mark.parametrize(
    "words",
    [
        ("lab", "set", "127.0.1.1", "no.such=1"),
        ("lab", "set", "127.0.1.1", "pop.interval=999"),
        ("lab", "set", "127.0.1.1", "pop.interval"),
        ("lab", "set", "127.9.9.9", "pop.interval=1"),
        ("lab", "up"),
        ("audit", "lab", "--baseline", "nonsense"),
        ("audit", "lab", "--format", "nonsense"),
        ("audit", "lab", "-o", "x.nonsense"),
        ("audit",),
        ("audit", "@/nonexistent"),
        ("audit", "10.0.0.0/4"),
        ("audit", "lab", "--attest", "/nonexistent"),
        ("audit", "--readings", "/nonexistent"),
        ("audit", "lab", "--nonsense"),
        ("audit", "lab", "--parallel", "0"),
        ("discover", "http://127.0.1.1/"),
    ],
)
def test_what_cannot_be_done_says_why_in_one_breath(words: tuple[str, ...], lab: Path) -> None:
    done = frisket(*words, lab=lab)
    assert done.returncode == 2
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr
    assert not done.stdout.strip() or "Error" not in done.stdout


def test_an_audit_is_a_document_that_fits_its_schema(lab: Path, tmp_path: Path) -> None:
    record = tmp_path / "record"
    done = frisket(
        "audit", "lab", "-b", "security-policy", "-f", "json", "--record", str(record), lab=lab
    )
    assert done.returncode == 1, done.stderr
    document = json.loads(done.stdout)
    jsonschema.validate(document, json.loads(SCHEMA.read_text()))
    assert [d["target"] for d in document["devices"]] == ["127.0.1.1", "127.0.1.2", "127.0.1.3"]
    first = document["devices"][0]
    assert {f["consideration"] for f in first["findings"]} == {f"SP-{n:02d}" for n in range(1, 46)}
    files = sorted(record.iterdir())
    assert len(files) == 3
    again = frisket("audit", "--readings", str(files[0]), "-b", "security-policy", "-f", "json")
    replayed = json.loads(again.stdout)["devices"][0]
    verdicts = {(f["consideration"], f["rule"]): f["verdict"] for f in first["findings"]}
    # Whether a certificate is shared is known only beside the other devices.
    shared = {pair for pair in verdicts if "certificate" in pair[1]}
    assert {
        (f["consideration"], f["rule"]): f["verdict"]
        for f in replayed["findings"]
        if (f["consideration"], f["rule"]) not in shared
    } == {pair: verdict for pair, verdict in verdicts.items() if pair not in shared}


def test_exit_codes_say_what_happened(lab: Path, tmp_path: Path) -> None:
    assert frisket("audit", "127.0.1.1", "-q", lab=lab).returncode == 1
    assert frisket("audit", "127.0.1.1", "--exit-zero", lab=lab).returncode == 0
    lost = frisket("audit", "127.0.1.1", "no-such-host.invalid", "-f", "json", lab=lab)
    assert lost.returncode == 3
    incomplete = json.loads(lost.stdout)["incomplete"]
    assert incomplete[0]["target"] == "no-such-host.invalid"
    nobody = frisket("audit", "127.77.77.77", "-f", "json", lab=lab)
    assert nobody.returncode == 3
    assert json.loads(nobody.stdout)["devices"] == []


@pytest.fixture
def may_be_interrupted() -> Iterator[None]:
    """Let programs that are started here hear SIGINT: what a shell runs aside ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("may_be_interrupted")
def test_an_interrupted_audit_ends_with_a_word(lab: Path) -> None:
    command = [sys.executable, "-m", "frisket.cli", "audit", "lab", "-f", "jsonl"]
    env = {**os.environ, "FRISKET_LAB": str(lab)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, text=True
    ) as running:
        assert running.stdout is not None
        assert json.loads(running.stdout.readline())["event"] == "start"
        running.send_signal(signal.SIGINT)
        rest, said = running.communicate(timeout=60)
    assert running.returncode == 130
    assert said == "frisket: interrupted\n"
    for line in rest.splitlines():
        assert json.loads(line)["event"] in {"device", "incomplete"}


def test_every_verb_says_what_it_does() -> None:
    shown = frisket("--help").stdout
    assert "Judge devices by a baseline" in shown
    for verb in (ROOT / "src/frisket/cli").glob("[a-z]*.py"):
        assert summary(verb), verb


def test_a_format_for_one_device_gets_a_file_for_each(lab: Path, tmp_path: Path) -> None:
    saved = tmp_path / "audit.json"
    frisket("audit", "127.0.1.1", "127.0.1.2", "-o", str(saved), lab=lab)
    done = frisket("report", str(saved), "-f", "cklb", "-o", str(tmp_path / "stig.cklb"))
    assert done.returncode == 0, done.stderr
    names = sorted(path.name for path in tmp_path.glob("*.cklb"))
    assert names == ["stig-127.0.1.1.cklb", "stig-127.0.1.2.cklb"]


def test_a_questionnaire_can_be_filled_in_and_counts(lab: Path, tmp_path: Path) -> None:
    path = tmp_path / "questions.toml"
    done = frisket("attest", "--init", "127.0.1.2", "-o", str(path), lab=lab)
    assert done.returncode == 0, done.stderr
    text = path.read_text()
    assert 'key = "service-mode.password-strong"' in text
    filled = text.replace('answer = ""', "answer = true", 1)
    for field, value in (("who", "A. Person"), ("when", "2026-11-01"), ("evidence", "photo 7")):
        filled = filled.replace(f'{field} = ""', f'{field} = "{value}"', 1)
    path.write_text(filled)
    audit = frisket("audit", "127.0.1.2", "-f", "json", "--attest", str(path), lab=lab)
    findings = json.loads(audit.stdout)["devices"][0]["findings"]
    finding = next(f for f in findings if f["rule"] == "service-mode.password-strong")
    assert finding["verdict"] == "pass"
    assert finding["evidence"][0]["witness"] == "person"
    assert "photo 7" in finding["evidence"][0]["detail"]


def test_a_waiver_needs_an_owner_and_a_day_and_expires(lab: Path, tmp_path: Path) -> None:
    path = tmp_path / "waivers.toml"
    entry = """[[waiver]]
rule = "snmp.v1-off"
scope = "{scope}"
owner = "IT"
reason = "old print server"
expires = {day}
"""
    path.write_text(entry.format(scope="127.0.1.3", day="2999-01-01"))
    done = frisket("audit", "127.0.1.3", "-f", "json", "--waive", str(path), lab=lab)
    findings = json.loads(done.stdout)["devices"][0]["findings"]
    assert next(f for f in findings if f["rule"] == "snmp.v1-off")["verdict"] == "waived"
    path.write_text(entry.format(scope="127.0.1.3", day="2020-01-01"))
    done = frisket("audit", "127.0.1.3", "-f", "json", "--waive", str(path), lab=lab)
    finding = next(
        f for f in json.loads(done.stdout)["devices"][0]["findings"] if f["rule"] == "snmp.v1-off"
    )
    assert finding["verdict"] == "fail"
    assert "expired" in finding["because"]


@pytest.mark.parametrize("format_", ["table", "jsonl", "csv", "html", "sarif", "junit"])
def test_every_format_comes_out_whole(format_: str, lab: Path) -> None:
    done = frisket("audit", "127.0.1.1", "-f", format_, "--exit-zero", lab=lab)
    assert done.returncode == 0, done.stderr
    assert "SO-05" in done.stdout
    assert not done.stderr


def test_a_checklist_is_written_for_each_device(lab: Path, tmp_path: Path) -> None:
    done = frisket("audit", "lab", "-q", "-o", str(tmp_path / "x.cklb"), lab=lab)
    assert done.returncode == 1, done.stderr
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [f"x-127.0.1.{n}.cklb" for n in (1, 2, 3)]
    document = json.loads((tmp_path / names[0]).read_text())
    assert len(document["stigs"][0]["rules"]) == 22


def test_discovery_tells_printers_from_silence(lab: Path) -> None:
    done = frisket("discover", "127.0.1.0/29", "-f", "json", lab=lab)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["printers"]
    assert [p["target"] for p in found] == ["127.0.1.1", "127.0.1.2", "127.0.1.3"]
    assert all(p["serial"].startswith("VMF") for p in found)


def test_a_reboot_is_journalled(lab: Path) -> None:
    assert frisket("lab", "reboot", "127.0.1.3", lab=lab).returncode == 0
    assert answer("lab", "journal", "127.0.1.3", lab=lab)["counts"]["reboots"] == 1
