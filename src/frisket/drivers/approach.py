"""Reads a device by the access that its plan is carried out over: the one that survives it."""

from __future__ import annotations

from collections.abc import Callable

from frisket.drivers.plan import DevicePlan
from frisket.drivers.read import Caller, Told, Unreached, read_first, usable

Make = Callable[[Told, tuple[str, ...]], DevicePlan]


async def approach(caller: Caller, make: Make) -> DevicePlan:
    """Plan one device; `make` plans it from what it told, given the accesses that may be used.

    What an access can write shows only when it is read by that access, so where the plan begins
    over another one than it was read by, it is read and planned once more. Raises `Unreached`,
    `IdentityChanged`, `Denied`, `LoginRefused`.
    """
    accesses = usable(caller.login)
    told = await read_first(accesses, caller)
    plan = make(told, accesses)
    if plan.entry == told.access:
        return plan
    try:
        better = await read_first((plan.entry,), caller)
    except Unreached:
        return make(told, tuple(access for access in accesses if access != plan.entry))
    again = make(better, accesses)
    return again if again.entry == better.access else make(better, (better.access,))
