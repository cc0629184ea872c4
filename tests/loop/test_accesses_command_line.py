"""Other ways in as a user meets them: the Remote UI alone, a community, PJL by opt-in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.loop.test_apply_command_line import VISITS, User

pytestmark = pytest.mark.xdist_group("lab")
WEB = """
[[credential]]
for = ["127.*"]
remote-ui-password = "7654321"
remote-ui-plaintext = "allowed"
"""
COMMUNITY = """
[[credential]]
for = ["127.*"]
community = "public"
community-version = "1"
"""


def give(user: User, text: str) -> None:
    """Write the file of credentials."""
    path = user.home / "c.toml"
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def user(tmp_path: Path) -> Iterator[User]:
    """Give one device from the factory."""
    someone = User(tmp_path)
    up = someone.run("lab", "up", "--devices", "1", "--state", "factory")
    assert up.returncode == 0, up.stderr
    yield someone
    assert someone.run("lab", "down").returncode == 0


def counts(user: User) -> dict[str, int]:
    found: dict[str, int] = user.asked("lab", "journal", "127.0.1.1")["counts"]
    return found


def test_the_remote_ui_alone_suffices(user: User) -> None:
    give(user, WEB)
    before = user.asked("lab", "truth", "127.0.1.1")["values"]
    shown = user.change("plan", "127.0.1.1", "-b", "security-policy")
    assert "over the Remote UI" in shown.stdout
    # SP-27 refuses the factory password from afar, and it is the one that was given.
    assert "no management channel would be left" in shown.stdout
    refused = user.change("apply", "127.0.1.1", "-b", "security-policy", "--auto-approve")
    assert refused.returncode == 3
    assert counts(user)["writes"] == 0

    done = user.change("apply", "127.0.1.1", "-b", "small-office", "--auto-approve")
    assert done.returncode == 0, done.stdout + done.stderr
    values = user.asked("lab", "truth", "127.0.1.1")["values"]
    assert values["remote-ui.tls.enabled"] is True
    assert values["snmp.v1.enabled"] is False
    assert values["snmp.v3.enabled"] is True
    undone = user.change("apply", "--undo", user.runs()[-1], "--auto-approve")
    assert undone.returncode == 0, undone.stdout + undone.stderr
    assert user.asked("lab", "truth", "127.0.1.1")["values"] == before
    found = counts(user)
    assert [found[name] for name in ("sheets", "print_port_bytes", "failed_logins")] == [0, 0, 0]


def test_a_community_that_reads_gives_a_plan_for_a_person(user: User) -> None:
    give(user, COMMUNITY)
    shown = user.change("plan", "127.0.1.1", "--verbose", "--detailed-exitcode")
    assert shown.returncode == 0, shown.stderr
    assert "no write-community is given" in shown.stdout
    assert "Go to Preferences > Network > SNMP Settings." in shown.stdout
    assert counts(user)["writes"] == counts(user)["failed_logins"] == 0


def test_pjl_is_spoken_where_somebody_typed_it(user: User) -> None:
    give(user, COMMUNITY)
    without = user.change("plan", "127.0.1.1", "-b", "modern")
    assert "over PJL" not in without.stdout
    assert counts(user)["print_port_bytes"] == 0
    words = ("apply", "127.0.1.1", "-b", "modern", "--auto-approve", *VISITS)
    done = user.run(*words, "--pjl", "127.0.1.1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert user.asked("lab", "truth", "127.0.1.1")["values"]["pjl.disk-lock.enabled"] is True
    found = counts(user)
    assert found["print_port_bytes"] > 0
    assert found["sheets"] == 0
    (run,) = user.runs()
    refused = user.change("apply", "--undo", run, "--auto-approve")
    assert refused.returncode != 0, "the opt-in is typed each time"
    undone = user.run("apply", "--undo", run, "--auto-approve", "--pjl", "127.0.1.1", *VISITS)
    assert undone.returncode == 0, undone.stdout + undone.stderr
    assert counts(user)["sheets"] == 0
