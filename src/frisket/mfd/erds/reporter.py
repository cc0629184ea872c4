"""Reports while E-RDS is on: counters by the gateway's schedule, events at once, and again later.

The rules of sending again are those of the service manuals (facts on the device, 4.1): an alert is
kept for three retries and the fourth failure drops the oldest; jam, service-call and alarm logs
wait until they are taken; counters are read anew at each try.
"""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta

from frisket.errors import FrisketError
from frisket.ledger import LedgerFault
from frisket.mfd.device import Device
from frisket.mfd.erds.content import LOGS, fault_of, present, report_of, service_menu
from frisket.mfd.erds.talk import Unwanted, converse
from frisket.mfd.erds_memory import MENU_CHANGED, Condition, Parcel, State, next_due
from frisket.mfd.outside.every import Every
from frisket.mfd.troubles import Trouble, TroubleKind
from frisket.proto.erds.message import Alert, Operation, Result

_ACTOR = "-"
_LONGEST_PAUSE = 900.0  # a clock that was set, or a changed service menu, is noticed by then
_SHORTEST_PAUSE = 0.05
_BUSY_SECONDS = 60
_COUNTERS = (Operation.CLICK_COUNT, Operation.SERVICE_COUNTER, Operation.MODE_COUNTER)
_LATEST_RETRY = timedelta(days=1)


