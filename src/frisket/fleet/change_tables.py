"""The record of a change for programs: one table as CSV, and a JSON document.

The document is `frisket-change-record`, version 1 (docs/reference/reports.md). Everything that a
reader needs to compare it with an export of the audit log is in it.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from frisket.catalog.setting import show
from frisket.drivers.difference import Step
from frisket.fleet.chain import stamp
from frisket.fleet.change_paper import details_of
from frisket.fleet.change_record import Changed, ChangeRecord, Written, digest_of_turn
from frisket.fleet.changes import line_of_record
from frisket.report.escape import RECORD, guarded, visible
from frisket.report.finding_tables import plain
from frisket.report.safe import safe

FORMAT: Final = "frisket-change-record"
VERSION: Final = 1
COLUMNS: Final = (
    *("row", "at", "who", "device", "serial", "address", "model", "site", "wave"),
    *("setting", "before", "after", "outcome", "details", "log_number", "digest"),
)


def change_csv(record: ChangeRecord) -> Iterator[bytes]:
    """Yield the record as one table: a row for each decision, device, setting, write and entry.

    `row` is change, proposal, device, setting, record or log.
    """
    yield _line(COLUMNS)
    for row in _rows(record):
        yield _line([row.get(name, "") for name in COLUMNS])


def _line(cells: Any) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerow([guarded(visible(str(cell), RECORD)) for cell in cells])
    return out.getvalue().encode()


def _rows(record: ChangeRecord) -> Iterator[dict[str, Any]]:
    change = record.change
    yield {
        "row": "change",
        "at": _at(change.made),
        "who": change.made_by,
        "site": record.sites,
        "outcome": change.state,
        "details": "; ".join(part for part in (f"{change.id}", change.title, change.why) if part),
        "digest": record.plans_digest,
    }
    for one in record.proposals:
        head = {"row": "proposal", "digest": one.body.get("plans", "")}
        yield {**head, "at": _at(one.proposed), "who": one.proposer_name, "outcome": "proposed"}
        if one.decided is not None:
            decided = {"at": _at(one.decided), "who": one.decider_name, "details": one.reason}
            yield {**head, **decided, "outcome": one.state}
    for device in record.devices():
        yield from _of_device(device)
    for entry in record.log():
        yield {
            "row": "log",
            "at": _at(entry.at),
            "who": entry.actor,
            "outcome": entry.outcome,
            "details": f"{entry.action} {entry.about}",
            "log_number": entry.number,
            "digest": entry.digest,
        }


def _of_device(one: Changed) -> Iterator[dict[str, Any]]:
    row = one.row
    who = {
        "device": row.name or row.address,
        "serial": one.serial,
        "address": row.address,
        "model": row.model,
        "site": row.site,
        "wave": row.wave + 1 if row.wave >= 0 else "",
    }
    told = "; ".join(part for part in (row.outcome, row.why, row.health) if part)
    yield {"row": "device", **who, "at": _at(row.at), "outcome": row.step, "details": told}
    for step in one.plan.steps if one.plan else ():
        yield {
            "row": "setting",
            **who,
            "setting": step.key,
            "before": show(step.now),
            "after": show(step.wanted),
            "details": "; ".join((*step.rows, *step.breaks)),
        }
    for written in one.written:
        word = f"{written.row.get('what', '')}{' (undoing)' if written.undoing else ''}"
        details = details_of(written.row)
        yield {"row": "record", **who, "at": _at(written.at), "outcome": word, "details": details}


def change_json(record: ChangeRecord, made: datetime) -> Iterator[bytes]:
    """Yield the record as a JSON document, device by device."""
    head = {
        "format": FORMAT,
        "version": VERSION,
        "made": _at(made),
        "change": _change(record),
        "proposals": [
            {
                "id": one.id,
                "state": one.state,
                "proposed_by": one.proposer_name,
                "proposed": _at(one.proposed),
                "decided_by": one.decider_name,
                "decided": _at(one.decided),
                "reason": one.reason,
                "digest": one.digest,
                "body": one.body,
            }
            for one in record.proposals
        ],
        "waves": [
            {
                "number": wave.number,
                "devices": wave.devices,
                "steps": dict(wave.steps),
                "first": _at(wave.first),
                "last": _at(wave.last),
            }
            for wave in record.waves
        ],
    }
    yield _spelt(head).removesuffix(b"\n}") + b',\n  "devices": ['
    yield from _each(_device(one) for one in record.devices())
    yield b'],\n  "log": ['
    # The body stays as it was hashed: it is ASCII, with everything unseen written out.
    yield from _each(
        {
            "number": entry.number,
            "at": _at(entry.at),
            "actor": visible(entry.actor, RECORD),
            "action": visible(entry.action, RECORD),
            "about": visible(entry.about, RECORD),
            "outcome": visible(entry.outcome, RECORD),
            "body": entry.body,
            "previous": entry.previous,
            "digest": entry.digest,
        }
        for entry in record.log()
    )
    yield b"]\n}\n"


def _each(tables: Iterator[Mapping[str, Any]]) -> Iterator[bytes]:
    for place, table in enumerate(tables):
        yield (b"," if place else b"") + b"\n    " + json.dumps(table, ensure_ascii=False).encode()


def _spelt(table: Mapping[str, Any]) -> bytes:
    return json.dumps(safe(table), indent=2, ensure_ascii=False).encode()


def _change(record: ChangeRecord) -> dict[str, Any]:
    change = record.change
    return {
        "id": change.id,
        "title": change.title,
        "source": change.source,
        "state": change.state,
        "why": change.why,
        "sites": record.sites,
        "planned_by": change.made_by,
        "planned": _at(change.made),
        "begun": _at(change.began),
        "ended": _at(change.ended),
        "content": change.content,
        "accepted": change.accepted,
        "plans": record.plans_digest,
    }


def _device(one: Changed) -> dict[str, Any]:
    row, plan = one.row, one.plan
    table: dict[str, Any] = {
        "id": row.device_id,
        "name": row.name,
        "serial": one.serial,
        "address": row.address,
        "model": row.model,
        "site": row.site,
        "wave": row.wave + 1 if row.wave >= 0 else None,
        "step": row.step,
        "outcome": row.outcome,
        "why": row.why,
        "health": row.health,
        "at": _at(row.at),
        "settings": [_setting(step) for step in plan.steps] if plan else [],
    }
    if plan is not None:
        names = ("managing", "ways", "print_paths")
        table["before"] = {name: list(getattr(plan.before, name)) for name in names}
        table["after"] = {name: list(getattr(plan.after, name)) for name in names}
    shown: dict[str, Any] = safe(table)
    # Digests are of the record as it is: it is shown as JSON, and there nothing unseen is raw.
    shown["turns"] = [
        {"undoing": undoing, "digest": digest_of_turn(turn), "record": [_written(w) for w in turn]}
        for undoing in (False, True)
        for turn in one.turns(undoing=undoing)
    ]
    return shown


def _setting(step: Step) -> dict[str, Any]:
    return {
        "key": step.key,
        "label": step.label,
        "before": plain(step.now),
        "after": plain(step.wanted),
        "considerations": list(step.rows),
        "rules": list(step.rules),
        "severity": step.severity.value,
        "breaks": list(step.breaks),
        "used_by": list(step.used_by),
        "restart": step.restart,
    }


def _written(written: Written) -> dict[str, Any]:
    return {"at": _at(written.at), "row": line_of_record(written.row)}


def _at(moment: datetime | None) -> str | None:
    return None if moment is None else stamp(moment)
