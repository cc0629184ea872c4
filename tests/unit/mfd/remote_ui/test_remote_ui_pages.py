"""What the pages of the Remote UI do to the device, and what the device makes of it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from tests.lab import make_device
from tests.remote_ui import Visitor, header, text_of, visitor

from frisket.catalog.load import load_catalog
from frisket.catalog.setting import Kind, Setting, Type
from frisket.mfd.auditlog import LogKind
from frisket.mfd.device import Device
from frisket.mfd.remote_ui.menu import build_menu, slug_of
from frisket.mfd.remote_ui.router import find_routes
from frisket.mfd.users import Role

CATALOG = load_catalog()
SETTINGS = [s for s in CATALOG if s.kind is Kind.SETTING]
SNMP = "/rps/settings/preferences.network.snmp-settings"
PASSWORDS = (
    "/rps/settings/management-settings.security-settings.authentication-password-settings"
    ".password-settings"
)


def entries(device: Device, kind: LogKind) -> list[tuple[str, str]]:
    return [(e.operation, e.result) for e in device.log if e.kind is kind]


def shown(fields: dict[str, str], *keys: str) -> dict[str, str | list[str]]:
    """Return what a browser posts of a page that showed `keys`."""
    return {"shown": list(keys), **fields}


# -- login


def test_login_and_out() -> None:
    device = make_device()
    browser = Visitor(device)
    assert "Login" in text_of(browser.get("/"))
    assert header(browser.log_in(), "location") == "/rps/"
    assert "Ready" in text_of(browser.get("/rps/"))
    browser.post("/logout", {})
    assert browser.get("/rps/").status == 302
    assert entries(device, LogKind.USER_AUTHENTICATION) == [("Login", "OK"), ("Logout", "OK")]


def test_a_wrong_password_shows_the_form_again_until_the_lockout() -> None:
    device = make_device(settings={"auth.lockout.enabled": True, "auth.lockout.threshold": 2})
    browser = Visitor(device)
    for _ in range(2):
        answer = browser.log_in(password="wrong")
        assert answer.status == 200
        assert "Authentication failed" in text_of(answer)
    assert browser.log_in().status == 200, "locked out, though the password is right"
    assert device.journal.counts["failed_logins"] == 3
    assert len(device.sessions) == 0


def test_the_default_password_is_warned_of() -> None:
    device = make_device(settings={"password.warn-default": True})
    browser = Visitor(device)
    answer = browser.post("/login", {"username": "Administrator", "password": "7654321"})
    assert header(answer, "location") == "/PwdConfirm"
    assert header(browser.get("/rps/"), "location") == "/PwdConfirm"
    assert "default password" in text_of(browser.get("/PwdConfirm"))
    assert header(browser.post("/PwdConfirm", {"conf": "yes"}), "location") == "/rps/password"
    browser.post("/PwdConfirm", {"conf": "no"})
    assert browser.get("/rps/").status == 200


def test_the_default_password_is_refused_from_a_computer() -> None:
    device = make_device(settings={"password.allow-default-remote": False})
    answer = Visitor(device).log_in()
    assert answer.status == 200
    assert "cannot be used for remote access" in text_of(answer)


def test_department_ids() -> None:
    device = make_device(settings={"auth.service": "department-id"})
    browser = Visitor(device)
    assert "Department ID" in text_of(browser.get("/"))
    assert browser.post("/login", {"deptid": "7654321", "password": "1"}).status == 200
    answer = browser.post("/login", {"deptid": "7654321", "password": "7654321"})
    assert answer.status == 302
    assert browser.get("/rps/settings").status == 200


def test_an_expired_password_is_changed_first() -> None:
    times = [datetime(2026, 1, 1, tzinfo=UTC)]
    device = make_device(now=lambda: times[-1], settings={"password.validity-days": 30})
    device.users.put("ann", Role.ADMINISTRATOR, "first-one", "test")
    times.append(times[0] + timedelta(days=31))
    browser = Visitor(device)
    answer = browser.log_in("ann", "first-one")
    assert header(answer, "location") == "/rps/password"
    assert header(browser.get("/rps/"), "location") == "/rps/password"
    same = {"present": "first-one", "new": "first-one", "again": "first-one"}
    assert "differ" in text_of(browser.post("/rps/password", same))
    changed = {"present": "first-one", "new": "second-one", "again": "second-one"}
    assert browser.post("/rps/password", changed).status == 302
    assert browser.get("/rps/").status == 200
    assert browser.log_in("ann", "second-one").status == 302


def test_a_session_ends_when_nobody_is_there() -> None:
    clock = [0.0]
    device = make_device(settings={"auth.auto-logout.time": 60}, clock=lambda: clock[-1])
    browser = visitor(device)
    clock.append(60.0)
    assert browser.get("/rps/").status == 200
    clock.append(121.0)
    assert browser.get("/rps/").status == 302


# -- settings


def test_every_setting_stands_on_its_page() -> None:
    device = make_device()
    browser = visitor(device)
    pages = build_menu(SETTINGS)
    assert len({slug_of(s.menu) for s in SETTINGS}) == len({s.menu for s in SETTINGS})
    for page in pages.values():
        text = text_of(browser.get(f"/rps/settings/{page.slug}"))
        for setting in page.settings:
            if setting.key in device.store:
                assert setting.label in text, setting.key
    index = browser.get("/rps/settings").body.decode()
    for page in pages.values():
        assert f"/rps/settings/{page.slug}" in index


def another(setting: Setting, present: object) -> str | list[str]:
    """Return a form value that differs from the present one."""
    match setting.type:
        case Type.BOOLEAN:
            return "" if present is True else "on"
        case Type.INTEGER:
            return str(setting.minimum if present == setting.maximum else setting.maximum)
        case Type.CHOICE:
            return next(value for value in setting.values if value != present)
        case Type.SET:
            return [] if present else list(setting.values[:1])
        case Type.LIST:
            return "one\r\ntwo"
        case Type.TEXT:
            return "1234567"


@pytest.mark.parametrize("key", [s.key for s in SETTINGS])
def test_every_setting_is_changed_or_says_why_not(key: str) -> None:
    device = make_device(settings={"admin.password": "x" * 9, "admin.system-manager.pin": "1"})
    if key not in device.store:
        pytest.skip("this model lacks it")
    setting, browser = CATALOG[key], visitor(device)
    before = device.store[key]
    value = another(setting, before)
    fields: dict[str, str | list[str]] = {"shown": key}
    if value != "" or setting.type is not Type.BOOLEAN:
        fields[key] = value
    path = f"/rps/settings/{slug_of(setting.menu)}"
    answer = browser.post(path, fields)
    if key in {"policy.password", "sms.password"}:
        assert device.store[key] == before
        assert "Set on its own page" in text_of(browser.get(path))
    elif "remote-ui" in setting.doors:
        assert answer.status == 302, text_of(answer)
        assert device.store[key] != before
        assert device.journal.writes[key] == 1
        assert (key in device.store.pending) is setting.restart
    else:
        assert answer.status == 422
        assert device.store[key] == before
        assert "control panel" in text_of(browser.get(path))


def test_what_was_not_changed_is_not_written() -> None:
    device = make_device()
    browser = visitor(device)
    page = browser.get(SNMP).body.decode()
    keys = re.findall(r'name="shown" value="([^"]+)"', page)
    ticked = re.findall(r'name="([^"]+)" value="on" checked', page)
    browser.post(SNMP, {"shown": keys, **dict.fromkeys(ticked, "on")})
    assert not device.journal.counts["writes"]


def test_a_page_is_saved_whole_or_not_at_all() -> None:
    device = make_device()
    browser = visitor(device)
    keys = ("password.minimum-length", "password.need-digit")
    fields = {keys[0]: "33", keys[1]: "on"}
    answer = browser.post(PASSWORDS, shown(fields, *keys))
    assert answer.status == 422
    assert "Nothing was changed" in text_of(answer)
    assert 'value="33"' in answer.body.decode()
    assert device.store["password.need-digit"] is False
    assert ("Change Setting", "NG") in entries(make_saving(device), LogKind.MACHINE_MANAGEMENT)


def make_saving(device: Device) -> Device:
    """Repeat the refusal on a device that saves such entries."""
    device = make_device(settings={"audit-log.save": True})
    fields = {"password.minimum-length": "33"}
    visitor(device).post(PASSWORDS, shown(fields, "password.minimum-length"))
    return device


def test_a_device_that_lies_shows_the_lie_and_acts_on_the_truth() -> None:
    device = make_device(
        settings={"snmp.v1.enabled": True}, quirks={"lies": {"snmp.v1.enabled": False}}
    )
    browser = visitor(device)
    page = browser.get(SNMP).body.decode()
    box = re.search(r'<input[^>]*name="snmp.v1.enabled"[^>]*>', page)
    assert box
    assert "checked" not in box[0]
    browser.post(SNMP, shown({}, "snmp.v1.enabled"))
    assert device.store["snmp.v1.enabled"] is True
    assert not device.journal.counts["writes"]


def test_secrets_are_never_shown() -> None:
    secret = "CanarySecret1"
    keys = [s.key for s in SETTINGS if s.secret and s.max_length >= len(secret) and not s.pattern]
    device = make_device(settings=dict.fromkeys(keys, secret))
    device.users.put("ann", Role.GENERAL, "CanarySecret2", "test")
    browser = visitor(device)
    browser.post("/sms/login", {"sms-password": secret})
    browser.post("/rps/policy/login", {"policy-password": secret})
    pages = [f"/rps/settings/{slug}" for slug in build_menu(SETTINGS)]
    pages += [r.path for r in find_routes() if r.method == "GET" and "{" not in r.path]
    for path in pages:
        assert "CanarySecret" not in browser.get(path).body.decode(), path
    assert "CanarySecret" not in device.log.export()


def test_a_secret_is_kept_changed_and_deleted() -> None:
    key = "ldap.password"
    device = make_device(settings={key: "one"})
    browser = visitor(device)
    path = f"/rps/settings/{slug_of(CATALOG[key].menu)}"
    browser.post(path, shown({key: ""}, key))
    assert device.store[key] == "one"
    browser.post(path, shown({key: "two"}, key))
    assert device.store[key] == "two"
    browser.post(path, shown({key: "", "clear": key}, key))
    assert device.store[key] == ""


def test_the_administrators_password_obeys_the_password_settings() -> None:
    device = make_device(settings={"password.minimum-length": 10})
    browser = visitor(device)
    key = "admin.password"
    path = f"/rps/settings/{slug_of(CATALOG[key].menu)}"
    answer = browser.post(path, shown({key: "short"}, key))
    assert "at least 10" in text_of(answer)
    assert device.store[key] == "7654321"
    browser.post(path, shown({key: "long enough"}, key))
    assert device.store[key] == "long enough"


def test_changes_wait_until_they_are_applied() -> None:
    device = make_device()
    browser = visitor(device)
    key = "remote-ui.tls.enabled"
    path = f"/rps/settings/{slug_of(CATALOG[key].menu)}"
    browser.post(path, shown({key: "on"}, key))
    assert not device.store.on(key)
    assert "Apply Setting Changes" in text_of(browser.get("/rps/settings"))
    assert "In effect until the restart: off" in text_of(browser.get(path))
    browser.post("/rps/apply", {})
    assert device.store.on(key)
    assert "Apply Setting Changes" not in text_of(browser.get("/rps/settings"))


@pytest.mark.parametrize(
    ("role", "key", "allowed"),
    [
        (Role.NETWORK_ADMIN, "snmp.v1.enabled", True),
        (Role.NETWORK_ADMIN, "password.need-digit", False),
        (Role.DEVICE_ADMIN, "snmp.v1.enabled", False),
        (Role.DEVICE_ADMIN, "forwarding.enabled", True),
    ],
)
def test_roles_change_their_own_settings(role: Role, key: str, allowed: bool) -> None:
    device = make_device()
    before = device.store[key]
    fields = shown({} if before else {key: "on"}, key)
    visitor(device, role).post(f"/rps/settings/{slug_of(CATALOG[key].menu)}", fields)
    assert (device.store[key] != before) is allowed


def test_settings_are_found() -> None:
    text = text_of(visitor(make_device()).get("/rps/settings?q=SNMPv1"))
    assert "Found: 1" in text
    assert "<script>" not in visitor(make_device()).get("/rps/settings?q=<script>").body.decode()


# -- security policy


def test_a_policy_is_applied_and_locks() -> None:
    device = make_device()
    browser = visitor(device)
    assert "Read this first" in text_of(browser.get("/rps/policy"))
    page = browser.get("/rps/policy/edit").body.decode()
    assert page.count('name="item"') == 45
    answer = browser.post("/rps/policy/edit", {"item": ["SP-08", "SP-28"], "password-length": "12"})
    text = text_of(answer)
    assert "<Use SNMPv1>" in text
    assert device.store["snmp.v1.enabled"] is False
    snmp = text_of(browser.get(SNMP))
    assert "Locked by the security policy: SP-08 Prohibit Use of SNMPv1" in snmp
    assert "A security policy is active" in snmp
    refused = browser.post(SNMP, shown({"snmp.v1.enabled": "on"}, "snmp.v1.enabled"))
    assert "locked by the security policy" in text_of(refused)
    assert device.store["snmp.v1.enabled"] is False
    assert "2 of 45" in text_of(browser.get("/rps/policy/confirm"))
    browser.post("/rps/policy/edit", {})
    assert device.policy.items == ()
    assert device.store["snmp.v1.enabled"] is False, "unticking restores nothing"


def test_the_ranges_of_items_are_kept() -> None:
    device = make_device()
    item = next(i for i in device.content.policy if i.id == "SP-28")
    (limit,) = item.ranges
    browser = visitor(device)
    for bad in ("0", "33", "x", "", "99999999999"):
        answer = browser.post("/rps/policy/edit", {"item": "SP-28", limit.parameter: bad})
        assert answer.status == 422, bad
    assert device.policy.items == ()
    assert browser.post("/rps/policy/edit", {"item": "SP-99"}).status == 422
    browser.post("/rps/policy/edit", {"item": "SP-28", limit.parameter: "32"})
    assert device.store["password.minimum-length"] == 32


def test_the_policy_password() -> None:
    device = make_device()
    browser = visitor(device)
    assert browser.post("/rps/policy/password", {"new": "a", "again": "b"}).status == 422
    browser.post("/rps/policy/password", {"new": "Guard1", "again": "Guard1"})
    assert browser.get("/rps/policy/edit").status == 200, "whoever set it is in"
    other = visitor(device)
    for path, fields in (
        ("/rps/policy/edit", {"item": "SP-08"}),
        ("/rps/policy/password", {"new": "", "again": ""}),
    ):
        assert header(other.post(path, fields), "location") == "/rps/policy"
    assert device.policy.items == ()
    assert "wrong" in text_of(other.post("/rps/policy/login", {"policy-password": "guess"}))
    assert device.journal.counts["failed_logins"] == 1
    assert ("Policy Login", "NG") in entries(device, LogKind.SECURITY_POLICY)
    assert header(other.get("/rps/policy/edit"), "location") == "/rps/policy"
    other.post("/rps/policy/login", {"policy-password": "Guard1"})
    assert other.post("/rps/policy/edit", {"item": "SP-08"}).status == 200


def test_initializing_asks_for_the_policy_password() -> None:
    device = make_device(settings={"policy.password": "Guard1"})
    restarts: list[str] = []
    device.actions.restart = restarts.append
    device.store.set("lpd.enabled", False, "test", "lab")
    device.users.put("ann", Role.GENERAL, "secret", "test")
    browser = visitor(device)
    assert browser.post("/rps/data/initialize", {}).status == 422
    wrong = {"sure": "on", "policy-password": "guess"}
    assert "policy password is wrong" in text_of(browser.post("/rps/data/initialize", wrong))
    assert not device.store.on("lpd.enabled")
    assert (
        browser.post("/rps/data/initialize", {"sure": "on", "policy-password": "Guard1"}).status
        == 200
    )
    assert device.store.on("lpd.enabled")
    assert device.users.names() == ["Administrator"]
    assert restarts == ["Administrator"]
