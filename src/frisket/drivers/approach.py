"""Reads a device by the access that its plan is carried out over: the one that survives it."""

from __future__ import annotations

from collections.abc import Callable

from frisket.drivers.plan import DevicePlan
from frisket.drivers.read import Caller, Told, Unreached, read_first, usable

Make = Callable[[Told, tuple[str, ...]], DevicePlan]


async def approach(caller: Caller, make: Make) -> DevicePlan:
    """Plan one device; `make` plans it from what it told, given the accesses that may be used.

    Where an access can write nothing that is wanted, and does not reach all of the device, the
    next one is asked: a community that only reads is no reason not to use IPP. Raises
    `Unreached`, `IdentityChanged`, `Denied`, `LoginRefused`.
    """
    accesses = usable(caller.login)
    left = accesses
    first: DevicePlan | None = None
    while left:
        try:
            told = await read_first(left, caller)
        except Unreached:
            if first is None:
                raise
            break
        plan = await _settled(caller, make, told, accesses)
        if plan.steps or _reaches_all(caller, told):
            return plan
        first = first or plan
        left = left[left.index(told.access) + 1 :]
    if first is None:
        raise Unreached("no login is given for it")
    return first


def _reaches_all(caller: Caller, told: Told) -> bool:
    """Say whether an access is all that a device offers: its family's own, and nothing is held."""
    driver = next(driver for driver in caller.around.drivers if driver.name == told.driver)
    return not (driver.generic or told.frozen)


async def _settled(caller: Caller, make: Make, told: Told, accesses: tuple[str, ...]) -> DevicePlan:
    """Return the plan of a device, read by the access that it begins over.

    What an access can write shows only when the device is read by that access.
    """
    plan = make(told, accesses)
    if plan.entry == told.access:
        return plan
    try:
        better = await read_first((plan.entry,), caller)
    except Unreached:
        return make(told, tuple(access for access in accesses if access != plan.entry))
    again = make(better, accesses)
    return again if again.entry == better.access else make(better, (better.access,))
