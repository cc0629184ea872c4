"""Who is polled when: spread out, and gently with those who are silent."""

from __future__ import annotations

import random

from frisket.telemetry.collector.schedule import Schedule


def run(schedule: Schedule, until: float, silent: frozenset[str] = frozenset()) -> dict[str, int]:
    """Let time pass; return how often each was polled."""
    polls: dict[str, int] = {}
    while (when := schedule.next()) is not None and when < until:
        for address in schedule.take(when, 10):
            polls[address] = polls.get(address, 0) + 1
            schedule.done(address, when + 0.1, answered=address not in silent)
    return polls


def plan(every: float = 300.0) -> Schedule:
    return Schedule(every, random.Random(4))


def test_the_first_round_is_spread_over_the_interval() -> None:
    schedule = plan()
    names = [f"10.0.0.{n}" for n in range(100)]
    schedule.replace(names, names, 0)
    whens = []
    while (when := schedule.next()) is not None:
        whens.append(when)
        assert len(schedule.take(when, 100)) == 1
    assert whens == [3.0 * n for n in range(100)]


def test_each_is_polled_about_once_an_interval_and_never_in_step() -> None:
    schedule = plan()
    names = [f"10.0.0.{n}" for n in range(50)]
    schedule.replace(names, names, 0)
    polls = run(schedule, 300 * 100)
    assert set(polls) == set(names)
    assert all(95 <= count <= 105 for count in polls.values())
    dues = sorted(when for when, _, _ in schedule._queue)
    assert len(set(dues)) == 50


def test_who_is_silent_is_asked_less_and_less_and_a_swept_address_daily() -> None:
    schedule = plan()
    schedule.replace(["named"], ["named", "swept"], 0)
    polls = run(schedule, 7 * 86_400, frozenset({"named", "swept"}))
    assert 150 < polls["named"] < 200, "a twelfth of 2016"
    assert 6 <= polls["swept"] <= 9


def test_who_answers_again_is_polled_as_before() -> None:
    schedule = plan()
    schedule.replace(["a"], ["a"], 0)
    run(schedule, 86_400, frozenset({"a"}))
    when = schedule.next()
    assert when is not None
    schedule.take(when, 1)
    schedule.done("a", when, answered=True)
    soon = schedule.next()
    assert soon is not None
    assert soon - when <= 330


def test_orders_change_the_list_and_the_interval() -> None:
    schedule = plan()
    schedule.replace(["a", "b"], ["a", "b"], 0)
    assert schedule.take(1000, 5) == ["a", "b"]
    schedule.replace(["b", "c"], ["b", "c"], 1000)
    schedule.done("a", 1000, answered=True)  # it was under way, and is of no interest any more
    schedule.done("b", 1000, answered=True)
    assert len(schedule) == 2
    schedule.set_every(60, 1000)
    polls = run(schedule, 1600)
    assert set(polls) == {"b", "c"}
    assert all(9 <= count <= 12 for count in polls.values())


def test_a_device_that_rests_is_left_alone_at_least_so_long() -> None:
    schedule = plan()
    schedule.replace(["a"], ["a"], 0)
    schedule.take(0, 1)
    schedule.done("a", 0, answered=True, rest=5000)
    assert schedule.next() == 5000
