"""What people are shown is what was reported: statements, supplies, alerts, the board."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.unit.telemetry.gateway.bench import Bench, record

from frisket.store.database import Database
from frisket.store.reported import Reported, Who
from frisket.telemetry.batch import Kind
from frisket.telemetry.board import Light
from frisket.telemetry.forecast import Outcome
from frisket.telemetry.gateway.view import Views
from frisket.telemetry.meters import Mark

BEGIN = datetime(2026, 1, 1, 9, tzinfo=UTC)
JAM = ["critical", "mediaPath", 1, 8, "Paper jam", "printer-mib", "1.3", ""]
FULL: dict[str, Any] = {
    "identity.serial": "S1",
    "identity.model": "iR-ADV",
    "status.printer": "idle",
    "counter.total-1.is": ["Total 1", "impressions", 101, "canon", "1.2", ""],
    "supply.1": ["Black", "toner", "black", False, "percent", 100, "", "", ""],
}


class Office:
    """One device, polled at noon of every day from 1 January to the end of February."""

    def __init__(self, database: Database, *, silent: range = range(0)) -> None:
        self.bench = Bench(database)
        seq = 0
        for day in range(59):
            if day in silent:
                continue
            at = BEGIN + timedelta(days=day)
            self.bench.now = at + timedelta(seconds=1)
            seq += 1
            values = {"counter.total-1": 1000 + 100 * day, "supply.1.level": 100 - day}
            told = {**FULL, **values} if seq == 1 else values
            kind = Kind.FULL if seq == 1 else Kind.CHANGE
            if day % 7 >= 5:
                kind, told = Kind.SEEN, {}
            since = at.timestamp() - datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()
            self.bench.send(record(seq, kind, told, at=since))
        self.now = BEGIN + timedelta(days=58, hours=1)
        self.views = Views(Reported(database), self.bench.intake.metrics)

    @property
    def who(self) -> Who:
        (found,) = self.views.reported.devices("North", "S1")
        return found


def test_a_month_without_a_fault_is_complete(both: Database) -> None:
    office = Office(both)
    stated = office.views.statement(office.who, (2026, 2), office.now + timedelta(days=9))
    (line,) = stated.lines
    # 31 January is the 31st day, 28 February the 59th: both were days with pages.
    assert (line.counter, line.number, line.label) == ("total-1", 101, "Total 1")
    assert (line.opening, line.closing) == (1000 + 100 * 30, 1000 + 100 * 58)
    assert line.pages == line.closing - line.opening
    assert line.breaks == ()
    assert stated.silences == ()


def test_days_on_which_nobody_heard_of_it_are_named(both: Database) -> None:
    office = Office(both, silent=range(40, 45))
    stated = office.views.statement(office.who, (2026, 2), office.now + timedelta(days=9))
    assert not stated.complete
    assert [(one[:10], other[:10]) for one, other, _ in stated.silences][:1] == [
        ("2026-02-09", "2026-02-15")
    ]


def test_a_replaced_board_is_marked(both: Database) -> None:
    office = Office(both)
    bench = office.bench
    since = office.now.timestamp() - datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()
    bench.now = office.now
    bench.send(record(60, Kind.CHANGE, {"counter.total-1": 3}, at=since))
    stated = office.views.statement(office.who, (2026, 2), office.now + timedelta(days=9))
    (line,) = stated.lines
    assert [b.mark for b in line.breaks] == [Mark.RESET.value]
    assert not stated.complete


def test_supplies_are_forecast_from_closing_days(both: Database) -> None:
    office = Office(both)
    (found,) = office.views.supplies([office.who], office.now)
    assert found.supply.level.percent == 42
    assert found.forecast.outcome is Outcome.FORECAST
    assert found.forecast.low is not None
    assert found.forecast.days is not None
    assert found.forecast.low <= found.forecast.days
    assert found.forecast.days == pytest.approx(42, abs=10)


def test_the_board_and_the_alerts(both: Database) -> None:
    office = Office(both)
    board = office.views.board([office.who], office.now)
    assert board.counts[Light.WELL] == 1
    since = office.now.timestamp() - datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()
    office.bench.now = office.now
    office.bench.send(record(60, Kind.CHANGE, {"alert.9": JAM}, at=since))
    board = office.views.board([office.who], office.now)
    assert board.counts[Light.STOPPED] == 1
    later = office.now + timedelta(hours=1)
    (standing,) = office.views.happenings([office.who], later, later, standing=True)
    assert (standing.device, standing.code, standing.ended) == ("S1", "alert.mediaPath.8", None)
    board = office.views.board([office.who], office.now + timedelta(days=3))
    assert board.counts[Light.SILENT] == 1
