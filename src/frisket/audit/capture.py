"""A capture: what was read of one device, as a JSON document that can be judged again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any

from frisket.catalog.load import Catalog
from frisket.errors import CaptureError, SettingRefused
from frisket.model.reading import Known, Reading, Readings, Unread, Why, Witness
from frisket.model.target import Identity

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Capture:
    """One device at one time: who it was and what its witnesses said."""

    target: str
    identity: Identity
    readings: Readings
    taken: datetime


def _reading_table(reading: Reading) -> dict[str, Any]:
    if isinstance(reading, Known):
        return {
            "value": list(reading.value) if isinstance(reading.value, tuple) else reading.value,
            "witness": reading.witness.value,
            "at": reading.when.isoformat(),
            "via": reading.via,
            "detail": reading.detail,
        }
    return {"unread": reading.why.name, "via": reading.via, "detail": reading.detail}


def write_capture(capture: Capture, catalog: Catalog, indent: int | None = 1) -> str:
    """Return the capture as JSON text; values of secret keys are left out.

    Without `indent` it is one line, which takes a tenth of the time.
    """
    document = {
        "frisket_capture": FORMAT,
        "target": capture.target,
        "taken": capture.taken.isoformat(),
        "identity": asdict(capture.identity),
        "readings": {
            key: [_reading_table(reading) for reading in readings]
            for key, readings in sorted(capture.readings.items())
            if key in catalog and not catalog[key].secret
        },
    }
    return json.dumps(document, indent=indent, ensure_ascii=False) + "\n"


def _time(text: object) -> datetime:
    moment = datetime.fromisoformat(str(text))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _reading(key: str, raw: Mapping[str, Any], catalog: Catalog) -> Reading:
    if "unread" in raw:
        why = Why.__members__.get(str(raw["unread"]), Why.NOT_ASKED)
        return Unread(why, str(raw.get("via", "")), str(raw.get("detail", ""))[:300])
    return Known(
        value=catalog[key].check(raw["value"]),
        witness=Witness(raw["witness"]),
        when=_time(raw["at"]),
        via=str(raw["via"])[:60],
        detail=str(raw.get("detail", ""))[:300],
    )


def read_capture(text: str, name: str, catalog: Catalog) -> Capture:
    """Read a capture, or raise `CaptureError` saying what is wrong with it.

    Keys that this catalogue does not know are refused: a verdict on half of a capture would
    look like a whole one.
    """
    try:
        document = json.loads(text)
    except ValueError as fault:
        raise CaptureError(f"{name} is not JSON: {fault}") from fault
    if not isinstance(document, dict) or document.get("frisket_capture") != FORMAT:
        raise CaptureError(f"{name} is not a capture of format {FORMAT}")
    try:
        identity = {
            field.name: str(document["identity"].get(field.name, ""))[:300]
            for field in fields(Identity)
        }
        readings = {}
        for key, rows in document["readings"].items():
            if key not in catalog:
                raise CaptureError(f"{name}: {key[:80]} is not in the catalogue")
            readings[key] = [_reading(key, row, catalog) for row in rows]
        return Capture(
            target=str(document["target"])[:255],
            identity=Identity(**identity),
            readings=Readings(readings),
            taken=_time(document["taken"]),
        )
    except (KeyError, TypeError, AttributeError, ValueError, SettingRefused) as fault:
        raise CaptureError(f"{name} is damaged: {fault}") from fault
