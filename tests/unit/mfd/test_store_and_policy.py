"""The one door of a virtual device: types, locks, restarts, and what survives kill -9."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.lab import make_device

from frisket.audit.load import load_content
from frisket.audit.policy import forced
from frisket.errors import SettingRefused
from frisket.ledger import Ledger, LedgerFault
from frisket.mfd.policy import PolicyRefused
from frisket.mfd.store import Locked
from frisket.mfd.users import FACTORY_PASSWORD, LoginRefused, Role
from frisket.model.reading import Value

CONTENT = load_content()
ALL_ITEMS = tuple(item.id for item in CONTENT.policy)


def test_a_setting_is_kept_counted_and_logged(tmp_path: Path) -> None:
    device = make_device(folder=tmp_path / "d", settings={"audit-log.save": True})
    assert device.store.set("snmp.v1.enabled", False, "alice", "remote-ui")
    assert not device.store.set("snmp.v1.enabled", False, "alice", "remote-ui")
    assert device.journal.writes == {"snmp.v1.enabled": 1}
    assert any("snmp.v1.enabled = off" in entry.detail for entry in device.log)
    again = make_device(folder=tmp_path / "d", settings={"audit-log.save": True})
    assert again.store["snmp.v1.enabled"] is False
    assert again.journal.counts["writes"] == 1


def test_a_refused_value_changes_nothing_and_is_logged() -> None:
    device = make_device(settings={"audit-log.save": True})
    with pytest.raises(SettingRefused, match="1 to 10"):
        device.store.set("auth.lockout.threshold", 99, "alice", "snmp")
    assert device.store["auth.lockout.threshold"] == 3
    assert device.journal.counts["writes"] == 0
    assert [entry.result for entry in device.log] == ["NG"]


def test_a_setting_that_needs_a_restart_waits_for_it() -> None:
    device = make_device()
    device.store.set("remote-ui.tls.enabled", True, "alice", "remote-ui")
    assert device.store["remote-ui.tls.enabled"] is True
    assert not device.store.on("remote-ui.tls.enabled")
    assert device.store.pending == ("remote-ui.tls.enabled",)
    device.store.apply_pending()
    assert device.store.on("remote-ui.tls.enabled")


def test_what_can_be_set_only_at_the_panel_is_refused_elsewhere() -> None:
    device = make_device()
    with pytest.raises(SettingRefused, match="only at panel"):
        device.store.set("tpm.enabled", True, "alice", "remote-ui")
    assert device.store.set("tpm.enabled", True, "alice", "panel")


def test_a_model_without_a_function_says_so() -> None:
    device = make_device("iradv-c3325")
    with pytest.raises(SettingRefused, match="this model has no"):
        device.store.set("wifi.direct.enabled", True, "alice", "panel")


@pytest.mark.parametrize("via", ["remote-ui", "snmp", "import", "panel", "lab"])
def test_a_locked_setting_is_refused_at_every_door_with_the_reason(via: str) -> None:
    device = make_device()
    device.policy.apply(device.store, ["SP-08"], {}, "security")
    assert not device.store.on("snmp.v1.enabled")
    with pytest.raises(Locked, match="SP-08"):
        device.store.set("snmp.v1.enabled", True, "alice", via)


def test_unticking_frees_and_restores_nothing() -> None:
    device = make_device()
    device.policy.apply(device.store, ["SP-09"], {}, "security")
    device.policy.apply(device.store, [], {}, "security")
    assert not device.store.on("lpd.enabled")
    assert device.store.set("lpd.enabled", True, "alice", "panel")


def test_every_item_forces_its_settings_and_locks_them() -> None:
    parameters = CONTENT.baselines["security-policy"].parameters
    for item in CONTENT.policy:
        device = make_device()
        device.policy.apply(device.store, [item.id], {"sntp-server": "ntp.example"}, "security")
        wanted = forced(
            [item],
            CONTENT.rules,
            {**parameters, "sntp-server": "ntp.example"},
            CONTENT.catalog,
        )
        for key, value in wanted.items():
            assert device.store[key] == value, (item.id, key)
            assert item.id in device.policy.locked(key)


def test_a_number_outside_its_range_is_refused_before_anything_is_written() -> None:
    device = make_device()
    bad = {limit.parameter: limit.maximum + 1 for item in CONTENT.policy for limit in item.ranges}
    with pytest.raises(SettingRefused):
        device.policy.apply(device.store, ALL_ITEMS, {**bad, "sntp-server": "x"}, "security")
    assert device.policy.items == ()
    assert device.journal.counts["writes"] == 0


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sets(st.sampled_from(ALL_ITEMS)))
def test_any_set_of_items_forces_the_same_whatever_the_order(items: set[str]) -> None:
    first, second = make_device(), make_device()
    text = {"sntp-server": "ntp.example"}
    first.policy.apply(first.store, sorted(items), text, "security")
    for item in sorted(items, reverse=True):
        second.policy.apply(second.store, {item, *second.policy.items}, text, "security")
    assert {k: first.store[k] for k in first.store.keys()} == {  # noqa: SIM118
        k: second.store[k]
        for k in second.store.keys()  # noqa: SIM118
    }


def test_the_policy_password_is_not_the_administrators() -> None:
    device = make_device()
    device.policy.check_password(device.store, "", "alice")
    device.store.set("policy.password", "Second-Secret", "alice", "remote-ui")
    with pytest.raises(PolicyRefused):
        device.policy.check_password(device.store, FACTORY_PASSWORD, "alice")
    device.policy.check_password(device.store, "Second-Secret", "alice")


def test_lockout_counts_and_ends() -> None:
    moment = [datetime(2026, 1, 1, tzinfo=UTC)]
    device = make_device(settings={"auth.lockout.enabled": True}, now=lambda: moment[0])
    for _ in range(3):
        with pytest.raises(LoginRefused, match="wrong"):
            device.users.login("Administrator", "nope", "remote-ui", remote=True)
    with pytest.raises(LoginRefused, match="locked out"):
        device.users.login("Administrator", FACTORY_PASSWORD, "remote-ui", remote=True)
    moment[0] += timedelta(minutes=3)
    login = device.users.login("Administrator", FACTORY_PASSWORD, "remote-ui", remote=True)
    assert login.is_administrator
    assert device.journal.counts["failed_logins"] == 4


def test_the_default_password_can_be_refused_from_a_computer_only() -> None:
    device = make_device(settings={"password.allow-default-remote": False})
    with pytest.raises(LoginRefused, match="remote"):
        device.users.login("Administrator", FACTORY_PASSWORD, "remote-ui", remote=True)
    login = device.users.login("Administrator", FACTORY_PASSWORD, "panel", remote=False)
    assert login.is_administrator


def test_passwords_obey_the_devices_own_rules() -> None:
    device = make_device(
        settings={
            "password.minimum-length": 10,
            "password.prohibit-repeats": True,
            "password.need-symbol": True,
        }
    )
    for poor in ("short-1", "aaab-cdefghij", "NoSymbolHere1", "x" * 33):
        with pytest.raises(SettingRefused):
            device.users.put("bob", Role.GENERAL, poor, "alice")
    device.users.put("bob", Role.GENERAL, "Long-enough1", "alice")
    assert device.users.login("bob", "Long-enough1", "remote-ui", remote=True).role is Role.GENERAL


def test_a_device_that_forgets_acknowledges_and_does_not_keep() -> None:
    device = make_device(quirks={"forgets": ("lpd.enabled",)})
    assert device.store.set("lpd.enabled", False, "alice", "snmp")
    assert device.store.on("lpd.enabled")


def test_a_torn_last_record_is_cut_off_and_the_rest_stands(tmp_path: Path) -> None:
    path = tmp_path / "x.ledger"
    ledger = Ledger(path)
    ledger.append({"n": 1}, {"n": 2})
    whole = path.read_bytes()
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        kept = [record["n"] for record in Ledger(path).read()]
        assert kept == [1, 2][: len(kept)]
        Ledger(path).append({"n": 9})
        assert [record["n"] for record in Ledger(path).read()] == [*kept, 9]


@given(st.integers(0, 60), st.integers(0, 7))
def test_a_flipped_bit_is_never_read_as_another_value(byte: int, bit: int) -> None:
    line = b'00000000 {"key":"snmp.v1.enabled","value":false}\n'
    import tempfile
    import zlib

    body = line[9:-1]
    data = bytearray(b"%08x %s\n" % (zlib.crc32(body), body))
    data[byte % len(data)] ^= 1 << bit
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.ledger"
        path.write_bytes(data)
        assert list(Ledger(path).read()) in ([], [{"key": "snmp.v1.enabled", "value": False}])


def test_a_full_disk_is_an_error_and_changes_nothing(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)  # a folder cannot be appended to, as a full disk cannot
    with pytest.raises(LedgerFault, match="cannot be written"):
        ledger.append({"n": 1})


_WRITER = """
import sys
from pathlib import Path
from tests.lab import make_device
device = make_device(folder=Path(sys.argv[1]), serial="VMFKILL")
for n in range(100000):
    device.store.set("device.location", f"place {n}", "writer", "lab")
    print(n, flush=True)
