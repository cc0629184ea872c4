"""A device that reports by itself is registered by a code, and its reports are stored once."""

from __future__ import annotations

from datetime import datetime, timedelta

import httpx
import pytest
from sqlalchemy import text
from tests.unit.telemetry.gateway.bench import NOON, T0, Bench, record

from frisket.errors import UsageError
from frisket.proto.erds import seal
from frisket.proto.erds.message import (
    PATH,
    SIGNATURE,
    Alert,
    AlertKind,
    Answer,
    Fault,
    Meter,
    Operation,
    Registration,
    Report,
    Result,
    Schedule,
)
from frisket.proto.erds.wire import read_answer, report_octets
from frisket.store.database import Database
from frisket.store.erds import ErdsDevices
from frisket.store.tables.erds import ERDS_REPORT
from frisket.telemetry.authority import new_authority
from frisket.telemetry.batch import Kind
from frisket.telemetry.erds_reception import Reception
from frisket.telemetry.gateway.applying import Limits
from frisket.telemetry.gateway.by_device import KeptDevices, erds_route, offer_code, want
from frisket.telemetry.gateway.service import open_gateway
from frisket.telemetry.gateway.web import Door, gateway_app
from frisket.telemetry.table import load_tables

SEED = bytes(32)
NUMBERS = next(table.numbers for table in load_tables() if table.name == "canon")
TOTAL = "counter.total-1"


class Device:
    """A device before the gateway's door; its clock and the gateway's are `now`."""

    def __init__(self, database: Database) -> None:
        self.bench = Bench(database)
        self.store = ErdsDevices(database)
        gateway = open_gateway(database, new_authority(NOON), Limits())
        reception = Reception(KeptDevices(self.store, gateway.intake, NUMBERS))
        self.now = NOON
        route = erds_route(reception, lambda: self.now)
        app = gateway_app(Door(gateway), database.answers, route)
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://gateway"
        )

    async def send(self, report: Report) -> Result:
        return (await self.ask(report)).result

    async def ask(self, report: Report) -> Answer:
        body = report_octets(report)
        headers = {SIGNATURE: seal.sign(SEED, body)}
        answer = await self.client.post(PATH, content=body, headers=headers)
        return read_answer(answer.content)

    async def register(self, code: str, sequence: int = 1) -> Result:
        return (await self.ask(self.test(code, sequence))).result

    def test(self, code: str, sequence: int) -> Report:
        shown = Registration(seal.public_key(SEED), code)
        test = Operation.COMMUNICATION_TEST
        return Report(test, "S1", "iR", sequence, self.now, self.now, shown)

    def counted(self, sequence: int, pages: int, at: datetime) -> Report:
        count = Operation.CLICK_COUNT
        return Report(count, "S1", "iR", sequence, at, self.now, counters=(Meter(101, pages),))


@pytest.fixture
def device(both: Database) -> Device:
    return Device(both)


async def test_it_is_registered_by_a_code_once_and_for_its_serial(device: Device) -> None:
    assert await device.register("AAAA-AAAA-AAAA-AAAA") is Result.REFUSED
    other = offer_code(device.store, "North", "S2", NOON)
    assert await device.register(other) is Result.REFUSED
    code = offer_code(device.store, "North", "S1", NOON)
    late = offer_code(device.store, "North", "", NOON - timedelta(days=2))
    assert await device.register(late) is Result.REFUSED
    assert await device.register(code) is Result.ACCEPTED
    with pytest.raises(UsageError):
        offer_code(device.store, "Nowhere", "", NOON)


