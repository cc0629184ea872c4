"""The gateway's end of eRDS: who is believed, and that nothing counts twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.erds import CODE, Shelf

from frisket.proto.erds import seal
from frisket.proto.erds.message import (
    Alert,
    AlertKind,
    Fault,
    LevelState,
    Meter,
    Operation,
    Registration,
    Report,
    Result,
    Schedule,
    SupplyLevel,
)
from frisket.proto.erds.wire import read_answer, report_octets
from frisket.telemetry.batch import Batch, Kind, Value, decode, encode
from frisket.telemetry.erds_reception import (
    WINDOW,
    Accepted,
    Pace,
    Reception,
    Reply,
    busy,
)
from frisket.telemetry.erds_sample import records_of, sample_of
from frisket.telemetry.sample import State
from frisket.telemetry.table import load_tables

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SEED, OTHER = bytes(32), bytes([1]) * 32
KEY = seal.public_key(SEED)


def shelf() -> Shelf:
    codes = {seal.code_digest(CODE): ("VMF1", NOW + timedelta(days=7))}
    return Shelf(codes, schedule=Schedule(8, 60), muted=(AlertKind.TONER_LOW,))


def first(code: str = CODE, serial: str = "VMF1", seed: bytes = SEED, sequence: int = 1) -> Report:
    key = seal.public_key(seed)
    test = Operation.COMMUNICATION_TEST
    return Report(test, serial, "iR", sequence, NOW, NOW, Registration(key, code))


def counters(
    sequence: int, serial: str = "VMF1", at: datetime = NOW, sent: datetime = NOW
) -> Report:
    count = Operation.CLICK_COUNT
    return Report(count, serial, "iR", sequence, at, sent, counters=(Meter(101, 5),))


def send(reception: Reception, report: Report, seed: bytes = SEED, now: datetime = NOW) -> Reply:
    body = report_octets(report)
    reply = reception.accept(body, seal.sign(seed, body), now)
    assert read_answer(reply.body) == reply.answer
    return reply


def registered() -> tuple[Reception, Shelf]:
    kept = shelf()
    reception = Reception(kept)
    assert send(reception, first()).answer.result is Result.ACCEPTED
    return reception, kept


def test_the_test_registers_and_tells_what_is_wanted() -> None:
    reception, kept = registered()
    answer = send(reception, first(sequence=2, code="")).answer
    assert answer.schedule == Schedule(8, 60)
    assert answer.muted == (AlertKind.TONER_LOW,)
    assert set(answer.operations) == set(Operation)
    assert kept.keys == {"VMF1": KEY}
    assert kept.codes == {}


@pytest.mark.parametrize(
    ("report", "seed", "now"),
    [
        (first(code="AAAA-AAAA-AAAA-AAAA"), SEED, NOW),
        (first(code=""), SEED, NOW),
        (first(serial="VMF2"), SEED, NOW),
        (first(), SEED, NOW + timedelta(days=8)),
    ],
    ids=["guessed", "none", "for another device", "too late"],
)
def test_a_code_that_is_not_good(report: Report, seed: bytes, now: datetime) -> None:
    kept = shelf()
    reply = send(Reception(kept), report, seed, now)
    assert reply.answer.result is Result.REFUSED
    assert reply.status == 403
    assert kept.keys == {}
    assert kept.kept == {}


def test_a_code_is_good_once() -> None:
    reception, kept = registered()
    reply = send(reception, first(seed=OTHER, sequence=1), OTHER)
    assert reply.answer.result is Result.REFUSED
    assert kept.keys == {"VMF1": KEY}


def test_a_lost_answer_does_not_cost_the_registration() -> None:
    reception, kept = registered()
    assert send(reception, first()).answer.result is Result.REPEATED
    assert len(kept.kept) == 1


def test_the_shown_key_must_have_signed() -> None:
    kept = shelf()
    assert send(Reception(kept), first(), OTHER).answer.result is Result.UNREGISTERED
    assert len(kept.codes) == 1


def test_strangers_and_forgers_hear_the_same() -> None:
    reception, kept = registered()
    forged, unknown = send(reception, counters(2), OTHER), send(reception, counters(2, "VMF9"))
    assert forged.body == unknown.body
    assert forged.status == unknown.status == 401
    assert forged.note != unknown.note
    assert len(kept.kept) == 1


def test_a_key_speaks_for_its_own_device_only() -> None:
    kept = shelf()
    kept.codes[seal.code_digest("B" * 16)] = ("VMF2", NOW)
    reception = Reception(kept)
    send(reception, first())
    send(reception, first(code="B" * 16, serial="VMF2", seed=OTHER), OTHER)
    assert send(reception, counters(2, "VMF2"), SEED).answer.result is Result.UNREGISTERED


def test_a_new_board_has_a_new_key_and_the_old_one_is_over() -> None:
    reception, kept = registered()
    kept.codes[seal.code_digest("C" * 16)] = ("", NOW)
    assert send(reception, first(code="c" * 16, seed=OTHER), OTHER).answer.taken
    assert send(reception, counters(9), SEED).answer.result is Result.UNREGISTERED
    assert send(reception, counters(2), OTHER).answer.result is Result.ACCEPTED


@given(st.lists(st.integers(2, 12), min_size=1, max_size=40))
def test_each_message_counts_once_in_any_order(order: list[int]) -> None:
    reception, kept = registered()
    for sequence in order:
        assert send(reception, counters(sequence)).answer.taken
    assert sorted(n for _, _, n in kept.kept) == sorted({1, *order})


def test_what_is_long_past_is_refused() -> None:
    reception, kept = registered()
    assert send(reception, counters(WINDOW + 5)).answer.taken
    assert send(reception, counters(5)).answer.result is Result.STALE
    assert send(reception, counters(6)).answer.taken
    assert len(kept.kept) == 3


@given(
    st.timedeltas(timedelta(days=-400), timedelta(days=400)),
    st.timedeltas(timedelta(0), timedelta(days=3)),
)
def test_a_wrong_clock_is_allowed_for(skew: timedelta, waited: timedelta) -> None:
    reception, _ = registered()
    second = timedelta(seconds=1)
    skew, waited = skew // second * second, waited // second * second
    sent = NOW + skew
    reply = send(reception, counters(2, at=sent - waited, sent=sent))
    assert reply.accepted is not None
    assert reply.accepted.measured == NOW - waited
    assert reply.accepted.skew == skew
    assert reply.accepted.sure


def test_a_clock_that_was_set_meanwhile_is_marked() -> None:
    reception, _ = registered()
    reply = send(reception, counters(2, at=NOW, sent=NOW - timedelta(days=365)))
    assert reply.accepted is not None
    assert not reply.accepted.sure
    assert reply.accepted.measured == NOW


def test_a_device_that_never_stops_is_slowed_down() -> None:
    kept = shelf()
    reception = Reception(kept, pace=Pace(burst=5, seconds=10))
    replies = [send(reception, first()), *(send(reception, counters(n)) for n in range(2, 20))]
    late = [reply for reply in replies if reply.answer.result is Result.BUSY]
    assert len(kept.kept) == 5
    assert len(late) == 14
    assert late[0].status == 503
    assert late[0].answer.retry_after == 11
    assert send(reception, counters(30), now=NOW + timedelta(seconds=10)).answer.taken


def test_octets_that_are_no_report() -> None:
    reception, _ = registered()
    for body in (
        b"",
        b"{}",
        b"\xff" * 10,
        b"[" * 200_000,
        b'{"version":1,"\xc2\xad\xe2\x80\x8b":1}',
    ):
        reply = reception.accept(body, "", NOW)
        assert reply.status == 400
        assert read_answer(reply.body).result is Result.MALFORMED


def test_devices_that_are_not_served_are_refused() -> None:
    reception = Reception(shelf(), known=lambda serial: serial != "VMF1")
    assert send(reception, first()).answer.result is Result.REFUSED


def test_the_port_s_faults_pass_and_busy_says_so() -> None:
    class Down(Shelf):
        def keep(self, accepted: Accepted) -> bool:
            raise OSError("database down")

    kept = Down(keys={"VMF1": KEY})
    with pytest.raises(OSError, match="down"):
        send(Reception(kept), counters(2))
    assert read_answer(busy(30).body).retry_after == 30


def test_the_proof_is_kept() -> None:
    reception, _ = registered()
    reply = send(reception, counters(2))
    assert reply.accepted is not None
    assert seal.fits(KEY, reply.accepted.body, reply.accepted.signature)


def test_a_report_is_a_sample_as_a_poll_would_give_it() -> None:
    numbers = next(table.numbers for table in load_tables() if table.name == "canon")
    report = replace(
        counters(2),
        operation=Operation.ALERT,
        counters=(Meter(101, 5), Meter(113, 4), Meter(999, 1)),
        supplies=(
            SupplyLevel("Black Toner", "toner", "black", LevelState.MEASURED, 0),
            SupplyLevel("Cyan Toner", "toner", "cyan", LevelState.SOME),
            SupplyLevel("Waste Toner", "waste toner", "", LevelState.UNKNOWN),
        ),
        alerts=(
            Alert(AlertKind.TONER_OUT, True, NOW, "Black Toner"),
            Alert(AlertKind.DOOR_OPEN, False, NOW),
        ),
    )
    sample = sample_of(report, numbers)
    assert [(c.name, c.number, c.value) for c in sample.counters] == [
        ("total-1", 101, 5),
        ("total-black-small", 113, 4),
        ("counter-999", 999, 1),
    ]
    assert [s.level.state for s in sample.supplies] == [State.MEASURED, State.SOME, State.UNKNOWN]
    assert [s.level.percent for s in sample.supplies] == [0, None, None]
    assert sample.supplies[2].receptacle
    assert [(a.severity, a.group, a.text) for a in sample.alerts] == [
        ("critical", "supply", "Black Toner: toner-out")
    ]


def test_a_report_is_records_that_the_gateway_s_store_takes() -> None:
    reception, _ = registered()
    numbers = next(table.numbers for table in load_tables() if table.name == "canon")
    late = NOW + timedelta(hours=5)
    jam = replace(
        counters(2),
        operation=Operation.JAM,
        faults=(Fault("010C", "", NOW, 1234, "Drawer 1", "A4"), Fault("E000", "0001", NOW, 1)),
    )
    began = replace(
        counters(3, sent=late),
        operation=Operation.ALERT,
        alerts=(
            Alert(AlertKind.TONER_LOW, True, NOW, "Black Toner"),
            Alert(AlertKind.JAM, False, NOW, "Paper jam"),
        ),
    )
    found: list[dict[str, Value]] = []
    for report, kinds in ((jam, [Kind.CHANGE, Kind.EVENT, Kind.EVENT]), (began, [Kind.CHANGE])):
        reply = send(reception, report, now=late)
        assert reply.accepted is not None
        records = records_of(reply.accepted, numbers)
        assert [record.kind for record in records] == kinds
        for record in records:
            assert decode(encode(Batch("erds", "VMF1", record.seq, 1, (record,)))).records == (
                record,
            )
            assert (record.device, record.seq) == ("VMF1", report.sequence)
            found.append(record.values)
        assert records[0].at == (late - (report.sent - report.at)).timestamp()
    assert found[0]["counter.total-1"] == 5
    assert found[1]["code"] == "jam.010C"
    assert found[2]["code"] == "jam.E000-0001"
    assert isinstance(found[3]["alert.toner-low-black-toner"], list)
    assert found[3]["alert.jam-paper-jam"] is None
