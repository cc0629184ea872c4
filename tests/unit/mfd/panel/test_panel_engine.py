"""What touches and keys make of the panel."""

from __future__ import annotations

import pytest
from tests.unit.mfd.panel.operator import operator

from frisket.mfd.panel.engine import HARDWARE, KEYSYMS, Key, Tap, key_of, press
from frisket.mfd.panel.paint import COLOURS, draw
from frisket.mfd.panel.screen import find_screens
from frisket.mfd.panel.view import HEIGHT, WIDTH, Button


def test_every_screen_is_found_by_walking() -> None:
    wanted = {"home", "login", "status", "settings", "setting", "hold", "counter", "copy", "tpm"}
    assert wanted <= set(find_screens())


def test_the_first_screen_says_that_the_device_is_virtual() -> None:
    panel = operator()
    assert panel.state.screen == "home"
    assert "Virtual device" in panel.words
    assert panel.device.name in panel.words


@pytest.mark.parametrize("screen", ["copy", "scan", "hold", "status", "settings", "counter"])
def test_each_tile_opens_its_screen_with_nobody_asked_where_nobody_must_be(screen: str) -> None:
    panel = operator({"auth.management": False}).touch(f"open:{screen}")
    assert panel.state.screen == ("login" if screen == "settings" else screen)


def test_a_function_asks_for_a_login_and_goes_on_afterwards() -> None:
    panel = operator().touch("open:copy")
    assert panel.state.screen == "login"
    panel.login()
    assert panel.state.screen == "copy"
    assert panel.state.login is not None
    assert panel.state.login.name == "Administrator"


def test_the_login_screen_comes_first_where_it_is_set_so() -> None:
    panel = operator({"auth.login-screen": "device-operation", "auth.management": True})
    assert panel.state.screen == "login"
    panel.key("home")
    assert panel.state.screen == "login"
    assert panel.login().state.screen == "home"


def test_a_wrong_password_counts_and_is_gone_from_the_screen() -> None:
    panel = operator().key("id").login(password="nonsense")
    assert panel.state.login is None
    assert "login failed" in panel.state.notice
    assert panel.device.journal.counts["failed_logins"] == 1
    assert panel.state.entry is not None
    assert panel.state.entry.texts == ("", "")


def test_the_system_manager_logs_in_by_the_number_keys() -> None:
    panel = operator({"auth.service": "department-id"}).key("id")
    for digit in "7654321":
        panel.touch(f"type:{digit}")
    panel.touch("next" if panel.has("next") else "field:1")
    for digit in "7654321":
        panel.touch(f"type:{digit}")
    panel.touch("submit")
    assert panel.state.login is not None
    assert panel.state.login.is_administrator


def test_letters_do_not_enter_a_line_of_digits() -> None:
    panel = operator({"auth.service": "department-id"}).key("id").type("12ab3")
    assert panel.state.entry is not None
    assert panel.state.entry.texts[0] == "123"


def test_a_line_takes_no_more_than_its_length_and_hides_a_password() -> None:
    panel = operator().key("id").type("x" * 40).key("next").type("secret")
    assert panel.state.entry is not None
    assert len(panel.state.entry.texts[0]) == 32
    assert "******" in panel.words
    assert "secret" not in panel.words
    assert "secret" not in repr(panel.state)


def test_the_keyboard_has_capitals_and_signs() -> None:
    panel = operator().key("id").touch("layer:upper", "type:A", "layer:symbols", "type:{", "erase")
    assert panel.state.entry is not None
    assert panel.state.entry.texts[0] == "A"


def test_auto_reset_logs_out_by_the_clock() -> None:
    panel = operator({"auth.auto-logout.time": 30}).login()
    panel.clock.now += 29
    panel.touch("open:status")
    assert panel.state.actor == "Administrator"
    panel.clock.now += 31
    panel.touch("tab:paper")
    assert panel.state.actor == "-"
    assert [e.detail for e in panel.device.log if e.operation == "Logout"] == ["panel: timed out"]


def test_nobody_is_logged_out_where_auto_reset_is_off() -> None:
    panel = operator({"auth.auto-logout.enabled": False}).login()
    panel.clock.now += 9999
    assert panel.touch("open:status").state.login is not None


def test_id_logs_out() -> None:
    panel = operator().login().key("id")
    assert panel.state.login is None
    assert any(e.operation == "Logout" for e in panel.device.log)


