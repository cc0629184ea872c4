"""Which devices a waiver or an attestation means: some, a site's, a condition's, or all. Pure.

A condition counts as it stood when it was written down, so that nobody widens a waiver by changing
a group; and it may not turn on what moves by itself, such as a score or a supply.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from frisket.errors import UsageError
from frisket.model.condition import read_condition

MOST: Final = 2000  # devices named one by one
_STEADY: Final = frozenset({"site", "vendor", "model", "firmware", "tag"})


@dataclass(frozen=True, slots=True)
class Scope:
    """At most one of the three is filled; none of them means the whole fleet.

    `devices` are in order.
    """

    devices: tuple[int, ...] = ()
    site: int | None = None
    condition: Mapping[str, Any] = field(default_factory=dict)

    @property
    def everything(self) -> bool:
        """Say whether it means the whole fleet."""
        return not self.devices and self.site is None and not self.condition

    @property
    def nearness(self) -> int:
        """Return how closely it names a device: 2 itself, 1 a part of the fleet, 0 all of it."""
        return 0 if self.everything else 2 if self.devices else 1

    def table(self) -> dict[str, Any]:
        """Return it as it is kept."""
        if self.devices:
            return {"devices": list(self.devices)}
        if self.site is not None:
            return {"site": self.site}
        return {"condition": dict(self.condition)} if self.condition else {}

    def covers(self, device: int, site: int, matching: Collection[int]) -> bool:
        """Say whether it means a device of a site; `matching` are those of the condition."""
        if self.devices:
            place = bisect_left(self.devices, device)
            return place < len(self.devices) and self.devices[place] == device
        if self.site is not None:
            return site == self.site
        return device in matching if self.condition else True


def read_scope(table: Mapping[str, Any]) -> Scope:
    """Return the scope that a table writes. Raises `UsageError`."""
    if len(table) > 1 or set(table) - {"devices", "site", "condition"}:
        raise UsageError("choose devices, a site, a condition, or the whole fleet")
    if "devices" in table:
        listed = table["devices"]
        if not isinstance(listed, list) or not all(_is_id(one) for one in listed):
            raise UsageError("devices are a list of numbers")
        if not 1 <= len(listed) <= MOST:
            raise UsageError(f"1 to {MOST} devices can be named one by one")
        return Scope(devices=tuple(sorted(set(listed))))
    if "site" in table:
        if not _is_id(table["site"]):
            raise UsageError("a site is a number")
        return Scope(site=table["site"])
    if "condition" in table:
        return Scope(condition=_condition(table["condition"]))
    return Scope()


def _is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _condition(table: object) -> dict[str, Any]:
    if not isinstance(table, dict):
        raise UsageError("a condition is a table")
    found = read_condition(table).table()
    if moving := sorted(set(found) - _STEADY):
        raise UsageError(
            f"{moving[0]} changes by itself and cannot say for whom this holds",
            hint=f"choose by {', '.join(sorted(_STEADY))}",
        )
    if not found:
        raise UsageError("the condition says nothing", hint="choose the whole fleet instead")
    return found
