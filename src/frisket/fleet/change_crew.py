"""Carries out the steps of changes: plans devices, and writes to them under lease and record.

Every method is one step: plain values in and out, and repeating it does no harm.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from frisket.drivers.job import Mode, Pace
from frisket.drivers.load import load_drivers
from frisket.drivers.plan import DevicePlan, Plan
from frisket.drivers.record import Outcome, Record, Result, progress_of
from frisket.drivers.undo import inverse
from frisket.drivers.ways import seen_from
from frisket.errors import FrisketError, UsageError
from frisket.fleet.carrying import Applier
from frisket.fleet.chain import Act
from frisket.fleet.change_planning import ChangePlanning
from frisket.fleet.changes import step_of, unpacked_plan
from frisket.fleet.changing import Changing, with_accepted
from frisket.fleet.crew import Crew
from frisket.fleet.drifting import Drifting
from frisket.fleet.equipped import Place
from frisket.fleet.guard import LEASE_SECONDS, Busy, Deed, Seen, perform
from frisket.fleet.log import AuditLog, LogFault
from frisket.fleet.looking import Looking
from frisket.fleet.network import Network
from frisket.fleet.planning import remembering
from frisket.fleet.rollout import Step
from frisket.jobs.port import Json
from frisket.ledger import LedgerFault
from frisket.net.dial import source_of
from frisket.store.changes import Changes, StoredRows, put_device
from frisket.store.database import Database, StoreAway, StoreFault
from frisket.store.work import Action, ActionState, Fenced, Work

_KEPT: Final = LEASE_SECONDS / 4  # seconds between signs of life while a device is changed
_HINT: Final = " (--new-identity"  # what the command line would say here


@dataclass(slots=True)
class Watched:
    """The ledger of actions, which remembers the fence that it gave out last."""

    work: Work
    fence: int = 0

    def take_lease(self, name: str, holder: str, seconds: float) -> int | None:
        """Return the fence, None where another holds the lease."""
        fence = self.work.take_lease(name, holder, seconds)
        self.fence = fence or 0
        return fence

    def keep_lease(self, name: str, fence: int, seconds: float) -> bool:
        """Say whether the lease is still held, and prolong it."""
        return self.work.keep_lease(name, fence, seconds)

    def give_back(self, name: str, fence: int) -> None:
        """End a lease."""
        self.work.give_back(name, fence)

    def intend(self, key: str, subject: str, fence: int, detail: str = "") -> Action | None:
        """Write the intent; return what was there before."""
        return self.work.intend(key, subject, fence, detail)

    def settle(self, key: str, fence: int, state: ActionState, detail: str = "") -> None:
        """Write the outcome."""
        self.work.settle(key, fence, state, detail)


@dataclass(frozen=True, slots=True)
class Turn:
    """One device's turn in a change."""

    change_id: int
    place: Place
    undoing: bool
    attempt: int = 1

    @property
    def key(self) -> str:
        """Return the name of the action: the same after a crash."""
        what = "undo" if self.undoing else "do"
        turn = f":{self.attempt}" if self.attempt > 1 else ""
        return f"change:{self.change_id}:{self.place.id}:{what}{turn}"

    @property
    def lease(self) -> str:
        """Return the name of the lease on the device."""
        return f"device:{self.place.id}"


