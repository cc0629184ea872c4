"""What a device's reports say, read from the device at the moment of sending."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from frisket.catalog.setting import Type
from frisket.mfd.counters import NAMES
from frisket.mfd.device import Device
from frisket.mfd.erds_memory import Parcel
from frisket.mfd.mib.condition import (
    COVER_OPEN,
    JAM,
    SOME,
    TONER_EMPTY,
    TONER_LOW,
    UNKNOWN,
    UNRECOVERABLE,
    WASTE_FULL,
    WASTE_NEARLY_FULL,
    conditions,
    supply_level,
)
from frisket.mfd.troubles import Trouble, TroubleKind
from frisket.proto.erds.message import (
    AlertKind,
    Fault,
    Firmware,
    LevelState,
    MenuItem,
    Meter,
    Operation,
    Report,
    SupplyLevel,
)

SERVICE_MENU: Final = "Service Mode"
_BILLING: Final = range(101, 200)  # totals; what was copied, printed and scanned counts by mode
_KINDS: Final[Mapping[int, AlertKind]] = {
    TONER_LOW: AlertKind.TONER_LOW,
    TONER_EMPTY: AlertKind.TONER_OUT,
    WASTE_NEARLY_FULL: AlertKind.WASTE_NEARLY_FULL,
    WASTE_FULL: AlertKind.WASTE_FULL,
    COVER_OPEN: AlertKind.DOOR_OPEN,
    JAM: AlertKind.JAM,
    UNRECOVERABLE: AlertKind.SERVICE_CALL,
}
LOGS: Final[Mapping[TroubleKind, Operation]] = {
    TroubleKind.JAM: Operation.JAM,
    TroubleKind.SERVICE_CALL: Operation.SERVICE_CALL,
    TroubleKind.ALARM: Operation.ALARM,
}


def _counters(device: Device, wanted: Callable[[int], bool]) -> tuple[Meter, ...]:
    values = device.counters.values
    return tuple(Meter(number, values[number]) for number in NAMES if wanted(number))


def every_counter(device: Device) -> tuple[Meter, ...]:
    """Return the service-mode counter: all there are."""
    return _counters(device, lambda _: True)


def supplies(device: Device) -> tuple[SupplyLevel, ...]:
    """Return the supplies' levels; what the device does not know stays unknown."""
    found = []
    for number, supply in enumerate(device.personality.supplies):
        level = supply_level(device, number)
        state, percent = LevelState.MEASURED, None
        if level == SOME:
            state = LevelState.SOME
        elif level == UNKNOWN or level < 0 or supply.capacity <= 0:
            state = LevelState.UNKNOWN
        else:
            percent = min(100, round(100 * level / supply.capacity))
        found.append(SupplyLevel(supply.name, supply.kind, supply.color, state, percent))
    return tuple(found)


def service_menu(device: Device) -> tuple[MenuItem, ...]:
    """Return the settings of service mode that are switches, numbers or choices."""
    found = []
    for key in device.store.keys():  # noqa: SIM118 - not a dict
        setting = device.content.catalog[key]
        plain = setting.type in {Type.BOOLEAN, Type.INTEGER, Type.CHOICE} and not setting.secret
        value = device.store.effective(key)
        if plain and setting.menu.startswith(SERVICE_MENU) and isinstance(value, bool | int | str):
            found.append(MenuItem(key, value))
    return tuple(found)


def present(device: Device) -> dict[tuple[AlertKind, str], None]:
    """Return what is wrong now, as alerts name it: kind and part. Paper is no alert of eRDS."""
    muted = device.erds.state.muted
    found: dict[tuple[AlertKind, str], None] = {}
    for condition in conditions(device):
        kind = _KINDS.get(condition.code)
        if kind is not None and kind not in muted:
            found[kind, condition.what.partition(":")[0]] = None
    return found


def fault_of(trouble: Trouble) -> Fault:
    """Return a trouble as its log names it; a service code is `Exxx` and its subcode."""
    code, _, subcode = trouble.code.partition("-")
    at = trouble.moment
    return Fault(code, subcode, at, trouble.total, trouble.slot, trouble.paper)


def report_of(device: Device, parcel: Parcel, now: datetime) -> Report:
    """Return the message for what waits, its readings fresh."""
    operation, fresh = parcel.operation, parcel.alert is None and parcel.fault is None
    return Report(
        operation=operation,
        serial=device.plan.serial,
        model=device.personality.model,
        sequence=parcel.sequence,
        at=_second(now if fresh else parcel.at),
        sent=_second(now),
        alerts=(parcel.alert,) if parcel.alert else (),
        faults=(parcel.fault,) if parcel.fault else (),
        counters=_counters_for(device, operation),
        supplies=_supplies_for(device, operation),
        firmware=_firmware_for(device, operation),
        menu=service_menu(device) if operation is Operation.SERVICE_MENU else (),
    )


def _counters_for(device: Device, operation: Operation) -> tuple[Meter, ...]:
    match operation:
        case Operation.CLICK_COUNT:
            return _counters(device, lambda number: number in _BILLING)
        case Operation.MODE_COUNTER:
            return _counters(device, lambda number: number not in _BILLING)
        case Operation.FIRMWARE | Operation.SERVICE_MENU | Operation.COMMUNICATION_TEST:
            return ()
        case _:
            return every_counter(device)


def _supplies_for(device: Device, operation: Operation) -> tuple[SupplyLevel, ...]:
    wanted = operation in {Operation.CLICK_COUNT, Operation.ALERT}
    return supplies(device) if wanted else ()


def _firmware_for(device: Device, operation: Operation) -> tuple[Firmware, ...]:
    return (Firmware("controller", device.firmware),) if operation is Operation.FIRMWARE else ()


def _second(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(microsecond=0)