async def test_it_hears_what_its_site_wants_of_it(device: Device) -> None:
    code = offer_code(device.store, "North", "", NOON)
    first = await device.ask(device.test(code, 1))
    assert (first.schedule, first.muted) == (Schedule(16), ())
    assert set(first.operations) == set(Operation)
    said = {"hours": 24, "start": 150, "muted": ["door-open"], "left_out": ["postServiceModeMenu"]}
    want(device.store, "North", said, NOON)
    version = device.bench.collectors.order(device.bench.north.site_id, {"every": 60.0}, NOON)
    assert version == 3, "both are one document"
    told = await device.ask(device.test("", 2))
    assert (told.schedule, told.muted) == (Schedule(24, 150), (AlertKind.DOOR_OPEN,))
    assert set(Operation) - set(told.operations) == {Operation.SERVICE_MENU}
    orders = device.bench.collectors.orders(device.bench.north.site_id)[1]
    assert orders["every"] == 60.0
    want(device.store, "North", {}, NOON)
    assert (await device.ask(device.test("", 3))).schedule == Schedule(16)
    assert device.bench.collectors.orders(device.bench.north.site_id)[1]["every"] == 60.0


@pytest.mark.parametrize(
    "said", [{"muted": ["fire"]}, {"left_out": ["postPoem"]}, {"left_out": ["communicationTest"]}]
)
async def test_what_no_device_can_do_is_not_wanted(
    device: Device, said: dict[str, list[str]]
) -> None:
    with pytest.raises(UsageError):
        want(device.store, "North", said, NOON)
    with pytest.raises(UsageError, match="no site"):
        want(device.store, "Nowhere", {}, NOON)


async def test_its_reports_are_stored_as_a_collectors_are_and_once(device: Device) -> None:
    bench = device.bench
    # A collector has met the same device before.
    bench.send(record(1, Kind.FULL, {"identity.serial": "S1", TOTAL: 90}, at=-7200))
    assert await device.register(offer_code(device.store, "North", "S1", NOON)) is Result.ACCEPTED
    device.now = NOON + timedelta(hours=1)
    report = device.counted(2, 100, device.now - timedelta(minutes=10))
    assert await device.send(report) is Result.ACCEPTED
    assert await device.send(report) is Result.REPEATED
    assert len(bench.devices) == 1
    counts = [(at - T0, v[TOTAL]) for at, _, v in bench.readings if TOTAL in v]
    assert counts == [(-7200, 90), (3000, 100)]
    assert bench.rows(ERDS_REPORT, "sequence") == [(1,), (2,)]
    assert device.store.forget(device.now) == 1


async def test_its_alerts_and_faults_are_events(device: Device) -> None:
    await device.register(offer_code(device.store, "North", "", NOON))
    now = device.now
    door = Alert(AlertKind.DOOR_OPEN, active=True, at=now)
    await device.send(Report(Operation.ALERT, "S1", "iR", 2, now, now, alerts=(door,)))
    jam = Fault("0A0C", "", at=now, total=7)
    await device.send(Report(Operation.JAM, "S1", "iR", 3, now, now, faults=(jam,)))
    shut = Alert(AlertKind.DOOR_OPEN, active=False, at=now)
    await device.send(Report(Operation.ALERT, "S1", "iR", 4, now, now, alerts=(shut,)))
    told = [(code, ended == began) for _, began, ended, _, code, _ in device.bench.events]
    assert sorted(told) == [("alert.cover.3", True), ("jam.0A0C", True)]


async def test_while_the_database_is_away_the_device_is_told_to_come_back(device: Device) -> None:
    await device.register(offer_code(device.store, "North", "", NOON))
    database = device.store.database
    with database.write() as connection:
        connection.execute(text("ALTER TABLE latest RENAME TO latest_away"))
    report = device.counted(2, 100, device.now)
    assert await device.send(report) is Result.BUSY
    with database.write() as connection:
        connection.execute(text("ALTER TABLE latest_away RENAME TO latest"))
    # The first try left nothing behind that would make this one a repetition.
    assert await device.send(report) is Result.ACCEPTED


async def test_what_is_too_large_is_not_read(device: Device) -> None:
    answer = await device.client.post(PATH, content=bytes(300_000))
    assert answer.status_code == 413
