"""Makes one device as planned, proves it, or puts it back. The engine; devices differ by table.

Before each write the intent is on disk, after it the outcome. Nothing is written that was not read
just before, so a run that was killed is continued by reading, never by repeating.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from frisket.catalog.setting import show
from frisket.drivers.access.snmp import IdentityChanged, NoDriver
from frisket.drivers.access.web import LoginRefused
from frisket.drivers.base import Hand, Settings
from frisket.drivers.job import Job, Lost, Mode, Surprise
from frisket.drivers.order import Phase, Stage
from frisket.drivers.plan import DevicePlan, moved
from frisket.drivers.record import Outcome, Result
from frisket.drivers.restoring import restore, resume_sent
from frisket.drivers.writing import TROUBLE, Writing, batches
from frisket.errors import Busy, Filtered, FrisketError, LinkError, SettingRefused, WireError
from frisket.ledger import LedgerFault
from frisket.model.reading import Readings, Value, Witness
from frisket.proto.snmp.errors import Denied, EngineChanged, SnmpError

# What an interrupted run may have left behind is not known to be as it was.
_BEGUN: Final = {Outcome.IDENTITY_CHANGED: Outcome.REPLACED}


async def apply_device(job: Job) -> Result:
    """Carry out one device's plan. Never raises but `LedgerFault`: without a record, no writes."""
    try:
        result = await _opened(job)
    except LedgerFault:
        raise
    except Exception as fault:  # noqa: BLE001 - the engine's one broad catch: our own bug, named
        line = traceback.extract_tb(fault.__traceback__)[-1]
        where = f"{type(fault).__name__} at {line.name}:{line.lineno}: {fault}"
        result = Result(job.plan.address, Outcome.BUG, where[:300])
    job.point("ended")
    await job.record.share(lambda record: record.result(result))
    job.point("outcome")
    job.tell("outcome", result.outcome)
    return result


async def _opened(job: Job) -> Result:
    try:
        hand = await _patiently(job)
    except (IdentityChanged, EngineChanged) as fault:
        return _kept_out(job, Outcome.IDENTITY_CHANGED, str(fault))
    except (Denied, LoginRefused) as fault:
        return _kept_out(job, Outcome.DENIED, str(fault))
    except NoDriver as fault:
        return _kept_out(job, Outcome.REFUSED, str(fault))
    except TROUBLE as fault:
        return _kept_out(job, Outcome.UNREACHABLE, str(fault))
    except FrisketError as fault:
        return _kept_out(job, Outcome.REFUSED, str(fault))
    job.point("opened")
    work = _Device(job, hand)
    try:
        return await work.run()
    except (IdentityChanged, EngineChanged) as fault:
        # Nothing more is sent: what we would put back stands on another device.
        left = work.flat or job.meant
        outcome = Outcome.REPLACED if left else Outcome.IDENTITY_CHANGED
        return Result(job.plan.address, outcome, str(fault), left=left)
    finally:
        work.hand.close()


def _kept_out(job: Job, outcome: Outcome, why: str) -> Result:
    """Name what kept us out: where an interrupted run had begun, nobody knows how it stands."""
    if job.meant:
        outcome = _BEGUN.get(outcome, Outcome.UNKNOWN)
    return Result(job.plan.address, outcome, why, left=job.meant)


async def _patiently(job: Job) -> Hand:
    """Open the device; one that an interrupted run may have restarted is waited for.

    A connection that nobody answered is tried again for a while: nothing was shown to anybody.
    """
    loop = asyncio.get_running_loop()
    start, wait = loop.time(), 0.25
    while True:
        try:
            return await _entered(job)
        except (LinkError, WireError) as fault:
            patience = job.pace.opening if isinstance(fault, Filtered) else 0.0
            if loop.time() + wait > start + max(patience, job.pace.back if job.meant else 0.0):
                raise
        await asyncio.sleep(wait)
        wait = min(wait * 1.5, 5.0)


