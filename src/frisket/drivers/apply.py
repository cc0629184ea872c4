"""Makes one device as planned, proves it, or puts it back. The engine; devices differ by table.

Before each write the intent is on disk, after it the outcome. Nothing is written that was not read
just before, so a run that was killed is continued by reading, never by repeating.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from frisket.catalog.setting import show
from frisket.drivers.access.snmp import IdentityChanged, NoDriver
from frisket.drivers.access.web import LoginRefused
from frisket.drivers.base import Hand, Settings
from frisket.drivers.order import Phase, Stage
from frisket.drivers.plan import ACCESS, DevicePlan, moved
from frisket.drivers.record import Outcome, Record, Result
from frisket.errors import FrisketError, LinkError, SettingRefused, WireError
from frisket.ledger import LedgerFault
from frisket.model.reading import Known, Readings, Value, Witness
from frisket.proto.snmp.errors import Denied, SnmpError

AT_ONCE: Final = 12  # values in one request: they must fit one datagram
SETTLING: Final = (0.0, 0.5, 2.0, 5.0)  # seconds before each look at what the network says

Look = Callable[[frozenset[str]], Awaitable[Readings]]
Tell = Callable[[str, str], None]


class Mode(Enum):
    """How the engine takes what it finds."""

    FRESH = "the device must be exactly as planned"
    RESUMED = "each setting is as before or as wanted"
    UNDO = "settings that somebody changed since are left alone"


class Surprise(FrisketError):
    """The device did not do what was expected of it."""


class Lost(FrisketError):
    """A write was sent, and the device can no longer be asked what it did."""


def _nothing(_: str) -> None:
    """Do nothing at a named point; tests end the process there."""


@dataclass(frozen=True, slots=True)
class Job:
    """One device's part of a run.

    `open_hand` opens the planned device or raises; `open_door` opens it by another way, over which
    the first stage opens ours; `look(keys)` asks the network witness about
    keys; `tell(what, detail)` hears of progress; `point(name)` is called at the named points.
    """

    plan: DevicePlan
    open_hand: Callable[[], Awaitable[Hand]]
    look: Look
    record: Record
    tell: Tell
    mode: Mode = Mode.FRESH
    point: Callable[[str], None] = _nothing
    open_door: Callable[[], Awaitable[Hand]] | None = None


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
    job.record.result(result)
    job.tell("outcome", result.outcome)
    return result


async def _opened(job: Job) -> Result:
    address = job.plan.address
    try:
        hand = await _entered(job)
    except IdentityChanged as fault:
        return Result(address, Outcome.IDENTITY_CHANGED, str(fault))
    except (Denied, LoginRefused) as fault:
        return Result(address, Outcome.DENIED, str(fault))
    except NoDriver as fault:
        return Result(address, Outcome.REFUSED, str(fault))
    except (LinkError, WireError, SnmpError) as fault:
        return Result(address, Outcome.UNREACHABLE, str(fault))
    except FrisketError as fault:
        return Result(address, Outcome.REFUSED, str(fault))
    return await _Device(job, hand).run()


def _needs_door(plan: DevicePlan) -> bool:
    return bool(plan.stages) and plan.stages[0].phase is Phase.REACH


async def _entered(job: Job) -> Hand:
    """Return the open device: by our own way, or by the door where that is still closed."""
    if not _needs_door(job.plan) or job.open_door is None:
        return await job.open_hand()
    if job.mode is Mode.RESUMED:
        try:
            return await job.open_hand()
        except LinkError:
            pass  # killed before our way was open
    return await job.open_door()


def batches(keys: list[str], size: int = AT_ONCE) -> Iterator[tuple[str, ...]]:
    """Yield `keys` in groups that fit one request."""
    for start in range(0, len(keys), size):
        yield tuple(keys[start : start + size])


class _Device:
    """One device in the course of being changed."""

    def __init__(self, job: Job, hand: Hand) -> None:
        self._job = job
        self._hand = hand
        self._plan = job.plan
        self._sent: list[tuple[str, ...]] = []  # what may be on the device, in order
        self._left: list[str] = []
        self._suspect: set[str] = set()  # the device's word on these is not to be trusted

    async def run(self) -> Result:
        """Check, write, prove; or undo. Closes the device in the end."""
        try:
            return await self._run()
        finally:
            self._hand.close()

    async def _run(self) -> Result:
        plan = self._plan
        try:
            now = await self._read(tuple(dict.fromkeys((*plan.state, *self._keys()))))
        except (LinkError, SnmpError) as fault:
            return self._result(Outcome.UNREACHABLE, str(fault))
        if why := self._unexpected(now):
            return self._result(Outcome.STALE, why)
        if not plan.steps:
            return self._result(Outcome.COMPLIANT)
        try:
            for stage in plan.stages:
                await self._stage(stage, now)
                if stage.phase is Phase.REACH:
                    await self._change_over()
            await self._prove()
        except Lost as fault:
            return self._result(Outcome.UNKNOWN, str(fault), left=self._flat())
        except (SettingRefused, Surprise, LinkError, SnmpError) as fault:
            return await self._undo(str(fault))
        outcome = Outcome.LEFT if self._left else Outcome.DONE
        why = "changed by somebody else since, and left alone" if self._left else ""
        return self._result(outcome, why, changed=self._flat(), left=tuple(self._left))

    async def _change_over(self) -> None:
        """Go on over our own way, which proves that it is open. Raises `Surprise`."""
        if self._hand.name == ACCESS:
            return
        try:
            hand = await self._job.open_hand()
        except FrisketError as fault:
            raise Surprise(f"the way that was opened does not work: {fault}") from fault
        self._hand.close()
        self._hand = hand
        self._job.tell("changed over", hand.name)

    @property
    def _reached(self) -> tuple[str, ...]:
        """The keys that opened our own way, if any."""
        first = self._plan.stages[0]
        return first.keys if first.phase is Phase.REACH else ()

    def _keys(self) -> tuple[str, ...]:
        return tuple(step.key for step in self._plan.steps)

    def _insists(self, key: str) -> bool:
        """Say whether the device's own word on a key counts for nothing."""
        return self._plan.step(key).insist

    def _flat(self) -> tuple[str, ...]:
        return tuple(key for keys in self._sent for key in keys)

    def _result(
        self,
        outcome: Outcome,
        why: str = "",
        changed: tuple[str, ...] = (),
        left: tuple[str, ...] = (),
    ) -> Result:
        return Result(self._plan.address, outcome, why, changed, left)

    async def _read(self, keys: tuple[str, ...]) -> dict[str, Value]:
        found = await self._hand.read(keys)
        return {key: r.value for key, r in found.items() if isinstance(r, Known)}

    def _unexpected(self, now: Settings) -> str:
        """Say how the device is not as it was when the plan was made; note what is left alone."""
        if self._job.mode is Mode.FRESH:
            return _told(moved(self._plan.state, now))
        strange = {
            step.key: (step.now, now.get(step.key))
            for step in self._plan.steps
            if now.get(step.key) not in (step.now, step.wanted)
        }
        if self._job.mode is Mode.UNDO:
            self._left = list(strange)
            return ""
        return _told(strange)

    async def _stage(self, stage: Stage, now: dict[str, Value]) -> None:
        wanted = {key: self._plan.step(key).wanted for key in stage.keys if key not in self._left}
        todo = [key for key, value in wanted.items() if now[key] != value or self._insists(key)]
        for keys in batches(todo):
            await self._write(keys, {key: wanted[key] for key in keys}, stage)
        if not stage.restart:
            return
        try:
            await self._restart()
        except (LinkError, SnmpError):
            # What we just closed is the way we would have asked over.
            if stage.phase is not Phase.LAST:
                raise

    async def _restart(self) -> None:
        if await self._waits():
            self._job.record.restart(self._plan.address)
            self._job.point("restart")
            self._job.tell("restart", "")
            await self._hand.restart()

    async def _waits(self) -> bool:
        return await self._hand.pending() > 0

    async def _write(self, keys: tuple[str, ...], values: Settings, stage: Stage) -> None:
        before = {key: self._plan.step(key).now for key in keys}
        address = self._plan.address
        self._job.record.intent(address, before, values)
        self._job.point("intent")
        self._sent.append(keys)
        try:
            await self._hand.write(values)
        except SettingRefused:
            raise
        except LinkError as fault:
            # Sent, and no answer: whether it arrived only the device knows.
            await self._check(keys, values, f"no answer to the write: {fault}")
        self._job.point("sent")
        if stage.phase is not Phase.LAST:
            await self._check(keys, values, "the device acknowledged it and did not keep it")
        self._job.record.written(address, keys)
        self._job.point("written")
        self._job.tell("written", ", ".join(keys))

    async def _check(self, keys: tuple[str, ...], values: Settings, why: str) -> None:
        """Read back. Raises `Surprise` where a value is not there, `Lost` where nobody answers."""
        try:
            found = await self._read(keys)
        except (LinkError, SnmpError) as fault:
            raise Lost(f"{why}; reading back failed: {fault}") from fault
        wrong = [k for k in keys if found.get(k) != values[k] and not self._insists(k)]
        if wrong:
            self._suspect |= set(wrong)
            raise Surprise(f"{', '.join(wrong)}: {why}")

    async def _prove(self) -> None:
        """Ask the network witness. Raises `Surprise` where it sees another value than written."""
        wanted = {s.key: s.wanted for s in self._plan.steps if s.key not in self._left}
        wrong: Mapping[str, str] = {}
        for pause in SETTLING:
            # Services take a moment to close; one look that agrees is enough.
            await asyncio.sleep(pause)
            wrong = disagrees(wanted, await self._job.look(frozenset(wanted)))
            if not wrong:
                self._job.tell("proved", "")
                return
        said = "; ".join(f"{key}: {text}" for key, text in wrong.items())
        raise Surprise(f"the network does not agree: {said}")

    async def _undo(self, why: str) -> Result:
        """Put back what may have been written, the last first."""
        self._job.tell("undo", why)
        self._job.point("undo")
        reached = [keys for keys in self._sent if set(keys) <= set(self._reached)]
        others = [keys for keys in self._sent if keys not in reached]
        left, said = await self._restore_all(others)
        if not left:
            said += await self._restart_again()
            # Only now: what was put back may need our way for its restart.
            left, more = await self._restore_all(reached)
            said += more
        elif reached:
            left += reached[0]
        outcome = Outcome.LEFT if left else Outcome.UNDONE
        if said and left:
            outcome = Outcome.UNKNOWN
        return self._result(outcome, "; ".join([why, *said]), left=tuple(left))

    async def _restore_all(self, sent: list[tuple[str, ...]]) -> tuple[list[str], list[str]]:
        """Put back what was sent, the last first; return the keys that are left, and why."""
        left: list[str] = []
        said: list[str] = []
        for keys in reversed(sent):
            try:
                left += await self._restore(keys)
            except LinkError as fault:
                said.append(f"undoing failed: {fault}")
                left += keys
        return left, said

    async def _restart_again(self) -> list[str]:
        """Restart where what was put back waits for that; return what went wrong."""
        try:
            await self._restart()
        except (LinkError, SnmpError, SettingRefused) as fault:
            return [f"a restart is still needed: {fault}"]
        return []

    async def _restore(self, keys: tuple[str, ...]) -> list[str]:
        before = {key: self._plan.step(key).now for key in keys}
        try:
            found = await self._read(keys)
            cuts = self._hand.name == ACCESS and set(keys) <= set(self._reached)
            back = {
                key: value
                for key, value in before.items()
                if found.get(key) != value or key in self._suspect
            }
            if back:
                current = {key: found[key] for key in back}
                self._job.record.intent(self._plan.address, current, back)
                await self._hand.write(back)
                # What opened our way also closes it: then nobody is left to be asked.
                found = before if cuts else await self._read(keys)
        except (SettingRefused, SnmpError, KeyError):
            return list(keys)
        good = tuple(k for k in keys if found.get(k) == before[k] or self._insists(k))
        self._job.record.restored(self._plan.address, good)
        return [key for key in keys if key not in good]


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
