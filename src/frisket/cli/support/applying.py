"""Carries out a plan with progress: one job a device, in waves."""

from __future__ import annotations

import fcntl
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from zlib import crc32

from frisket.cli.support.progress import Board
from frisket.cli.support.session import now
from frisket.drivers.plan import DevicePlan
from frisket.drivers.record import Outcome, Result
from frisket.drivers.waves import Waves, run_waves
from frisket.errors import UsageError
from frisket.fleet.carrying import Applier

Show = Callable[[int], AbstractContextManager[Board]]


def print_event(device: str, what: str, detail: str) -> None:
    """Print one event as a line of JSON."""
    row = {"at": now().isoformat(), "device": device, "event": what, "detail": detail}
    # Nobody listens any more: that is no reason to leave a device half-way.
    with suppress(BrokenPipeError):
        sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
        sys.stdout.flush()


def no_event(device: str, what: str, detail: str) -> None:
    """Say nothing."""


class Turns:
    """Whose turn each device is, among the processes of one state folder; none waits for it."""

    def __init__(self, folder: Path) -> None:
        """Open the file whose octets stand for devices. Raises `UsageError`."""
        path = folder / "devices.lock"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = path.open("ab")
        except OSError as fault:
            raise UsageError(f"cannot write {path}: {fault.strerror}") from fault

    @contextmanager
    def of(self, address: str) -> Iterator[bool]:
        """Hold a device while the block runs; False where another process has it."""
        place = crc32(address.encode())
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
        except OSError:
            yield False
            return
        try:
            yield True
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, place)

    def close(self) -> None:
        """Let every device go."""
        self._file.close()


async def run_plan(
    applier: Applier, devices: tuple[DevicePlan, ...], waves: Waves, show: Show, folder: Path
) -> list[Result]:
    """Carry out the plans of `devices`, with progress. `folder`: where runs tell of their turns.

    A device that another run is at work on is left to that one: both have read it before, and each
    would write what the other writes.
    """
    turns = Turns(folder)
    with show(len(devices)) as board:

        def event(device: str, what: str, detail: str) -> None:
            board.heard(device, what, detail)
            applier.event(device, what, detail)

        async def one(device: DevicePlan) -> Result:
            board.begin(device.address, len(device.steps))
            event(device.address, "begun", f"{len(device.steps)} settings")
            try:
                with turns.of(device.address) as ours:
                    if ours:
                        return await replace(applier, event=event).one(device)
                why = "another run on this machine is at work on it"
                result = Result(device.address, Outcome.NOT_BEGUN, why)
                applier.left_out(result)
                return result
            finally:
                board.end(device.address)

        try:
            return await run_waves(devices, waves, one, applier.left_out)
        finally:
            turns.close()
