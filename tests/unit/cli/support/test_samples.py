"""Polls as people and machines see them: nothing a device says escapes."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime

import pytest

from frisket.cli.support.samples import csv_text, document, level_words, print_samples
from frisket.model.target import Identity
from frisket.report.safe import safe
from frisket.telemetry.poll import Polled
from frisket.telemetry.prometheus import render
from frisket.telemetry.sample import (
    Alert,
    Counter,
    Level,
    Sample,
    Source,
    State,
    Status,
    Supply,
    Tray,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SOURCE = Source("made", "1.3.6.1.9")
EVIL = '=cmd|x"\\\n\x1b]0;owned\x07[red]\u202e'


def level(amount: int | None = 63, capacity: int | None = 100, unit: str = "percent") -> Level:
    """Return a measured level."""
    return Level(State.MEASURED, SOURCE, amount, capacity, unit)


def made(text: str = "plain") -> Polled:
    """Return a poll that says `text` wherever a device may say anything."""
    sample = Sample(
        Identity(*([text] * 7)),
        text,
        Status("idle", "running", ("jammed",), (text,)),
        (Alert("1.1", "critical", "input", 2, 8, text, SOURCE),),
        (
            Supply("1.1", text, "toner", text, False, level()),
            Supply("1.2", text, "waste toner", "", True, Level(State.SOME, SOURCE)),
        ),
        (Tray("1.1", text, text, level(120, 550, "sheets")),),
        (Counter("total-1", text, 150_000, "impressions", SOURCE, 101),),
        {"serial": SOURCE},
        (text,),
    )
    return Polled("10.0.0.7", NOW, sample, via="SNMPv1")


SILENT = Polled("10.0.0.8", NOW, why="the SNMP agent did not answer")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (level(), "63 %"),
        (level(120, 550, "sheets"), "22 % (120 of 550 sheets)"),
        (level(5, None, "items"), "5 items"),
        (level(150, 100), "150 of 100 percent"),
        (Level(State.SOME, SOURCE), "some left"),
        (Level(State.UNKNOWN, SOURCE), "unknown"),
    ],
)
def test_levels_in_words(given: Level, words: str) -> None:
    assert level_words(given) == words


def test_the_table_shows_everything_and_runs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    print_samples(safe((made(EVIL),)))
    out = capsys.readouterr().out
    for word in ("63 %", "some left", "150,000", "idle, running · jammed", "critical", "room left"):
        assert word in out
    assert "[red]" in out
    assert not {"\x1b", "\x07", "\u202e"} & set(out)


def test_json_names_the_silent_ones_apart() -> None:
    told = document(safe((made(EVIL), SILENT)))
    text = json.dumps(told, ensure_ascii=False)
    assert [one["target"] for one in told["devices"]] == ["10.0.0.7"]
    assert told["devices"][0]["supplies"][0]["level"]["percent"] == 63
    assert told["devices"][0]["counters"][0]["source"]["oid"] == "1.3.6.1.9"
    assert told["silent"] == [{"target": "10.0.0.8", "why": "the SNMP agent did not answer"}]
    assert "\u202e" not in text
    assert "\\u001b" not in text


def test_csv_cells_are_no_formulas() -> None:
    rows = list(csv.reader(io.StringIO(csv_text(safe((made(EVIL),))))))
    assert {len(row) for row in rows} == {len(rows[0])}
    assert not [cell for row in rows for cell in row if cell[:1] in {"=", "+", "@"}]
    groups = [row[3] for row in rows[1:]]
    assert set(groups) == {"fact", "supply", "tray", "alert", "counter"}
    counter = next(row for row in rows if row[3] == "counter")
    assert counter[6:8] == ["101", "150000"]


def test_prometheus_keeps_every_digit_and_quotes_every_label() -> None:
    page = render(safe((made(EVIL), SILENT)))
    lines = page.splitlines()
    assert 'frisket_device_up{target="10.0.0.8"} 0' in lines
    meter = next(line for line in lines if line.startswith("frisket_meter_total"))
    assert meter.endswith(" 150000")
    assert 'number="101"' in meter
    named = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(named) == len(set(named))
    assert all(line.startswith(("#", "frisket_")) for line in lines)


def test_raw_labels_are_quoted() -> None:
    page = render((made('a"b\\c\nd'),))
    assert 'location="a\\"b\\\\c\\nd"' in page
