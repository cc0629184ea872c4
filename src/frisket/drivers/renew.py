"""Gives a device a new password in two phases: send and prove it, then forget the old one.

A crash at any of `POINTS` leaves both passwords in the vault, and `recover` finds out which counts.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from frisket.drivers.access.web import LoginRefused
from frisket.drivers.credential import Secret
from frisket.drivers.vault import Kind, Password, State, Vault
from frisket.errors import FrisketError, LinkError, SettingRefused, WireError
from frisket.proto.snmp.errors import Denied, SnmpError

POINTS: Final = {
    "kept": "the new password is kept, nothing was sent",
    "sending": "that it is about to be sent is kept, nothing was sent",
    "sent": "the device has acknowledged it",
    "proved": "it has let us in, the old one is still kept",
    "settled": "the old one is forgotten",
}
_LETTERS: Final = ("ABCDEFGHJKLMNPQRSTUVWXYZ", "abcdefghijkmnopqrstuvwxyz", "23456789", "-_.+=:@!")
LENGTH: Final = 20


class Renewed(StrEnum):
    """How a change ended."""

    DONE = "done"
    REFUSED = "refused"  # the device does not take it: the old one counts
    NOT_KEPT = "not kept"  # acknowledged, and yet the old one counts
    UNKNOWN = "must be recovered"  # only the device knows which counts
    OLD = "the old one counts"  # found out by `recover`


def _nothing(_: str) -> None:
    """Do nothing at a named point; tests end the process there."""


@dataclass(frozen=True, slots=True)
class Change:
    """One password of one device, and how it is set and tried.

    `send(new)` sets it; `prove(password)` logs in with it in a session of its own. Each is called
    at most once with the same password.
    """

    address: str
    kind: Kind
    serial: str
    vault: Vault
    prove: Callable[[Secret], Awaitable[None]]
    send: Callable[[Secret], Awaitable[None]]
    at: str = ""
    point: Callable[[str], None] = field(default=_nothing)


def generate(below: Callable[[int], int], length: int = LENGTH) -> Secret:
    """Return a new password that every policy item takes: each class, no three alike in a row.

    `below(n)` gives a random number from 0 to n - 1. Letters that look alike are left out.
    """
    every = "".join(_LETTERS)
    while True:
        text = "".join(every[below(len(every))] for _ in range(length))
        classes = all(set(text) & set(letters) for letters in _LETTERS)
        repeats = any(a == b == c for a, b, c in zip(text, text[1:], text[2:], strict=False))
        if classes and not repeats:
            return Secret(text)


async def renew(change: Change, old: Secret, new: Secret) -> tuple[Renewed, str]:
    """Give a device a new password; say how it ended and why. Raises `VaultFault`."""
    before = change.vault.find(change.address, change.kind)
    entry = Password(
        change.address,
        change.kind,
        change.serial,
        State.KEPT,
        new,
        old,
        again=before is not None,
        at=change.at,
    )
    change.vault.put(entry)
    change.point("kept")
    entry = replace(entry, state=State.SENDING)
    change.vault.put(entry)
    change.point("sending")
    try:
        await change.send(new)
    except SettingRefused as fault:
        _old_counts(change, entry)
        return Renewed.REFUSED, str(fault)
    except (LinkError, WireError, SnmpError) as fault:
        return await _found_out(change, entry, f"no answer to the change: {fault}")
    change.point("sent")
    return await _found_out(change, entry, "the device acknowledged it")


async def recover(change: Change, entry: Password) -> tuple[Renewed, str]:
    """Find out which password of an interrupted change counts. Raises `VaultFault`."""
    if entry.state is State.SETTLED:
        return Renewed.DONE, ""
    if entry.state is State.KEPT:
        _old_counts(change, entry)
        return Renewed.OLD, "nothing was sent"
    outcome, why = await _found_out(change, entry, "the change was interrupted")
    return (Renewed.OLD if outcome is Renewed.NOT_KEPT else outcome), why


async def _found_out(change: Change, entry: Password, said: str) -> tuple[Renewed, str]:
    """Log in with the new password, and where that is refused, once with the old one."""
    try:
        await change.prove(entry.new)
    except (LoginRefused, Denied) as fault:
        said = f"{said}, and does not accept the new password: {fault}"
    except FrisketError as fault:
        return Renewed.UNKNOWN, f"{said}; logging in anew failed: {fault}"
    else:
        change.point("proved")
        change.vault.put(replace(entry, state=State.SETTLED, old=None, again=False))
        change.point("settled")
        return Renewed.DONE, ""
    if entry.old is None:
        return Renewed.UNKNOWN, said
    try:
        await change.prove(entry.old)
    except FrisketError as fault:
        return Renewed.UNKNOWN, f"{said}; nor the old one: {fault}"
    _old_counts(change, entry)
    return Renewed.NOT_KEPT, said


def _old_counts(change: Change, entry: Password) -> None:
    """Forget the new password; the old one goes back to where it was kept."""
    if entry.again and entry.old is not None:
        kept = replace(entry, state=State.SETTLED, new=entry.old, old=None, again=False)
        change.vault.put(kept)
    else:
        change.vault.drop(change.address, change.kind)
