"""Fifteen devices of three models: canaries, waves, a halt, a pause, and all put back."""

from __future__ import annotations

from collections.abc import Callable
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

from frisket.fleet.change_crew import ChangeCrew
from frisket.fleet.logins import set_login
from frisket.fleet.rollout import RolloutState
from frisket.store.changes import Changes
from frisket.store.database import Database
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
