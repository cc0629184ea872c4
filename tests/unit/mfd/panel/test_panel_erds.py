"""E-RDS in Service Mode: the test's result, the log, and the way back to nothing."""

from __future__ import annotations

from pathlib import Path

from tests.lab import make_device
from tests.remote_ui import visitor
from tests.unit.mfd.panel.operator import Operator, operator
from tests.unit.probe.lan import closed_port

from frisket.mfd.panel.engine import SERVICE_KEYS
from frisket.model.reading import Value

ON = "remote-service.enabled"


def at_erds(**settings: Value) -> Operator:
    known: dict[str, Value] = {"service-mode.password-type": "none", ON: True, **settings}
    return operator(known).key(*SERVICE_KEYS).touch("submit", "erds")


def test_it_is_reached_from_service_mode_only() -> None:
    panel = at_erds()
    assert panel.state.screen == "erds"
    assert "COM-LOG is empty." in panel.words
    assert "E-RDS 1" in panel.words
    assert "not registered" in panel.words
    assert panel.touch("back").state.screen == "service"
    assert operator().touch("open:settings").state.screen != "erds"


async def test_a_failed_test_says_ng_and_stands_in_the_log() -> None:
    gateway: dict[str, Value] = {
        "remote-service.gateway": "127.0.0.1",
        "remote-service.port": closed_port(),
    }
    panel = at_erds(**gateway)
    glass = panel.device.glass
    panel.touch("test")
    glass.show(panel.state)
    assert glass.work is not None
    await glass.work
    assert glass.state.notice.startswith("COM-TEST: NG!")
    panel.state = glass.state
    assert "communicationTest" in panel.words
    assert "NG" in panel.words


async def test_switched_off_it_tests_nothing() -> None:
    panel = at_erds(**{ON: False})
    glass = panel.device.glass
    panel.touch("test")
    glass.show(panel.state)
    assert glass.work is not None
    await glass.work
    assert "E-RDS is off" in glass.state.notice


async def test_stop_ends_the_test() -> None:
    panel = at_erds(**{"remote-service.gateway": "127.0.0.1"}).touch("test").key("stop")
    assert panel.state.notice == "The communication test has been stopped."
    assert panel.device.glass.work is None


def test_initialized_it_knows_nothing_but_that() -> None:
    panel = at_erds()
    panel.touch("initialize")
    assert "COM-TEST again" in panel.state.notice
    assert "ERDS-DAT" in panel.words
    assert panel.device.erds.state.seed


def test_initializing_the_machine_forgets_its_key(tmp_path: Path) -> None:
    device = make_device(folder=tmp_path)
    device.erds.make_key(b"k" * 32)
    device.erds.number()
    visitor(device).post("/rps/data/initialize", {"sure": "on"})
    assert device.erds.state.seed == b""
    again = make_device(folder=tmp_path, serial=device.plan.serial)
    assert again.erds.state.seed == b""
    assert b"a2tra2tr" not in (tmp_path / "erds.ledger").read_bytes()  # the old key in base64