def _needs_door(plan: DevicePlan) -> bool:
    return bool(plan.stages) and plan.stages[0].phase is Phase.REACH


async def _entered(job: Job) -> Hand:
    """Return the open device: by our own way, or by the door where that is still closed."""
    if not _needs_door(job.plan) or job.open_door is None:
        try:
            return await job.open_hand()
        except LinkError as fault:
            if job.open_left is None or not _was_last(job):
                raise
            return await _by_what_is_left(job.open_left, fault)
    if job.mode is Mode.RESUMED:
        try:
            return await job.open_hand()
        except LinkError:
            pass  # killed before our way was open
    return await job.open_door()


def _was_last(job: Job) -> bool:
    """Say whether an interrupted run has meant everything, and with the last our way closes."""
    closes = any(stage.phase is Phase.LAST for stage in job.plan.stages)
    return closes and {step.key for step in job.plan.steps} <= set(job.meant)


async def _by_what_is_left(opened: Callable[[], Awaitable[Hand]], fault: LinkError) -> Hand:
    """Return the device by another way: there is nothing to do but to read."""
    try:
        return await opened()
    except (IdentityChanged, EngineChanged):
        raise
    except FrisketError:
        raise fault from None


class _Device(Writing):
    """One device in the course of being changed: the stages, and the proofs between them."""

    def __init__(self, job: Job, hand: Hand) -> None:
        super().__init__(job, hand)
        self._left: list[str] = []
        self._proved: set[str] = set()  # ways that we logged in over
        self._untried: tuple[str, ...] = ()

    async def run(self) -> Result:
        """Check, write, prove; or undo. Raises `IdentityChanged` at any moment."""
        plan, job = self.plan, self.job
        keys = (*plan.state, *(step.key for step in plan.steps))
        try:
            now = await self.read(dict.fromkeys(keys))
        except TROUBLE as fault:
            return _kept_out(job, Outcome.UNREACHABLE, str(fault))
        resume_sent(self)
        if job.undoing:
            return await restore(self, job.undoing)
        if why := self._unexpected(now):
            return self._result(Outcome.STALE, why, left=job.meant)
        if not plan.steps:
            return self._result(Outcome.COMPLIANT)
        try:
            await self._stages(now)
            await self._agreed()
        except Lost as fault:
            return self._result(Outcome.UNKNOWN, str(fault), left=self.flat)
        except Busy as fault:
            return await restore(self, str(fault), Outcome.BUSY)
        except (SettingRefused, Surprise, *TROUBLE) as fault:
            return await restore(self, str(fault))
        outcome = Outcome.LEFT if self._left else Outcome.DONE
        why = "changed by somebody else since, and left alone" if self._left else ""
        if self._untried and not why:
            why = f"not tried, for no login is given: {', '.join(self._untried)}"
        changed = tuple(dict.fromkeys((*job.meant, *self.flat)))
        return self._result(outcome, why, changed=changed, left=tuple(self._left))

    def _result(
        self,
        outcome: Outcome,
        why: str = "",
        changed: tuple[str, ...] = (),
        left: tuple[str, ...] = (),
    ) -> Result:
        return Result(self.plan.address, outcome, why, changed, left)

    async def _stages(self, now: dict[str, Value]) -> None:
        stages = self.plan.stages
        opening = max((s.phase for s in stages if s.phase <= Phase.OPEN), default=None)
        for stage in stages:
            if stage.phase >= Phase.CLOSE and opening is None:
                await self._survivors(stage)
                opening = stage.phase
            await self._stage(stage, now)
            if stage.phase is Phase.REACH:
                await self._change_over()
            if stage.phase is opening:
                await self._survivors(stage)

    async def _change_over(self) -> None:
        """Go on over our own way, which proves that it is open. Raises `Surprise`."""
        if self.hand.name == self.plan.access:
            return
        try:
            hand = await self.job.open_hand()
        except (IdentityChanged, EngineChanged):
            raise
        except FrisketError as fault:
            raise Surprise(f"the way that was opened does not work: {fault}") from fault
        self.hand.close()
        self.hand = hand
        self.job.point("changed over")
        self.job.tell("changed over", hand.name)

    def _unexpected(self, now: Settings) -> str:
        """Say how the device is not as it was when the plan was made; note what is left alone."""
        if self.job.mode is Mode.FRESH:
            return _told(moved(self.plan.state, now))
        strange = {
            step.key: (step.now, now.get(step.key))
            for step in self.plan.steps
            if now.get(step.key) not in (step.now, step.wanted)
        }
        if self.job.mode is Mode.UNDO:
            self._left = list(strange)
            return ""
        return _told(strange)

    async def _stage(self, stage: Stage, now: dict[str, Value]) -> None:
        wanted = {key: self.plan.step(key).wanted for key in stage.keys if key not in self._left}
        todo = [key for key, value in wanted.items() if now[key] != value or self.insists(key)]
        last = stage.phase is Phase.LAST
        for keys in batches(todo, whole=stage.whole):
            await self.write(keys, {key: wanted[key] for key in keys}, last=last)
        if not stage.restart:
            return
        try:
            await self.restart()
        except (Lost, LinkError, SnmpError):
            # What we just closed is the way we would have asked over.
            if not last:
                raise

    async def _survivors(self, stage: Stage) -> None:
        """Log in over the ways that survive, before anything else closes. Raises `Surprise`.

        Our own way needs no more proof than that we work over it. Before that is closed, another
        must have been proved, unless none was promised. What a person asks back was theirs before:
        on the way back nobody is asked to let us in.
        """
        job, plan = self.job, self.plan
        if job.mode is Mode.UNDO:
            return
        others = [name for name in plan.after.managing if name != plan.own]
        job.point("proving")
        for name in others:
            if name in job.proofs:
                try:
                    await job.proofs[name]()
                except (IdentityChanged, EngineChanged):
                    raise
                except FrisketError as fault:
                    raise Surprise(f"{name} does not let us in: {fault}") from fault
                self._proved.add(name)
                job.tell("logged in", name)
        self._untried = tuple(name for name in others if name not in self._proved)
        closes = plan.own in plan.before.managing and plan.own not in plan.after.managing
        unproved = closes and others and not self._proved and not job.alone
        if unproved and stage.phase > Phase.REACH:
            raise Surprise(
                f"nothing proves that {', '.join(others)} lets us in, and {plan.own} would be"
                " closed: give a login for it"
            )

    async def _agreed(self) -> None:
        """Ask the network witness. Raises `Surprise` where it sees another value than written."""
        wanted = {s.key: s.wanted for s in self.plan.steps if s.key not in self._left}
        wrong: Mapping[str, str] = {}
        self.job.tell("asking the network", "")
        for pause in self.job.pace.settling:
            # Services take a moment to close; one look that agrees is enough.
            await asyncio.sleep(pause)
            wrong = disagrees(wanted, await self.job.look(frozenset(wanted)))
            if not wrong:
                self.job.point("proved")
                self.job.tell("proved", "")
                return
        said = "; ".join(f"{key}: {text}" for key, text in wrong.items())
        raise Surprise(f"the network does not agree: {said}")


def _told(differences: Mapping[str, tuple[object, object]]) -> str:
    """Say in words which settings are not as they were."""
    if not differences:
        return ""
    key, (was, found) = next(iter(differences.items()))
    more = f" and {len(differences) - 1} more" if len(differences) > 1 else ""
    return f"{key} was {_shown(was)} and is {_shown(found)}{more}"


def _shown(value: object) -> str:
    if isinstance(value, bool | int | str | tuple):
        return show(value) or "empty"
    return "not readable"


def disagrees(wanted: Settings, seen: Readings) -> dict[str, str]:
    """Return the keys of which the network sees another value, with what it sees in words."""
    return {
        key: f"{show(known.value)} ({known.detail or known.via})"
        for key, value in wanted.items()
        for known in seen.known(key)
        if known.witness is Witness.NETWORK and known.value != value
    }
