"""A device that exists only as a table, with the faults that tests need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tests.unit.drivers.states import CATALOG, NOW

from frisket.drivers.base import Settings
from frisket.errors import Busy, SettingRefused, Silent
from frisket.model.reading import Known, Reading, Unread, Value, Why, Witness
from frisket.proto.snmp.errors import EngineChanged


@dataclass
class FakeHand:
    """Keeps values; `forgets`, `refuses` and `deaf_after` writes are its faults."""

    state: dict[str, Value]
    forgets: frozenset[str] = frozenset()
    refuses: frozenset[str] = frozenset()
    deaf_after: int = 1000
    answer_lost: int = -1  # the write whose answer does not arrive
    drops: bool = False  # ... and which was not carried out either
    away: int = 0  # ... and how many reads are not answered then
    busy: int = 0  # writes that come too early
    replaced_after: int = 1000  # writes, after which another device answers
    writes: list[dict[str, Value]] = field(default_factory=list)
    waiting: set[str] = field(default_factory=set)
    restarts: int = 0
    closed: bool = False
    name: str = "snmp-v3"

    async def read(self, keys: Iterable[str]) -> Mapping[str, Reading]:
        if len(self.writes) >= self.deaf_after:
            raise Silent
        if len(self.writes) >= self.replaced_after:
            raise EngineChanged
        if len(self.writes) > self.answer_lost >= 0 and self.away:
            self.away -= 1
            raise Silent
        return {
            key: Known(self.state[key], Witness.DEVICE, NOW, self.name)
            if key in self.state
            else Unread(Why.UNSUPPORTED, self.name)
            for key in keys
        }

    async def write(self, values: Settings) -> None:
        if len(self.writes) >= self.deaf_after:
            raise Silent
        if self.busy:
            self.busy -= 1
            raise Busy
        if bad := self.refuses & set(values):
            raise SettingRefused(f"{', '.join(bad)}: locked by the security policy")
        number = len(self.writes)
        self.writes.append(dict(values))
        if not (self.drops and number == self.answer_lost):
            kept = {key: value for key, value in values.items() if key not in self.forgets}
            self.waiting |= {key for key in kept if CATALOG[key].restart}
            self.state |= kept
        if number == self.answer_lost:
            raise Silent

    async def pending(self) -> int:
        return len(self.waiting)

    async def restart(self) -> None:
        self.restarts += 1
        self.waiting.clear()

    def close(self) -> None:
        self.closed = True
