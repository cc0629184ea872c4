"""The engine: writes what differs, once; proves it; puts it back; and names what happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from tests.unit.drivers.hands import FakeHand
from tests.unit.drivers.states import CATALOG, CONTENT, FACTORY, NOW, TARGET, plan_of

from frisket.drivers.access.snmp import IdentityChanged
from frisket.drivers.access.web import LoginRefused
from frisket.drivers.apply import apply_device
from frisket.drivers.base import Hand
from frisket.drivers.job import POINTS, Job, Mode, Pace
from frisket.drivers.plan import DevicePlan, Plan
from frisket.drivers.record import Outcome, Progress, Record, Result, new_record, read_run
from frisket.drivers.writing import batches
from frisket.errors import Filtered, FrisketError, Silent
from frisket.ledger import Ledger, LedgerFault
from frisket.model.reading import Known, Readings, Witness
from frisket.proto.snmp.errors import WrongKey

RUN = "20261122-120000-00000a"
STATE = {**FACTORY, "snmp.v3.enabled": True}
PLAN = plan_of(STATE, CONTENT.baselines["small-office"])
PACE = Pace((0.0, 0.0), (0.0, 0.0), back=0.0)
PATIENT = Pace((0.0, 0.0), (0.0, 0.0), back=5.0)
ORDER = [key for stage in PLAN.stages for key in stage.keys]


async def let_in() -> None:
    """Log in, as far as this bench has a door."""


LET_IN: dict[str, Callable[[], Awaitable[None]]] = {"Remote UI over HTTPS": let_in}


class Killed(BaseException):
    """The process ends here."""


@dataclass
class Bench:
    """A run over one fake device."""

    folder: Path
    hand: FakeHand = field(default_factory=lambda: FakeHand(dict(STATE)))
    plan: DevicePlan = PLAN
    mode: Mode = Mode.FRESH
    seen: Readings = field(default_factory=Readings)
    record: Record | None = None
    kill_at: str = ""
    fault: FrisketError | None = None
    events: list[tuple[str, str]] = field(default_factory=list)
    points: Counter[str] = field(default_factory=Counter)
    pace: Pace = PACE
    proofs: dict[str, Callable[[], Awaitable[None]]] = field(default_factory=lambda: dict(LET_IN))

    async def open_hand(self) -> Hand:
        if self.fault is not None:
            raise self.fault
        return self.hand

    async def look(self, _: frozenset[str]) -> Readings:
        return self.seen

    def point(self, name: str) -> None:
        self.points[name] += 1
        if self.kill_at == f"{name} {self.points[name]}":
            raise Killed

    def started(self) -> Record:
        if self.record is None:
            self.record = new_record(self.folder, RUN)
            self.record.begin(RUN, Plan("small-office", "", NOW, (self.plan,)))
        return self.record

    async def run(self) -> Result:
        tell: Callable[[str, str], None] = lambda what, detail: self.events.append((what, detail))  # noqa: E731
        record = self.started()
        known = (self.folder / f"{RUN}.run").exists()
        begun = read_run(self.folder, RUN, CATALOG)[0].devices if known else {}
        before = begun.get(TARGET.address, Progress())
        job = Job(
            self.plan,
            self.open_hand,
            self.look,
            record,
            tell,
            self.mode,
            self.point,
            proofs=self.proofs,
            meant=tuple(before.meant),
            undoing=before.undoing,
            doubted=before.doubted,
            pace=self.pace,
        )
        return await apply_device(job)

    def written(self) -> Counter[str]:
        return Counter(key for values in self.hand.writes for key in values)


async def test_each_difference_is_written_once_and_kept(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    result = await bench.run()
    assert result == Result(TARGET.address, Outcome.DONE, changed=tuple(ORDER))
    assert bench.written() == Counter(ORDER)
    assert all(bench.hand.state[s.key] == s.wanted for s in PLAN.steps)
    assert bench.hand.restarts == 1
    assert bench.hand.closed
    run, _ = read_run(tmp_path, RUN, CATALOG)
    assert run.plan.devices == (PLAN,)
    assert run.devices[TARGET.address].meant == run.devices[TARGET.address].written == ORDER
    assert run.devices[TARGET.address].result == result


async def test_a_compliant_device_gets_no_write(tmp_path: Path) -> None:
    state = {**STATE, **{step.key: step.wanted for step in PLAN.steps}}
    plan = plan_of(state, CONTENT.baselines["small-office"])
    bench = Bench(tmp_path, FakeHand(dict(state)), plan)
    assert (await bench.run()).outcome is Outcome.COMPLIANT
    assert bench.hand.writes == []


async def test_a_device_that_moved_since_is_left_alone(tmp_path: Path) -> None:
    bench = Bench(tmp_path, FakeHand({**STATE, "lpd.enabled": False}))
    result = await bench.run()
    assert result.outcome is Outcome.STALE
    assert result.why == "lpd.enabled was on and is off"
    assert bench.hand.writes == []


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (IdentityChanged("another device answers"), Outcome.IDENTITY_CHANGED),
        (WrongKey(), Outcome.DENIED),
        (Silent(), Outcome.UNREACHABLE),
    ],
)
async def test_what_cannot_be_opened_is_named(
    tmp_path: Path, fault: FrisketError, outcome: Outcome
) -> None:
    bench = Bench(tmp_path, fault=fault)
    assert (await bench.run()).outcome is outcome
    assert bench.hand.writes == []


async def test_a_connection_that_nobody_answers_is_tried_again(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    faults: list[FrisketError] = [Filtered("port 443/tcp did not answer")]
    whole = bench.open_hand

    async def open_hand() -> Hand:
        if faults:
            raise faults.pop()
        return await whole()

    bench.open_hand = open_hand  # type: ignore[method-assign]
    assert (await bench.run()).outcome is Outcome.DONE
    bench = Bench(tmp_path / "2", fault=Filtered(), pace=replace(PACE, opening=0.3))
    assert (await bench.run()).outcome is Outcome.UNREACHABLE


async def test_a_device_that_forgets_is_put_back(tmp_path: Path) -> None:
    bench = Bench(tmp_path, FakeHand(dict(STATE), forgets=frozenset({"ipp.enabled"})))
    result = await bench.run()
    assert result.outcome is Outcome.UNDONE
    assert "ipp.enabled" in result.why
    assert "did not keep it" in result.why
    assert bench.hand.state == STATE


async def test_a_device_that_refuses_is_put_back(tmp_path: Path) -> None:
    bench = Bench(tmp_path, FakeHand(dict(STATE), refuses=frozenset({"snmp.v1.enabled"})))
    result = await bench.run()
    assert result.outcome is Outcome.UNDONE
    assert "locked by the security policy" in result.why
    assert bench.hand.state == STATE


async def test_a_network_that_sees_otherwise_puts_it_back(tmp_path: Path) -> None:
    seen = Known(True, Witness.NETWORK, NOW, "snmp", "SNMPv1 answers")
    bench = Bench(tmp_path, seen=Readings({"snmp.v1.enabled": (seen,)}))
    result = await bench.run()
    assert result.outcome is Outcome.UNDONE
    assert "the network does not agree: snmp.v1.enabled: on (SNMPv1 answers)" in result.why
    assert bench.hand.state == STATE


async def test_what_cannot_be_put_back_is_listed(tmp_path: Path) -> None:
    hand = FakeHand(dict(STATE), forgets=frozenset({"ipp.enabled"}))
    bench = Bench(tmp_path, hand)
    whole = hand.write

    async def write(values: dict[str, object]) -> None:
        if "remote-ui.tls.enabled" in values and values["remote-ui.tls.enabled"] is False:
            hand.refuses = frozenset({"remote-ui.tls.enabled"})
        await whole(values)  # type: ignore[arg-type]

    hand.write = write  # type: ignore[method-assign, assignment]
    result = await bench.run()
    assert result.outcome is Outcome.LEFT
    assert result.left == ("remote-ui.tls.enabled",)


async def test_a_lost_answer_is_found_out_by_reading(tmp_path: Path) -> None:
    bench = Bench(tmp_path, FakeHand(dict(STATE), answer_lost=1))
    assert (await bench.run()).outcome is Outcome.DONE
    assert bench.written() == Counter(ORDER)


async def test_a_lost_write_is_not_repeated_blindly(tmp_path: Path) -> None:
    bench = Bench(tmp_path, FakeHand(dict(STATE), answer_lost=1, drops=True))
    result = await bench.run()
    assert result.outcome is Outcome.UNDONE
    assert "no answer to the write" in result.why
    assert bench.hand.state == STATE


async def test_a_device_gone_after_a_write_must_be_read(tmp_path: Path) -> None:
    bench = Bench(tmp_path, FakeHand(dict(STATE), deaf_after=1))
    result = await bench.run()
    assert result.outcome is Outcome.UNKNOWN
    assert result.left == ("remote-ui.tls.enabled",)
    again = Bench(tmp_path, FakeHand(bench.hand.state), mode=Mode.RESUMED)
    again.record = read_run(tmp_path, RUN, CATALOG)[1]
    again.hand.waiting = bench.hand.waiting
    assert (await again.run()).outcome is Outcome.DONE
    assert bench.written() + again.written() == Counter(ORDER)
    assert again.hand.restarts == 1


WRITES = [
    f"{name} {number}"
    for name in ("intent", "sent", "written")
    for number in range(1, sum(len(list(batches(list(s.keys)))) for s in PLAN.stages) + 1)
]


ONCE = ("opened", "restart", "restarted", "proving", "proved", "ended")


@pytest.mark.parametrize("point", [*WRITES, *(f"{name} 1" for name in ONCE)])
async def test_killed_anywhere_it_is_continued_without_loss_or_repeat(
    tmp_path: Path, point: str
) -> None:
    first = Bench(tmp_path, kill_at=point)
    with pytest.raises(Killed):
        await first.run()
    run, record = read_run(tmp_path, RUN, CATALOG)
    assert run.devices[TARGET.address].result is None
    again = Bench(tmp_path, first.hand, run.plan.devices[0], Mode.RESUMED, record=record)
    assert (await again.run()).outcome is Outcome.DONE
    assert again.written() == Counter(ORDER), "nothing lost, nothing written twice"
    assert all(again.hand.state[s.key] == s.wanted for s in PLAN.steps)
    assert not again.hand.waiting


async def test_a_setting_changed_by_others_stops_a_resumed_run(tmp_path: Path) -> None:
    state = {**STATE, "send.encrypted-pdf.level": "AES-256"}
    bench = Bench(tmp_path, FakeHand(dict(state)), mode=Mode.RESUMED)
    result = await bench.run()
    assert result.outcome is Outcome.STALE
    assert bench.hand.writes == []


async def test_undoing_leaves_alone_what_others_changed_since(tmp_path: Path) -> None:
    state = {**STATE, "send.encrypted-pdf.level": "AES-256"}
    bench = Bench(tmp_path, FakeHand(dict(state)), mode=Mode.UNDO)
    result = await bench.run()
    assert result.outcome is Outcome.LEFT
    assert result.left == ("send.encrypted-pdf.level",)
    assert bench.hand.state["send.encrypted-pdf.level"] == "AES-256"


async def test_without_a_record_nothing_is_written(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    bench = Bench(tmp_path, record=Record(Ledger(folder / "x.run")))
    with pytest.raises(LedgerFault):
        await bench.run()
    assert bench.hand.writes == []


async def test_our_own_fault_is_named_as_such(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan=replace(PLAN, steps=PLAN.steps[:1]))
    assert (await bench.run()).outcome is Outcome.BUG


async def test_a_way_that_survives_is_logged_in_to_before_the_others_close(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    now: dict[str, object] = {}

    async def log_in() -> None:
        now.update(bench.hand.state)

    bench.proofs = {"Remote UI over HTTPS": log_in}
    assert (await bench.run()).outcome is Outcome.DONE
    assert now["remote-ui.tls.enabled"] is True
    assert now["snmp.v1.enabled"] is True, "nothing is closed before"
    assert bench.events.index(("logged in", "Remote UI over HTTPS")) < bench.events.index(
        ("written", "snmp.v1.enabled")
    )


async def test_a_way_that_does_not_let_us_in_closes_nothing(tmp_path: Path) -> None:
    async def refuse() -> None:
        raise LoginRefused

    bench = Bench(tmp_path, proofs={"Remote UI over HTTPS": refuse})
    result = await bench.run()
    assert result.outcome is Outcome.UNDONE
    assert "Remote UI over HTTPS does not let us in" in result.why
    assert bench.hand.state == STATE
    assert not any("snmp.v1.enabled" in values for values in bench.hand.writes)


async def test_a_way_that_nobody_tried_is_named(tmp_path: Path) -> None:
    result = await Bench(tmp_path, proofs={}).run()
    assert result.outcome is Outcome.DONE
    assert result.why == "not tried, for no login is given: Remote UI over HTTPS"


async def test_our_own_way_is_not_closed_while_nothing_else_is_proved(tmp_path: Path) -> None:
    plan = plan_of(STATE, CONTENT.baselines["security-policy"])
    assert plan.own in plan.before.managing
    assert plan.own not in plan.after.managing
    bench = Bench(tmp_path, plan=plan, proofs={})
    result = await bench.run()
    assert result.outcome is Outcome.UNDONE
    assert "give a login for it" in result.why
    assert bench.hand.state == STATE
    proved = Bench(tmp_path / "2", plan=plan, proofs={"Remote UI over HTTP": let_in})
    assert (await proved.run()).outcome is Outcome.DONE


@pytest.mark.parametrize(("times", "outcome"), [(2, Outcome.DONE), (9, Outcome.BUSY)])
async def test_a_busy_device_is_told_again_and_left_as_it_was_where_it_stays_so(
    tmp_path: Path, times: int, outcome: Outcome
) -> None:
    bench = Bench(tmp_path, FakeHand(dict(STATE), busy=times))
    result = await bench.run()
    assert result.outcome is outcome
    if outcome is Outcome.DONE:
        assert bench.written() == Counter(ORDER)
    else:
        assert bench.hand.state == STATE
        assert bench.hand.writes == []


async def test_a_device_that_becomes_another_is_left_alone_and_named(tmp_path: Path) -> None:
    bench = Bench(tmp_path, FakeHand(dict(STATE), replaced_after=1))
    result = await bench.run()
    assert result.outcome is Outcome.REPLACED
    assert result.left == ("remote-ui.tls.enabled",)
    assert len(bench.hand.writes) == 1


async def test_a_device_that_restarts_by_itself_is_waited_for(tmp_path: Path) -> None:
    bench = Bench(tmp_path, FakeHand(dict(STATE), answer_lost=1, away=3), pace=PATIENT)
    assert (await bench.run()).outcome is Outcome.DONE
    assert bench.written() == Counter(ORDER)


def undo_points() -> list[str]:
    return [f"{name} {n}" for name in ("undo intent", "undo sent", "restored") for n in (1, 2)]


@pytest.mark.parametrize("point", ["undo 1", *undo_points(), "ended 1"])
async def test_killed_while_undoing_it_goes_on_undoing(tmp_path: Path, point: str) -> None:
    hand = FakeHand(dict(STATE), forgets=frozenset({"snmp.v1.enabled"}))
    first = Bench(tmp_path, hand, kill_at=point)
    with pytest.raises(Killed):
        await first.run()
    run, record = read_run(tmp_path, RUN, CATALOG)
    again = Bench(tmp_path, hand, run.plan.devices[0], Mode.RESUMED, record=record)
    result = await again.run()
    assert result.outcome is Outcome.UNDONE
    assert "did not keep it" in result.why
    assert hand.state == STATE
    written = again.written()
    # The device's word on this one counts for nothing, so it is told until that is on record.
    assert written.pop("snmp.v1.enabled") <= 3
    assert set(written.values()) <= {2}, "there and back, once"
    assert read_run(tmp_path, RUN, CATALOG)[0].devices[TARGET.address].meant == []


def test_each_point_is_reached_by_some_test() -> None:
    named = {*ONCE, "intent", "sent", "written", "undo", "undo intent", "undo sent", "restored"}
    assert named | {"changed over", "outcome"} == set(POINTS)
