"""What a report format is. Each module of this package with a `FORMAT` adds one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from frisket.errors import UsageError
from frisket.model.finding import AuditResult, DeviceResult, Incomplete
from frisket.report.escape import DISPLAY, PROSE, clean, clean_device
from frisket.report.speech import Speech


@dataclass(frozen=True, slots=True)
class StigRule:
    """A requirement of DISA's MFD STIG: `id` V-6781, `version` MFD02.001, `rule_id` SV-7003r2.

    `rules` are Frisket's rules that bear on it; `status` is automated, partial or manual.
    """

    id: str
    version: str
    rule_id: str
    severity: str
    title: str
    rules: tuple[str, ...] = ()
    status: str = "automated"


@dataclass(frozen=True, slots=True)
class ReportContext:
    """What a report is told beside the result: how much, how wide, and for which standard."""

    verbose: bool = False
    width: int = 80
    color: bool = False
    stig: tuple[StigRule, ...] = ()
    tool_version: str = ""
    speech: Speech = field(default_factory=Speech)


@dataclass(frozen=True, slots=True)
class Format:
    """A way to write a result. `draw` gets a result whose every text is already made visible.

    `limit` and `prose` bound a device's and Frisket's own texts; `single` formats hold one device;
    `stream` opens a writer for formats that need not wait for the last device; `pieces` writes a
    known result (whose devices come beside it, one by one) without holding it in memory.
    """

    name: str
    suffixes: tuple[str, ...]
    draw: Callable[[AuditResult, ReportContext], bytes]
    limit: int = DISPLAY
    prose: int = PROSE
    single: bool = False
    stream: Callable[[Opening, ReportContext], Writer] | None = None
    pieces: (
        Callable[[AuditResult, Iterable[DeviceResult], ReportContext], Iterator[bytes]] | None
    ) = None

    def render(self, result: AuditResult, context: ReportContext) -> bytes:
        """Return the result as bytes, or raise `UsageError` where only one device fits."""
        if self.single and len(result.devices) != 1:
            raise UsageError(
                f"a {self.name} file holds one device, and there are {len(result.devices)}",
                hint="write one file for each device",
            )
        return self.draw(clean(result, limit=self.limit, prose=self.prose), context)

    def written(
        self, head: AuditResult, devices: Iterable[DeviceResult], context: ReportContext
    ) -> Iterator[bytes]:
        """Yield the result of `head` with `devices`, which are let go again where that can be."""
        if self.pieces is None:
            yield self.render(replace(head, devices=tuple(devices)), context)
            return
        shown = (clean_device(one, limit=self.limit, prose=self.prose) for one in devices)
        yield from self.pieces(clean(head, limit=self.limit, prose=self.prose), shown, context)

    def open(self, opening: Opening, context: ReportContext) -> Writer:
        """Start a report that is fed device by device."""
        if self.stream is not None:
            return self.stream(opening, context)
        return Buffered(self, opening, context)


@dataclass(frozen=True, slots=True)
class Opening:
    """What is known before the first device is judged."""

    baseline: str
    started: datetime


class Writer(Protocol):
    """A report in the making; every call returns the bytes that are ready, possibly none."""

    def begin(self) -> bytes:
        """Return what comes before the first device."""

    def add(self, device: DeviceResult) -> bytes:
        """Take one judged device."""

    def miss(self, incomplete: Incomplete) -> bytes:
        """Take one target that was not judged."""

    def close(self, finished: datetime) -> bytes:
        """Return the rest."""


@dataclass(slots=True)
class Buffered:
    """Gathers all devices for a format that needs them together."""

    format: Format
    opening: Opening
    context: ReportContext
    devices: list[DeviceResult] = field(default_factory=list)
    incomplete: list[Incomplete] = field(default_factory=list)

    def begin(self) -> bytes:
        """Return nothing yet."""
        return b""

    def add(self, device: DeviceResult) -> bytes:
        """Keep the device."""
        self.devices.append(device)
        return b""

    def miss(self, incomplete: Incomplete) -> bytes:
        """Keep the target."""
        self.incomplete.append(incomplete)
        return b""

    def close(self, finished: datetime) -> bytes:
        """Return the whole report."""
        result = AuditResult(
            baseline=self.opening.baseline,
            started=self.opening.started,
            finished=finished,
            devices=tuple(self.devices),
            incomplete=tuple(self.incomplete),
        )
        return self.format.render(result, self.context)
