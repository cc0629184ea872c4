"""Carries out a plan with progress: one job a device, in waves."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import replace

from frisket.cli.support.progress import Board
from frisket.cli.support.session import now
from frisket.drivers.plan import DevicePlan
from frisket.drivers.record import Result
from frisket.drivers.waves import Waves, run_waves
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


async def run_plan(
    applier: Applier, devices: tuple[DevicePlan, ...], waves: Waves, show: Show
) -> list[Result]:
    """Carry out the plans of `devices`, with progress."""
    with show(len(devices)) as board:

        def event(device: str, what: str, detail: str) -> None:
            board.heard(device, what, detail)
            applier.event(device, what, detail)

        async def one(device: DevicePlan) -> Result:
            board.begin(device.address, len(device.steps))
            event(device.address, "begun", f"{len(device.steps)} settings")
            try:
                return await replace(applier, event=event).one(device)
            finally:
                board.end(device.address)

        return await run_waves(devices, waves, one, applier.left_out)
