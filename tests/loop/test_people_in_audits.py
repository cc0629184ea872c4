"""Audits of the fleet hear people: waivers, attestations, own baselines; on virtual devices."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.lab import running_device
from tests.living import living
from tests.loop.test_fleet_changes import fleet_of, working

from frisket.audit.baseline_file import write_baseline
from frisket.audit.load import load_content
from frisket.errors import UsageError
from frisket.fleet.crew import Crew
from frisket.fleet.inventory import Sighting, take_in
from frisket.fleet.results import text_of
from frisket.fleet.scope import Scope
from frisket.model.target import Identity
from frisket.probe.base import Options
from frisket.store.audits import Audits
from frisket.store.changes import Changes
from frisket.store.database import Database, open_database
from frisket.store.inventory import Inventory
from frisket.store.people import add_attestation, add_waiver
from frisket.store.texts import Texts, approve_version

CONTENT = load_content()
NOW = datetime.now(UTC)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(f"sqlite:///{tmp_path}/fleet.db")
    opened.upgrade()
    yield opened
    opened.close()


def waiver(database: Database, days: int, scope: Scope, **more: str) -> None:
    values = {
        "rule": "snmp.v1-off",
        "consideration": "",
        "scope": scope.table(),
        "site_id": None,
        "owner": "Ann",
        "reason": "old",
        "expires": (NOW + timedelta(days=days)).date(),
        "proposed_by": "ann",
        "approved_by": "sue",
        "approved": NOW,
    }
    with database.write() as connection:
        add_waiver(connection, values | more)


def attestation(database: Database) -> None:
    values = {
        "key": "service-mode.password-strong",
        "consideration": "",
        "answer": True,
        "scope": {},
        "site_id": None,
        "who": "Jo",
        "looked": NOW.date(),
        "evidence": "seen",
        "expires": NOW.date() + timedelta(days=9),
        "made_by": "ann",
        "made": NOW,
    }
    with database.write() as connection:
        add_attestation(connection, values)


async def test_the_next_audit_hears_what_was_said(database: Database, tmp_path: Path) -> None:
    audits, inventory = Audits(database), Inventory(database)
    crew = Crew(
        database,
        CONTENT,
        lambda: datetime.now(UTC),
        lambda *_: None,
        Options(patience=0.7),
    )
    async with running_device(settings={"snmp.v1.enabled": True}) as (device, _):
        site = inventory.add_site("Lab", [f"{device.address}/32"], NOW)
        inventory.change_site(site, {"limits": {"packets_per_second": 0}})
        serial = device.plan.serial
        seen = Sighting(device.address, Identity(serial=serial))
        number = take_in(inventory, site, seen, NOW).device_id
        ports = {str(port): device.port(port) for port in (161, 80, 443)}
        inventory.change_device(number, {"ports": ports})

        async def verdicts(baseline: str) -> dict[str, str]:
            done = await asyncio.to_thread(crew.audit, baseline, [number])
            assert done["judged"] == 1, done
            [result] = [r for r in audits.results(number) if r.baseline == baseline]
            return dict(result.verdicts)

        before = await verdicts("small-office")
        assert before["SO-05/snmp.v1-off"] == "fail"
        assert before["SO-01/service-mode.password-strong"] == "manual"
        waiver(database, -1, Scope())
        assert (await verdicts("small-office"))["SO-05/snmp.v1-off"] == "fail"
        waiver(database, 9, Scope(devices=(number + 1,)))
        assert (await verdicts("small-office"))["SO-05/snmp.v1-off"] == "fail"
        waiver(database, 9, Scope(devices=(number,)))
        attestation(database)
        after = await verdicts("small-office")
        assert after["SO-05/snmp.v1-off"] == "waived"
        assert after["SO-01/service-mode.password-strong"] == "pass"
        own = replace(
            CONTENT.baselines["small-office"],
            id="ours",
            considerations=CONTENT.baselines["small-office"].considerations[:5],
        )
        texts = Texts(database, "baseline")
        texts.save("ours", write_baseline(own, CONTENT), "ann", "", NOW)
        with pytest.raises(UsageError, match="unknown baseline"):
            await asyncio.to_thread(crew.audit, "ours", [number])
        with database.write() as connection:
            assert approve_version(connection, texts.versions("ours")[0], "sue", NOW)
        mine = await verdicts("ours")
        assert {name.split("/")[0] for name in mine} == {c.id for c in own.considerations}
        assert device.journal.counts["sheets"] == 0
    [kept] = [r for r in audits.results(number) if r.baseline == "ours"]
    capture = tmp_path / "capture.json"
    capture.write_text(text_of(kept.readings), encoding="utf-8")
    file = tmp_path / "ours.toml"
    file.write_text(texts.versions("ours")[0].text, encoding="utf-8")
    done = await asyncio.to_thread(
        frisket, "--readings", str(capture), "--baseline-file", str(file)
    )
    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)
    assert told["baseline"] == "ours"
    found = told["devices"][0]["findings"]
    assert {one["consideration"] for one in found} == {c.id for c in own.considerations}


def frisket(*words: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "NO_COLOR": "1", "PYTHONWARNINGS": "error"}
    command = [sys.executable, "-m", "frisket.cli", "audit", *words, "--format", "json"]
    return subprocess.run(
        command, capture_output=True, text=True, env=env, timeout=100, check=False
    )


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_what_is_waived_is_not_changed(database: Database, tmp_path: Path) -> None:
    with living(1) as lab:
        fleet = fleet_of(database, tmp_path, lab.devices)
        with working(fleet, tmp_path) as jobs:
            [before] = Changes(database).devices(fleet.planned(jobs))
            mine = Scope(devices=(fleet.ids[0],))
            waiver(database, 9, mine, rule="", consideration="SO-05")
            [after] = Changes(database).devices(fleet.planned(jobs))
    assert before.settings > after.settings > 0, (before.why, after.why)
