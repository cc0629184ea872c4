"""A change of many devices: what they are made like, what was planned, and how it stands. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

import zstandard

from frisket.catalog.load import Catalog
from frisket.drivers.plan import DevicePlan, Plan
from frisket.drivers.plan_file import plan_of, plan_table
from frisket.drivers.record import Outcome, Result
from frisket.errors import UsageError
from frisket.fleet.rollout import Rollout, RolloutState, Step
from frisket.model.reading import Value

ALONE: Final = 1  # devices that one person may change without a second one
_MOST: Final = 32 << 20  # bytes of one device's plan, unpacked
PLANNING: Final = "planning"
PLANNED: Final = "planned"
KIND: Final = "change"

# What is known to be as wanted, and what nobody can be sure of; all else left things as they were.
_DONE: Final = frozenset({Outcome.DONE, Outcome.COMPLIANT})
_UNSURE: Final = frozenset(
    {Outcome.UNKNOWN, Outcome.LEFT, Outcome.REPLACED, Outcome.UNRECORDED, Outcome.BUG}
)


def packed(plan: DevicePlan, baseline: str, content: str, made: datetime) -> bytes:
    """Return one device's plan as it is kept."""
    table = plan_table(Plan(baseline, content, made, (plan,)))
    text = json.dumps(table, ensure_ascii=False, separators=(",", ":"))
    return zstandard.ZstdCompressor(level=3).compress(text.encode())


def unpacked_plan(kept: bytes, catalog: Catalog) -> Plan:
    """Return a kept plan of one device. Raises `UsageError` where it is damaged."""
    try:
        raw = zstandard.ZstdDecompressor().decompress(kept, max_output_size=_MOST)
        body = json.loads(raw)
    except (zstandard.ZstdError, ValueError) as fault:
        raise UsageError(f"a kept plan is damaged: {fault}") from fault
    return plan_of(body, "the kept plan", catalog)


def digest_of_plans(plans: Iterable[tuple[int, bytes]], accepted: Mapping[str, Any]) -> str:
    """Return the digest of exactly what would be done, with what was typed beside it."""
    found = sha256(json.dumps(accepted, sort_keys=True).encode())
    for device_id, plan in sorted(plans):
        found.update(f"\0{device_id}\0".encode())
        found.update(sha256(plan).digest())
    return found.hexdigest()


def digest_of_record(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return the digest of what is on record of one device, as the audit log has it."""
    found = sha256()
    for row in rows:
        found.update(f"{line_of_record(row)}\n".encode())
    return found.hexdigest()


def line_of_record(row: Mapping[str, Any]) -> str:
    """Return a row of a record as its digest covers it: JSON in ASCII, keys sorted, no spaces."""
    return json.dumps(row, sort_keys=True, separators=(",", ":"))


def takes_two(devices: int, accepted: Mapping[str, Any]) -> bool:
    """Say whether a change needs a second person: several devices, or what was typed."""
    return devices > ALONE or any(accepted.values())


def step_of(result: Result, *, undoing: bool = False) -> Step:
    """Return how a device stands after its part ended so."""
    if result.outcome in _UNSURE:
        return Step.UNKNOWN
    if result.outcome in _DONE:
        return Step.UNDONE if undoing else Step.DONE
    return Step.FAILED


def rollout_of(change: Any, devices: Sequence[Any]) -> Rollout:
    """Return a change's rollout from its rows; devices are named by their numbers."""
    waves: dict[int, list[str]] = {}
    for row in devices:
        if row.wave >= 0:
            waves.setdefault(row.wave, []).append(str(row.device_id))
    return Rollout(
        id=str(change.id),
        waves=tuple(tuple(waves[number]) for number in sorted(waves)),
        state=RolloutState(change.state),
        steps={str(row.device_id): Step(row.step) for row in devices if row.wave >= 0},
        why=change.why,
        forgiven=change.forgiven,
        judged=change.judged,
    )


def own_writes(
    rows: Iterable[tuple[int, Mapping[str, Any]]], catalog: Catalog
) -> tuple[dict[str, Value], int, bool]:
    """Return what our changes wrote last, by which change, and whether they restarted the device.

    `rows` are a device's records in order, with the number of the change. What was put back is
    ours too: the value that it had before.
    """
    values: dict[str, Value] = {}
    before: dict[str, Value] = {}
    number, restarted = 0, False
    for change_id, row in rows:
        match row.get("what"):
            case "intent":
                number = change_id
                for key, (was, wanted) in row["values"].items():
                    if key in catalog:
                        before[key] = catalog[key].check(was)
                        values[key] = catalog[key].check(wanted)
            case "restored":
                values |= {key: before[key] for key in row["keys"] if key in before}
            case "restart":
                restarted = True
            case _:
                pass
    return values, number, restarted
