"""A device back to a recorded configuration, as a plan like any other. Pure."""

from __future__ import annotations

from typing import Final

from frisket.audit.configuration import Configuration
from frisket.catalog.load import Catalog
from frisket.drivers.base import Driver
from frisket.drivers.difference import Difference, Step, Unsupported, settings_of
from frisket.drivers.plan import DevicePlan, Subject, arrange
from frisket.drivers.ways import PRINT_PATH
from frisket.model.finding import Severity

# What names one machine: restored on the same machine only.
OWN: Final = frozenset({"network.host-name", "device.name", "device.location", "mdns.name"})
ROW: Final = "recorded"


def is_another(recorded: Configuration, serial: str) -> str:
    """Say how a configuration is another device's; empty where nothing contradicts."""
    if recorded.serial and serial and recorded.serial.casefold() != serial.casefold():
        return f"it was recorded of serial number {recorded.serial}, and this one is {serial}"
    return ""


def plan_restore(subject: Subject, recorded: Configuration, catalog: Catalog) -> DevicePlan:
    """Plan one device's way back; what cannot be written is listed as such."""
    now = settings_of(subject.device)
    serial = subject.pin.serial
    same = bool(serial) and recorded.serial.casefold() == serial.casefold()
    steps: list[Step] = []
    lacking: list[Unsupported] = []
    for key, value in recorded.settings.items():
        setting = catalog[key]
        if now.get(key) == value or (key in OWN and not same):
            continue
        why = subject.frozen.get(key, "") if key in now else _ABSENT
        if why:
            lacking.append(Unsupported(key, setting.label, setting.menu, value, (ROW,), why))
            continue
        steps.append(
            Step(
                key=key,
                label=setting.label,
                menu=setting.menu,
                now=now[key],
                wanted=value,
                rules=(),
                rows=(ROW,),
                severity=Severity.LOW,
                restart=setting.restart,
            )
        )
    keys = (*_bearing(subject.driver, catalog), *(step.key for step in steps))
    state = {key: now[key] for key in dict.fromkeys(keys) if key in now}
    return arrange(subject, Difference(tuple(steps), tuple(lacking)), state, catalog)


_ABSENT: Final = "the device does not offer it, or the driver cannot read it"


def _bearing(driver: Driver, catalog: Catalog) -> tuple[str, ...]:
    """Return the keys of every way and print path."""
    ways = (key for way in driver.ways for table in (way.when, *way.unless) for key in table)
    return (*ways, *(setting.key for setting in catalog if setting.role == PRINT_PATH))
