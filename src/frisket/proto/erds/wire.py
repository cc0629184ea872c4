"""eRDS reports and answers as octets: JSON of one object, bounded, without unknown fields.

`read_report` and `read_answer` accept what `report_octets` and `answer_octets` write, and nothing
that says more. Whether a signature fits is `frisket.proto.erds.seal`'s business.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Final

from frisket.errors import WireError
from frisket.proto.erds.fields import Fields, moment_text, read_json
from frisket.proto.erds.message import (
    MOST_OCTETS,
    SECTIONS,
    Alert,
    AlertKind,
    Answer,
    Fault,
    Firmware,
    LevelState,
    MenuItem,
    Meter,
    Operation,
    Registration,
    Report,
    Result,
    Schedule,
    SupplyLevel,
)

VERSION: Final = 1
MOST_ROWS: Final = 400
_KEY, _SIGNATURE = 32, 64
_LARGEST = 1 << 53  # what every JSON reader keeps exact
_NAME = 64
_HEAD = frozenset({"version", "operation", "serial", "model", "sequence", "at", "sent"})
_ROWS = ("counters", "supplies", "alerts", "faults", "firmware", "menu")
_ANSWER = frozenset(
    {"version", "result", "reason", "retry_after", "schedule", "operations", "muted"}
)


def _binary(text: str, length: int) -> bytes:
    try:
        octets = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as fault:
        raise WireError("this is not base64") from fault
    if len(octets) != length or base64.b64encode(octets).decode() != text:
        raise WireError(f"{length} octets in base64 were expected")
    return octets


# -- sections


def _meter(raw: object) -> Meter:
    row = Fields(raw, "a counter", ("number", "value"))
    return Meter(row.number("number", 0, 99_999), row.number("value", 0, _LARGEST))


def _supply(raw: object) -> SupplyLevel:
    row = Fields(raw, "a supply", ("name", "kind", "color", "state", "percent"))
    state = row.word("state", LevelState)
    percent = row.maybe_number("percent", 0, 100)
    if (percent is not None) is not (state is LevelState.MEASURED):
        raise WireError("a supply has a percentage where it is measured, and only there")
    name = row.text("name", _NAME, least=1)
    return SupplyLevel(name, row.text("kind", _NAME), row.text("color", _NAME), state, percent)


def _alert(raw: object) -> Alert:
    row = Fields(raw, "an alert", ("kind", "active", "at", "part"))
    kind, part = row.word("kind", AlertKind), row.text("part", _NAME)
    return Alert(kind, row.flag("active"), row.moment("at"), part)


def _fault(raw: object) -> Fault:
    row = Fields(raw, "a fault", ("code", "subcode", "at", "total", "slot", "paper"))
    return Fault(
        row.text("code", 16, least=1),
        row.text("subcode", 16),
        row.moment("at"),
        row.number("total", 0, _LARGEST),
        row.text("slot", _NAME),
        row.text("paper", _NAME),
    )


def _firmware(raw: object) -> Firmware:
    row = Fields(raw, "a firmware", ("part", "version"))
    return Firmware(row.text("part", _NAME, least=1), row.text("version", _NAME, least=1))


def _item(raw: object) -> MenuItem:
    row = Fields(raw, "a setting", ("key", "value"))
    return MenuItem(row.text("key", _NAME, least=1), row.scalar("value", _NAME))


def _registration(raw: object) -> Registration:
    row = Fields(raw, "the registration", ("key", "code"))
    return Registration(_binary(row.text("key", 44), _KEY), row.text("code", 40))


def _operation(raw: object) -> Operation:
    return Fields({"operation": raw}, "the list", ("operation",)).word("operation", Operation)


def _alert_kind(raw: object) -> AlertKind:
    return Fields({"kind": raw}, "the list", ("kind",)).word("kind", AlertKind)


# -- reports


def read_report(data: bytes, *, most: int = MOST_OCTETS, rows: int = MOST_ROWS) -> Report:
    """Read a device's report of at most `most` octets and `rows` rows a section.

    Raises `WireError`.
    """
    raw = read_json(data, most=most)
    body = Fields(raw, "the report", _HEAD | {"registration", *_ROWS})
    body.number("version", VERSION, VERSION)
    operation = body.word("operation", Operation)
    for section in ("registration", *_ROWS):
        if section in body and section not in SECTIONS[operation]:
            raise WireError(f"{operation} has no {section}")
    registration = None
    if operation is Operation.COMMUNICATION_TEST:
        registration = _registration(body.inner("registration"))
    return Report(
        operation=operation,
        serial=body.text("serial", 32, least=1),
        model=body.text("model", _NAME),
        sequence=body.number("sequence", 1, _LARGEST),
        at=body.moment("at"),
        sent=body.moment("sent"),
        registration=registration,
        counters=body.rows("counters", rows, _meter),
        supplies=body.rows("supplies", rows, _supply),
        alerts=body.rows("alerts", rows, _alert),
        faults=body.rows("faults", rows, _fault),
        firmware=body.rows("firmware", rows, _firmware),
        menu=body.rows("menu", rows, _item),
    )


def _json(value: Mapping[str, object]) -> bytes:
    try:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as fault:
        raise WireError("a text that is no Unicode") from fault


def report_octets(report: Report, *, most: int = MOST_OCTETS) -> bytes:
    """Return a report's octets. Raises `WireError` where nobody could read it."""
    value: dict[str, object] = {
        "version": VERSION,
        "operation": report.operation.value,
        "serial": report.serial,
        "model": report.model,
        "sequence": report.sequence,
        "at": moment_text(report.at),
        "sent": moment_text(report.sent),
    }
    if report.registration is not None:
        key = base64.b64encode(report.registration.key).decode("ascii")
        value["registration"] = {"key": key, "code": report.registration.code}
    sections: dict[str, list[dict[str, object]]] = {
        "counters": [{"number": m.number, "value": m.value} for m in report.counters],
        "supplies": [_supply_object(supply) for supply in report.supplies],
        "alerts": [
            {"kind": a.kind.value, "active": a.active, "at": moment_text(a.at), "part": a.part}
            for a in report.alerts
        ],
        "faults": [_fault_object(fault) for fault in report.faults],
        "firmware": [{"part": f.part, "version": f.version} for f in report.firmware],
        "menu": [{"key": item.key, "value": item.value} for item in report.menu],
    }
    value |= {name: rows for name, rows in sections.items() if rows}
    octets = _json(value)
    if read_report(octets, most=most) != report:
        raise WireError("the report does not survive being written")
    return octets


