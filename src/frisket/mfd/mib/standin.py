"""A stand-in for a settings branch: every setting by its key, under the documentation enterprise.

Real devices are set over protocols that are not public. This branch, documented in
docs/reference/standin-mib.md, gives a manager something honest to read and write instead.
A row's index is the key itself, one character a sub-identifier: a new key renumbers nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from frisket.catalog.setting import Setting
from frisket.errors import SettingRefused
from frisket.mfd.auditlog import LogKind
from frisket.mfd.device import Device
from frisket.mfd.mib.model import Model
from frisket.mfd.mib.tree import Cell, Read, Row, View, Write, gauge, number, scalars, table, text
from frisket.mfd.store import Locked
from frisket.model.reading import Value as SettingValue
from frisket.proto.snmp.wire import ErrorStatus, Integer, Level, OctetString, Oid, Value

STAND_IN: Final = (1, 3, 6, 1, 4, 1, 32473, 1)
SCALARS: Final = (*STAND_IN, 1)
SETTING_ENTRY: Final = (*STAND_IN, 2, 1)

PENDING, APPLY, POLICY_ITEMS, LAST_REFUSAL, COUNT = 1, 2, 3, 4, 5
KEY, TYPE, VALUE, WAITS, RANGE, LOCKED_BY = 1, 2, 3, 4, 5, 6
_IDLE, _APPLY = 0, 1
_YES, _NO = 1, 2  # TruthValue


def index_of(key: str) -> Oid:
    """Return the index of a key's row: its characters."""
    return tuple(key.encode())


def as_text(value: SettingValue) -> str:
    """Return a value as the branch shows it: on/off, digits, text, or a list with commas."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        return ",".join(value)
    return str(value)


def _seen(setting: Setting, cell: Cell) -> Read:
    """Return the cell, but nothing of a secret's row to those who did not log in."""

    def read(view: View) -> Value | None:
        if setting.secret and view.rights.level is Level.PLAIN:
            return None
        return cell(view) if callable(cell) else cell

    return read


def _shown(setting: Setting) -> Read:
    key = setting.key
    if setting.secret:
        return lambda _: text("")
    return lambda view: text(as_text(view.device.reported(key)))


def _waits(key: str) -> Read:
    return lambda view: number(_YES if key in view.device.store.pending else _NO)


def _locked_by(key: str) -> Read:
    return lambda view: text(view.device.policy.locked(key))


def _row(setting: Setting) -> dict[int, Cell]:
    cells: dict[int, Cell] = {
        KEY: text(setting.key),
        TYPE: text(setting.type.value),
        VALUE: _shown(setting),
        WAITS: _waits(setting.key),
        RANGE: text(setting.range),
        LOCKED_BY: _locked_by(setting.key),
    }
    return {column: _seen(setting, cell) for column, cell in cells.items()}


def rows(model: Model) -> Iterator[Row]:
    """Yield the scalars and the row of every setting that the model has."""
    yield from scalars(
        SCALARS,
        {
            PENDING: lambda view: gauge(len(view.device.store.pending)),
            APPLY: number(_IDLE),
            POLICY_ITEMS: lambda view: text(",".join(view.device.policy.items)),
            LAST_REFUSAL: lambda view: text(view.memory.last_refusal),
            COUNT: gauge(len(model.settings)),
        },
    )
    yield from table(SETTING_ENTRY, {index_of(s.key): _row(s) for s in model.settings})


def _refuse(view: View, key: str, why: str, status: ErrorStatus) -> ErrorStatus:
    view.memory.last_refusal = f"{key}: {why}"
    detail = f"{key} via snmp: {why}"
    actor = view.rights.actor
    view.device.log.add(LogKind.MACHINE_MANAGEMENT, actor, "Change Setting", detail, ok=False)
    return status


def _parse(setting: Setting, value: Value) -> SettingValue:
    if not isinstance(value, OctetString):
        raise SettingRefused(f"{setting.key} is written as text")
    try:
        return setting.parse(value.decode())
    except UnicodeDecodeError:
        raise SettingRefused(f"{setting.key} is written in UTF-8") from None


def _falls(device: Device, key: str, moment: str) -> bool:
    """Say whether the device falls over now, as one that restarts while it is written to."""
    quirks = device.quirks
    falls = quirks.restarts.get(key) == moment and device.power.strike(key, quirks.restart_seconds)
    if falls:
        device.actions.restart("power")
    return falls


def _write(setting: Setting) -> Write:
    key = setting.key

    def check(view: View, value: Value) -> ErrorStatus:
        if view.rights.level is not Level.PRIVATE:
            why = "settings are written with authentication and encryption only"
            return _refuse(view, key, why, ErrorStatus.NO_ACCESS)
        if not isinstance(value, OctetString):
            return _refuse(view, key, "written as text", ErrorStatus.WRONG_TYPE)
        if _falls(view.device, key, "before") or view.device.power.refuses(view.device.quirks.busy):
            return ErrorStatus.GENERAL_ERROR
        try:
            view.device.store.check(key, _parse(setting, value), "snmp")
        except Locked as fault:
            return _refuse(view, key, str(fault), ErrorStatus.INCONSISTENT_VALUE)
        except SettingRefused as fault:
            return _refuse(view, key, str(fault), ErrorStatus.WRONG_VALUE)
        return ErrorStatus.NO_ERROR

    def do(view: View, value: Value) -> Callable[[], None]:
        store, actor = view.device.store, view.rights.actor
        before = store[key]
        if not view.device.power.down:
            store.set(key, _parse(setting, value), actor, "snmp")
            _falls(view.device, key, "after")

        def undo() -> None:
            store.set(key, before, actor, "snmp")

        return undo

    return Write(check, do)


def _apply_check(view: View, value: Value) -> ErrorStatus:
    if view.rights.level is not Level.PRIVATE:
        return ErrorStatus.NO_ACCESS
    if not isinstance(value, Integer):
        return ErrorStatus.WRONG_TYPE
    return ErrorStatus.NO_ERROR if value == _APPLY else ErrorStatus.WRONG_VALUE


def _apply(view: View, _: Value) -> Callable[[], None]:
    view.device.actions.restart(view.rights.actor)
    return lambda: None


def writes(model: Model) -> Iterator[tuple[Oid, Write]]:
    """Yield every value column, and the switch that applies what waits for a restart."""
    yield (*SCALARS, APPLY, 0), Write(_apply_check, _apply)
    for setting in model.settings:
        yield (*SETTING_ENTRY, VALUE, *index_of(setting.key)), _write(setting)