def test_the_default_password_is_warned_about_and_can_be_changed() -> None:
    panel = operator({"password.warn-default": True}).touch("open:settings").login()
    assert panel.state.screen == "warning"
    panel.touch("open:password").type("N3w-secret").key("submit").type("N3w-secret").key("submit")
    assert panel.state.login is not None
    assert panel.device.store["admin.password"] == "N3w-secret"


def test_the_warning_can_be_put_off_and_then_goes_where_one_wanted() -> None:
    panel = operator({"password.warn-default": True}).touch("open:settings").login().touch("later")
    assert panel.state.screen == "settings"


def test_two_different_new_passwords_are_refused() -> None:
    panel = operator({"password.warn-default": True}).login().touch("open:password")
    panel.type("one").key("submit").type("two").key("submit")
    assert panel.state.notice == "The two lines differ."
    assert panel.device.store["admin.password"] == "7654321"


def test_energy_saver_darkens_the_panel_and_any_key_wakes_it() -> None:
    panel = operator().key("sleep")
    assert draw(panel.view).getcolors() == [(800 * 480, (8, 10, 12))]
    panel.state = press(panel.state, Tap(5, 5), panel.device)
    assert not panel.view.dark
    assert panel.device.journal.counts["wakes"] == 1
    assert panel.state.screen == "home"


def test_the_counter_key_shows_canon_numbers_and_the_serial_number() -> None:
    panel = operator(counters={101: 12345}).key("counter")
    assert "101 | Total 1 | 12 345" in panel.words
    assert panel.device.plan.serial in panel.words


def test_a_touch_beside_every_button_or_beside_the_panel_changes_nothing() -> None:
    panel = operator()
    for place in ((2, 200), (799, 479), (-1, -1), (9999, 9999), (WIDTH, HEIGHT)):
        before = panel.state
        after = press(before, Tap(*place), panel.device)
        assert after.screen == before.screen


def test_a_strange_key_changes_nothing() -> None:
    panel = operator()
    for name in ("", "nonsense", "é", "x", "key:home"):
        assert press(panel.state, Key(name), panel.device).screen == "home"


def test_keysyms_are_named() -> None:
    assert {key_of(0xFFBE + n) for n in range(7)} == {Key(name) for name in HARDWARE}
    assert key_of(ord("a")) == Key("a")
    assert key_of(0xFFB7) == Key("7")
    assert key_of(0xFF0D) == Key("submit")
    assert key_of(0x01000000) is None
    assert set(KEYSYMS.values()) == set(HARDWARE)


def test_a_picture_is_800_by_480_and_draws_its_parts() -> None:
    panel = operator()
    image = draw(panel.view)
    assert image.size == (800, 480)
    assert image.mode == "RGB"
    assert image.getpixel((5, 5)) == COLOURS["bar"]
    tile = next(p for p in panel.view.parts if isinstance(p, Button) and p.style == "tile")
    left, top, width, _ = tile.area
    assert image.getpixel((left + width // 2, top + 6)) == COLOURS["card"]


def test_drawing_the_same_view_gives_the_same_picture() -> None:
    panel = operator()
    assert draw(panel.view).tobytes() == draw(panel.view).tobytes()


def test_the_system_manager_may_change_the_pin() -> None:
    panel = (
        operator({"auth.service": "department-id", "password.warn-default": True})
        .key("id")
        .type("7654321")
        .key("submit")
        .type("7654321")
    )
    panel.key("submit").touch("open:password")
    panel.type("2468135").key("submit").type("2468135").key("submit")
    assert panel.device.store["admin.system-manager.pin"] == "2468135"


def test_no_two_buttons_of_a_screen_overlap() -> None:
    panel = operator({"auth.management": False})
    for screen in ("home", "copy", "scan", "status", "counter", "login"):
        panel.state = panel.state.goto(screen)
        panel.key("id" if screen == "login" else "stop")
        buttons = [p.area for p in panel.view.parts if isinstance(p, Button)]
        assert len(buttons) > 7
        for n, (x, y, width, height) in enumerate(buttons):
            assert min(x, y, WIDTH - x - width, HEIGHT - y - height) >= 0
            for left, top, across, down in buttons[n + 1 :]:
                apart = x + width <= left or left + across <= x or y + height <= top
                assert apart or top + down <= y, f"{screen}: {(x, y)} and {(left, top)}"
