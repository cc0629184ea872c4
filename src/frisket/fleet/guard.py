"""The guard around everything done to a device: once, by one, and looked at before it is done.

No job engine stops a double action: a worker killed after the device obeyed, or frozen and thawed
after another took over, would do it again. So each action has a fixed key in the ledger, runs under
a lease with a fence, and where the ledger says that it was begun before, the device is asked first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from frisket.errors import FrisketError
from frisket.store.work import Action, ActionState, Fenced

LEASE_SECONDS = 120.0


class Busy(FrisketError):
    """Another worker has this device; nothing was done to it."""


class Seen(Enum):
    """What a look at the device tells of an action."""

    DONE = "done"
    NOT_DONE = "not done"
    UNCLEAR = "unclear"


class Ledger(Protocol):
    """The leases and the ledger of actions (`store.work.Work`)."""

    def take_lease(self, name: str, holder: str, seconds: float) -> int | None:
        """Return the fence, None where another holds the lease."""

    def keep_lease(self, name: str, fence: int, seconds: float) -> bool:
        """Say whether the lease is still held, and prolong it."""

    def give_back(self, name: str, fence: int) -> None:
        """End a lease."""

    def intend(self, key: str, subject: str, fence: int, detail: str = "") -> Action | None:
        """Write the intent; return what was there before."""

    def settle(self, key: str, fence: int, state: ActionState, detail: str = "") -> None:
        """Write the outcome."""


@dataclass(frozen=True, slots=True)
class Deed:
    """One action on one device. `key` is fixed: the same deed has it again after a crash.

    `look` asks the device, `act` does it. `repeatable` says that a device which shows no trace
    of it certainly did not do it, as with a setting; firmware under way shows none either.
    """

    key: str
    device: str
    look: Callable[[], Seen]
    act: Callable[[], None]
    detail: str = ""
    repeatable: bool = True


def perform(ledger: Ledger, deed: Deed, holder: str, seconds: float = LEASE_SECONDS) -> ActionState:
    """Do a deed unless it is done, and return how it stands now.

    A worker that stands still between the last look at its lease of so many `seconds` and the act,
    for longer than it, is stopped by nobody but the device. Raises `Busy` where another worker has
    the device, `Fenced` where it was taken over meanwhile.
    What `act` and `look` raise leaves the deed intended, for the next try to look first.
    """
    fence = ledger.take_lease(deed.device, holder, seconds)
    if fence is None:
        raise Busy(f"another worker has {deed.device}")
    try:
        before = ledger.intend(deed.key, deed.device, fence, deed.detail)
        if before is not None and before.state is not ActionState.INTENDED:
            return before.state
        state, why = _carry_out(ledger, deed, fence, seconds, begun=before is not None)
        ledger.settle(deed.key, fence, state, why)
        return state
    finally:
        ledger.give_back(deed.device, fence)


def _carry_out(
    ledger: Ledger, deed: Deed, fence: int, seconds: float, *, begun: bool
) -> tuple[ActionState, str]:
    seen = deed.look()
    if seen is Seen.DONE:
        return ActionState.DONE, "found done"
    if seen is Seen.UNCLEAR or (begun and not deed.repeatable):
        return ActionState.UNKNOWN, "it was begun before, and the device does not tell"
    # A worker that was frozen here finds out before it acts, not after.
    if not ledger.keep_lease(deed.device, fence, seconds):
        raise Fenced(f"the lease on {deed.device} was taken over")
    deed.act()
    match deed.look():
        case Seen.DONE:
            return ActionState.DONE, "done and read back"
        case Seen.NOT_DONE:
            return ActionState.FAILED, "the device acknowledged it and did not keep it"
        case Seen.UNCLEAR:
            return ActionState.UNKNOWN, "done, and the device does not tell"