"""


def test_every_acknowledged_setting_survives_kill_9(tmp_path: Path) -> None:
    folder = tmp_path / "killed"
    root = Path(__file__).parents[3]
    for round_ in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(folder)],
            stdout=subprocess.PIPE,
            cwd=root,
            text=True,
            env={**os.environ, "PYTHONPATH": str(root)},
        ) as writer:
            assert writer.stdout is not None
            acknowledged = -1
            deadline = time.monotonic() + 30
            while acknowledged < 20 + round_ and time.monotonic() < deadline:
                acknowledged = int(writer.stdout.readline())
            writer.send_signal(signal.SIGKILL)
            rest = writer.stdout.read().split()
        last = int(rest[-1]) if rest else acknowledged
        device = make_device(folder=folder, serial="VMFKILL")
        kept = int(str(device.store["device.location"]).split()[1])
        # One more may have been stored without its acknowledgement having been read.
        assert kept in {last, last + 1}


def test_initializing_goes_back_to_the_factory_and_not_to_the_plan(tmp_path: Path) -> None:
    planned: dict[str, Value] = {"raw.enabled": False, "device.location": "Ward 4"}
    device = make_device(settings=planned, folder=tmp_path)
    device.store.set("lpd.enabled", False, "test", "lab")
    device.store.reset("test")
    device.store.set("ipp.enabled", False, "test", "lab")
    for _ in range(3):
        wanted = (True, "", True, False)
        keys = ("raw.enabled", "device.location", "lpd.enabled", "ipp.enabled")
        assert tuple(device.store[key] for key in keys) == wanted
        device = make_device(settings=planned, folder=tmp_path)
