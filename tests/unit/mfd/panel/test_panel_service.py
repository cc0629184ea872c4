"""Service Mode and the TPM, which have no other door than the panel."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.mfd.panel.operator import Operator, operator

from frisket.mfd.panel.engine import SERVICE_KEYS
from frisket.mfd.policy import PASSWORD_KEY

RESTRICTED = "service-mode.restrict-representative"


def at_service_door(**more: object) -> Operator:
    settings = {"service-mode.password-type": "none", **more.pop("settings", {})}  # type: ignore[dict-item]
    return operator(settings, **more).key(*SERVICE_KEYS)


def test_the_keys_lead_to_the_door_in_their_order_only() -> None:
    assert at_service_door().state.screen == "service-login"
    assert operator().key("counter", "2", "2", "8", "counter").state.screen == "counter"
    assert operator().key("counter", "2").touch("key:reset").key("8", "counter").state.screen == (
        "counter"
    )


def test_without_a_password_anyone_who_knows_the_keys_enters() -> None:
    panel = at_service_door().touch("submit")
    assert panel.state.screen == "service"
    assert panel.state.service


def test_the_service_password_is_asked_for_and_counted_when_wrong() -> None:
    settings = {"service-mode.password-type": "service", "service-mode.password": "24681357"}
    panel = at_service_door(settings=settings).type("1111").key("submit")
    assert panel.state.screen == "service-login"
    assert panel.device.journal.counts["failed_logins"] == 1
    assert panel.type("24681357").key("submit").state.screen == "service"


def test_the_system_manager_is_asked_for_too() -> None:
    settings = {
        "service-mode.password-type": "service-and-system-manager",
        "service-mode.password": "24681357",
    }
    panel = at_service_door(settings=settings).type("24681357").key("submit")
    assert panel.state.screen == "service-login"
    panel.type("1").key("submit")
    assert panel.state.screen == "service-login"
    panel.type("24681357").key("submit").type("7654321").key("submit")
    assert panel.state.screen == "service"


def test_a_forgotten_policy_password_is_cleared_here_and_only_while_not_restricted() -> None:
    panel = at_service_door(settings={PASSWORD_KEY: "forgotten"})
    panel.touch("submit", "clear")
    assert panel.device.store[PASSWORD_KEY] == ""
    refused = at_service_door(settings={PASSWORD_KEY: "forgotten", RESTRICTED: True})
    assert "Access is restricted" in refused.words
    assert not refused.has("submit")
    refused.key("submit")
    assert refused.state.screen == "service-login"
    assert not refused.state.service
    assert refused.device.store[PASSWORD_KEY] == "forgotten"
    assert any(e.operation == "Enter Service Mode" and e.result == "NG" for e in refused.device.log)


def test_restricting_access_meanwhile_ends_service_mode() -> None:
    panel = at_service_door(settings={PASSWORD_KEY: "forgotten"}).touch("submit")
    panel.device.store.set(RESTRICTED, True, "Administrator", "remote-ui")
    panel.touch("clear")
    assert panel.device.store[PASSWORD_KEY] == "forgotten"
    assert not panel.state.service


def test_no_screen_of_service_mode_opens_without_entering() -> None:
    panel = operator()
    panel.state = panel.state.goto("service")
    panel.key("start")
    panel.touch("key:home")
    assert panel.state.screen == "home"


def test_main_menu_leaves_service_mode() -> None:
    panel = at_service_door().touch("submit").key("home")
    assert not panel.state.service


def test_the_service_password_is_set_in_service_mode() -> None:
    panel = at_service_door().touch("submit")
    panel.label("COPIER", "OPTION", "FNC-SW").touch("setting:service-mode.password")
    panel.type("13572468").key("submit")
    assert panel.device.store["service-mode.password"] == "13572468"
    assert panel.state.screen == "service"


def at_tpm(**more: object) -> Operator:
    panel = operator(**more).touch("open:settings").login()  # type: ignore[arg-type]
    return panel.label("Management Settings", "Data Management").touch("setting:tpm.enabled")


def test_the_tpm_is_turned_on_after_a_restart_and_its_key_saved_once(tmp_path: Path) -> None:
    panel = at_tpm(folder=tmp_path).touch("set:on")
    device = panel.device
    assert device.tpm.state == "pending"
    panel.touch("backup")
    assert "not in use" in panel.state.notice
    device.store.apply_pending()
    assert device.tpm.state == "on"
    panel.touch("backup")
    saved = list((tmp_path / "usb-memory").iterdir())
    assert len(saved) == 1
    assert saved[0].stat().st_mode & 0o077 == 0
    panel.touch("backup")
    assert "already" in panel.state.notice
    panel.touch("restore")
    assert "has not been replaced" in panel.state.notice


def test_a_restart_is_asked_of_whoever_runs_the_device() -> None:
    panel = at_tpm().touch("set:on")
    asked: list[str] = []
    panel.device.actions.restart = asked.append
    panel.touch("restart")
    assert asked == ["Administrator"]


def test_a_replaced_board_gets_its_key_back(tmp_path: Path) -> None:
    panel = at_tpm(folder=tmp_path, settings={"tpm.enabled": True}).touch("backup")
    panel.key(*SERVICE_KEYS).touch("submit", "board").key("home")
    assert panel.device.tpm.state == "lost"
    panel.touch("open:status", "tab:errors")
    assert "TPM key is missing" in panel.words
    panel.touch("key:home", "open:settings").label("Management Settings", "Data Management")
    panel.touch("setting:tpm.enabled", "restore")
    assert panel.device.tpm.state == "on"


@pytest.mark.parametrize("damage", [b"", b"garbage", b"FRISKET-TPM-KEY\n" + b"00" * 32])
def test_a_foreign_or_damaged_key_is_refused(tmp_path: Path, damage: bytes) -> None:
    panel = at_tpm(folder=tmp_path, settings={"tpm.enabled": True}).touch("backup")
    panel.device.tpm.replace_board("service")
    next((tmp_path / "usb-memory").iterdir()).write_bytes(damage)
    panel.touch("restore")
    assert panel.device.tpm.state == "lost"
    assert "not the one of this device" in panel.state.notice
