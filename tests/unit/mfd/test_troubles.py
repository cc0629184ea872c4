"""Jams, doors, service calls, alarms: they stop the machine, and every protocol tells of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.lab import make_device
from tests.unit.mfd.mib.test_mib_tables import ERRORS, alerts, asker_of, device_with
from tests.unit.mfd.test_jobs import TICKET, done, pdf, quick, send

from frisket.errors import UsageError
from frisket.mfd.errands import ERRANDS
from frisket.mfd.ipp.printer import state_reasons
from frisket.mfd.panel.screens.status import errors
from frisket.mfd.troubles import TroubleKind
from frisket.proto.ipp.names import JobState
from frisket.proto.snmp.wire import OctetString


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (TroubleKind.JAM, "media-jam"),
        (TroubleKind.DOOR, "cover-open"),
        (TroubleKind.SERVICE_CALL, "other"),
    ],
)
async def test_printing_waits_and_goes_on(tmp_path: Path, kind: TroubleKind, reason: str) -> None:
    device = quick(tmp_path)
    before = errors(device)
    device.troubles.happen(kind)
    job = await done(device, send(device, TICKET, pdf(tmp_path, 3)))
    assert job.state is JobState.PROCESSING_STOPPED
    assert device.journal.counts["sheets"] == 0
    assert reason in state_reasons(device)
    assert len(errors(device)) == len(before) + 1
    assert device.troubles.clear(kind)
    job = await done(device, job)
    assert job.state is JobState.COMPLETED
    assert device.journal.counts["sheets"] == 3
    assert errors(device) == before


async def test_an_alarm_stops_nothing(tmp_path: Path) -> None:
    device = quick(tmp_path)
    device.troubles.happen(TroubleKind.ALARM)
    job = await done(device, send(device, TICKET, pdf(tmp_path)))
    assert job.state is JobState.COMPLETED


@pytest.mark.parametrize(
    ("kind", "bits", "alert"),
    [
        (TroubleKind.JAM, "04", {3: 8}),
        (TroubleKind.DOOR, "08", {4: 3}),
        (TroubleKind.SERVICE_CALL, "01", {5: 30}),
    ],
)
def test_snmp_tells_of_it(kind: TroubleKind, bits: str, alert: dict[int, int]) -> None:
    device = device_with([400], [("toner", 60)])
    asker = asker_of(device)
    device.troubles.happen(kind)
    assert alerts(asker) == alert
    assert asker.get(ERRORS) == [OctetString(bytes.fromhex(bits))]
    device.troubles.clear(kind)
    assert alerts(asker) == {}
    assert asker.get(ERRORS) == [OctetString(b"\0")]


def test_what_happened_is_numbered_and_remembered(tmp_path: Path) -> None:
    device = make_device(folder=tmp_path, counters={101: 77})
    device.troubles.happen(TroubleKind.JAM, "0101", slot="Drawer 1", paper="A4")
    device.troubles.happen(TroubleKind.ALARM, "300001")
    device.troubles.clear(TroubleKind.JAM)
    device.troubles.happen(TroubleKind.DOOR, "Right Cover")
    again = make_device(folder=tmp_path).troubles
    assert [(t.number, t.kind, t.code, t.total) for t in again.since(0)] == [
        (1, TroubleKind.JAM, "0101", 77),
        (2, TroubleKind.ALARM, "300001", 77),
        (3, TroubleKind.DOOR, "Right Cover", 77),
    ]
    assert list(again.active) == [TroubleKind.DOOR]
    assert [t.number for t in again.since(2)] == [3]


def test_the_logs_keep_a_hundred() -> None:
    troubles = make_device().troubles
    for _ in range(150):
        troubles.happen(TroubleKind.JAM)
    assert len(troubles.since(0)) == 100
    assert troubles.count == 150


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (TroubleKind.JAM, "xyz"),
        (TroubleKind.SERVICE_CALL, "E1"),
        (TroubleKind.ALARM, "salaries.pdf"),
        (TroubleKind.DOOR, "x" * 33),
    ],
)
def test_a_code_that_none_has_is_refused(kind: TroubleKind, code: str) -> None:
    with pytest.raises(UsageError):
        make_device().troubles.happen(kind, code)


async def test_a_person_at_the_lab_causes_them_and_puts_them_right() -> None:
    device = make_device()
    said = await ERRANDS["trouble"](device, {"kind": "jam", "code": "010C"})
    assert said["code"] == "010C"
    assert await ERRANDS["trouble"](device, {"kind": "jam", "cleared": "yes"}) == {"cleared": True}
    assert (await ERRANDS["toner"](device, {"number": 1, "level": 3}))["level"] == 3
    assert device.levels.supply(0) == 3
    assert await ERRANDS["com-log"](device, {}) == {"log": []}
    refused: list[tuple[str, dict[str, Any]]] = [
        ("trouble", {"kind": "fire"}),
        ("toner", {"number": 99, "level": 1}),
        ("toner", {"number": 1, "level": 101}),
        ("toner", {"number": "x"}),
        ("com-test", {}),
    ]
    for command, bad in refused:
        with pytest.raises(UsageError):
            await ERRANDS[command](device, bad)
