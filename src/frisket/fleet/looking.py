"""Looks at the devices of a wave over the network, before it and after: the other witness."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from frisket.audit.baseline import Baseline
from frisket.audit.capture import Capture
from frisket.audit.session import Session
from frisket.errors import UsageError
from frisket.fleet.change_source import read_source
from frisket.fleet.changes import unpacked_plan
from frisket.fleet.crew import Crew
from frisket.fleet.equipped import Place
from frisket.fleet.health import GOOD, Shown, read_shown, shown_of, worse
from frisket.fleet.network import Network
from frisket.fleet.own import POLICY
from frisket.jobs.port import Json
from frisket.model.finding import DeviceResult, Incomplete
from frisket.model.reading import Value
from frisket.probe.survey import survey
from frisket.probe.visit import visit_target
from frisket.store.changes import Changes, put_device
from frisket.store.texts import Texts

_PAUSE: Final = 3.0  # seconds before what seems worse is looked at once more
_PARALLEL: Final = 100


@dataclass(frozen=True, slots=True)
class Looking:
    """Looks with nobody's login, at nothing but what a site's scope holds."""

    crew: Crew
    pause: float = _PAUSE

    def look(self, change_id: int, ids: Sequence[int], after: bool) -> Json:  # noqa: FBT001
        """Look at devices and keep what was seen, or how they are worse; count those."""
        changes = Changes(self.crew.database)
        change = changes.find(change_id)
        if change is None:
            return {"worse": 0}
        baselines = self._baselines(change.source)
        found = asyncio.run(self.seen(ids, baselines))
        if not after:
            for device_id in ids:
                shown = found.get(device_id, _gone())
                self._keep(change_id, device_id, {"seen": shown.table()})
            return {"worse": 0}
        before = changes.seen(change_id, ids)
        planned = self._planned(change_id, ids)
        health = {
            one: worse(read_shown(before.get(one, {})), found.get(one, _gone()), planned[one])
            for one in ids
        }
        doubtful = [one for one, why in health.items() if why]
        if doubtful:
            # A device that is just back from a restart may open its services one by one.
            again = asyncio.run(self._again(doubtful, baselines))
            for one in doubtful:
                shown = again.get(one, _gone())
                health[one] = worse(read_shown(before.get(one, {})), shown, planned[one])
        for one, why in health.items():
            self._keep(change_id, one, {"health": why[:2000] or GOOD})
        self.crew.told("change", {"change": change_id, "event": "judged"})
        return {"worse": sum(bool(why) for why in health.values())}

    def _keep(self, change_id: int, device_id: int, values: Mapping[str, object]) -> None:
        with self.crew.database.write() as connection:
            put_device(connection, change_id, device_id, values)

    def _baselines(self, table: Mapping[str, object]) -> tuple[Baseline, ...]:
        """Return what is judged by: every baseline, whichever one the change is made by."""
        content = self.crew.content
        known = tuple(content.baselines.values())
        try:
            own = Texts(self.crew.database, POLICY).holding()
            source = read_source(table, content, own)
        except UsageError:
            return known
        return known if source.own is None else (*known, source.own)

    def _planned(self, change_id: int, ids: Sequence[int]) -> dict[int, dict[str, Value]]:
        """Return what each device's plan sets."""
        catalog = self.crew.content.catalog
        found: dict[int, dict[str, Value]] = {one: {} for one in ids}
        for row in Changes(self.crew.database).plans(change_id, ids):
            [device] = unpacked_plan(row.plan, catalog).devices
            found[row.device_id] = {step.key: step.wanted for step in device.steps}
        return found

    async def _again(self, ids: Sequence[int], baselines: Sequence[Baseline]) -> dict[int, Shown]:
        await asyncio.sleep(self.pause)
        return await self.seen(ids, baselines)

    async def seen(self, ids: Sequence[int], baselines: Sequence[Baseline]) -> dict[int, Shown]:
        """Return what the network shows of devices now, judged by some baselines."""
        crew = self.crew
        places = await asyncio.to_thread(crew.places, ids)
        content = await asyncio.to_thread(lambda: crew.content)
        sessions = [Session(content, baseline, crew.now) for baseline in baselines]

        async def one(place: Place) -> Shown:
            limits = Network(crew.options, crew.pace([place])).limits(place.target)
            seen = await visit_target(place.target, limits, crew.options, crew.now)
            if isinstance(seen, Incomplete):
                return Shown(why=seen.why)
            capture = Capture(str(place.target), seen.identity, seen.readings, crew.now())

            def judged() -> list[DeviceResult]:
                return [session.judge(capture, target=place.target) for session in sessions]

            return shown_of(await asyncio.to_thread(judged))

        looks = survey(places, one, crew.together(places, _PARALLEL))
        return {place.id: shown async for place, shown in looks}


def _gone() -> Shown:
    return Shown(why="it has no address in the scope of its site any more")
