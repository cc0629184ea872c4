"""Rollouts: waves, halts and undoing, for any order of news."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frisket.fleet.rollout import (
    Limits,
    NotNow,
    Rollout,
    RolloutState,
    Step,
    begin,
    cancel,
    judge,
    may_begin,
    note,
    pause,
    resume,
    retry,
    split,
    to_judge,
    to_retry,
    to_undo,
    undo,
)


def made(count: int = 100, models: int = 3, **limits: float) -> Rollout:
    devices = [(f"d{n}", f"m{n % models}") for n in range(count)]
    return Rollout("r", split(devices), Limits(**limits))  # type: ignore[arg-type]


def test_one_of_each_model_first_then_growing_shares() -> None:
    waves = split([(f"d{n}", f"m{n % 3}") for n in range(1000)])
    assert waves[0] == ("d0", "d1", "d2")
    assert [len(wave) for wave in waves] == [3, 7, 90, 400, 500]
    assert split([("a", "x")]) == (("a",),)
    assert split([]) == ()


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 5)), max_size=200))
def test_every_device_is_in_one_wave(devices: list[tuple[int, int]]) -> None:
    named = {f"d{n}": f"m{m}" for n, m in devices}
    flat = [device for wave in split(named.items()) for device in wave]
    assert sorted(flat) == sorted(named)


def test_a_wave_waits_for_the_one_before() -> None:
    one = begin(made())
    assert may_begin(one) == one.waves[0]
    for device in one.waves[0][:-1]:
        one = note(one, device, Step.DONE)
    assert may_begin(one) == one.waves[0][-1:]
    one = note(one, one.waves[0][-1], Step.DONE)
    assert may_begin(one) == (), "the network has not been asked yet"
    assert to_judge(one) == 0
    one = judge(one, ())
    assert to_judge(one) is None
    assert set(may_begin(one)) <= set(one.waves[1])
    with pytest.raises(NotNow, match="no wave"):
        judge(one, ())


def test_one_that_is_worse_than_before_halts_it_also_at_the_end() -> None:
    one = begin(made(4, 2))
    for number, wave in enumerate(one.waves):
        for device in wave:
            one = note(one, device, Step.DONE)
        assert to_judge(one) == number
        one = judge(one, wave[:1])
        assert one.state is RolloutState.HALTED
        assert f"wave {number + 1} worse" in one.why
        assert may_begin(one) == ()
        assert to_undo(undo(one, "worse")) != (), "what is done can be put back"
        one = resume(one)
    assert one.state is RolloutState.DONE


def test_what_failed_has_another_turn_and_its_wave_is_judged_anew() -> None:
    one = note(note(begin(made(6, 2)), "d0", Step.FAILED), "d1", Step.DONE)
    assert one.state is RolloutState.HALTED
    assert to_retry(one) == ("d0",)
    with pytest.raises(NotNow, match="only devices that failed"):
        retry(one, ["d1"])
    with pytest.raises(NotNow, match="only devices that failed"):
        retry(one, [])
    again = retry(one, ["d0"])
    assert (again.state, may_begin(again)) == (RolloutState.RUNNING, ("d0",))
    assert note(again, "d0", Step.FAILED).state is RolloutState.HALTED
    fine = note(again, "d0", Step.DONE)
    assert to_judge(fine) == 0
    ended = judge(fine, ())
    while ended.state is not RolloutState.DONE:
        for device in may_begin(ended):
            step = Step.UNKNOWN if device == "d5" else Step.DONE
            ended = note(ended, device, step)
        ended = judge(ended, ())
    with pytest.raises(NotNow, match="only devices that failed"):
        retry(ended, ["d5"])


def test_a_failed_canary_halts_and_a_person_lets_it_go_on() -> None:
    one = note(begin(made()), "d0", Step.FAILED)
    assert (one.state, one.why) == (RolloutState.HALTED, "a canary failed")
    assert may_begin(one) == ()
    one = resume(one)
    assert one.state is RolloutState.RUNNING
    one = note(one, "d1", Step.UNKNOWN)
    assert one.state is RolloutState.HALTED


def test_pausing_lets_what_runs_end() -> None:
    one = note(begin(made()), "d0", Step.RUNNING)
    one = pause(one, "lunch")
    assert may_begin(one) == ()
    one = note(one, "d0", Step.DONE)
    assert one.step("d0") is Step.DONE
    assert "d1" in may_begin(resume(one))


def test_undoing_goes_backwards_and_ends() -> None:
    one = begin(made(10, 1))
    for device in ("d0", "d1", "d2"):
        one = note(one, device, Step.DONE)
        one = judge(one, ()) if to_judge(one) is not None else one
    one = undo(pause(one, "stop"), "wrong baseline")
    assert to_undo(one) == ("d2", "d1", "d0")
    for device in to_undo(one):
        one = note(one, device, Step.UNDONE)
    assert one.state is RolloutState.UNDONE


def test_what_cannot_be_now_is_refused() -> None:
    one = made()
    with pytest.raises(NotNow):
        pause(one, "")
    with pytest.raises(NotNow):
        resume(one)
    with pytest.raises(NotNow):
        undo(one, "")
    with pytest.raises(NotNow):
        begin(cancel(one, "no"))
    running = note(begin(one), "d0", Step.RUNNING)
    with pytest.raises(NotNow, match="under way"):
        undo(running, "now")
    with pytest.raises(NotNow, match="not part"):
        note(one, "elsewhere", Step.DONE)


news = st.lists(
    st.tuples(
        st.integers(0, 29),
        st.sampled_from([Step.RUNNING, Step.DONE, Step.FAILED, Step.UNKNOWN, "judge", "worse"]),
    ),
    max_size=120,
)


@given(news, st.integers(1, 5), st.integers(1, 10))
def test_it_never_begins_too_many_nor_out_of_turn_nor_after_failures(
    came: list[tuple[int, Step | str]], failures: int, parallel: int
) -> None:
    one = begin(made(30, 2, failures=failures, parallel=parallel))
    for number, step in came:
        now = may_begin(one)
        assert len(now) + one.counts[Step.RUNNING] <= max(parallel, one.counts[Step.RUNNING])
        if now:
            assert one.state is RolloutState.RUNNING
            assert set(now) <= set(one.waves[one.wave])
            bad = one.counts[Step.FAILED] + one.counts[Step.UNKNOWN]
            assert bad < failures
            earlier = [d for wave in one.waves[: one.wave] for d in wave]
            assert one.judged == one.wave, "the network has spoken of every wave before"
            assert not {one.step(d) for d in earlier} & {Step.WAITING, Step.RUNNING}
        if not isinstance(step, Step):
            if to_judge(one) is not None:
                halts = step == "worse"
                one = judge(one, ["d0"] if halts else [])
                assert not halts or one.state is RolloutState.HALTED
            continue
        before = one
        one = note(one, f"d{number}", step)
        assert note(one, f"d{number}", step) == one
        if before.step(f"d{number}") in {Step.DONE, Step.FAILED, Step.UNKNOWN}:
            assert one.step(f"d{number}") is before.step(f"d{number}")


def test_nothing_to_do_is_done() -> None:
    assert begin(Rollout("r", ())).state is RolloutState.DONE
