"""The way back to a recorded configuration: only what differs, and nobody else's name."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from frisket.audit.configuration import Configuration
from frisket.audit.load import load_content
from frisket.drivers.base import SNMP_V3, Pin
from frisket.drivers.load import load_drivers
from frisket.drivers.plan import Plan, Subject
from frisket.drivers.restore import OWN, is_another, plan_restore
from frisket.mfd.personality import load_personalities
from frisket.model.reading import Known, Readings, Value, Witness
from frisket.model.target import Identity, Target

CATALOG = load_content().catalog
DRIVER = next(driver for driver in load_drivers() if driver.policy)
FACTORY = {
    key: value
    for key, value in load_personalities()["iradv-c5535"].defaults.items()
    if not CATALOG[key].secret
}
ON: dict[str, Value] = {**FACTORY, "snmp.v3.enabled": True, "snmp.v3.user.access": "read-write"}
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def subject(values: dict[str, Value], serial: str = "A", **frozen: str) -> Subject:
    said = {key: Known(value, Witness.DEVICE, NOW, SNMP_V3) for key, value in values.items()}
    readings = Readings.single(said)
    frozen = {key.replace("_", "."): why for key, why in frozen.items()}
    return Subject(
        Target("10.0.0.7"),
        Identity(),
        Pin(serial=serial),
        DRIVER,
        SNMP_V3,
        readings,
        Readings(),
        (SNMP_V3,),
        frozen,
    )


def test_only_what_differs_is_written() -> None:
    recorded = Configuration({**ON, "lpd.enabled": False, "auth.auto-logout.time": 30}, serial="A")
    plan = plan_restore(subject(ON), recorded, CATALOG)
    steps = {step.key: (step.now, step.wanted) for step in plan.steps}
    assert steps == {
        "lpd.enabled": (True, False),
        "auth.auto-logout.time": (ON["auth.auto-logout.time"], 30),
    }
    same = plan_restore(subject(ON), Configuration(ON, serial="A"), CATALOG)
    assert (same.steps, same.stages) == ((), ())


@pytest.mark.parametrize("recorded", ["A", "a", "B", ""])
def test_the_name_of_a_machine_stays_with_it(recorded: str) -> None:
    names: dict[str, Value] = dict.fromkeys(OWN & set(ON), "Other")
    assert names
    plan = plan_restore(subject(ON), Configuration(names, serial=recorded), CATALOG)
    assert {step.key for step in plan.steps} == (set(names) if recorded in {"A", "a"} else set())
    assert bool(is_another(Configuration(serial=recorded), "A")) == (recorded == "B")


def test_what_cannot_be_written_is_listed() -> None:
    recorded = Configuration({"lpd.enabled": False, "raw.enabled": False}, serial="A")
    lacking = {key: value for key, value in ON.items() if key != "raw.enabled"}
    plan = plan_restore(subject(lacking, lpd_enabled="locked by SP-09"), recorded, CATALOG)
    assert {row.key: row.why for row in plan.unsupported}["lpd.enabled"] == "locked by SP-09"
    assert {row.key for row in plan.unsupported} == {"lpd.enabled", "raw.enabled"}
    assert plan.steps == ()


def test_restoring_is_guarded_as_every_plan_is() -> None:
    shut: dict[str, Value] = {
        **dict.fromkeys((s.key for s in CATALOG if s.role == "print-path"), False),
        "snmp.v3.enabled": False,
        "remote-ui.enabled": False,
    }
    device = plan_restore(subject(ON), Configuration(shut, serial="A"), CATALOG)
    plan = Plan("recorded", "x", NOW, (device,))
    said = " ".join(map(str, plan.refusals(device)))
    assert "--accept-no-channel" in said
    assert "--accept-no-print-path" in said
    open_ = replace(plan, accept_no_channel=("10.0.0.7",), accept_no_print_path=("10.0.0.7",))
    assert not open_.refusals(device)
