"""A plan as people read it: what, why, what it costs whom, what stays open, what is left to do."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.drivers.states import CONTENT, FACTORY, NOW, plan_of

from frisket.cli.support.diff import lines
from frisket.drivers.plan import DevicePlan, Plan
from frisket.model.finding import Incomplete
from frisket.model.target import Target

ON = {**FACTORY, "snmp.v3.enabled": True}
DEVICE = plan_of(ON, CONTENT.baselines["enterprise"])


def drawn(*devices: DevicePlan, verbose: bool = False, **more: object) -> list[str]:
    plan = replace(Plan("enterprise", "", NOW, devices), **more)  # type: ignore[arg-type]
    return [line.plain for line in lines(plan, verbose=verbose)]


def at(address: str, device: DevicePlan = DEVICE) -> DevicePlan:
    return replace(device, target=Target(address))


def line_with(text: str, found: list[str]) -> str:
    (line,) = [line for line in found if text in line]
    return line


def test_a_step_says_what_why_and_at_whose_cost() -> None:
    found = drawn(DEVICE)
    where = found.index(line_with("~ snmp.v1.enabled", found))
    step = found[where]
    assert "on -> off" in step
    assert "high" in step
    assert "EN-05 · snmp.v1-off" in step
    after = found[where + 1 :]
    assert after[0].lstrip().startswith("breaks: ")
    assert after[1].lstrip().startswith("used by: printer drivers")
    assert "takes effect at the restart" in line_with("~ remote-ui.enabled", found)
    assert sum("↻ restart" in line for line in found) == DEVICE.restarts == 1


def test_each_changed_setting_stands_once_in_the_order_of_the_work() -> None:
    found = [line.split()[1].rstrip(":") for line in drawn(DEVICE) if line.startswith("    ~ ")]
    assert found == [key for stage in DEVICE.stages for key in stage.keys]


def test_ways_before_and_after() -> None:
    found = drawn(DEVICE)
    before = found.index(line_with("ways to manage, before", found))
    assert "Remote UI over HTTP  SNMPv3" in found[before]
    assert "the panel" in found[before]
    assert "-Remote UI over HTTP" in found[before + 1]
    assert "the panel" in found[before + 1]
    paths = found.index(line_with("ways to print, before", found))
    assert "IPP Print" in found[paths]
    assert "-IPP Print" in found[paths + 1]
    alone = drawn(plan_of({**ON, "ipp.enabled": False}, CONTENT.baselines["enterprise"]))
    assert "RAW Print" in line_with("ways to print, before and after:", alone)


def test_work_by_hand_is_numbered_and_shown_once() -> None:
    found = drawn(at("192.0.2.1"), at("192.0.2.2", replace(DEVICE, steps=(), stages=())))
    assert f"  by hand ({len(DEVICE.work)}):" in found
    assert f"  by hand ({len(DEVICE.work)}): the same as on 192.0.2.1" in found
    assert "    1. " in line_with(DEVICE.work[0].title, found)
    assert not any("1) " in line for line in found)
    verbose = drawn(DEVICE, verbose=True)
    assert any(line.strip().startswith("1) ") for line in verbose)
    assert any("Preferences > Network > SNMP Settings > <Use SNMPv1>" in line for line in verbose)


def test_without_a_driver_the_work_names_the_menu() -> None:
    device = replace(DEVICE, driver="", why="no credential is given for it", steps=(), stages=())
    (work, *_) = DEVICE.work
    by_hand = replace(work, steps=("Go to Preferences > Network.", "Set it to off."))
    found = drawn(replace(device, work=(by_hand,)), verbose=True)
    assert "  no credential is given for it" in found
    assert "         1) Go to Preferences > Network." in found


def test_devices_planned_alike_stand_together() -> None:
    many = [at(f"192.0.2.{n}") for n in range(1, 31)]
    found = drawn(*many, at("192.0.2.99", plan_of(FACTORY, CONTENT.baselines["small-office"])))
    assert "# 192.0.2.8  serial VMF00001" in found
    assert "# ... and 22 more, all of them alike" in found
    assert len([line for line in found if "~ ipp.enabled" in line]) == 2
    total = 30 * len(DEVICE.steps) + len(plan_of(FACTORY, CONTENT.baselines["small-office"]).steps)
    assert f"Plan: {total} to change on 31 of 31 devices" in found[-2]


@pytest.mark.parametrize("confirmed", [False, True])
def test_a_refusal_names_the_device_and_the_words(confirmed: bool) -> None:
    state = {**ON, "remote-ui.enabled": False, "dedicated-port.enabled": False}
    bad = plan_of(state, CONTENT.baselines["security-policy"])
    assert not bad.after.managing
    accepted = (bad.address,) if confirmed else ()
    found = drawn(bad, accept_no_channel=accepted)
    words = f"refused: no management channel would be left: --accept-no-channel {bad.address}"
    assert any(words in line for line in found) is not confirmed
    assert any("after: the panel" in line for line in found)


def test_what_cannot_be_set_or_planned_is_listed() -> None:
    state = {key: value for key, value in ON.items() if key != "wifi.direct.enabled"}
    found = drawn(
        plan_of(state, CONTENT.baselines["small-office"]),
        missed=(Incomplete("192.0.2.9", "nothing \x1b[31manswers"),),
    )
    assert "  cannot be set from here (1):" in found
    assert "wifi.direct.enabled = on" in line_with("the device does not offer it", found)
    assert "\x1b" not in "".join(found)
    assert line_with("192.0.2.9", found).startswith("! ")