class Reporter:
    """One device's reporting, from the service's start to its end."""

    __slots__ = ("_device", "_every", "_least", "_memory", "_news", "_roused")

    def __init__(self, device: Device) -> None:
        self._device = device
        self._memory = device.erds
        self._roused = asyncio.Event()
        self._news = False
        self._least = _SHORTEST_PAUSE
        self._memory.wake = self._roused.set
        device.levels.watchers.append(self._roused.set)
        device.troubles.watchers.append(self._trouble)
        self._every = Every(device, 0.0, self.work, self._pause)

    def close(self) -> None:
        """Stop; what waits is kept for the next start."""
        self._every.close()
        self._device.levels.watchers.remove(self._roused.set)
        self._device.troubles.watchers.remove(self._trouble)

    def _trouble(self, _: Trouble | None) -> None:
        self._roused.set()

    async def _pause(self) -> None:
        """Wait for something to happen, or for the next time that something is due."""
        state, now = self._memory.state, self._device.now()
        times = (state.due, state.menu, state.retry)
        left = [(at - now).total_seconds() for at in times if at is not None and state.registered]
        seconds = min([_LONGEST_PAUSE, *left])
        try:
            async with asyncio.timeout(max(self._least, seconds)):
                await self._roused.wait()
        except TimeoutError:
            pass
        self._roused.clear()

    async def work(self) -> None:
        """Put to wait what is due or has happened, and send what waits."""
        memory, now = self._memory, self._device.now()
        if not memory.state.registered:
            return
        try:
            self._plan(now)
            self._look(now)
        except LedgerFault as fault:
            # Nothing is numbered that is not on disk; it is all still there to be seen next time.
            memory.note(now, "E-RDS", str(fault), ok=False)
            self._least = _BUSY_SECONDS
            return
        self._least = _SHORTEST_PAUSE
        retry = memory.state.retry
        if not memory.state.waiting:
            memory.state.retry = None
        elif self._news or retry is None or retry <= now:
            self._news = False
            await self._send()

    # -- what is to be sent

    def _plan(self, now: datetime) -> None:
        """Let counters, firmware and the service menu wait once their time has come."""
        memory, state = self._memory, self._memory.state
        step = timedelta(hours=state.hours)
        if state.due is not None and (state.due <= now or state.due > now + 2 * step):
            following = next_due(state.due, state.hours, now)
            for operation in _COUNTERS[:-1]:
                memory.put(operation, now)
            memory.put(_COUNTERS[-1], now, mark=lambda state: setattr(state, "due", following))
        if memory.state.retry is not None and memory.state.retry > now + _LATEST_RETRY:
            memory.state.retry = None  # the clock was put back
        if memory.state.firmware != self._device.firmware:
            memory.put(Operation.FIRMWARE, now)
        self._plan_menu(now)

    def _plan_menu(self, now: datetime) -> None:
        memory, state = self._memory, self._memory.state
        seen = hashlib.sha256(repr(service_menu(self._device)).encode()).hexdigest()[:32]
        if state.menu_seen != seen:
            if state.menu_seen and state.menu is None:
                state.menu = now + MENU_CHANGED
            state.menu_seen = seen
            memory.save()
        if state.menu is not None and (state.menu <= now or state.menu > now + 2 * MENU_CHANGED):
            memory.put(Operation.SERVICE_MENU, now, mark=lambda state: setattr(state, "menu", None))

    def _look(self, now: datetime) -> None:
        """Let alerts wait for what began or ended, and log entries for what happened."""
        for trouble in self._device.troubles.since(self._memory.state.trouble):
            self._happened(trouble, now)
        state, wrong = self._memory.state, present(self._device)
        hidden = state.lost if state.failures else set()
        began = [key for key in wrong if key not in state.told and key not in hidden]
        ended = [key for key in sorted(state.told) if key not in wrong and key not in hidden]
        for key in began:
            self._alert(key, now, active=True)
        for key in ended:
            self._alert(key, now, active=False)

    def _happened(self, trouble: Trouble, now: datetime) -> None:
        def mark(state: State) -> None:
            state.trouble = trouble.number
            if trouble.kind is TroubleKind.ALARM and state.menu is None:
                state.menu = now + MENU_CHANGED

        operation = LOGS.get(trouble.kind)
        if operation is None:
            mark(self._memory.state)
            return
        dropped = self._memory.put(operation, now, fault=fault_of(trouble), mark=mark)
        if dropped:
            self._memory.note(now, operation, dropped, ok=False)
        self._news = True

    def _alert(self, key: Condition, now: datetime, *, active: bool) -> None:
        kind, part = key

        def mark(state: State) -> None:
            (state.told.add if active else state.told.discard)(key)

        if kind in self._memory.state.muted:
            mark(self._memory.state)
            return
        alert = Alert(kind, active, now.astimezone(UTC).replace(microsecond=0), part)
        dropped = self._memory.put(Operation.ALERT, now, alert=alert, mark=mark)
        if dropped:
            self._memory.note(now, Operation.ALERT, dropped, ok=False)
        self._news = True

    # -- sending

    async def _send(self) -> None:
        """Send what waits in order, until something does not go."""
        device, memory = self._device, self._memory
        if seconds := device.power.wake("E-RDS"):
            await asyncio.sleep(seconds)
        async with memory.line:
            for parcel in list(memory.state.waiting):
                if not memory.state.registered or not await self._one(parcel):
                    return

    async def _one(self, parcel: Parcel) -> bool:
        """Send one message; say whether to go on."""
        device, memory = self._device, self._memory
        now = device.now()
        try:
            await converse(device, report_of(device, parcel, now), _ACTOR)
        except Unwanted as fault:
            return self._unwanted(parcel, fault, now)
        except FrisketError:
            lost = memory.failed(now)
            if lost is not None:
                what = f"number {lost.sequence} given up: a newer state follows"
                memory.note(now, lost.operation, what, ok=False)
            return False
        if parcel.operation is Operation.FIRMWARE:
            memory.state.firmware = device.firmware
        if memory.state.lost:
            self._roused.set()
        memory.delivered(parcel)
        return True

    def _unwanted(self, parcel: Parcel, fault: Unwanted, now: datetime) -> bool:
        memory, result = self._memory, fault.answer.result
        match result:
            case Result.BUSY:
                memory.postponed(now, fault.answer.retry_after or _BUSY_SECONDS)
                return False
            case Result.UNREGISTERED:
                # Nobody there knows this device (any more): only COM-TEST helps, nothing is lost.
                memory.state.registered = False
                memory.keep()
                return False
            case _:
                memory.delivered(parcel)
                return True
