"""How far long work is, by the steps of it that have ended. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from frisket.jobs.port import Done


@dataclass(frozen=True, slots=True)
class Progress:
    """How many devices (of a discovery: addresses) are done, of how many."""

    done: int
    of: int


def progress_of(steps: Sequence[Done]) -> Progress | None:
    """Return how far a flow is that begins by choosing groups and then does one a step.

    The first step returns the groups; those after it are named with a word and the group's number,
    from 1. None where nothing was chosen yet, or the flow is of another kind.
    """
    if not steps or not _are_groups(groups := steps[0].result):
        return None
    done = 0
    for step in steps[1:]:
        _, _, number = step.name.rpartition(" ")
        if number.isascii() and number.isdigit() and 1 <= int(number) <= len(groups):
            done += len(groups[int(number) - 1])
    return Progress(done, sum(len(group) for group in groups))


def _are_groups(result: object) -> bool:
    return isinstance(result, list) and all(isinstance(group, list) for group in result)
