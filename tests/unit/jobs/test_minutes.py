"""What is due by the clock, whatever happens to the clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from frisket.jobs.minutes import Every, Minutes
from frisket.jobs.port import FlowInfo, FlowState, JobFault, Json

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass
class Engine:
    """Flows by id, each with when it was made, as several processes see them."""

    clock: list[datetime]
    made: dict[str, float] = field(default_factory=dict)
    away: bool = False

    def start(
        self, flow: str, flow_id: str, *given: Json, key: str = "", delay: float = 0.0
    ) -> None:
        del flow, given, key, delay
        if self.away:
            raise JobFault("away")
        self.made.setdefault(flow_id, self.clock[0].timestamp())

    def listed(self, *, prefix: str = "", limit: int = 100) -> Sequence[FlowInfo]:
        mine = [(made, name) for name, made in self.made.items() if name.startswith(prefix)]
        found = sorted(mine, reverse=True)[:limit]
        return [FlowInfo(name, "", FlowState.DONE, made) for made, name in found]


@dataclass
class World:
    """A machine's clock, the time that really passes, and who starts what is due."""

    wall: list[datetime] = field(default_factory=lambda: [NOON])
    passed: float = 0.0
    jumps: list[float] = field(default_factory=list)
    looked: int = 0

    def __post_init__(self) -> None:
        self.engine = Engine(self.wall)
        self.minutes = self.process()

    def process(self) -> Minutes:
        return Minutes(
            self.engine,
            (Every("tick"), Every("tidy", minute=17)),
            lambda: self.wall[0],
            self.also,
            self.jumps.append,
            pytest.fail,
            passed=lambda: self.passed,
        )

    def also(self) -> None:
        self.looked += 1

    def wait(self, seconds: float) -> None:
        """Let time pass, with looks at the clock as they come."""
        while seconds > 0:
            self.passed += 5
            self.wall[0] += timedelta(seconds=5)
            seconds -= 5
            self.minutes.once()


def test_each_minute_is_begun_once_by_however_many() -> None:
    world = World()
    other = world.process()
    for _ in range(36):
        world.wait(5)
        other.once()
    assert sorted(world.engine.made) == [
        f"tick:2026-03-02T12:0{minute}:00+00:00" for minute in range(4)
    ]
    assert world.jumps == []


def test_hourly_work_has_its_minute() -> None:
    world = World()
    world.wait(2 * 3600)
    tidied = [name for name in world.engine.made if name.startswith("tidy")]
    assert tidied == ["tidy:2026-03-02T12:17:00+00:00", "tidy:2026-03-02T13:17:00+00:00"]


def test_a_clock_that_is_set_back_stops_nothing() -> None:
    world = World()
    world.wait(3600)
    before = set(world.engine.made)
    world.wall[0] -= timedelta(hours=1)
    other = world.process()  # one that was started since, and knows nothing of the jump
    for _ in range(60):
        world.wait(60)
        other.once()
    again = [name for name in world.engine.made if name not in before and "tick" in name]
    assert len(again) >= 58  # of those that clocks may differ by one is left out
    assert [round(jump) for jump in world.jumps] == [-3600]
    world.wait(300)  # beyond the hour that came twice
    assert not [name for name in list(world.engine.made)[-4:] if "after" in name]


def test_a_clock_that_is_set_on_is_not_made_up_for() -> None:
    world = World()
    world.wait(60)
    before = len(world.engine.made)
    world.wall[0] += timedelta(days=365)  # or the machine slept
    world.wait(60)
    assert len(world.engine.made) - before <= 2
    assert [round(jump) for jump in world.jumps] == [365 * 86_400]


def test_what_could_not_be_begun_is_tried_again() -> None:
    world = World()
    world.minutes.once()
    world.engine.away = True
    with pytest.raises(JobFault):
        world.wait(60)
    world.engine.away = False
    world.minutes.once()
    assert "tick:2026-03-02T12:01:00+00:00" in world.engine.made