@dataclass(frozen=True, slots=True)
class ChangeCrew:
    """The crew, as it plans and makes changes."""

    crew: Crew
    pace: Pace = field(default_factory=Pace)

    @property
    def changing(self) -> Changing:
        """Return what decides. Raises `UsageError` where this process keeps no audit log."""
        crew = self.crew
        if crew.log is None:
            raise UsageError("this process keeps no audit log, and changes nothing")
        return Changing(crew.database, crew.log, crew.now, crew.content)

    @property
    def _changes(self) -> Changes:
        return Changes(self.crew.database)

    @property
    def planning(self) -> ChangePlanning:
        """Return what plans."""
        return ChangePlanning(self.crew)

    @property
    def looking(self) -> Looking:
        """Return what looks at devices between waves."""
        return Looking(self.crew)

    def next(self, change_id: int) -> Json:
        """Return the devices whose turn it is."""
        return self.changing.next(change_id)

    def lost(self, change_id: int, device_id: int, undoing: bool, why: str) -> Json:  # noqa: FBT001
        """Keep that nobody knows how a device's turn ended."""
        address = next(
            (d.address for d in self._changes.devices(change_id) if d.device_id == device_id), ""
        )
        result = Result(address, Outcome.UNKNOWN, why)
        self.changing.note(change_id, device_id, result, undoing=undoing)

    def carry_out(self, change_id: int, device_id: int, undoing: bool) -> Json:  # noqa: FBT001
        """Change one device, or put it back; `busy` where another worker has it."""
        places = self.crew.places([device_id])
        if not places:
            why = "it has no address in the scope of its site any more"
            result = Result("", Outcome.UNREACHABLE, why)
            self.changing.note(change_id, device_id, result, undoing=undoing)
            return {"busy": False}
        attempt = 1 if undoing else self._changes.attempt(change_id, device_id)
        turn = Turn(change_id, places[0], undoing, attempt)
        watched = Watched(Work(self.crew.database))

        def look() -> Seen:
            result = self._result(turn)
            return Seen.NOT_DONE if result is None else _SEEN[step_of(result)]

        faults: list[FrisketError] = []

        def act() -> None:
            # One that ended before we were killed is not begun once more.
            if self._result(turn) is not None:
                return
            try:
                asyncio.run(self._act(turn, watched))
            except (LedgerFault, StoreFault):
                raise
            except FrisketError as fault:
                faults.append(fault)

        deed = Deed(turn.key, turn.lease, look, act, f"change {change_id}")
        try:
            perform(watched, deed, self.crew.executor)
        except (Busy, Fenced, LedgerFault):
            return {"busy": True}
        result = self._result(turn) or self._unrecorded(turn, faults)
        if step_of(result) is Step.DONE:
            drifting = Drifting(self.crew.database, self.crew.content.catalog)
            rows = self._changes.records(change_id, device_id, undoing=undoing)
            drifting.made(device_id, [(change_id, row) for row in rows])
        self._note(turn, result)
        self._tell(turn, "ended")
        return {"busy": False, "outcome": result.outcome.value}

    def _note(self, turn: Turn, result: Result) -> None:
        """Keep and log how a turn ended. Raises `StoreFault`.

        Where the log can take nothing, that nothing was done is kept without it: people shall see
        why the device waits.
        """
        device = turn.place.id
        try:
            self.changing.note(turn.change_id, device, result, undoing=turn.undoing)
        except StoreAway:
            raise
        except StoreFault:
            if result.outcome is Outcome.REFUSED:
                values = {"outcome": result.outcome.value, "why": result.why[:2000]}
                values |= {"step": step_of(result, undoing=turn.undoing).value}
                with self.crew.database.write() as connection:
                    put_device(connection, turn.change_id, device, values)
            raise

    def _unrecorded(self, turn: Turn, faults: Sequence[FrisketError]) -> Result:
        """Return how a turn ended of which the record holds no outcome."""
        rows = self._changes.records(turn.change_id, turn.place.id, undoing=turn.undoing)
        why = "; ".join(str(fault) for fault in faults) or "the record does not tell"
        outcome = Outcome.UNKNOWN if progress_of(rows).meant else Outcome.REFUSED
        return Result(turn.place.target.address, outcome, why)

    def _tell(self, turn: Turn, event: str) -> None:
        what = {"site_id": turn.place.site.id, "change": turn.change_id, "event": event}
        self.crew.told("change", {**what, "device": turn.place.id})

    def _result(self, turn: Turn) -> Result | None:
        rows = self._changes.records(turn.change_id, turn.place.id, undoing=turn.undoing)
        return progress_of(rows).result

    async def _act(self, turn: Turn, watched: Watched) -> None:
        """Do it, and keep the lease meanwhile; where that is lost, the record is too."""
        keeping = asyncio.create_task(self._keep(turn, watched))
        try:
            await self._apply(turn, watched)
        finally:
            keeping.cancel()
            with suppress(asyncio.CancelledError):
                await keeping

    async def _keep(self, turn: Turn, watched: Watched) -> None:
        while True:
            await asyncio.sleep(_KEPT)
            kept = await asyncio.to_thread(
                watched.keep_lease, turn.lease, watched.fence, LEASE_SECONDS
            )
            if not kept:
                return

    async def _apply(self, turn: Turn, watched: Watched) -> None:
        plan = await asyncio.to_thread(self._prepared, turn)
        done = self._changes.records(turn.change_id, turn.place.id, undoing=turn.undoing)
        progress = progress_of(done)
        device = plan.devices[0]
        mode = Mode.RESUMED if progress.meant else Mode.FRESH
        record = Record(
            StoredRows(
                self.crew.database,
                turn.change_id,
                turn.place.id,
                turn.undoing,
                turn.lease,
                watched.fence,
            )
        )
        if self.crew.equipment is None:
            raise UsageError("this process has no keys, and logs in nowhere")
        credentials = await asyncio.to_thread(self.crew.equipment.credentials, [turn.place])
        pins = await asyncio.to_thread(self.crew.equipment.met, [turn.place])

        def event(address: str, what: str, detail: str) -> None:
            del address, detail
            self._tell(turn, what)

        self._tell(turn, "begun")
        applier = Applier(
            plan,
            record,
            self._network(turn.place),
            credentials,
            Mode.UNDO if turn.undoing else mode,
            event,
            {device.address: progress},
            self.pace,
            met=remembering(pins),
        )
        await applier.one(device)

    def _prepared(self, turn: Turn) -> Plan:
        """Return the plan of a turn, told to the audit log first. Raises `FrisketError`."""
        crew = self.crew
        change = self._changes.find(turn.change_id)
        [(_, kept)] = self._changes.plans(turn.change_id, [turn.place.id])
        plan = unpacked_plan(kept, crew.content.catalog)
        if change is None or crew.log is None:
            raise UsageError("without an audit log nothing is changed")
        [device] = plan.devices
        if device.address != turn.place.target.address:
            raise UsageError(f"it was planned at {device.address}, and is elsewhere now")
        word = "change.put-back" if turn.undoing else "change.device"
        about = f"change {turn.change_id}, {device.address}"
        details = {"settings": sorted(step.key for step in device.steps)}
        act = Act(change.made_by, word, about, "begun", details, turn.place.site.id)
        _record(crew.database, crew.log, act)
        if turn.undoing:
            return self._turned(turn, plan, device)
        return with_accepted(plan, change.accepted)

    def _turned(self, turn: Turn, plan: Plan, device: DevicePlan) -> Plan:
        done = self._changes.records(turn.change_id, turn.place.id, undoing=False)
        found = next(one for one in load_drivers() if one.name == device.driver)
        driver = seen_from(found, source_of(device.address))
        catalog = self.crew.content.catalog
        back = inverse(device, tuple(progress_of(done).meant), driver, catalog)
        whole = Plan(plan.baseline, plan.content, plan.made, (back,))
        everything = {"channel": (back.address,), "print_path": (back.address,)}
        # What a person asks back was theirs before.
        return with_accepted(whole, everything)

    def _network(self, place: Place) -> Network:
        pace = float((place.site.limits or {}).get("packets_per_second", 10.0))
        return Network(self.crew.options, pace, self.crew.now)


def _record(database: Database, log: AuditLog, act: Act) -> None:
    """Write to the audit log, before the act. Raises `LogFault`, `StoreAway`: then do not act."""
    try:
        with database.write() as connection:
            log.record_within(connection, act)
    except StoreAway:
        raise
    except StoreFault as fault:
        raise LogFault(f"the audit log cannot be written: {fault}") from fault


_SEEN: Final = {
    Step.DONE: Seen.DONE,
    Step.FAILED: Seen.NOT_DONE,
    Step.UNKNOWN: Seen.UNCLEAR,
}
