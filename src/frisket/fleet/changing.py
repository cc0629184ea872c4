"""Changes in use: `rollout` decides, the store keeps, the log tells, in one transaction each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection

from frisket.audit.load import Content
from frisket.drivers.plan import CHANNEL, PRINT, Plan
from frisket.drivers.plan_file import content_version
from frisket.drivers.record import Result
from frisket.errors import FrisketError, UsageError
from frisket.fleet import rollout as rules
from frisket.fleet.approval import LIFE, NotAllowed
from frisket.fleet.chain import Act
from frisket.fleet.change_source import Source
from frisket.fleet.changes import (
    KIND,
    PLANNED,
    PLANNING,
    digest_of_plans,
    digest_of_record,
    rollout_of,
    step_of,
    takes_two,
    unpacked_plan,
)
from frisket.fleet.health import PARDON, halting
from frisket.fleet.log import AuditLog
from frisket.fleet.proposals import Proposals
from frisket.fleet.roles import Grant, Permission, Role, reach
from frisket.fleet.rollout import NotNow, Rollout, RolloutState, Step
from frisket.store.accounts import read_account
from frisket.store.changes import (
    Changes,
    add_change,
    begin_again,
    change_devices,
    find_change,
    put_change,
    put_device,
)
from frisket.store.database import Database
from frisket.store.proposals import ProposalRow, find_proposal
from frisket.store.tables.account import ACCOUNT

SOME: Final = 300  # devices that are looked at in one step
_ANEW: Final = "plan anew for those that failed"
REFUSED: Final = "refused"  # of a device whose plan needs a typed confirmation
_ACCEPTS: Final = (CHANNEL, PRINT)
_OVER: Final = frozenset({RolloutState.DONE, RolloutState.UNDONE, RolloutState.CANCELLED})
_BY_ITSELF: Final = frozenset({RolloutState.HALTED, RolloutState.DONE, RolloutState.UNDONE})
ITSELF: Final = "frisket"  # whose doing it is in the log that nobody decided


class NoSuchChange(FrisketError):
    """There is no such change."""


@dataclass(frozen=True, slots=True)
class Changing:
    """What is decided about changes. Raises `NotNow`, `NotAllowed`, `UsageError`, `LogFault`."""

    database: Database
    log: AuditLog
    clock: Callable[[], datetime]
    content: Content

    def make(
        self, source: Source, condition: Mapping[str, Any], sites: Sequence[int], who: str
    ) -> int:
        """Keep a new change, to be planned; return its number."""
        about = source.baseline or "accepted state"
        title = f"{about}, {len(condition['ids'])} devices" if "ids" in condition else about
        values = {
            "title": title[:300],
            "source": source.table(),
            "condition": dict(condition),
            "sites": sorted(sites),
            "state": PLANNING,
            "made": self.clock(),
            "made_by": who,
            "accepted": {},
        }
        with self.database.write() as connection:
            number = add_change(connection, values)
            details = {"like": about, "condition": dict(condition)}
            self._tell(connection, who, "change.plan", number, **details)
        return number

    def planned(self, change_id: int, why: str = "") -> None:
        """Say that every device has been asked for."""
        values = {"state": PLANNED, "content": content_version(), "why": why}
        Changes(self.database).change(change_id, values)

    def accept(self, change_id: int, device_id: int, kind: str, typed: str, who: str) -> None:
        """Take upon oneself that a device is left without a way, having typed its address."""
        changes = Changes(self.database)
        row = next((d for d in changes.devices(change_id) if d.device_id == device_id), None)
        if row is None or kind not in _ACCEPTS:
            raise NoSuchChange("there is no such device in it")
        if typed.strip() != row.address:
            raise UsageError(f"type the address of the device: {row.address}")
        [(_, kept)] = changes.plans(change_id, [device_id])
        plan = unpacked_plan(kept, self.content.catalog)
        with self.database.write() as connection:
            change = self._find(connection, change_id)
            self._must_be_planned(change)
            accepted = dict(change.accepted)
            accepted[kind] = sorted({*accepted.get(kind, ()), row.address})
            left = [r.why for r in with_accepted(plan, accepted).refusals(plan.devices[0])]
            put_device(
                connection,
                change_id,
                device_id,
                {"step": REFUSED if left else Step.WAITING.value, "why": "; ".join(left)},
            )
            # Whatever was approved was something else.
            if change.proposal_id is not None:
                proposals = Proposals(self.database, self.log, self.clock)
                proposals.void(connection, change.proposal_id, who, "the change was edited")
            put_change(connection, change_id, {"accepted": accepted, "proposal_id": None})
            self._tell(connection, who, "change.accept", change_id, device=row.address, kind=kind)

    def propose(self, change_id: int, account: int, who: str) -> int:
        """Ask a second person; return the number of the proposal."""
        change, digest, devices, settings = self._content(change_id)
        self._must_be_planned(change)
        if not devices:
            raise UsageError("there is nothing to change")
        body = {
            "change": change_id,
            "sites": list(change.sites),
            "plans": digest,
            "devices": devices,
            "settings": settings,
            "accepted": dict(change.accepted),
        }
        title = f"Change {change_id}: {change.title}"
        proposals = Proposals(self.database, self.log, self.clock)
        number = proposals.propose(KIND, title, body, account, who)
        Changes(self.database).change(change_id, {"proposal_id": number})
        return number

    def begin(self, change_id: int, who: str, *, alone: bool = True) -> str:
        """Set an approved (or small) change going; return the id of its flow.

        With `alone` a person who has just logged in begins a small one without a second person; a
        program never does: its token may be somebody else's by now.
        """
        change, digest, devices, _ = self._content(change_id)
        self._must_be_planned(change)
        if change.content != content_version():
            raise UsageError("it was planned with other rules or device tables", hint="plan again")
        small = not takes_two(devices, change.accepted)
        if alone and small and change.proposal_id is None:
            with self.database.write() as connection:
                self._tell(connection, who, "change.begin", change_id, plans=digest)
                return self._begun(connection, change_id, None)
        if change.proposal_id is None:
            raise NotAllowed("a second person has to approve it", hint="propose it")
        flow: list[str] = []

        def act(connection: Connection, row: ProposalRow) -> None:
            if row.body["plans"] != digest or row.body["change"] != change_id:
                raise NotAllowed("this is not what was approved")
            self._reaches(connection, row, change.sites)
            self._tell(connection, who, "change.begin", change_id, plans=digest)
            flow.append(self._begun(connection, change_id, change.proposal_id))

        proposals = Proposals(self.database, self.log, self.clock)
        proposals.take(change.proposal_id, KIND, who, act)
        return flow[0]

    def _reaches(self, connection: Connection, row: ProposalRow, sites: Sequence[int]) -> None:
        """Let nobody approve for sites where they may not. Raises `NotAllowed`."""
        account = read_account(connection, ACCOUNT.c.id == row.decider)
        known = set(Role)
        grants = [
            Grant(Role(grant.role), grant.site)
            for grant in (account.grants if account else ())
            if grant.role in known
        ]
        where = reach(grants, Permission.APPROVE_CHANGES)
        if not all(site in where for site in sites):
            raise NotAllowed("who approved it may not do so for all of its sites")

    def _begun(self, connection: Connection, change_id: int, proposal: int | None) -> str:
        change = self._find(connection, change_id)
        self._must_be_planned(change)
        if change.proposal_id != proposal:
            raise NotAllowed("this is not what was approved")
        rows = change_devices(connection, change_id)
        waves = rules.split((str(r.device_id), r.model) for r in rows if takes_part(r))
        for number, wave in enumerate(waves):
            for device in wave:
                put_device(connection, change_id, int(device), {"wave": number})
        put_change(connection, change_id, {"state": "waiting", "began": self.clock(), "why": ""})
        self._keep(connection, change_id, rules.begin)
        return self._set_going(connection, change_id)

    def pause(self, change_id: int, who: str) -> None:
        """Begin no more devices."""
        self._move(change_id, who, "change.pause", lambda one: rules.pause(one, f"by {who}"))

    def resume(self, change_id: int, who: str) -> str:
        """Go on after a pause or a halt; return the id of the flow."""
        with self.database.write() as connection:
            self._keep(connection, change_id, rules.resume)
            self._let_pass(connection, change_id)
            self._tell(connection, who, "change.resume", change_id)
            return self._set_going(connection, change_id)

    def retry(self, change_id: int, device_ids: Sequence[int], who: str) -> str:
        """Give failed devices (all of them for ()) another turn; return the id of the flow.

        The approval holds for that: nothing but what was approved is done, on devices that it
        named. Where rules or plans are others by now, or it is a day old, a new change is needed.
        """
        change, digest, _, _ = self._content(change_id)
        if change.content != content_version():
            raise UsageError("it was planned with other rules or device tables", hint=_ANEW)
        if change.began is None or self.clock() - change.began > LIFE:
            raise NotAllowed("what was decided holds for 24 hours", hint=_ANEW)
        with self.database.write() as connection:
            if change.proposal_id is not None:
                row = find_proposal(connection, change.proposal_id)
                if row is None or row.body["plans"] != digest:
                    raise NotAllowed("this is not what was approved", hint=_ANEW)
                self._reaches(connection, row, change.sites)
            current = self._rollout(connection, change_id)
            chosen = [str(one) for one in device_ids] or rules.to_retry(current)
            rows = {str(row.device_id): row for row in change_devices(connection, change_id)}
            self._keep(connection, change_id, lambda one: rules.retry(one, chosen))
            for device in chosen:
                turn = max(rows[device].attempt, 1) + 1
                begin_again(connection, change_id, int(device), turn, self.clock())
            self._let_pass(connection, change_id)
            named = sorted(rows[device].address for device in chosen)
            self._tell(connection, who, "change.retry", change_id, devices=named)
            return self._set_going(connection, change_id)

    def _let_pass(self, connection: Connection, change_id: int) -> None:
        """Note that a person let devices pass that are worse than before."""
        for row in change_devices(connection, change_id):
            if halting([("", row.health)]):
                values = {"health": f"{PARDON}{row.health}"}
                put_device(connection, change_id, row.device_id, values)

    def cancel(self, change_id: int, who: str) -> None:
        """End it where it stands."""
        self._move(change_id, who, "change.cancel", lambda one: rules.cancel(one, f"by {who}"))

    def undo(self, change_id: int, who: str) -> str:
        """Put back what was done; return the id of the flow."""
        return self._move(change_id, who, "change.undo", lambda one: rules.undo(one, f"by {who}"))

    def next(self, change_id: int) -> dict[str, Any]:
        """Return what is to be done now; marking it once more changes nothing.

        `devices` (number, attempt) are to be changed, or put back where `undoing`; `look` are to be
        looked at over the network first, `after` their wave or before it.
        """
        with self.database.write() as connection:
            current = self._rollout(connection, change_id)
            if current.state is RolloutState.UNDOING:
                turn = rules.to_undo(current)[: current.limits.parallel]
                return {"undoing": True, "devices": [[int(device), 1] for device in turn]}
            rows = [row for row in change_devices(connection, change_id) if row.wave >= 0]
            while (number := rules.to_judge(current)) is not None:
                made = [r for r in rows if r.wave == number and r.step == Step.DONE]
                if unseen := [row.device_id for row in made if not row.health]:
                    return {"undoing": False, "devices": [], "look": unseen[:SOME], "after": True}
                worse = halting((str(row.device_id), row.health) for row in made)
                current = self._keep(connection, change_id, partial(rules.judge, worse=worse))
            begun = set(rules.may_begin(current))
            if begun and current.state is RolloutState.RUNNING:
                wave = [r for r in rows if r.wave == current.wave and r.step == Step.WAITING]
                if unseen := [row.device_id for row in wave if not row.looked]:
                    return {"undoing": False, "devices": [], "look": unseen[:SOME], "after": False}
            for row in rows:
                if str(row.device_id) in begun:
                    values = {"step": Step.RUNNING.value, "at": self.clock()}
                    values["attempt"] = max(row.attempt, 1)
                    put_device(connection, change_id, row.device_id, values)
            running = [
                [row.device_id, max(row.attempt, 1)]
                for row in rows
                if row.step == Step.RUNNING or str(row.device_id) in begun
            ]
        return {"undoing": False, "devices": running}

    def note(self, change_id: int, device_id: int, result: Result, *, undoing: bool) -> Rollout:
        """Keep how a device's part ended, and what that means for all."""
        step = step_of(result, undoing=undoing)
        record = Changes(self.database).records(change_id, device_id, undoing=undoing)
        before: list[Step] = []

        def noted(one: Rollout) -> Rollout:
            before.append(one.step(str(device_id)))
            return rules.note(one, str(device_id), step)

        with self.database.write() as connection:
            values = {"outcome": result.outcome.value, "why": result.why[:2000]}
            at = {"at": self.clock()}
            put_device(connection, change_id, device_id, values | at)
            after = self._keep(connection, change_id, noted)
            new = after.step(str(device_id))
            put_device(connection, change_id, device_id, {"step": new.value})
            if [new] != before:
                # Whoever reads the record later can see that nobody has touched it since.
                word = "change.put-back" if undoing else "change.device"
                where = result.address or f"device {device_id}"
                details = {"outcome": result.outcome.value, "record": digest_of_record(record)}
                about = f"change {change_id}, {where}"
                self.log.record_within(connection, Act(ITSELF, word, about, new.value, details))
            return after

    def _move(
        self, change_id: int, who: str, word: str, change: Callable[[Rollout], Rollout]
    ) -> str:
        with self.database.write() as connection:
            self._keep(connection, change_id, change)
            self._tell(connection, who, word, change_id)
            return self._set_going(connection, change_id)

    def _set_going(self, connection: Connection, change_id: int) -> str:
        """Return the id of the flow that goes on with it: another one each time."""
        runs = int(self._find(connection, change_id).runs) + 1
        put_change(connection, change_id, {"runs": runs})
        return f"change:{change_id}:run:{runs}"

    def _keep(
        self, connection: Connection, change_id: int, change: Callable[[Rollout], Rollout]
    ) -> Rollout:
        before = self._rollout(connection, change_id)
        after = change(before)
        values: dict[str, Any] = {"state": after.state.value, "why": after.why}
        values |= {"forgiven": after.forgiven, "judged": after.judged}
        if after.state in _OVER:
            values["ended"] = self.clock()
        put_change(connection, change_id, values)
        if after.state is not before.state and after.state in _BY_ITSELF:
            word = "change.halt" if after.state is RolloutState.HALTED else "change.end"
            details = {"state": after.state.value, "why": after.why}
            self._tell(connection, ITSELF, word, change_id, **details)
        return after

    def _rollout(self, connection: Connection, change_id: int) -> Rollout:
        change = self._find(connection, change_id)
        if change.state not in set(RolloutState):
            raise NotNow(f"it is {change.state}")
        return rollout_of(change, change_devices(connection, change_id))

    def _content(self, change_id: int) -> tuple[Any, str, int, int]:
        """Return a change, the digest of what it does, and how many devices and settings."""
        changes = Changes(self.database)
        change = changes.find(change_id)
        if change is None:
            raise NoSuchChange
        rows = [row for row in changes.devices(change_id) if takes_part(row)]
        plans = changes.plans(change_id, [row.device_id for row in rows])
        digest = digest_of_plans(((row.device_id, row.plan) for row in plans), change.accepted)
        return change, digest, len(rows), sum(row.settings for row in rows)

    def _find(self, connection: Connection, change_id: int) -> Any:
        change = find_change(connection, change_id, lock=True)
        if change is None:
            raise NoSuchChange
        return change

    def _must_be_planned(self, change: Any) -> None:
        if change.state != PLANNED:
            raise NotNow(f"the change is {change.state}")

    def _tell(
        self, connection: Connection, who: str, word: str, change_id: int, **details: object
    ) -> None:
        self.log.record_within(connection, Act(who, word, f"change {change_id}", details=details))


def takes_part(row: Any) -> bool:
    """Say whether a device of a change is changed by it."""
    return bool(row.settings) and row.step != REFUSED


def with_accepted(plan: Plan, accepted: Mapping[str, Any]) -> Plan:
    """Return a plan with what a person took upon themselves."""
    return replace(
        plan,
        accept_no_channel=tuple(accepted.get(CHANNEL, ())),
        accept_no_print_path=tuple(accepted.get(PRINT, ())),
    )
