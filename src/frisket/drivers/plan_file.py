"""A saved plan: JSON with a version and a checksum, refused where anything in it was changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from importlib.resources.abc import Traversable
from typing import Any

from frisket.catalog.load import Catalog, content
from frisket.drivers.base import Pin
from frisket.drivers.difference import Step, Unsupported, Work
from frisket.drivers.order import Phase, Stage
from frisket.drivers.plan import FORMAT, DevicePlan, Plan
from frisket.drivers.ways import Standing
from frisket.errors import FrisketError, UsageError
from frisket.model.finding import Incomplete, Severity
from frisket.model.reading import Value
from frisket.model.target import Identity, Target

# What a plan is computed from; a change of any of it makes a saved plan stale.
_COMPUTED_FROM = ("settings", "rules", "baselines", "policy", "devices")


def content_version() -> str:
    """Return a digest of the packaged content that plans are computed from."""
    digest = hashlib.sha256()

    def take(entry: Traversable, name: str) -> None:
        if entry.is_dir():
            for inner in sorted(entry.iterdir(), key=lambda e: e.name):
                take(inner, f"{name}/{inner.name}")
        else:
            digest.update(f"{name}\0".encode())
            digest.update(hashlib.sha256(entry.read_bytes()).digest())

    for folder in _COMPUTED_FROM:
        take(content(folder), folder)
    return digest.hexdigest()[:16]


def _canonical(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def _checksum(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(_canonical(body)).hexdigest()


def plan_table(plan: Plan) -> dict[str, Any]:
    """Return the plan as plain tables."""
    table = asdict(plan)
    table["made"] = plan.made.isoformat()
    for device in table["devices"]:
        device["target"]["ports"] = {str(k): v for k, v in device["target"]["ports"].items()}
    body: dict[str, Any] = json.loads(json.dumps(table))
    return body


def write_plan(plan: Plan) -> str:
    """Return the plan as the text of its file."""
    body = plan_table(plan)
    document = {"frisket_plan": FORMAT, "checksum": _checksum(body), "plan": body}
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def read_plan(text: str, name: str, catalog: Catalog) -> Plan:
    """Read a saved plan. Raises `UsageError` where it is no plan, of another format or altered."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as fault:
        raise UsageError(f"{name} is not JSON: {fault}") from fault
    if not isinstance(document, dict) or "frisket_plan" not in document:
        raise UsageError(f"{name} is no plan")
    if document["frisket_plan"] != FORMAT:
        raise UsageError(f"{name} has another format than {FORMAT}", hint="plan again")
    body = document.get("plan")
    if not isinstance(body, dict) or document.get("checksum") != _checksum(body):
        raise UsageError(f"{name} was edited or damaged after it was made", hint="plan again")
    return plan_of(body, name, catalog)


def plan_of(body: Mapping[str, Any], name: str, catalog: Catalog) -> Plan:
    """Build a plan from plain tables, or raise `UsageError`."""
    try:
        return Plan(
            baseline=str(body["baseline"]),
            content=str(body["content"]),
            made=datetime.fromisoformat(body["made"]),
            devices=tuple(_device(row, catalog) for row in body["devices"]),
            missed=tuple(Incomplete(**row) for row in body["missed"]),
            accept_no_channel=tuple(body["accept_no_channel"]),
            accept_no_print_path=tuple(body["accept_no_print_path"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError, FrisketError) as fault:
        raise UsageError(f"{name} is damaged: {fault}") from fault


def _device(row: Mapping[str, Any], catalog: Catalog) -> DevicePlan:
    target = dict(row["target"])
    target["ports"] = {int(k): int(v) for k, v in target["ports"].items()}
    return DevicePlan(
        target=Target(**target),
        identity=Identity(**row["identity"]),
        pin=Pin(**row["pin"]),
        driver=str(row["driver"]),
        access=str(row["access"]),
        entry=str(row["entry"]),
        own=str(row["own"]),
        why=str(row["why"]),
        state={key: _value(key, value, catalog) for key, value in row["state"].items()},
        steps=tuple(_step(step, catalog) for step in row["steps"]),
        stages=tuple(
            Stage(Phase(s["phase"]), tuple(s["keys"]), bool(s["restart"]), bool(s["whole"]))
            for s in row["stages"]
        ),
        unsupported=tuple(_unsupported(item, catalog) for item in row["unsupported"]),
        work=tuple(_work(item) for item in row["work"]),
        before=_standing(row["before"]),
        after=_standing(row["after"]),
    )


def _value(key: str, value: object, catalog: Catalog) -> Value:
    return catalog[key].check(value)


def _step(row: Mapping[str, Any], catalog: Catalog) -> Step:
    key = row["key"]
    return Step(
        **{
            **row,
            "now": _value(key, row["now"], catalog),
            "wanted": _value(key, row["wanted"], catalog),
            "rules": tuple(row["rules"]),
            "rows": tuple(row["rows"]),
            "severity": Severity(row["severity"]),
            "breaks": tuple(row["breaks"]),
            "used_by": tuple(row["used_by"]),
        }
    )


def _unsupported(row: Mapping[str, Any], catalog: Catalog) -> Unsupported:
    wanted = _value(row["key"], row["wanted"], catalog)
    return Unsupported(**{**row, "wanted": wanted, "rows": tuple(row["rows"])})


def _work(row: Mapping[str, Any]) -> Work:
    return Work(**{**row, "severity": Severity(row["severity"]), "steps": tuple(row["steps"])})


def _standing(row: Mapping[str, Any]) -> Standing:
    return Standing(*(tuple(row[name]) for name in ("ways", "managing", "print_paths")))
