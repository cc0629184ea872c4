"""A run's record: what was on disk is read back, and nothing else is believed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.unit.drivers.states import CATALOG, CONTENT, FACTORY, NOW, TARGET, plan_of

from frisket.drivers.plan import Plan
from frisket.drivers.record import (
    Outcome,
    Record,
    Result,
    alone,
    new_record,
    read_run,
    run_name,
    run_path,
    taken_back,
)
from frisket.errors import UsageError
from frisket.ledger import Ledger, LedgerFault
from frisket.ledger import Record as Row

DEVICE = plan_of({**FACTORY, "snmp.v3.enabled": True}, CONTENT.baselines["small-office"])
PLAN = Plan("small-office", "v", NOW, (DEVICE,))
RUN = run_name(NOW, 0xABCDEF)


def test_what_was_recorded_is_read_back(tmp_path: Path) -> None:
    record = new_record(tmp_path / "runs", RUN)
    record.begin(RUN, PLAN, "20261121-000000-000000")
    record.intent(TARGET.address, {"a": 1, "b": 2}, {"a": 3, "b": 4})
    record.written(TARGET.address, ("a", "b"))
    record.restart(TARGET.address)
    record.intent(TARGET.address, {"c": 1}, {"c": 2})
    record.restored(TARGET.address, ("b",))
    run, again = read_run(tmp_path / "runs", RUN, CATALOG)
    assert (run.id, run.plan, run.undoes) == (RUN, PLAN, "20261121-000000-000000")
    assert run.devices[TARGET.address].meant == ["a", "c"]
    assert run.devices[TARGET.address].written == ["a"]
    assert run.devices[TARGET.address].result is None
    result = Result(TARGET.address, Outcome.LEFT, "why", ("a",), ("c",))
    again.result(result)
    assert read_run(tmp_path / "runs", RUN, CATALOG)[0].devices[TARGET.address].result == result
    assert (tmp_path / "runs" / f"{RUN}.run").stat().st_mode & 0o077 == 0


def test_a_torn_last_line_is_no_news(tmp_path: Path) -> None:
    record = new_record(tmp_path, RUN)
    record.begin(RUN, PLAN)
    record.intent(TARGET.address, {"a": 1}, {"a": 2})
    path = run_path(tmp_path, RUN)
    whole = path.read_bytes()
    record.written(TARGET.address, ("a",))
    for cut in range(len(whole) + 1, path.stat().st_size):
        path.write_bytes((whole + path.read_bytes()[len(whole) :])[:cut])
        progress = read_run(tmp_path, RUN, CATALOG)[0].devices[TARGET.address]
        assert (progress.meant, progress.written) == (["a"], [])
        path.write_bytes(whole)
        record.written(TARGET.address, ("a",))


def test_a_run_is_begun_once(tmp_path: Path) -> None:
    new_record(tmp_path, RUN)
    with pytest.raises(LedgerFault):
        new_record(tmp_path, RUN)
    with pytest.raises(UsageError, match="holds no plan"):
        read_run(tmp_path, RUN, CATALOG)


@pytest.mark.parametrize("name", ["", "x", "../20261122-120000-abcdef", f"{RUN}/..", "*"])
def test_what_is_no_name_of_a_run_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="is no run"):
        read_run(tmp_path, name, CATALOG)


def test_a_run_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no run"):
        read_run(tmp_path, RUN, CATALOG)


class Counting(Ledger):
    """A ledger that counts how often it waited for the disk, and fails when told to."""

    __slots__ = ("appends", "full")

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.appends = 0
        self.full = False

    def append(self, *records: Row) -> None:
        self.appends += 1
        if self.full:
            raise LedgerFault("no room")
        super().append(*records)


async def test_what_many_write_at_once_waits_for_the_disk_together(tmp_path: Path) -> None:
    ledger = Counting(tmp_path / f"{RUN}.run")
    record = Record(ledger)
    record.begin(RUN, PLAN)

    async def one(number: int) -> None:
        name = f"k{number}"
        await record.share(lambda r: r.intent(TARGET.address, {name: 1}, {name: 2}))
        # On disk already, whoever else is still waiting.
        assert name in read_run(tmp_path, RUN, CATALOG)[0].devices[TARGET.address].meant

    async with asyncio.TaskGroup() as group:
        for number in range(40):
            group.create_task(one(number))
    assert len(read_run(tmp_path, RUN, CATALOG)[0].devices[TARGET.address].meant) == 40
    assert ledger.appends < 10


async def test_each_of_many_hears_that_there_is_no_room(tmp_path: Path) -> None:
    ledger = Counting(tmp_path / f"{RUN}.run")
    record = Record(ledger)
    record.begin(RUN, PLAN)
    ledger.full = True
    faults = await asyncio.gather(
        *(record.share(lambda r: r.written(TARGET.address, ("a",))) for _ in range(5)),
        return_exceptions=True,
    )
    assert [type(fault) for fault in faults] == [LedgerFault] * 5
    ledger.full = False
    await record.share(lambda r: r.restart(TARGET.address))
    assert read_run(tmp_path, RUN, CATALOG)[0].devices[TARGET.address].written == []


def ended(folder: Path, second: int, undoes: str, outcome: Outcome) -> str:
    """Record a run that ended; return its name."""
    name = run_name(NOW, second)
    record = new_record(folder, name)
    record.begin(name, PLAN, undoes)
    record.result(Result(TARGET.address, outcome))
    return name


def test_a_run_is_taken_back_once_until_that_is_taken_back(tmp_path: Path) -> None:
    first = ended(tmp_path, 1, "", Outcome.DONE)
    assert taken_back(tmp_path, first, CATALOG) == {}
    ended(tmp_path, 2, first, Outcome.UNREACHABLE)
    assert taken_back(tmp_path, first, CATALOG) == {}
    third = ended(tmp_path, 3, first, Outcome.DONE)
    assert taken_back(tmp_path, first, CATALOG) == {TARGET.address: third}
    fourth = ended(tmp_path, 4, third, Outcome.DONE)
    assert taken_back(tmp_path, first, CATALOG) == {}, "it stands again"
    ended(tmp_path, 5, fourth, Outcome.DONE)
    assert taken_back(tmp_path, first, CATALOG) == {TARGET.address: third}


def test_a_run_is_carried_out_by_one_process_at_a_time(tmp_path: Path) -> None:
    name = ended(tmp_path, 1, "", Outcome.NOT_BEGUN)
    second = pytest.raises(UsageError, match="another process")
    with alone(tmp_path, name), second, alone(tmp_path, name):
        pytest.fail("two held it")
    with alone(tmp_path, name):
        pass
    with pytest.raises(UsageError, match="there is no run"), alone(tmp_path, RUN):
        pytest.fail("there was nothing to hold")
