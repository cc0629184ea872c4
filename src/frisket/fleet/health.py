"""The health gate between waves: what the network shows of a device before and after. Pure.

The engine that changed a device has proved what it wrote. This is the other witness: every
consideration is judged again by what anybody on the network sees, whether a plan names it or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from frisket.model.finding import DeviceResult, Finding, Verdict
from frisket.model.reading import Value

GOOD: Final = "good"
PARDON: Final = "let pass: "  # a person let the rollout go on all the same
_BAD: Final = frozenset({Verdict.FAIL, Verdict.DISPUTED})
_NAMED: Final = 5  # rules that are named one by one


@dataclass(frozen=True, slots=True)
class Shown:
    """What the network showed of a device: the rules that it met, or `why` nobody answered.

    `met` names them as `consideration/rule`.
    """

    serial: str = ""
    met: frozenset[str] = frozenset()
    failing: Mapping[str, Finding] = field(default_factory=dict)
    why: str = ""

    def table(self) -> dict[str, Any]:
        """Return what is kept of it until the wave has ended."""
        return {"serial": self.serial, "met": sorted(self.met), "why": self.why}


def read_shown(table: Mapping[str, Any]) -> Shown:
    """Return what was kept; of a device that was not looked at, that nobody answered."""
    return Shown(
        str(table.get("serial", "")),
        frozenset(str(one) for one in table.get("met", ())),
        why=str(table.get("why", "" if table else "it was not looked at before")),
    )


def shown_of(results: Iterable[DeviceResult]) -> Shown:
    """Return what a device showed of itself, by its findings from the network alone."""
    judged = list(results)
    named = {f"{one.consideration}/{one.rule}": one for each in judged for one in each.findings}
    return Shown(
        next((each.identity.serial for each in judged), ""),
        frozenset(name for name, one in named.items() if one.verdict is Verdict.PASS),
        {name: one for name, one in named.items() if one.verdict in _BAD},
    )


def worse(before: Shown, after: Shown, planned: Mapping[str, Value]) -> str:
    """Say how a device is worse than before; empty where it is not.

    What the change itself was approved to set (`planned`) is no surprise: a rule that fails by
    nothing else was meant to. What cannot be seen any more, as a service was closed, is no failure.
    """
    if before.why:
        return ""  # nothing was met, so nothing can be met less
    if after.why:
        return f"it answered before, and does not any more: {after.why}"
    if before.serial and after.serial and before.serial.casefold() != after.serial.casefold():
        return f"another device answers: {after.serial} in the place of {before.serial}"
    fallen = [
        f"{name} was met and is not: {one.because}"
        for name, one in after.failing.items()
        if name in before.met and not _meant(one, planned)
    ]
    more = len(fallen) - _NAMED
    return "; ".join(fallen[:_NAMED]) + (f"; and {more} more" if more > 0 else "")


def _meant(finding: Finding, planned: Mapping[str, Value]) -> bool:
    """Say whether all that a rule fails by is what the change was to set."""
    return bool(finding.evidence) and all(
        one.key in planned and one.value == planned[one.key] for one in finding.evidence
    )


def halting(health: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Return the devices (name, health) that are worse, and that nobody has let pass."""
    return tuple(
        name for name, text in health if text not in {"", GOOD} and not text.startswith(PARDON)
    )