def _supply_object(supply: SupplyLevel) -> dict[str, object]:
    row: dict[str, object] = {"name": supply.name, "kind": supply.kind, "color": supply.color}
    row["state"] = supply.state.value
    return row if supply.percent is None else {**row, "percent": supply.percent}


def _fault_object(fault: Fault) -> dict[str, object]:
    return {
        "code": fault.code,
        "subcode": fault.subcode,
        "at": moment_text(fault.at),
        "total": fault.total,
        "slot": fault.slot,
        "paper": fault.paper,
    }


# -- answers


def read_answer(data: bytes, *, most: int = 16_384) -> Answer:
    """Read the gateway's answer. Raises `WireError`."""
    body = Fields(read_json(data, most=most), "the answer", _ANSWER)
    body.number("version", VERSION, VERSION)
    schedule = None
    if "schedule" in body:
        row = Fields(body.inner("schedule"), "the schedule", ("hours", "start"))
        schedule = Schedule(row.number("hours", 1, 24 * 31), row.maybe_number("start", 0, 1439))
    return Answer(
        result=body.word("result", Result),
        reason=body.text("reason", 200),
        retry_after=body.maybe_number("retry_after", 0, 86_400) or 0,
        schedule=schedule,
        operations=body.rows("operations", len(Operation), _operation),
        muted=body.rows("muted", len(AlertKind), _alert_kind),
    )


def answer_octets(answer: Answer) -> bytes:
    """Return an answer's octets. Raises `WireError` where nobody could read it."""
    value: dict[str, object] = {"version": VERSION, "result": answer.result.value}
    if answer.reason:
        value["reason"] = answer.reason
    if answer.retry_after:
        value["retry_after"] = answer.retry_after
    if answer.schedule is not None:
        start = answer.schedule.start
        value["schedule"] = {"hours": answer.schedule.hours} | (
            {} if start is None else {"start": start}
        )
    if answer.operations:
        value["operations"] = [operation.value for operation in answer.operations]
    if answer.muted:
        value["muted"] = [kind.value for kind in answer.muted]
    octets = _json(value)
    if read_answer(octets) != answer:
        raise WireError("the answer does not survive being written")
    return octets


# -- signatures


def read_signature(text: str) -> bytes:
    """Return the 64 octets of a signature field. Raises `WireError`."""
    if len(text) > 100:
        raise WireError("the signature is too long")
    return _binary(text, _SIGNATURE)


def signature_text(signature: bytes) -> str:
    """Return a signature as its HTTP field carries it."""
    return base64.b64encode(signature).decode("ascii")
