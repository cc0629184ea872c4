"""Policies, restoring, new passwords and groups as a user meets them: a lab, files, exit codes."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.loop.test_apply_command_line import User

pytestmark = pytest.mark.xdist_group("lab")
DEVICES = 3
POLICY = ("SP-08", "SP-21", "SP-24", "SP-36")
CREDENTIALS = """
[[credential]]
for = ["group:last"]
remote-ui-password = "7654321"
remote-ui-plaintext = "allowed"
policy-password = "Falsch-1"

[[credential]]
for = ["lab-*", "127.*"]
remote-ui-password-from = "$REMOTE_UI"
remote-ui-plaintext = "allowed"
policy-password-from = "file:{folder}/policy.password"
"""
INVENTORY = """
[[group]]
name = "first"
targets = ["127.0.1.1", "127.0.1.2"]

[[group]]
name = "last"
targets = ["127.0.1.3"]

[[group]]
name = "everywhere"
targets = ["group:first", "group:last"]
"""
VISITS = ("--patience", "0.7", "--parallel", "8")


def write(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[User]:
    """Give three factory devices with a policy password, an inventory and a policy."""
    monkeypatch.setenv("REMOTE_UI", "7654321")
    monkeypatch.setenv("FRISKET_INVENTORY", str(write(tmp_path / "inventory.toml", INVENTORY)))
    someone = User(tmp_path)
    write(tmp_path / "policy.password", "Sp-4711\n")
    write(tmp_path / "c.toml", CREDENTIALS.replace("{folder}", str(tmp_path)))
    up = someone.run("lab", "up", "--devices", str(DEVICES), "--state", "factory")
    assert up.returncode == 0, up.stderr
    for address in someone.addresses:
        done = someone.run("lab", "set", address, "policy.password=Sp-4711")
        assert done.returncode == 0, done.stderr
    made = someone.run("policy", "export", "template:none")
    text = made.stdout.replace("[values]", "[values]\nlogout-seconds = 90")
    for item in POLICY:
        text = text.replace(f"{item} = false", f"{item} = true ")
    write(tmp_path / "branch.toml", text)
    yield someone
    assert someone.run("lab", "down").returncode == 0


def change(user: User, *words: str) -> tuple[int, str, str]:
    done = user.run(*words, "--credentials", str(user.home / "c.toml"), *VISITS)
    return done.returncode, done.stdout, done.stderr


def truth(user: User, address: str) -> dict[str, Any]:
    values: dict[str, Any] = user.asked("lab", "truth", address)["values"]
    return values


def ticked(user: User, address: str) -> list[str]:
    code, out, error = change(user, "policy", "show", address, "-f", "json")
    assert code == 0, error
    (policy,) = json.loads(out)["policies"]
    return [item["id"] for item in policy["items"] if item["ticked"]]


def test_a_policy_goes_to_a_group_and_comes_back(user: User) -> None:
    policy = str(user.home / "branch.toml")
    before = truth(user, "127.0.1.1")
    code, out, error = change(
        user, "policy", "distribute", policy, "group:first", "--auto-approve", "--canary", "1"
    )
    assert (code, out.count(" done ")) == (0, 2), out + error
    assert ticked(user, "127.0.1.1") == list(POLICY)
    journals = user.journals()
    for address in ("127.0.1.1", "127.0.1.2"):
        counts = journals[address]["counts"]
        assert (counts["failed_logins"], counts["sheets"], counts["reboots"]) == (0, 0, 1)
        assert set(journals[address]["writes"].values()) == {1}
    assert journals["127.0.1.3"]["counts"]["writes"] == 1, "the policy password, by the lab"

    same = change(user, "policy", "diff", "127.0.1.1", policy)
    other = change(user, "policy", "diff", "127.0.1.1", "127.0.1.2", "-f", "json")
    empty = change(user, "policy", "diff", policy, "template:none")
    assert (same[0], other[0], empty[0]) == (0, 0, 1)
    assert json.loads(other[1])["items"] == []
    assert all(item in empty[1] for item in POLICY)

    copy = user.home / "copy.toml"
    assert change(user, "policy", "export", "127.0.1.2", "-o", str(copy))[0] == 0
    assert change(user, "policy", "diff", str(copy), policy)[0] == 0
    again = change(user, "policy", "import", str(copy), "127.0.1.1", "--auto-approve")
    assert "nothing to do" in again[1]

    code, out, error = change(user, "apply", "--undo", user.runs()[0], "--auto-approve")
    assert code == 0, out + error
    assert truth(user, "127.0.1.1") == before
    assert ticked(user, "127.0.1.1") == []


def test_a_wrong_policy_password_stops_before_anything_is_written(user: User) -> None:
    policy = str(user.home / "branch.toml")
    code, out, _ = change(user, "policy", "distribute", policy, "127.0.1.3", "--auto-approve")
    assert code == 1
    assert "credential refused" in out
    journal = user.journals()["127.0.1.3"]
    assert journal["counts"]["failed_logins"] == 1, "tried once, and never again"
    assert set(journal["writes"]) == {"policy.password"}
    resumed = change(user, "policy", "distribute", "--resume", user.runs()[0])
    assert "credential refused" in resumed[1]
    code, out, _ = change(user, "policy", "distribute", policy, "group:last", "127.0.1.1",
                          "--auto-approve", "--format", "jsonl")  # fmt: skip
    outcomes = {
        row["device"]: row["detail"]
        for row in map(json.loads, out.splitlines())
        if row["event"] == "outcome"
    }
    assert (code, outcomes["127.0.1.1"]) == (1, "done")


@pytest.mark.parametrize("words", [1, pytest.param(3, marks=pytest.mark.nightly)])
def test_a_killed_distribution_is_resumed(user: User, words: int) -> None:
    given = ("--credentials", str(user.home / "c.toml"), *VISITS)
    policy = str(user.home / "branch.toml")
    running = user.begin(
        "policy", "distribute", policy, "group:first", "--auto-approve", "-f", "jsonl", *given
    )
    assert running.stdout is not None
    for _ in range(words):
        assert running.stdout.readline()
    running.send_signal(signal.SIGKILL)
    running.communicate()
    time.sleep(1.0)  # a device that was told to restart does so
    (name,) = user.runs()
    code, out, error = change(user, "policy", "distribute", "--resume", name, "--canary", "0")
    assert code == 0, out + error
    for address in ("127.0.1.1", "127.0.1.2"):
        assert ticked(user, address) == list(POLICY)
        journal = user.asked("lab", "journal", address)
        assert set(journal["writes"].values()) == {1}
        assert journal["counts"]["failed_logins"] == 0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("frisket_policy = 7", "no security policy of format 1"),
        ("frisket_policy = 1\n[items]\nSP-99 = true", "unknown key SP-99"),
        ('frisket_policy = 1\n[items]\nSP-01 = "yes"', "missing: SP-02"),
        ("frisket_policy = ", "Invalid value"),
    ],
)
def test_a_bad_policy_is_refused_before_a_device_is_met(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, says: str
) -> None:
    monkeypatch.setenv("FRISKET_REMOTE_UI_PASSWORD", "x")
    path = write(tmp_path / "bad.toml", text)
    done = User(tmp_path).run("policy", "import", str(path), "192.0.2.1", "--auto-approve")
    assert done.returncode == 2
    assert says in done.stderr
    assert not (tmp_path / "state" / "runs").exists()


def test_conflicts_are_refused_beforehand(user: User) -> None:
    code, out, _ = change(user, "policy", "import", "template:all", "127.0.1.1", "--auto-approve")
    assert code == 3
    assert "SP-27 refuses the factory password" in out
    assert "contradict each other" in out
    assert set(user.asked("lab", "journal", "127.0.1.1")["writes"]) == {"policy.password"}
    strange = change(user, "policy", "import", "template:all", "127.0.1.1",
                     "--accept-conflict", "SP-99")  # fmt: skip
    assert (strange[0], "names an item" in strange[2]) == (2, True)


def test_a_device_is_restored_from_what_was_recorded(user: User) -> None:
    folder = user.home / "captures"
    done = change(user, "audit", "127.0.1.1", "--record", str(folder), "--exit-zero")
    assert done[0] == 0, done[2]
    before = truth(user, "127.0.1.1")
    for key in ("lpd.enabled=off", "slp.response.enabled=off", "device.name=Other"):
        assert user.run("lab", "set", "127.0.1.1", key).returncode == 0
    capture = str(folder / "127.0.1.1.readings.json")
    other = change(user, "restore", "127.0.1.2", "--from", capture, "--auto-approve")
    assert (other[0], "recorded of serial number" in other[2]) == (2, True)
    plan = user.home / "p.plan.json"
    made = change(user, "restore", "127.0.1.1", "--from", capture, "-o", str(plan))
    assert made[0] == 0, made[2]
    code, out, error = change(user, "apply", str(plan))
    assert code == 0, out + error
    assert truth(user, "127.0.1.1") == before
    writes = user.asked("lab", "journal", "127.0.1.1")["writes"]
    assert {key: n for key, n in writes.items() if key != "policy.password"} == {
        "lpd.enabled": 2,
        "slp.response.enabled": 2,
        "device.name": 2,
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"values": {"lpd.enabled": "perhaps"}}', "does not accept"),
        ('{"values": {"no.such": 1}}', "unknown key no.such"),
        ("{}", "no capture"),
    ],
)
def test_a_bad_record_is_refused_before_a_device_is_met(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, says: str
) -> None:
    monkeypatch.setenv("FRISKET_REMOTE_UI_PASSWORD", "x")
    path = write(tmp_path / "bad.json", text)
    done = User(tmp_path).run("restore", "192.0.2.1", "--from", str(path), "--auto-approve")
    assert done.returncode == 2
    assert says in done.stderr
    assert not (tmp_path / "state" / "runs").exists()


def test_passwords_are_renewed_and_used_from_then_on(user: User) -> None:
    refused = change(user, "credentials", "renew", "127.0.1.1", "--auto-approve")
    assert (refused[0], "no TLS" in refused[1]) == (1, True)
    for address in ("127.0.1.1", "127.0.1.2"):
        assert user.run("lab", "set", address, "remote-ui.tls.enabled=on").returncode == 0
    texts = []
    for words in (("group:first",), ("127.0.1.1", "--what", "policy")):
        code, out, error = change(user, "credentials", "renew", *words, "--auto-approve",
                                  "-f", "json")  # fmt: skip
        assert code == 0, out + error
        assert {row["outcome"] for row in json.loads(out)["passwords"]} == {"done"}
        texts.append(out + error)
    found = {address: truth(user, address) for address in ("127.0.1.1", "127.0.1.2")}
    kept = json.loads((user.home / "state" / "passwords.json").read_text(encoding="utf-8"))
    new = {entry["new"] for entry in kept["entries"]}
    assert len(new) == 3, "each device its own"
    assert all(found[a]["admin.password"] in new for a in found)
    assert not [text for text in new if text in "".join(texts)]
    assert ticked(user, "127.0.1.1") == []
    listed = user.run("credentials", "list")
    assert listed.stdout.count("settled") == 3
    assert not [text for text in new if text in listed.stdout]
    shown = user.run("credentials", "reveal", "127.0.1.1", "remote-ui")
    assert shown.stdout.strip() == found["127.0.1.1"]["admin.password"]
    assert user.asked("lab", "journal", "127.0.1.1")["counts"]["failed_logins"] == 0
    records = b"".join(p.read_bytes() for p in (user.home / "state").rglob("*.run"))
    assert not [text for text in new if text.encode() in records]
