"""Plan and apply as a user meets them: a real lab from the factory, files, exit codes, kill -9."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.xdist_group("lab")
DEVICES = 3
CREDENTIALS = """
[[credential]]
for = ["127.0.1.3", "127.0.1.7"]
user = "initial"
authentication = "MD5"
encryption = "DES"
authentication-password = "initial1"
encryption-password = "initial1"
remote-ui-password = "7654321"
remote-ui-plaintext = "allowed"

[[credential]]
for = ["127.0.1.2", "127.0.1.6"]
user = "initial"
authentication = "SHA2-256"
authentication-password = "initial1"
encryption-password = "initial1"
remote-ui-password = "7654321"
remote-ui-plaintext = "allowed"

[[credential]]
for = ["127.*"]
user = "initial"
authentication-password-from = "$FIRST"
encryption-password-from = "$FIRST"
remote-ui-password = "7654321"
remote-ui-plaintext = "allowed"
"""
VISITS = ("--patience", "0.7", "--parallel", "8")


@dataclass(frozen=True)
class User:
    """Somebody with a lab, a state folder and a file of credentials."""

    home: Path
    devices: int = DEVICES

    @property
    def environment(self) -> dict[str, str]:
        more = {"FRISKET_LAB": str(self.home / "lab"), "FRISKET_STATE": str(self.home / "state")}
        return {
            **os.environ,
            **more,
            "NO_COLOR": "1",
            "PYTHONWARNINGS": "error",
            "FIRST": "initial1",
        }

    def begin(self, *words: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "frisket.cli", *words]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=self.environment)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "frisket.cli", *words]
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            timeout=110,
            check=False,
        )

    def change(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self.run(*words, "--credentials", str(self.home / "c.toml"), *VISITS)

    def asked(self, *words: str) -> Any:
        done = self.run(*words, "--format", "json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    @property
    def addresses(self) -> list[str]:
        return [f"127.0.1.{n + 1}" for n in range(self.devices)]

    def truth(self) -> dict[str, dict[str, Any]]:
        return {a: self.asked("lab", "truth", a)["values"] for a in self.addresses}

    def journals(self) -> dict[str, dict[str, Any]]:
        return {a: self.asked("lab", "journal", a) for a in self.addresses}

    def runs(self) -> list[str]:
        return sorted(path.stem for path in (self.home / "state" / "runs").glob("*.run"))


@pytest.fixture
def user(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[User]:
    """Give a factory fleet; one of it lies about SNMPv1, and some need other algorithms."""
    someone = User(tmp_path, getattr(request, "param", DEVICES))
    (tmp_path / "c.toml").write_text(CREDENTIALS, encoding="utf-8")
    (tmp_path / "c.toml").chmod(0o600)
    up = someone.run("lab", "up", "--devices", str(someone.devices), "--state", "factory")
    assert up.returncode == 0, up.stderr
    yield someone
    assert someone.run("lab", "down").returncode == 0


def clean(journals: dict[str, dict[str, Any]], times: int = 1) -> bool:
    """Say whether each changed key was written so often, and nothing else happened."""
    return all(
        not (counts["sheets"] or counts["print_port_bytes"] or counts["failed_logins"])
        and set(journal["writes"].values()) == {times}
        for journal in journals.values()
        if (counts := journal["counts"])
    )


LONG = pytest.mark.nightly


FLEETS = [
    pytest.param("small-office", DEVICES, id="small-office"),
    pytest.param("small-office", 8, id="small-office-8", marks=LONG),
    pytest.param("enterprise", 8, id="enterprise-8", marks=LONG),
]


@pytest.mark.timeout(400)
@pytest.mark.parametrize(("baseline", "user"), FLEETS, indirect=["user"])
def test_a_fleet_is_hardened_from_the_factory_and_brought_back(user: User, baseline: str) -> None:
    before = user.truth()
    done = user.change("apply", "lab", "-b", baseline, "--auto-approve")
    assert done.returncode == 0, done.stdout + done.stderr
    assert clean(user.journals())
    audit = user.change("audit", "lab", "-b", baseline, "--exit-zero", "--format", "json")
    devices = json.loads(audit.stdout)["devices"]
    assert [device["compliance"] for device in devices] == [1.0] * user.devices
    seen = [
        f
        for d in devices
        for f in d["findings"]
        for e in f["evidence"]
        if e["witness"] == "network"
    ]
    assert len(seen) > user.devices, "the network witness was asked too"
    assert not [f for f in seen if f["verdict"] in {"disputed", "fail"}]
    again = user.change("plan", "lab", "-b", baseline, "--detailed-exitcode")
    assert again.returncode == 0, again.stdout
    if baseline == "enterprise":
        truth = user.truth().values()
        assert not any(values["remote-ui.enabled"] for values in truth)
        assert all(values["snmp.v3.enabled"] for values in truth)
    undone = user.change("apply", "--undo", user.runs()[0], "--auto-approve")
    assert undone.returncode == 0, undone.stdout + undone.stderr
    assert user.truth() == before
    assert clean(user.journals(), 2)
    again = user.change("apply", "--undo", user.runs()[0], "--auto-approve")
    assert (again.returncode, f"by {user.runs()[1]}" in again.stderr) == (2, True), again.stderr
    ended = user.change("apply", "--resume", user.runs()[1])
    assert ended.returncode == 0, ended.stderr
    assert "nothing is left to do" in ended.stderr
    assert ended.stdout.count("done") == user.devices
    assert clean(user.journals(), 2)


def test_a_saved_plan_is_carried_out_once_and_then_stale(user: User) -> None:
    path = user.home / "change.plan.json"
    made = user.change("plan", "127.0.1.1", "127.0.1.2", "-o", str(path), "--detailed-exitcode")
    assert made.returncode == 2, made.stderr
    assert "~ snmp.v1.enabled: on -> off" in made.stdout
    assert user.run("lab", "set", "127.0.1.2", "lpd.enabled=off").returncode == 0
    done = user.change("apply", str(path), "--canary", "0", "--format", "jsonl")
    outcomes = {
        row["device"]: row["detail"]
        for row in map(json.loads, done.stdout.splitlines())
        if row["event"] == "outcome"
    }
    assert outcomes == {"127.0.1.1": "done", "127.0.1.2": "stale"}
    assert done.returncode == 3
    assert set(user.asked("lab", "journal", "127.0.1.2")["writes"]) == {"lpd.enabled"}
    again = user.change("apply", str(path))
    assert again.stdout.count("stale") == 2


def test_a_plan_that_missed_devices_says_so_in_its_exit_code(user: User) -> None:
    made = user.change("plan", "127.0.1.1", "127.0.1.250")
    assert "127.0.1.250" in made.stdout
    assert made.returncode == 3
    named = user.change("plan", "127.0.1.1", "-o", str(user.home / "change.plan"))
    assert named.returncode == 2
    assert "ends with .json" in named.stderr
    assert not (user.home / "change.plan").exists()


def test_a_plan_of_another_hand_or_content_is_refused(user: User) -> None:
    path = user.home / "change.plan.json"
    user.change("plan", "127.0.1.1", "-o", str(path))
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole.replace('"wanted": false', '"wanted": true', 1), encoding="utf-8")
    edited = user.change("apply", str(path))
    assert edited.returncode == 2
    assert "edited or damaged" in edited.stderr
    (user.home / "c.toml").chmod(0o644)
    path.write_text(whole, encoding="utf-8")
    readable = user.change("apply", str(path))
    assert readable.returncode == 2
    assert "others than you" in readable.stderr
    assert not any(journal["writes"] for journal in user.journals().values())
    nobody = user.run("apply", "127.0.1.1", *VISITS)
    assert nobody.returncode == 2
    assert "no credential is given" in nobody.stderr


def test_without_a_credential_a_device_gets_a_work_order(user: User) -> None:
    made = user.run("plan", "127.0.1.1", "--verbose", *VISITS)
    assert made.returncode == 0, made.stderr
    assert "no credential is given for it" in made.stdout
    assert "Go to Preferences > Network > SNMP Settings." in made.stdout


def test_a_liar_is_disputed(user: User) -> None:
    assert user.run("lab", "set", "127.0.1.3", "snmp.v3.enabled=on").returncode == 0
    done = user.change("audit", "127.0.1.3", "--exit-zero", "--format", "json")
    findings = json.loads(done.stdout)["devices"][0]["findings"]
    verdicts = {finding["rule"]: finding["verdict"] for finding in findings}
    assert verdicts["snmp.v1-off"] == "disputed"


@LONG
@pytest.mark.parametrize("words", [1, 4, 9])
def test_killed_and_resumed_nothing_is_lost_or_doubled(user: User, words: int) -> None:
    credentials = ("--credentials", str(user.home / "c.toml"))
    running = user.begin("apply", "lab", "--auto-approve", "-f", "jsonl", *credentials, *VISITS)
    assert running.stdout is not None
    for _ in range(words):
        assert running.stdout.readline()
    running.send_signal(signal.SIGKILL)
    running.communicate()
    time.sleep(1.0)  # a device that was told to restart does so
    (name,) = user.runs()
    done = user.change("apply", "--resume", name, "--canary", "0")
    assert done.returncode == 0, done.stdout + done.stderr
    assert clean(user.journals())
    audit = user.change("audit", "lab", "--exit-zero", "--format", "json")
    devices = json.loads(audit.stdout)["devices"]
    assert [device["compliance"] for device in devices] == [1.0] * DEVICES
