"""What is wrong with the device now: paper and toner, as alerts and status bits report them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from frisket.mfd.device import Device
from frisket.mfd.troubles import TroubleKind
from frisket.proto.ipp.names import PrinterState

UNKNOWN: Final = -2
READY: Final = "Ready to print."
SOME: Final = -3
_LOW: Final = 10  # percent of the capacity


def tray_level(device: Device, number: int) -> int:
    """Return the sheets in tray `number` (from 0)."""
    return device.levels.tray(number)


def supply_level(device: Device, number: int) -> int:
    """Return the level of a supply; -2 where it is unknown, -3 where some is left."""
    if device.quirks.supply_levels_unknown:
        return UNKNOWN
    return device.levels.supply(number)


def is_waste(kind: str) -> bool:
    """Say whether a supply is a receptacle: its level is the room left."""
    return kind.lower().startswith("waste")


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that is wrong. `group`, `code`: prtAlertGroup and prtAlertCode (RFC 3805)."""

    number: int
    critical: bool
    group: int
    member: int
    code: int
    what: str


PRINTER_GROUP: Final = 5
COVER: Final = 6
INPUT: Final = 8
SUPPLIES: Final = 11
MEDIA_PATH: Final = 13

COVER_OPEN: Final = 3
JAM: Final = 8
UNRECOVERABLE: Final = 30
PAPER_LOW: Final = 807
PAPER_EMPTY: Final = 808
TONER_EMPTY: Final = 1101
TONER_LOW: Final = 1104
WASTE_NEARLY_FULL: Final = 1107
WASTE_FULL: Final = 1109


def tray_condition(device: Device, number: int) -> Condition | None:
    """Return what is wrong with tray `number` (from 0)."""
    tray, level = device.personality.trays[number], tray_level(device, number)
    if level == 0:
        # One empty drawer does not stop the device; all of them do.
        levels = [tray_level(device, n) for n in range(len(device.personality.trays))]
        what = f"{tray.name}: no paper"
        return Condition(number + 1, not any(levels), INPUT, number + 1, PAPER_EMPTY, what)
    if 0 < level * 100 <= tray.capacity * _LOW:
        what = f"{tray.name}: paper is low"
        return Condition(number + 1, False, INPUT, number + 1, PAPER_LOW, what)
    return None


def supply_condition(device: Device, number: int) -> Condition | None:
    """Return what is wrong with supply `number` (from 0)."""
    supply, level = device.personality.supplies[number], supply_level(device, number)
    waste = is_waste(supply.kind)
    index = len(device.personality.trays) + number + 1
    if level == 0:
        code, word = (WASTE_FULL, "full") if waste else (TONER_EMPTY, "empty")
        return Condition(index, True, SUPPLIES, number + 1, code, f"{supply.name}: {word}")
    if 0 < level * 100 <= supply.capacity * _LOW:
        code, word = (WASTE_NEARLY_FULL, "nearly full") if waste else (TONER_LOW, "low")
        return Condition(index, False, SUPPLIES, number + 1, code, f"{supply.name}: {word}")
    return None


# Kind of trouble -> its place after the supplies, group, code and words.
_TROUBLES: Final = {
    TroubleKind.JAM: (1, MEDIA_PATH, JAM, "Paper jam"),
    TroubleKind.DOOR: (2, COVER, COVER_OPEN, "Cover open"),
    TroubleKind.SERVICE_CALL: (3, PRINTER_GROUP, UNRECOVERABLE, "Call service"),
}
TROUBLES: Final = tuple(_TROUBLES)


def trouble_condition(device: Device, kind: TroubleKind) -> Condition | None:
    """Return what stops the machine, where a trouble of this kind does."""
    trouble = device.troubles.active.get(kind)
    if trouble is None:
        return None
    person = device.personality
    place, group, code, words = _TROUBLES[kind]
    index = len(person.trays) + len(person.supplies) + place
    return Condition(index, True, group, 1, code, f"{words}: {trouble.code}")


def conditions(device: Device) -> Iterator[Condition]:
    """Yield everything that is wrong: what stops the machine, then paper, then supplies."""
    for kind in device.troubles.active:
        if found := trouble_condition(device, kind):
            yield found
    for number in range(len(device.personality.trays)):
        if found := tray_condition(device, number):
            yield found
    for number in range(len(device.personality.supplies)):
        if found := supply_condition(device, number):
            yield found


def is_printing(device: Device) -> bool:
    """Say whether a job is on its way through the device."""
    return device.jobs.state is PrinterState.PROCESSING


def ready_text(device: Device) -> str:
    """Return what the panel's status line says."""
    worst = sorted(conditions(device), key=lambda c: not c.critical)
    if worst:
        return worst[0].what
    if is_printing(device):
        return "Printing."
    return "Please wait." if device.power.busy else READY
