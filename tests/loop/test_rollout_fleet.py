"""Fifteen devices of three models: canaries, waves, a halt, a pause, and all put back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.living import living
from tests.loop.test_fleet_changes import (
    LOGIN,
    SOURCE,
    Fleet,
    approved,
    database,
    fleet_of,
    settings,
    working,
    writes,
)

from frisket.audit.capture import read_capture
from frisket.fleet.change_crew import ChangeCrew
from frisket.fleet.change_source import Source
from frisket.fleet.drift import DriftState
from frisket.fleet.drifting import Drifting, drift_of
from frisket.fleet.logins import set_login
from frisket.fleet.results import text_of
from frisket.fleet.rollout import RolloutState
from frisket.model.reading import Known, Readings
from frisket.store.audits import Audits
from frisket.store.changes import Changes
from frisket.store.database import Database
from frisket.store.drifts import Drifts
from frisket.store.inventory import Inventory
from frisket.store.logins import StoredLogins

pytestmark = [
    pytest.mark.nightly,
    pytest.mark.timeout(900),
    pytest.mark.xdist_group("jobs"),
    pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning"),
]
__all__ = ["database"]
MODELS = ("iradv-c5535", "iradv-c3325", "iradv-4545")


def worked(fleet: Fleet, number: int, until: Callable[[list[int]], bool]) -> list[int]:
    """Do one turn after another, as the flow does, until `until` the devices whose turn it is."""
    hands = ChangeCrew(fleet.crew)
    while True:
        told = hands.next(number)
        if told.get("look"):
            hands.looking.look(number, told["look"], told["after"])
            continue
        devices = [device for device, _ in told["devices"]]
        if not devices or until(devices):
            return devices
        for device in devices:
            hands.carry_out(number, device, bool(told["undoing"]))


def state(database: Database, number: int) -> str:
    change = Changes(database).find(number)
    assert change is not None
    return f"{change.state}: {change.why}"


def test_three_models_of_five(database: Database, tmp_path: Path) -> None:
    with living(15, MODELS) as lab:
        devices = lab.devices
        fleet = fleet_of(database, tmp_path, devices)
        for one, model in zip(fleet.ids, MODELS * 5, strict=True):
            Inventory(database).change_device(one, {"model": model})
        # The second generation knows SNMPv3 with MD5 and DES only: a login of its own group.
        Inventory(database).save_group("Old", {"model": [MODELS[1]]}, "ann", fleet.crew.now())
        old = LOGIN | {"authentication": "MD5", "encryption": "DES"}
        set_login(StoredLogins(database), "group:Old", old, "ann", fleet.crew.now())
        factory = [settings(device) for device in devices]
        ann, bob = fleet.account("ann", "operator"), fleet.account("bob", "security-administrator")
        with working(fleet, tmp_path) as jobs:
            number = fleet.planned(jobs)
        rows = Changes(database).devices(number)
        assert all(row.settings > 3 for row in rows), [(row.model, row.why) for row in rows]
        approved(fleet, number, ann, bob)
        fleet.changing.begin(number, "ann")
        first = worked(fleet, number, lambda _: True)
        assert sorted(first) == fleet.ids[:3], "one of each model, and no other"
        # A canary that is another than planned: everything stops there.
        lab.panel(devices[1], "snmp.v1.enabled", False)
        assert worked(fleet, number, lambda now: not set(now) <= set(first)) == []
        assert state(database, number) == "halted: a canary failed"
        assert writes(devices[3:]) == [0] * 12
        lab.panel(devices[1], "snmp.v1.enabled", True)
        fleet.changing.retry(number, [fleet.ids[1]], "ann")
        second = worked(fleet, number, lambda now: not set(now) <= set(first))
        standing = [(r.step, r.why, r.health) for r in Changes(database).devices(number) if r.at]
        assert second, (state(database, number), standing)
        assert not set(second) & set(first)
        assert [row.health for row in Changes(database).devices(number)[:3]] == ["good"] * 3
        # Paused amid the waves: who is under way ends, nobody else begins.
        fleet.changing.pause(number, "ann")
        assert worked(fleet, number, lambda _: False) == []
        paused = {row.device_id for row in Changes(database).devices(number) if row.step == "done"}
        assert set(first) | set(second) == paused
        assert state(database, number).startswith(RolloutState.PAUSED)
        # Half of it done, it is put back, the last first.
        fleet.changing.undo(number, "ann")
        with working(fleet, tmp_path) as jobs:
            jobs.start("change", f"change:{number}:run:9", number)
            jobs.result(f"change:{number}:run:9")
        assert state(database, number).startswith("undone"), state(database, number)
        for device, before in zip(devices, factory, strict=True):
            assert {k: v for k, v in settings(device).items() if v != before[k]} == {}
            counts = device.journal.counts
            assert [counts[n] for n in ("sheets", "print_port_bytes", "failed_logins")] == [0, 0, 0]
        # Once more, by the engine alone, to the end.
        again = fleet.changing.make(SOURCE, {"ids": fleet.ids}, [fleet.site], "ann")
        with working(fleet, tmp_path) as jobs:
            jobs.start("plan", f"plan:{again}", again)
            jobs.result(f"plan:{again}")
            approved(fleet, again, ann, bob)
            flow = fleet.changing.begin(again, "ann")
            jobs.start("change", flow, again)
            jobs.result(flow)
        assert state(database, again) == "done: "
        rows = Changes(database).devices(again)
        assert {(row.step, row.health) for row in rows} == {("done", "good")}
        waves = [sum(row.wave == n for row in rows) for n in range(max(r.wave for r in rows) + 1)]
        assert waves == [3, 5, 7]
        ends = [max(r.at for r in rows if r.wave == n) for n in range(3)]
        assert ends[0] < ends[1] < ends[2]
        assert ends[2] - ends[0] < timedelta(minutes=10)
        assert not any(device.store.effective("snmp.v1.enabled") for device in devices)


def test_drift_is_explained_and_settled_on_a_device_that_people_touch(
    database: Database, tmp_path: Path
) -> None:
    key = "snmp.v1.enabled"
    with living(1) as lab:
        [device] = lab.devices
        fleet = fleet_of(database, tmp_path, lab.devices)
        [number] = fleet.ids
        crew, drifts = fleet.crew, Drifts(database)
        drifting = Drifting(database, crew.content.catalog)
        crew.audit("small-office", [number])

        def look(**touched: bool) -> dict[str, tuple[str, str, int]]:
            for name, value in touched.items():
                lab.panel(device, name.replace("__", "."), value)
            crew.audit("small-office", [number])
            rows = drifts.of_device(number)
            return {row.key: (row.state, row.cause, row.flips) for row in rows}

        assert look(lpd__enabled=False) == {"lpd.enabled": ("open", "unknown", 0)}
        # Waived, it stays quiet while the value does.
        [row] = drifts.open()
        drifts.settle(row.id, DriftState.WAIVED.value, "ann")
        assert look()["lpd.enabled"] == ("waived", "unknown", 0)
        # To and fro three times is flapping, whatever was decided on it.
        look(lpd__enabled=True)
        look(lpd__enabled=False)
        assert look(lpd__enabled=True)["lpd.enabled"] == ("gone", "unknown", 3)
        assert drift_of(drifts.of_device(number)[0]).flapping
        # What an approved change made is accepted with it; what it left half-way is ours.
        change = fleet.changing.make(SOURCE, {"ids": [number]}, [fleet.site], "ann")
        hands = ChangeCrew(crew)
        hands.planning.plan(change, [number])
        fleet.changing.planned(change)
        fleet.changing.begin(change, "ann")
        worked(fleet, change, lambda _: False)
        assert key not in look()
        lab.panel(device, key, True)
        accepted = drifts.accepted(number, crew.content.catalog)
        assert accepted is not None
        assert accepted.values[key] is False
        back = fleet.changing.make(
            Source("accepted", "", (key,)), {"ids": [number]}, [fleet.site], "ann"
        )
        hands.planning.plan(back, [number])
        fleet.changing.planned(back)
        assert look()[key][0] == "open"
        drifts.settle(drifts.open()[0].id, DriftState.REAPPLIED.value, "ann")
        assert look()[key][0] == "re-applied", "its change is planned"
        fleet.changing.begin(back, "ann")
        fleet.changing.pause(back, "ann")
        fleet.changing.cancel(back, "ann")
        assert look()[key][0] == "open", "nothing puts it back any more"
        [row] = Audits(database).results(number)
        readings = read_capture(text_of(row.readings), "x", crew.content.catalog).readings
        drifting.accept(number, readings, key, "ann")
        assert key not in look()
        # New firmware explains what moved with it; our own last value is ours before that.
        other = {**dict.fromkeys(readings, ()), **readings, "raw.enabled": _told(readings, False)}
        drifting.look(number, Readings(other), "99.99", "managed", crew.now())
        [row] = [row for row in drifts.of_device(number) if row.key == "raw.enabled"]
        assert (row.cause, row.explained.endswith("became 99.99")) == ("firmware", True)


def _told(readings: Readings, value: bool) -> tuple[Known, ...]:
    """Return the witnesses of a setting, who say another value now."""
    return tuple(replace(one, value=value) for one in readings.known("raw.enabled"))
