"""A device's own report as a sample: the same values, under the same names, as a poll gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from frisket.model.target import Identity
from frisket.proto.erds.message import Alert as Notice
from frisket.proto.erds.message import AlertKind, LevelState, Report, SupplyLevel
from frisket.telemetry.read import slug
from frisket.telemetry.sample import Alert, Counter, Level, Sample, Source, State, Status, Supply

TABLE: Final = "erds"
_STATES: Final = {
    LevelState.MEASURED: State.MEASURED,
    LevelState.SOME: State.SOME,
    LevelState.UNKNOWN: State.UNKNOWN,
}
_SEVERE: Final = frozenset(
    {AlertKind.TONER_OUT, AlertKind.WASTE_FULL, AlertKind.DOOR_OPEN, AlertKind.JAM}
    | {AlertKind.SERVICE_CALL}
)
_GROUPS: Final = {
    AlertKind.TONER_LOW: "supply",
    AlertKind.TONER_OUT: "supply",
    AlertKind.WASTE_NEARLY_FULL: "supply",
    AlertKind.WASTE_FULL: "supply",
    AlertKind.DOOR_OPEN: "cover",
    AlertKind.JAM: "media path",
    AlertKind.SERVICE_CALL: "device",
    AlertKind.ALARM: "device",
}


def _supply(number: int, given: SupplyLevel, source: Source) -> Supply:
    measured = given.percent is not None
    level = Level(
        _STATES[given.state],
        source,
        given.percent,
        100 if measured else None,
        "percent" if measured else "",
    )
    waste = given.kind.lower().startswith("waste")
    return Supply(f"1.{number}", given.name, given.kind, given.color, waste, level)


def _alert(number: int, given: Notice, source: Source) -> Alert:
    severity = "critical" if given.kind in _SEVERE else "warning"
    words = f"{given.part}: {given.kind}" if given.part else str(given.kind)
    return Alert(str(number), severity, _GROUPS[given.kind], number, 0, words, source)


def sample_of(report: Report, numbers: Mapping[int, str]) -> Sample:
    """Return what a report says as a sample. Alerts are the active ones it names, not all.

    `numbers` gives Canon's names of counters, as the table `canon` of `load_tables` has them, so
    that a counter has one name whichever way it came.
    """
    source = Source(TABLE, report.operation.value)
    labels = [numbers.get(meter.number, f"Counter {meter.number}") for meter in report.counters]
    firmware = {part.part: part.version for part in report.firmware}
    active = [alert for alert in report.alerts if alert.active]
    return Sample(
        identity=Identity(
            vendor="Canon",
            model=report.model,
            serial=report.serial,
            firmware=firmware.get("controller", ""),
        ),
        printer="it reports by eRDS",
        status=Status(problems=tuple(dict.fromkeys(str(alert.kind) for alert in active))),
        alerts=tuple(_alert(n, alert, source) for n, alert in enumerate(active, 1)),
        supplies=tuple(_supply(n, given, source) for n, given in enumerate(report.supplies, 1)),
        counters=tuple(
            Counter(slug(label), label, meter.value, "impressions", source, meter.number)
            for meter, label in zip(report.counters, labels, strict=True)
        ),
    )
