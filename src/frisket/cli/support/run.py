"""Visits targets and hands each judged device to whoever collects them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from frisket.audit.capture import Capture, write_capture
from frisket.audit.load import Content
from frisket.audit.session import Session
from frisket.cli.support.labs import is_lab_word
from frisket.cli.support.options import Visiting
from frisket.cli.support.progress import Tick
from frisket.cli.support.reports import file_name
from frisket.cli.support.session import now
from frisket.cli.support.targets import resolve_targets
from frisket.errors import UsageError
from frisket.model.finding import DeviceResult, Incomplete
from frisket.model.reading import Readings
from frisket.model.target import Target
from frisket.net.budget import Limits
from frisket.probe.base import Sighting
from frisket.probe.survey import survey
from frisket.probe.visit import visit_target

Witness = Callable[[Target], Awaitable[Readings]]


class Sink(Protocol):
    """Takes results as they come."""

    def begin(self) -> None:
        """Get ready: the targets are known, the first visit is about to start."""

    def add(self, device: DeviceResult) -> None:
        """Take one judged device."""

    def miss(self, incomplete: Incomplete) -> None:
        """Take one target that was not judged."""


@dataclass(slots=True)
class Collected:
    """Keeps everything."""

    devices: list[DeviceResult] = field(default_factory=list)
    missed: list[Incomplete] = field(default_factory=list)

    def begin(self) -> None:
        """Do nothing."""

    def add(self, device: DeviceResult) -> None:
        """Keep a device."""
        self.devices.append(device)

    def miss(self, incomplete: Incomplete) -> None:
        """Keep a target."""
        self.missed.append(incomplete)


@dataclass(slots=True)
class Run:
    """How live devices are visited. Virtual ones (`lab`) are not paced.

    `witness` asks the device itself, where a credential is given for it.
    """

    session: Session
    sink: Sink
    visiting: Visiting
    record: Path | None = None
    witness: Witness | None = None


def _open_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise UsageError(f"cannot record to {folder}: {fault.strerror}") from fault


def _record(folder: Path, capture: Capture, content: Content) -> None:
    try:
        path = folder / f"{file_name(capture.target)}.readings.json"
        path.write_text(write_capture(capture, content.catalog), encoding="utf-8")
    except OSError as fault:
        raise UsageError(f"cannot record to {folder}: {fault.strerror}") from fault


def _take(run: Run, target: Target, seen: Sighting | Incomplete) -> None:
    if isinstance(seen, Incomplete):
        if target.named or not seen.skipped:
            run.sink.miss(seen)
        return
    capture = Capture(str(target), seen.identity, seen.readings, now())
    if run.record is not None:
        _record(run.record, capture, run.session.content)
    run.sink.add(run.session.judge(capture, seen.facts.get("certificate-key", ""), target))


async def visit_all(
    run: Run, words: tuple[str, ...], show: Callable[[int], AbstractContextManager[Tick]]
) -> None:
    """Visit every target that `words` name, judging each as it finishes. Raises `UsageError`."""
    if run.record is not None:
        _open_folder(run.record)
    targets, lost = await resolve_targets(words, run.visiting.state_dir, run.visiting.inventory)
    virtual = any(is_lab_word(word) for word in words)
    paced = Limits(packets_per_second=run.visiting.pace)
    unpaced = Limits(packets_per_second=0)

    async def visit(target: Target) -> Sighting | Incomplete:
        lab = virtual and target.address.startswith("127.")
        limits = unpaced if lab else paced
        seen = await visit_target(target, limits, run.visiting.options, now)
        if run.witness is None or isinstance(seen, Incomplete):
            return seen
        return seen | Sighting(await run.witness(target))

    run.sink.begin()
    for incomplete in lost:
        run.sink.miss(incomplete)
    with show(len(targets)) as tick:
        async for target, seen in survey(targets, visit, run.visiting.parallel):
            _take(run, target, seen)
            tick()
