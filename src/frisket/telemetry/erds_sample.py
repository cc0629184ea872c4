"""A device's own report as a sample and as records: the same values and names as a poll gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from frisket.model.target import Identity
from frisket.proto.erds.message import Alert as Notice
from frisket.proto.erds.message import (
    AlertKind,
    Fault,
    LevelState,
    Operation,
    Report,
    SupplyLevel,
)
from frisket.telemetry.batch import Kind, Record, Value
from frisket.telemetry.erds_reception import Accepted
from frisket.telemetry.flat import flatten
from frisket.telemetry.read import slug
from frisket.telemetry.sample import Alert, Counter, Level, Sample, Source, State, Status, Supply

TABLE: Final = "erds"
_FAULTS: Final = {
    Operation.JAM: "jam",
    Operation.SERVICE_CALL: "service-call",
    Operation.ALARM: "alarm",
}
_STATES: Final = {
    LevelState.MEASURED: State.MEASURED,
    LevelState.SOME: State.SOME,
    LevelState.UNKNOWN: State.UNKNOWN,
}
_SEVERE: Final = frozenset(
    {AlertKind.TONER_OUT, AlertKind.WASTE_FULL, AlertKind.DOOR_OPEN, AlertKind.JAM}
    | {AlertKind.SERVICE_CALL}
)
# prtAlertCode (RFC 3805), so that an alert has one code whichever way it was heard of.
_CODES: Final = {
    AlertKind.TONER_LOW: 1104,
    AlertKind.TONER_OUT: 1101,
    AlertKind.WASTE_NEARLY_FULL: 1107,
    AlertKind.WASTE_FULL: 1109,
    AlertKind.DOOR_OPEN: 3,
    AlertKind.JAM: 8,
    AlertKind.SERVICE_CALL: 30,
    AlertKind.ALARM: 1,
}
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


def _place(given: Notice) -> str:
    """Return what tells an alert from the device's others, the same when it ends."""
    return slug(f"{given.kind} {given.part}")


def _alert(number: int, given: Notice, source: Source) -> Alert:
    severity = "critical" if given.kind in _SEVERE else "warning"
    words = f"{given.part}: {given.kind}" if given.part else str(given.kind)
    return Alert(
        _place(given), severity, _GROUPS[given.kind], number, _CODES[given.kind], words, source
    )


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


def records_of(accepted: Accepted, numbers: Mapping[int, str]) -> tuple[Record, ...]:
    """Return what a report adds to what is known of its device, in the form of the collector's.

    A change, which says nothing of names that it lacks and ends the alerts that ended; then an
    event for each jam, service call and alarm. `device` is the serial number, `at` by our clock.
    """
    report = accepted.report
    at = max(0.0, accepted.measured.timestamp())
    values = flatten(sample_of(report, numbers))
    # Its alerts are those of one message, not of the moment: the status stays as it was.
    values.pop("status.problems", None)
    values.update({f"alert.{_place(a)}": None for a in report.alerts if not a.active})
    events = [
        Record(report.sequence, report.serial, at, Kind.EVENT, _event(report.operation, fault))
        for fault in report.faults
    ]
    return (Record(report.sequence, report.serial, at, Kind.CHANGE, values), *events)


def _event(operation: Operation, fault: Fault) -> dict[str, Value]:
    code = f"{fault.code}-{fault.subcode}" if fault.subcode else fault.code
    severity = "warning" if operation is Operation.ALARM else "critical"
    kind = _FAULTS.get(operation, "alarm")
    said: dict[str, Value] = {"code": f"{kind}.{code}", "severity": severity, "count": fault.total}
    more = {"slot": fault.slot, "paper": fault.paper}
    return {**said, **{name: text for name, text in more.items() if text}}
