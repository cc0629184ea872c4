"""Plans the devices of a change, by whatever they are to be made like, and keeps the plans."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from frisket.audit.baseline import Baseline
from frisket.audit.configuration import Configuration
from frisket.audit.session import Session
from frisket.audit.sheet import Sheet, from_baseline, read_sheet
from frisket.drivers.credential import Credentials
from frisket.drivers.plan import DevicePlan, Plan
from frisket.drivers.plan_file import content_version
from frisket.errors import UsageError
from frisket.fleet.change_source import Source, read_source
from frisket.fleet.changes import packed
from frisket.fleet.changing import REFUSED
from frisket.fleet.crew import Crew
from frisket.fleet.equipped import Met, Place
from frisket.fleet.network import Network
from frisket.fleet.own import POLICY
from frisket.fleet.planning import Planner
from frisket.fleet.policies import Policies
from frisket.fleet.reapplying import Reapplying
from frisket.fleet.words import Words
from frisket.jobs.port import Json
from frisket.model.finding import Incomplete
from frisket.probe.survey import survey
from frisket.store.changes import Changes, Planned, put_device
from frisket.store.drifts import Drifts
from frisket.store.texts import Texts

_HINT: Final = " (--new-identity"  # what the command line would say here
_STRANGER: Final = "another device answers"
_ACCEPT: Final = "; if that is right, its new identity is to be accepted on its page"


@dataclass(frozen=True, slots=True)
class ChangePlanning:
    """The crew, as it plans changes. Every method is a step: repeating it does no harm."""

    crew: Crew

    def chosen(self, change_id: int) -> Json:
        """Return the devices that a change means, in groups; only those of its sites."""
        change = Changes(self.crew.database).find(change_id)
        if change is None:
            return []
        return self.crew.chosen(dict(change.condition))

    def plan(self, change_id: int, ids: Sequence[int]) -> Json:
        """Plan devices and keep the plans; returns how many are to be changed."""
        changes = Changes(self.crew.database)
        change = changes.find(change_id)
        if change is None:
            return {"changing": 0}
        sites = set(change.sites)
        places = [place for place in self.crew.places(ids) if place.site.id in sites]
        own = Texts(self.crew.database, POLICY).holding()
        source = read_source(change.source, self.crew.content, own)
        found = asyncio.run(self._plan(source, places))
        changes.put_plans(change_id, [one for one, _ in found])
        with self.crew.database.write() as connection:
            for one, why in found:
                if why:
                    values = {"step": REFUSED, "why": why}
                    put_device(connection, change_id, one.device_id, values)
        for place in places[:1]:
            self.crew.told("change", {"site_id": place.site.id, "change": change_id})
        return {"changing": sum(bool(one.settings) for one, _ in found)}

    async def _plan(self, source: Source, places: Sequence[Place]) -> list[tuple[Planned, str]]:
        credentials, met = await asyncio.to_thread(self._equipped, places)
        network = Network(self.crew.options, self.crew.pace(places), self.crew.now)
        content = self.crew.content
        policies = Policies(content, network, credentials, met)
        sheet = await asyncio.to_thread(self._sheet, source)
        baseline = source.own or content.baseline(source.baseline) if source.judges else None
        wanted = await asyncio.to_thread(self._wanted, source, places)
        ids = [place.id for place in places]
        words = await asyncio.to_thread(self.crew.words, content, ids)

        async def one(place: Place) -> DevicePlan | Incomplete:
            if sheet is not None:
                return await policies.plan(sheet, place.target)
            if baseline is None:
                return await Reapplying(policies, wanted, content.catalog).plan(place.target)
            # What is waived is not changed, and what is attested is not asked again.
            said = words.get(place.id, Words())
            session = Session(content, baseline, self.crew.now, said.attestations, said.waivers)
            return await Planner(session, network, credentials, met).plan(place.target)

        found: list[tuple[Planned, str]] = []
        async for place, plan in survey(places, one, self.crew.together(places, 20)):
            found.append(self._planned(place, plan, source.baseline or source.kind))
        return found

    def _equipped(self, places: Sequence[Place]) -> tuple[Credentials, Met]:
        """Return the logins of devices and who was met as each. Raises `UsageError`."""
        if self.crew.equipment is None:
            raise UsageError("this process has no keys, and logs in nowhere")
        return self.crew.equipment.credentials(places), self.crew.equipment.met(places)

    def _sheet(self, source: Source) -> Sheet | None:
        """Return the policy that is meant: of a file, an approved own one, or a baseline's."""
        if source.sheet is not None or source.kind != "policy":
            return source.sheet
        texts, name = Texts(self.crew.database, POLICY), source.baseline
        digest = texts.holding().get(name)
        text = texts.text(name, digest) if digest is not None else None
        if text is not None:
            return read_sheet(text, name, self.crew.content)
        baseline: Baseline = self.crew.content.baseline(name)
        return from_baseline(baseline, self.crew.content)

    def _wanted(self, source: Source, places: Sequence[Place]) -> Mapping[str, Configuration]:
        """Return what each device is to have by address: as recorded, or as accepted."""
        if source.recorded:
            return {
                place.target.address: found
                for place in places
                if (found := source.recording_of(place.target.address, place.row.serial))
            }
        if source.kind != "accepted":
            return {}
        drifts, catalog = Drifts(self.crew.database), self.crew.content.catalog
        wanted = {}
        for place in places:
            state = drifts.accepted(place.id, catalog)
            values = state.values if state is not None else {}
            meant = {k: v for k, v in values.items() if not source.keys or k in source.keys}
            wanted[place.target.address] = Configuration(
                meant, place.target.address, str(place.row.serial)
            )
        return wanted

    def _planned(
        self, place: Place, plan: DevicePlan | Incomplete, baseline: str
    ) -> tuple[Planned, str]:
        address, model = place.target.address, str(place.row.model)
        if isinstance(plan, Incomplete):
            why, changed, _ = plan.why.partition(_HINT)
            if changed or why.startswith(_STRANGER):
                changed = _HINT
                self.crew.stranger(place.id, why)
            return Planned(place.id, address, model, why=why + _ACCEPT * bool(changed)), ""
        now, version = self.crew.now(), content_version()
        whole = Plan(baseline, version, now, (plan,))
        kept = packed(plan, baseline, version, now)
        settings = 0 if plan.why else len(plan.steps)
        refused = "" if plan.why else "; ".join(one.why for one in whole.refusals(plan))
        return Planned(place.id, address, model, kept, settings, plan.why), refused
