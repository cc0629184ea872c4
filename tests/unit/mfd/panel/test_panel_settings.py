"""Settings/Registration at the panel: menus, locks, and what only a panel may set."""

from __future__ import annotations

import pytest
from tests.unit.mfd.panel.operator import Operator, operator

from frisket.catalog.load import load_catalog
from frisket.catalog.setting import Kind, Setting
from frisket.mfd.panel.menus import menu_at
from frisket.mfd.users import Role


def open_setting(panel: Operator, key: str) -> Operator:
    """Walk to a setting through the menus, turning pages where it takes that."""
    path = panel.device.content.catalog[key].menu.split(" > ")
    for label in path:
        while not any(label == word.split(" | ")[0] for word in panel.words.split(" | ")):
            panel.touch("page:1")
        panel.label(label)
    while not panel.has(f"setting:{key}"):
        panel.touch("page:1")
    return panel.touch(f"setting:{key}")


def at_settings(**settings: object) -> Operator:
    return operator({k.replace("__", "."): v for k, v in settings.items()}).touch("open:settings")  # type: ignore[misc]


def test_a_switch_is_changed_through_its_menus_and_recorded() -> None:
    panel = at_settings().login()
    open_setting(panel, "auth.lockout.enabled").touch("set:on")
    assert not panel.device.store.on("auth.lockout.enabled")
    panel.touch("submit")
    assert panel.device.store.on("auth.lockout.enabled")
    assert panel.state.screen == "settings"
    assert panel.state.path[-1] == "Authentication/Password Settings"
    entry = [e for e in panel.device.log if e.operation == "Change Setting"][-1]
    assert (entry.user, entry.detail) == ("Administrator", "auth.lockout.enabled = on via panel")


def test_a_number_stays_within_its_range() -> None:
    panel = at_settings().login()
    open_setting(panel, "auth.lockout.threshold").touch("add:10", "add:10")
    assert panel.state.draft == 10
    panel.touch("add:-10", "add:-10", "add:1", "submit")
    assert panel.device.store["auth.lockout.threshold"] == 2


def test_a_choice_is_one_of_its_values() -> None:
    panel = at_settings().login()
    open_setting(panel, "auth.login-screen").touch("choose:device-operation", "submit")
    assert panel.device.store["auth.login-screen"] == "device-operation"


def test_a_text_is_typed() -> None:
    panel = at_settings().login()
    open_setting(panel, "network.host-name")
    for _ in range(40):
        panel.key("erase")
    panel.type("pr-7").key("submit")
    assert panel.device.store["network.host-name"] == "pr-7"


def test_leaving_with_back_changes_nothing() -> None:
    panel = at_settings().login()
    open_setting(panel, "auth.lockout.enabled").touch("set:on", "back")
    assert panel.device.store["auth.lockout.enabled"] is False
    assert not panel.device.journal.writes


def test_a_locked_setting_names_its_policy_item_and_is_refused() -> None:
    panel = at_settings()
    device = panel.device
    items = [i.id for i in device.content.policy]
    device.policy.apply(device.store, ["SP-35"], device.policy.parameters, "test")
    assert "SP-35" in items
    panel.login()
    assert "security policy is active" in panel.words
    open_setting(panel, "auth.lockout.enabled")
    assert "Locked by the security policy: SP-35" in panel.words
    panel.touch("set:off", "submit")
    assert device.store["auth.lockout.enabled"] is True
    assert "locked by the security policy" in panel.state.notice
    last = [e for e in device.log if e.operation == "Change Setting"][-1]
    assert last.result == "NG"


def test_secrets_and_lists_are_shown_but_not_editable() -> None:
    panel = at_settings().login()
    open_setting(panel, "admin.password")
    assert "Secrets are not editable at the panel" in panel.words
    assert "7654321" not in panel.words
    assert not panel.has("submit")
    panel.key("home").touch("open:settings")
    open_setting(panel, "smb.client.versions")
    assert "Lists are not editable at the panel" in panel.words


def test_a_general_user_changes_nothing() -> None:
    panel = operator()
    panel.device.users.put("bea", Role.GENERAL, "bea-secret", "test")
    panel.touch("open:settings").login("bea", "bea-secret")
    open_setting(panel, "auth.lockout.enabled")
    assert "needs administrator privileges" in panel.words
    assert not panel.has("submit")
    # Whatever a state says, the store is not reached without the right.
    panel.key("start")
    assert not panel.device.journal.writes


def test_settings_that_wait_take_effect_with_apply() -> None:
    panel = at_settings().login()
    open_setting(panel, "boot.verify").touch("set:on", "submit")
    assert "Apply Setting Changes" in panel.words
    assert panel.device.store.on("boot.verify") is False
    panel.touch("apply")
    assert panel.device.store.on("boot.verify") is True
    assert not panel.has("apply")


def reachable(panel: Operator, *, service: bool) -> set[str]:
    found: set[str] = set()
    queue: list[tuple[str, ...]] = [()]
    while queue:
        path = queue.pop()
        menu = menu_at(panel.device, path, service=service)
        found |= {setting.key for setting in menu.settings}
        queue += [(*path, title) for title in menu.menus]
    return found


PANEL_ONLY = [s for s in load_catalog() if s.kind is Kind.SETTING and s.doors == ("panel",)]


@pytest.mark.parametrize("setting", PANEL_ONLY, ids=lambda s: str(s.key))
def test_what_only_a_panel_may_set_is_reachable(setting: Setting) -> None:
    panel = operator()
    service = setting.menu.startswith("Service Mode")
    assert setting.key in reachable(panel, service=service)
    assert setting.key not in reachable(panel, service=not service)


def test_every_setting_with_the_panel_among_its_doors_is_reachable() -> None:
    panel = operator()
    wanted = {s.key for s in load_catalog() if s.kind is Kind.SETTING and "panel" in s.doors}
    both = reachable(panel, service=False) | reachable(panel, service=True)
    assert both == {key for key in wanted if key in panel.device.store}
