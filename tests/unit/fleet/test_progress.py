"""How far long work is, by its steps."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from frisket.fleet.progress import Progress, progress_of
from frisket.jobs.port import Done

GROUPS = st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=5), max_size=6)


@given(GROUPS, st.integers(0, 6))
def test_what_ended_is_counted_by_its_group(groups: list[list[int]], ended: int) -> None:
    ended = min(ended, len(groups))
    steps = [Done("choose", groups)] + [Done(f"audit {n + 1}", {}) for n in range(ended)]
    total = sum(len(group) for group in groups)
    done = sum(len(group) for group in groups[:ended])
    assert progress_of(steps) == Progress(done, total)


def test_nothing_is_told_before_groups_are_chosen_or_of_other_work() -> None:
    assert progress_of([]) is None
    assert progress_of([Done("plan", {"x": 1})]) is None
    assert progress_of([Done("choose", [[1]]), Done("over", None)]) == Progress(0, 1)
    assert progress_of([Done("choose", [[1]]), Done("audit 7", None)]) == Progress(0, 1)
