"""Leases, fences and the ledger of actions, on both databases."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from frisket.store.database import Database
from frisket.store.tables.work import LEASE, WORKER
from frisket.store.work import ActionState, Fenced, Work


@pytest.fixture
def work(both: Database) -> Work:
    return Work(both)


def test_a_lease_has_one_holder_and_a_rising_fence(work: Work) -> None:
    first = work.take_lease("device-1", "a", 60)
    assert first == 1
    assert work.take_lease("device-1", "b", 60) is None
    assert work.take_lease("device-2", "b", 60) == 1
    work.give_back("device-1", first)
    assert work.take_lease("device-1", "b", 60) == 2


def test_an_old_holder_can_neither_keep_nor_act(work: Work) -> None:
    old = work.take_lease("device-1", "a", 0.01)
    assert old is not None
    time.sleep(0.05)
    new = work.take_lease("device-1", "b", 60)
    assert new == old + 1
    assert not work.keep_lease("device-1", old, 60)
    assert work.keep_lease("device-1", new, 60)
    with pytest.raises(Fenced):
        work.intend("flash", "device-1", old)
    assert work.action("flash") is None
    # Giving back what is no longer ours takes nothing from the new holder.
    work.give_back("device-1", old)
    assert work.take_lease("device-1", "c", 60) is None


def test_an_action_is_intended_once(work: Work) -> None:
    fence = work.take_lease("device-1", "a", 60)
    assert fence is not None
    assert work.intend("flash", "device-1", fence, "12.3") is None
    again = work.intend("flash", "device-1", fence)
    assert again is not None
    assert (again.state, again.detail) == (ActionState.INTENDED, "12.3")
    work.settle("flash", fence, ActionState.DONE, "read back")
    found = work.action("flash")
    assert found is not None
    assert found.state is ActionState.DONE
    assert [one.key for one in work.actions("device-1")] == ["flash"]
    assert work.count(ActionState.DONE) == 1


def test_who_was_overtaken_cannot_settle(work: Work) -> None:
    old = work.take_lease("device-1", "a", 0.05)
    assert old is not None
    work.intend("flash", "device-1", old)
    time.sleep(0.1)
    new = work.take_lease("device-1", "b", 60)
    assert new is not None
    work.settle("flash", new, ActionState.DONE)
    with pytest.raises(Fenced):
        work.settle("flash", old, ActionState.FAILED)
    with pytest.raises(Fenced):
        work.settle("nothing", new, ActionState.DONE)


def test_many_who_want_few_leases_never_share_one(work: Work) -> None:
    held: dict[str, str] = {}
    broken: list[str] = []
    guard = threading.Lock()

    def fight(me: str) -> None:
        for turn in range(20):
            name = f"device-{turn % 3}"
            fence = work.take_lease(name, me, 60)
            if fence is None:
                continue
            with guard:
                if name in held:
                    broken.append(name)
                held[name] = me
            time.sleep(0.001)
            with guard:
                del held[name]
            work.give_back(name, fence)

    threads = [threading.Thread(target=fight, args=(f"worker-{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert broken == []


def test_silence_is_noticed_and_forgotten(work: Work) -> None:
    work.beat("a")
    time.sleep(0.05)
    work.beat("b")
    assert work.silent(0.04) == ["a"]
    assert work.silent(60) == []
    work.forget("a")
    assert work.silent(0.04) in ([], ["b"])
    assert [name for name, _ in work.workers()] == ["b"]


def test_a_clock_set_back_holds_no_lease_and_keeps_nobody_alive(work: Work) -> None:
    """The database's clock ran a year ahead, and is right again."""
    later = datetime.now(UTC) + timedelta(days=365)
    work.beat("dead")
    fence = work.take_lease("device-1", "dead", 60)
    assert fence == 1
    with work.database.write() as connection:
        connection.execute(update(WORKER).values(seen=later))
        connection.execute(update(LEASE).values(until=later))
    assert work.silent(0.04) == []
    work.beat("living")
    time.sleep(0.06)
    assert "dead" in work.silent(0.04)
    assert work.take_lease("device-1", "living", 60) == 2
    with pytest.raises(Fenced):
        work.intend("flash", "device-1", fence)


def test_a_lease_lasts_an_hour_at_most(work: Work) -> None:
    assert work.take_lease("device-1", "a", 7 * 86400) == 1
    assert work.take_lease("device-1", "b", 60) is None
    with work.database.read() as connection:
        until = connection.scalar(select(LEASE.c.until))
    assert until is not None
    assert until < datetime.now(UTC) + timedelta(hours=1, minutes=1)


def test_among_workers_nobody_holds_a_lease_twice(work: Work) -> None:
    """A worker that stood still meets its own work again: it must not act beside itself."""
    assert work.take_lease("device-1", "a", 60) == 1
    # The only process of a SQLite file has been started anew where it asks again.
    again = work.take_lease("device-1", "a", 60)
    assert again == (2 if work.database.is_sqlite else None)
