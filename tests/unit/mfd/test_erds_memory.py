"""What eRDS remembers: bounded, numbered, on disk; and when it speaks next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frisket.ledger import Ledger, LedgerFault
from frisket.mfd.erds_memory import (
    LOG_ENTRIES,
    MOST_ALERTS,
    MOST_FAULTS,
    ErdsMemory,
    next_due,
)
from frisket.proto.erds.message import Alert, AlertKind, Answer, Fault, Operation, Result, Schedule

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def memory(folder: Path) -> ErdsMemory:
    return ErdsMemory(Ledger(folder / "erds.ledger"))


def fault(code: str) -> Fault:
    return Fault(code, "", NOW, 1, "Drawer 1", "A4")


def alert(part: str) -> Alert:
    return Alert(AlertKind.TONER_LOW, True, NOW, part)


def test_all_of_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    first = memory(tmp_path)
    first.make_key(b"k" * 32)
    answer = Answer(
        Result.ACCEPTED,
        schedule=Schedule(8, 90),
        operations=tuple(Operation),
        muted=(AlertKind.ALARM,),
    )
    first.registered_by(answer, NOW, 3)
    first.put(Operation.JAM, NOW, fault=fault("0101"), mark=lambda s: setattr(s, "trouble", 4))
    first.put(Operation.ALERT, NOW, alert=alert("Black"), mark=lambda s: s.told.add(KEY))
    first.put(Operation.CLICK_COUNT, NOW)
    first.failed(NOW)
    first.note(NOW, "postJamLog", "no answer", ok=False)
    again = memory(tmp_path)
    assert again.state == first.state
    assert again.log == first.log
    assert again.state.trouble == 4
    assert again.state.due == NOW.replace(hour=1, minute=30) + timedelta(days=1)


KEY = (AlertKind.TONER_LOW, "Black")


def test_what_waits_is_bounded_and_the_oldest_goes(tmp_path: Path) -> None:
    kept = memory(tmp_path)
    said = [kept.put(Operation.JAM, NOW, fault=fault(f"{n:04X}")) for n in range(MOST_FAULTS + 5)]
    said += [kept.put(Operation.ALERT, NOW, alert=alert(str(n))) for n in range(MOST_ALERTS + 5)]
    assert len([each for each in said if each]) == 10
    waiting = kept.state.waiting
    assert len(waiting) == MOST_FAULTS + MOST_ALERTS
    assert waiting[0].fault == fault("0005")
    numbers = [parcel.sequence for parcel in waiting]
    assert numbers == sorted(set(numbers))
    for n in range(LOG_ENTRIES + 5):
        kept.note(NOW, "x", str(n), ok=True)
    assert len(kept.log) == LOG_ENTRIES


def test_readings_wait_once_since_they_are_read_anew(tmp_path: Path) -> None:
    kept = memory(tmp_path)
    kept.put(Operation.CLICK_COUNT, NOW)
    kept.put(Operation.CLICK_COUNT, NOW + HOUR)
    assert [p.operation for p in kept.state.waiting] == [Operation.CLICK_COUNT]
    assert kept.state.sequence == 1


def test_on_a_full_disk_all_is_as_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = memory(tmp_path)
    kept.put(Operation.JAM, NOW, fault=fault("0101"))
    before = repr(kept.state)

    def full(*_: object) -> None:
        raise LedgerFault("no space left on device")

    monkeypatch.setattr(Ledger, "replace", full)
    with pytest.raises(LedgerFault):
        kept.put(Operation.JAM, NOW, fault=fault("0102"), mark=lambda s: s.told.add(KEY))
    with pytest.raises(LedgerFault):
        kept.number()
    with pytest.raises(LedgerFault):
        kept.initialize(b"n" * 32)
    assert repr(kept.state) == before
    kept.note(NOW, "x", "y", ok=False)


def test_the_fourth_failure_gives_the_oldest_alert_up_and_no_log(tmp_path: Path) -> None:
    kept = memory(tmp_path)
    kept.put(Operation.JAM, NOW, fault=fault("0101"))
    for part in ("Black", "Cyan"):
        kept.put(Operation.ALERT, NOW, alert=alert(part), mark=lambda s: s.told.add(KEY))
    now, lost, pauses = NOW, [], []
    for _ in range(6):
        lost.append(kept.failed(now))
        assert kept.failed(now) is None, "what is tried before its time counts for nothing"
        assert kept.state.retry is not None
        pauses.append((kept.state.retry - now).total_seconds())
        now = kept.state.retry
    parts = [each.alert.part if each and each.alert else "" for each in lost]
    assert parts == ["", "", "", "Black", "Cyan", ""]
    assert pauses == [60, 300, 900, 3600, 3600, 3600]
    assert [p.operation for p in kept.state.waiting] == [Operation.JAM]
    assert KEY in kept.state.lost
    assert KEY not in kept.state.told


@given(st.timedeltas(timedelta(days=-800), timedelta(days=800)), st.integers(1, 744))
def test_the_next_time_is_ahead_and_never_further_than_the_interval(
    off: timedelta, hours: int
) -> None:
    step = timedelta(hours=hours)
    assert NOW < next_due(NOW + off, hours, NOW) <= NOW + step
    if timedelta(0) <= -off < step:
        assert next_due(NOW + off, hours, NOW) == NOW + off + step
